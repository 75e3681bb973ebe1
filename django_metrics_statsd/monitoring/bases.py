"""The abstract models that monitors are made of; import them from `monitoring.models`.

A model says what its values are and how they are added. What is added becomes a row of the model's own
table, as long as ``keep_rows`` is true, and goes into the rollups, as long as ``keep_rollups`` is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import perf_counter, time
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.monitoring.rollups.points import Sample

#: How long a series' name may be.
SERIES = 100
#: What a column of 64 bits takes.
_LARGEST = 2**63 - 1
#: Beginning of the year 2 and end of 9998, in seconds since 1970: where days have others beside them.
_FIRST, _LAST = -62_104_060_800, 253_370_764_799


class MonitoringBase(models.Model):
    """What every monitor's model comes from. It has the verbs, and no fields.

    Whoever keeps something of their own derives from this, writes `add`, and a view that draws it.
    """

    class Meta:
        abstract = True

    @classmethod
    def add(cls, *args: Any, **kwargs: Any) -> None:
        """Add a data point.

        Raises:
            NotImplementedError: the model has not said how.
        """
        raise NotImplementedError(f"{cls.__name__} does not say how to add; write a classmethod add().")

    @classmethod
    async def aadd(cls, *args: Any, **kwargs: Any) -> None:
        """Add a data point from a coroutine; it is where `add` would have put it when this returns."""
        from asgiref.sync import sync_to_async

        await sync_to_async(cls.add)(*args, **kwargs)

    @classmethod
    def get_template_name(cls) -> str | None:
        """Return the template that its view renders, or None for the view's own."""
        return None


class MeasuredBase(MonitoringBase):
    """What counts, durations, ratios and levels have in common.

    Attributes:
        keep_rows: whether each ``add`` becomes a row of this model's table.
        keep_rollups: whether it goes into the rollups; without, charts are drawn from rows.
        retention: days for which to keep ``rows``, and rollups per ``minute``, ``hour`` and ``day``, where
            they are not those of ``MONITORING_RETENTION``; 0 is for ever.
        statistics: what can be asked of a bucket.
        spread: whether percentiles are kept.
        unit: what the values are, for the axes.
    """

    series = models.CharField(_("series"), max_length=SERIES, blank=True, default="")
    datetime_created = models.DateTimeField(_("time"), default=timezone.now, db_index=True)

    keep_rows: ClassVar[bool] = True
    keep_rollups: ClassVar[bool] = True
    retention: ClassVar[dict[str, int]] = {}
    statistics: ClassVar[tuple[str, ...]] = ()
    spread: ClassVar[bool] = False
    unit: ClassVar[str] = ""

    class Meta(MonitoringBase.Meta):
        abstract = True
        ordering = ["datetime_created"]

    @classmethod
    def from_sample(cls, sample: Sample, moment: datetime) -> Any:
        """Return an unsaved row for a sample of this moment."""
        return cls(series=sample.series, datetime_created=moment, value=sample.value)

    @classmethod
    def row_fields(cls) -> tuple[str, ...]:
        """Return the fields that `to_sample` needs after the time and the series."""
        return ("value",)

    @classmethod
    def to_sample(cls, at: float, series: str, value: float, whole: float = 0.0) -> Sample:
        """Return the sample that a row was made of."""
        return Sample(at, series, value, whole)

    @classmethod
    def _record(cls, value: float, series: str, at: datetime | None, whole: float = 0.0) -> None:
        from django_metrics_statsd.monitoring.rollups.recording import record

        if not isinstance(series, str):
            raise TypeError(f"series is {series!r}; write a string, such as 'mobile'.")
        moment = time() if at is None else _seconds(at)
        record(cls, Sample(moment, _clean(series), value, whole))


def _clean(series: str) -> str:
    """Return a series' name as every database takes it; blanks at its end are none to some of them."""
    return series.replace("\x00", "").encode("utf-8", "replace").decode()[:SERIES].strip()


