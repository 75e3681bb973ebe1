"""What happens at start: checks are registered, monitors found, and deploys marked. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd import sections
from django_metrics_statsd.safety import failed

if TYPE_CHECKING:
    from django.http import HttpRequest


class MonitoringConfig(AppConfig):
    """Monitoring: registered monitors, their rollups, annotations, and the store of stats."""

    name = "django_metrics_statsd.monitoring"
    label = "metrics_monitoring"
    verbose_name = "Monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the ``monitors`` modules of all apps, and listen for ``statsd_ping``.

        Raises:
            MonitoringRegistryException: such a module registers what cannot be.
        """
        from django_metrics_statsd.monitoring import discovery, system_checks
        from django_metrics_statsd.monitoring.annotations import connect

        system_checks.register_all()
        sections.add(self.label, _("Monitoring"), lambda: reverse("metrics_monitoring:index"), _may_see)
        try:
            connect()
        except Exception:
            failed("monitoring.ready")
        discovery.discover()


def _may_see(request: HttpRequest) -> bool:
    from django_metrics_statsd.monitoring.views.access import may_see

    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated and may_see(user)
