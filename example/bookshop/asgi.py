"""ASGI application, static files included: what `manage.py demo` serves."""

from __future__ import annotations

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookshop.settings")

application = ASGIStaticFilesHandler(get_asgi_application())
