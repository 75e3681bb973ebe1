"""The dashboard, static files, and how a test logs in."""

from __future__ import annotations

from django.contrib.auth import get_user_model, login
from django.contrib.staticfiles.views import serve
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path


def enter(request: HttpRequest, name: str) -> HttpResponse:
    """Log this user in."""
    user = get_user_model().objects.get(username=name)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponse("<!DOCTYPE html><title>in</title>in")


urlpatterns = [
    path("dashboard/", include("django_metrics_statsd.dashboard.urls")),
    path("login", lambda request: HttpResponse("<!DOCTYPE html><title>login</title>login")),
    path("enter/<name>", enter),
    re_path(r"^static/(?P<path>.*)$", serve, {"insecure": True}),
]
