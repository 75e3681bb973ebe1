"""The abstract models of monitors, and the tables of monitoring itself."""

from __future__ import annotations

from django_metrics_statsd.monitoring.bases import (
    DurationBase,
    IntegerCountBase,
    LevelBase,
    MeasuredBase,
    MonitoringBase,
    RatioBase,
)
from django_metrics_statsd.monitoring.stats.models import Chunk, Claim, StatName, StoredWindow
from django_metrics_statsd.monitoring.tables import Annotation, ChartOrder, Rollup, Series

__all__ = [
    "Annotation",
    "ChartOrder",
    "Chunk",
    "Claim",
    "DurationBase",
    "IntegerCountBase",
    "LevelBase",
    "MeasuredBase",
    "MonitoringBase",
    "RatioBase",
    "Rollup",
    "Series",
    "StatName",
    "StoredWindow",
]
