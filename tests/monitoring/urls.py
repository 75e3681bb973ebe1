"""URLs of a site with monitoring."""

from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.urls import include, path

urlpatterns = [
    path("monitoring/", include("django_metrics_statsd.monitoring.urls")),
    path("accounts/login/", LoginView.as_view(template_name="admin/login.html")),
]
