"""What happens at start: checks are registered, and what makes events is connected. No I/O."""

from __future__ import annotations

from django.apps import AppConfig

from django_metrics_statsd.safety import failed


class HitsConfig(AppConfig):
    """Hits and events. Its tables go where `hits.router.HitsRouter` says, or to the default database."""

    name = "django_metrics_statsd.hits"
    label = "metrics_hits"
    verbose_name = "Hits and events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks and connect what ``MQUEUE_AUTOREGISTER`` and ``MQUEUE_WATCH`` ask for."""
        from django_metrics_statsd.hits import checks

        checks.register_all()
        try:
            from django_metrics_statsd.hits.events import connecting

            connecting.connect()
        except Exception:
            failed("hits.ready")
