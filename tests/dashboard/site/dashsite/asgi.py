"""For uvicorn and gunicorn's asgi workers."""

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashsite.settings")
application = ASGIStaticFilesHandler(get_asgi_application())
