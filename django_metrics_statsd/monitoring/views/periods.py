"""The period before another one: which bucket is compared with which."""

from __future__ import annotations

from collections.abc import Sequence

from django_metrics_statsd.monitoring.rollups import buckets
from django_metrics_statsd.monitoring.views.questions import Question

Value = float | None


def earlier(question: Question, starts: Sequence[int]) -> tuple[list[int], int]:
    """Return for each bucket of a question the beginning of the one that it is compared with; and the end.

    Of weeks and months these are as many before; of what is shorter, those when the clocks showed the same.
    """
    zone, step = question.zone, question.step
    if step in {"week", "month"}:
        found = [starts[0]]
        for _start in starts:
            found.append(buckets.floor(found[-1] - 1, step, zone))
        return found[:0:-1], starts[0]
    first, end = question.before()
    if days := question.days():
        return [buckets.days_earlier(start, days, zone) for start in starts], end
    return [start - question.start + first for start in starts], end


def aligned(starts: Sequence[int], values: Sequence[Value], wanted: Sequence[int]) -> list[Value]:
    """Return the values of the buckets that begin at these moments; None where none does."""
    found = dict(zip(starts, values, strict=True))
    return [found.get(start) for start in wanted]
