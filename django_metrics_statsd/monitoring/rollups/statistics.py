"""What can be asked of a bucket: the statistics by name, and what each makes of a point."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.monitoring.rollups.points import Point

PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
#: What people call them.
LABELS = {
    "sum": _("sum"),
    "mean": _("mean"),
    "count": _("number"),
    "ratio": _("ratio"),
    "last": _("latest"),
    "min": _("least"),
    "max": _("greatest"),
    "p50": _("median"),
    "p95": _("95th percentile"),
    "p99": _("99th percentile"),
}
#: What a bucket has that nothing was added to.
EMPTY = {"sum": 0.0, "count": 0.0}
#: What grows with the length of a time, so that a limit for minutes says nothing of days.
ADDITIVE = ("sum", "count")
#: Of which the unit is not the values'.
WITHOUT_UNIT = ("count",)

_OF: dict[str, Callable[[Point], float | None]] = {
    "sum": lambda point: point.total,
    "mean": lambda point: point.total / point.count,
    "count": lambda point: float(point.count),
    "ratio": lambda point: point.total / point.whole if point.whole else None,
    "last": lambda point: point.last,
    "min": lambda point: point.low,
    "max": lambda point: point.high,
}


def value_of(point: Point | None, statistic: str) -> float | None:
    """Return a statistic of a point; None where there is nothing to say.

    Raises:
        KeyError: there is no such statistic.
    """
    if statistic in PERCENTILES:
        if point is None or point.spread is None:
            return None
        found = point.spread.quantile(PERCENTILES[statistic])
        return None if found is None else min(max(found, point.low), point.high)
    function = _OF[statistic]
    return EMPTY.get(statistic) if point is None or not point.count else function(point)


def needs_spread(statistics: tuple[str, ...] | list[str]) -> bool:
    """Say whether any of these is a percentile, for which sketches have to be read."""
    return any(statistic in PERCENTILES for statistic in statistics)


def unit_of(unit: str, statistics: tuple[str, ...] | list[str]) -> str:
    """Return the unit of an axis that shows these of a model whose values have this one."""
    bare = [statistic for statistic in statistics if statistic in WITHOUT_UNIT]
    if unit == "ratio":
        return "ratio" if list(statistics) == ["ratio"] else ""
    return "" if len(bare) == len(statistics) else unit
