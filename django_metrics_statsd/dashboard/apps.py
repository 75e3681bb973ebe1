"""What happens at start: checks and the page are registered. No I/O."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd import sections


class DashboardConfig(AppConfig):
    """The dashboard."""

    name = "django_metrics_statsd.dashboard"
    label = "metrics_dashboard"
    verbose_name = "Dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and the page."""
        from django_metrics_statsd.dashboard import checks
        from django_metrics_statsd.dashboard.access import may_view, user_of

        checks.register_all()
        sections.add(
            _("Dashboard"), "metrics_dashboard:dashboard", lambda request: may_view(user_of(request))
        )
