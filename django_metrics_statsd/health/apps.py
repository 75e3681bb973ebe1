"""What happens at start: checks of settings are registered. No I/O."""

from __future__ import annotations

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """Health checks, probes, and their page. Its table keeps changes of state."""

    name = "django_metrics_statsd.health"
    label = "metrics_health"
    verbose_name = "Health"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of settings."""
        from django_metrics_statsd.health import system_checks

        system_checks.register_all()
