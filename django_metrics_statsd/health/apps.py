"""What happens at start: checks of settings and the page are registered. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd import sections

if TYPE_CHECKING:
    from django.http import HttpRequest


class HealthConfig(AppConfig):
    """Health checks, probes, and their page. Its table keeps changes of state."""

    name = "django_metrics_statsd.health"
    label = "metrics_health"
    verbose_name = "Health"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of settings, and the page."""
        from django_metrics_statsd.health import system_checks

        system_checks.register_all()
        sections.add(self.label, _("Health"), _url, _may_see)


def _url() -> str:
    """Return the page's URL: its name, django-watchman's, is one that a site may have for another page."""
    from django_metrics_statsd.health import views

    return reverse(views.dashboard)


def _may_see(request: HttpRequest) -> bool:
    """Whether the page is open or, where a decorator of the site's decides, likely so: for staff."""
    from django_metrics_statsd.health.decorators import is_open

    return is_open() or bool(getattr(getattr(request, "user", None), "is_staff", False))
