"""One address for each behaviour the tests look at."""

from __future__ import annotations

from django.urls import path
from project import views

urlpatterns = [
    path("ok", views.ok),
    path("busy", views.busy),
    path("slow", views.slow),
    path("long", views.long),
    path("along", views.along),
    path("long_stream", views.long_stream),
    path("along_stream", views.along_stream),
    path("asynchronous", views.asynchronous),
    path("stream", views.stream),
    path("astream", views.astream),
    path("download", views.download),
    path("error", views.error),
    path("missing", views.missing),
]
