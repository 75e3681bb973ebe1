"""What happens at start: checks are registered and patches installed.

No file, socket, name or database is touched.
"""

from __future__ import annotations

from django.apps import AppConfig

from django_metrics_statsd.conf import conf
from django_metrics_statsd.safety import failed


class MetricsStatsdConfig(AppConfig):
    """The core app. It has no tables."""

    name = "django_metrics_statsd"
    label = "django_metrics_statsd"
    verbose_name = "Metrics (StatsD)"

    def ready(self) -> None:
        """Register the checks, install the patches, and see that SIGTERM flushes."""
        from django_metrics_statsd import background, checks
        from django_metrics_statsd.patches.base import wanted_patches

        checks.register_all()
        for path in wanted_patches():
            _install(path)
        if conf.STATSD_HANDLE_SIGTERM:
            background.handle_sigterm()


def _install(path: str) -> None:
    """Install one patch. One that cannot be is logged here and named by ``manage.py check``."""
    from django_metrics_statsd.patches.base import find_patch

    try:
        find_patch(path).install()
    except Exception:
        failed(f"STATSD_PATCHES {path}")