def _seconds(at: Any) -> float:
    if not isinstance(at, datetime):
        raise TypeError(f"at is {at!r}; write a datetime.")
    return (timezone.make_aware(at) if timezone.is_naive(at) else at).timestamp()


def _number(value: Any, what: str = "value") -> float:
    """Return a value that can be added up.

    Raises:
        TypeError: it is no number; a mistake of whoever wrote the call, and said so at once.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{what} is {value!r}; write a number.")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def is_finite(sample: Sample) -> bool:
    """Whether a sample can be kept: no number infinite, "not a number" or past 64 bits, no time past 9998."""
    fine = abs(sample.value) <= _LARGEST and abs(sample.whole) <= _LARGEST
    return fine and _FIRST <= sample.at <= _LAST


class IntegerCountBase(MeasuredBase):
    """Counts: how many of something happened. ``add(1)`` when a user registers."""

    value = models.BigIntegerField(_("value"), default=1)

    statistics = ("sum", "mean", "count")

    class Meta(MeasuredBase.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.value} at {self.datetime_created}"

    @classmethod
    def add(cls, value: int = 1, *, series: str = "", at: datetime | None = None) -> None:
        """Count `value` more, now or `at` a time, of a `series` or of the one without a name.

        Raises:
            TypeError: the value is no whole number.
        """
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"value is {value!r}; a count takes whole numbers.")
        cls._record(int(value), series, at)


class DurationBase(MeasuredBase):
    """Durations in milliseconds: how long something took."""

    value = models.FloatField(_("value (ms)"))

    statistics = ("mean", "p50", "p95", "p99", "min", "max", "count", "sum")
    spread = True
    unit = "ms"

    class Meta(MeasuredBase.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.value} ms at {self.datetime_created}"

    @classmethod
    def add(cls, value: float | timedelta, *, series: str = "", at: datetime | None = None) -> None:
        """Add a duration, as milliseconds or as a timedelta.

        Raises:
            TypeError: it is neither.
        """
        duration = value.total_seconds() * 1_000 if isinstance(value, timedelta) else _number(value)
        cls._record(duration, series, at)

    @classmethod
    @contextmanager
    def timer(cls, *, series: str = "") -> Iterator[None]:
        """Add how long the block takes, also when it raises."""
        start = perf_counter()
        try:
            yield
        finally:
            cls.add((perf_counter() - start) * 1_000, series=series)


class RatioBase(MeasuredBase):
    """Ratios: how many out of how many. A bucket's ratio is that of the sums, so busy minutes weigh more."""

    value = models.FloatField(_("part"))
    whole = models.FloatField(_("whole"), default=1)

    statistics = ("ratio", "sum", "count")
    unit = "ratio"

    class Meta(MeasuredBase.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.value} of {self.whole} at {self.datetime_created}"

    @classmethod
    def add(
        cls, part: float | bool, whole: float = 1, *, series: str = "", at: datetime | None = None
    ) -> None:
        """Add that `part` of `whole` was so; ``add(True)`` and ``add(False)`` are 1 and 0 of 1.

        Raises:
            TypeError: these are no numbers.
        """
        number = float(part) if isinstance(part, bool) else _number(part, "part")
        cls._record(number, series, at, _number(whole, "whole"))

    @classmethod
    def from_sample(cls, sample: Sample, moment: datetime) -> Any:
        return cls(series=sample.series, datetime_created=moment, value=sample.value, whole=sample.whole)

    @classmethod
    def row_fields(cls) -> tuple[str, ...]:
        return ("value", "whole")


class LevelBase(MeasuredBase):
    """Levels: how much of something there is now, such as the length of a queue."""

    value = models.FloatField(_("value"))

    statistics = ("mean", "last", "min", "max", "p50", "p95", "p99")
    spread = True

    class Meta(MeasuredBase.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.value} at {self.datetime_created}"

    @classmethod
    def add(cls, value: float, *, series: str = "", at: datetime | None = None) -> None:
        """Add what the level is.

        Raises:
            TypeError: it is no number.
        """
        cls._record(_number(value), series, at)
