"""What happens at start: checks are registered. No I/O."""

from __future__ import annotations

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The dashboard."""

    name = "django_metrics_statsd.dashboard"
    label = "metrics_dashboard"
    verbose_name = "Dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks."""
        from django_metrics_statsd.dashboard import checks

        checks.register_all()
