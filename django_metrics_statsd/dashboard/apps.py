"""What happens at start: checks and the page are registered. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd import sections

if TYPE_CHECKING:
    from django.http import HttpRequest


class DashboardConfig(AppConfig):
    """The dashboard."""

    name = "django_metrics_statsd.dashboard"
    label = "metrics_dashboard"
    verbose_name = "Dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and the page."""
        from django_metrics_statsd.dashboard import checks

        checks.register_all()
        sections.add(self.label, _("Dashboard"), lambda: reverse("metrics_dashboard:dashboard"), _may_see)


def _may_see(request: HttpRequest) -> bool:
    from django_metrics_statsd.dashboard.access import may_view, user_of

    return may_view(user_of(request))
