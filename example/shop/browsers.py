"""What browsers report: of each number the last hundred, of which the front page shows where 75 % end.

That is how Web Vitals are judged, too (web.dev/articles/vitals): three of four visits were as good or better.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from django_metrics_statsd.beacon.fields import CALCULATED, THRESHOLDS, TIMING, VITALS

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT = 100


class Report(TypedDict):
    name: str
    label: str
    shown: str
    rating: str
    count: int


class Kind(NamedTuple):
    """One number: the stat it comes as, what it is called, and where good and fair end."""

    stat: str
    label: str
    ends: tuple[float, float] | None = None


KINDS = (
    Kind(VITALS + "LCP", "Largest picture or text is there", THRESHOLDS["LCP"]),
    Kind(VITALS + "INP", "Slowest answer to a click or key", THRESHOLDS["INP"]),
    # The stat is in thousandths of the score.
    Kind(VITALS + "CLS", "How much the page jumps about", (100, 250)),
    Kind(VITALS + "FCP", "Anything is there at all", THRESHOLDS["FCP"]),
    Kind(VITALS + "TTFB", "First byte of the page", THRESHOLDS["TTFB"]),
    Kind(CALCULATED + "network", "Load: until the first byte"),
    Kind(TIMING + "domInteractive", "Load: the page can be read"),
    Kind(TIMING + "loadEventEnd", "Load: everything is there"),
)
STATS = {kind.stat for kind in KINDS}


class Browsers:
    """The last `KEPT` values of each of `KINDS`. The caller has a lock."""

    def __init__(self) -> None:
        self._values = {stat: deque[float](maxlen=KEPT) for stat in STATS}

    def add(self, stat: str, value: float | str) -> None:
        if stat in STATS:
            self._values[stat].append(float(value))

    def reports(self) -> list[Report]:
        """Return what there is something to say about."""
        return [report(kind, values) for kind in KINDS if (values := sorted(self._values[kind.stat]))]


def report(kind: Kind, values: Sequence[float]) -> Report:
    value = values[math.ceil(len(values) * 0.75) - 1]
    return Report(
        name=kind.stat.rpartition(".")[2],
        label=kind.label,
        shown=f"{value / 1000:.2f}" if kind.stat.endswith(".CLS") else f"{value:.0f} ms",
        rating=rate(value, kind.ends) if kind.ends else "",
        count=len(values),
    )


def rate(value: float, ends: tuple[float, float]) -> str:
    good, fair = ends
    return "good" if value <= good else "needs improvement" if value <= fair else "poor"
