"""Settings enough to know the tables, for the command that writes the dashboards outside of any project."""

from __future__ import annotations

INSTALLED_APPS = ["django_metrics_statsd", "django_metrics_statsd.hits"]
USE_TZ = True
