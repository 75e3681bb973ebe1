"""The site's health checks, as names and states."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase, Need

HEALTH = "django_metrics_statsd.health"
#: Lines that the tile has.
MOST = 50


class Health(DashboardWidgetBase):
    """Each check of ``WATCHMAN_CHECKS`` with its state; no errors, as a dashboard may hang on a wall."""

    template_name = "metrics_dashboard/widgets/health.html"
    title = _("Health")
    update_interval = 10

    def needs(self) -> Need | None:
        """Say how to switch health checks on."""
        if apps.is_installed(HEALTH):
            return None
        return Need(_("health checks"), _("Add “%s” to INSTALLED_APPS.") % HEALTH)

    def update_widget_data(self) -> bool:
        """Run the checks, or take what others have just found."""
        from django_metrics_statsd.health import runner
        from django_metrics_statsd.health.checks import Email
        from django_metrics_statsd.health.loading import loaded

        # A message every ten seconds would be one too many.
        checks = [named.check for named in loaded.now.all if not isinstance(named.check, Email)]
        report = runner.run(checks)
        rows = [[result.name, str(result.state)] for result in report.results]
        found = {"rows": rows[:MOST], "state": str(report.state)}
        if found == self.get_setting("data"):
            return False
        self.save_setting("data", found)
        return True

    def get_context_data(self) -> dict[str, Any]:
        """Return what was saved."""
        return dict(self.get_setting("data") or {})
