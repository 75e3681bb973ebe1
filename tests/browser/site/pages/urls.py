"""Pages, their scripts, and the beacon."""

from __future__ import annotations

import os

from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.static import serve

from pages import views

urlpatterns = [
    path("services/timing/", include("django_metrics_statsd.urls")),
    path("static/<path:path>", serve, {"document_root": os.environ["SITE_STATIC"]}),
    path("npm/<path:path>", serve, {"document_root": os.environ["SITE_NPM"]}),
    path("assets/<path:path>", serve, {"document_root": views.ASSETS}),
    path("favicon.ico", views.nothing),
    path("slow.png", views.slow_picture),
    path("rules.json", views.rules),
    path("said", csrf_exempt(views.said)),
    path("moved", views.moved),
    path("<name>", views.page),
]
