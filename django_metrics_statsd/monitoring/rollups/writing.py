"""Writes a batch of samples: rows of the models' own tables, and rollups that are added to what is there.

One transaction for all; each model in a savepoint of its own, so that one without a table does not keep the
others back. Every writer goes through models, series and buckets in the same order, so that no two wait for
each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from django.db import connections, router, transaction
from django.db.utils import DatabaseError, InterfaceError, OperationalError, ProgrammingError

from django_metrics_statsd.monitoring.conf import conf, home_zone
from django_metrics_statsd.monitoring.rollups import upsert
from django_metrics_statsd.monitoring.rollups.buckets import DAY, HOUR, MINUTE, floor
from django_metrics_statsd.monitoring.rollups.points import Point, Sample, gathered
from django_metrics_statsd.monitoring.rollups.reading import in_database
from django_metrics_statsd.safety import failed, say_once

#: The series for whatever comes after a monitor has had ``MONITORING_SERIES``.
OTHER = "_other"
_ROWS = 500
#: A database that is not there, or has not been migrated yet: worth another try.
_LATER = (OperationalError, InterfaceError, ProgrammingError)
#: What one sample among many may be the reason of.
_OF_A_SAMPLE = (DatabaseError, ValueError, ArithmeticError)

Added = tuple[Any, Sample]
Key = tuple[str, int, int]


class Written(NamedTuple):
    """What came of a batch: what may be written later, how many never will, and whether nothing was."""

    kept: list[Added]
    dropped: int
    nothing: bool = False


def write(batch: Sequence[Added]) -> Written:
    """Write samples."""
    from django_metrics_statsd.monitoring.tables import Rollup

    by_model: dict[Any, list[Sample]] = defaultdict(list)
    for model, sample in batch:
        by_model[model].append(sample)
    ordered = sorted(by_model.items(), key=lambda item: str(item[0]._meta.label_lower))
    kept: list[Added] = []
    dropped = 0
    try:
        with ExitStack() as stack:
            aliases = sorted({alias for model in by_model for alias in _aliases(model)})
            for alias in aliases:
                stack.enter_context(transaction.atomic(using=alias))
            if any(model.keep_rollups for model in by_model):
                upsert.lock(router.db_for_write(Rollup))
            for model, samples in ordered:
                later, never = _write_guarded(model, samples)
                kept += later
                dropped += never
            _see_whole(aliases)
    except _LATER as error:
        say_once("monitoring.write", "monitors cannot be written: %s", error)
        return Written(list(batch), 0, nothing=True)
    return Written(kept, dropped)


def _see_whole(aliases: Iterable[str]) -> None:
    """Raise where the server has ended a transaction by itself (a deadlock): then nothing was written."""
    for alias in aliases:
        if connections[alias].needs_rollback:
            raise OperationalError(f"the transaction on {alias!r} was rolled back by the server")


def _aliases(model: Any) -> set[str]:
    from django_metrics_statsd.monitoring.tables import Rollup

    aliases = {router.db_for_write(model)} if model.keep_rows else set()
    return aliases | ({router.db_for_write(Rollup)} if model.keep_rollups else set())


def _write_guarded(model: Any, samples: list[Sample]) -> tuple[list[Added], int]:
    """Write the samples of one model; where the database refuses them, find out which."""
    try:
        with ExitStack() as stack:
            for alias in sorted(_aliases(model)):
                stack.enter_context(transaction.atomic(using=alias))
            _write_model(model, samples)
    except _LATER as error:
        say_once("monitoring.write", "monitors cannot be written: %s", error)
        return [(model, sample) for sample in samples], 0
    except Exception as error:
        if len(samples) == 1 or not isinstance(error, _OF_A_SAMPLE):
            failed(f"monitoring.write.{model._meta.label_lower}")
            return [], len(samples)
        middle = len(samples) // 2
        first, second = _write_guarded(model, samples[:middle]), _write_guarded(model, samples[middle:])
        return first[0] + second[0], first[1] + second[1]
    return [], 0


def _write_model(model: Any, samples: list[Sample]) -> None:
    samples = list(bounded(model, samples))
    if model.keep_rows:
        rows = [model.from_sample(sample, in_database(sample.at)) for sample in samples]
        model._base_manager.using(router.db_for_write(model)).bulk_create(rows, batch_size=_ROWS)
    if model.keep_rollups:
        add_to_rollups(model, samples)


_series: dict[str, set[str]] = defaultdict(set)


def bounded(model: Any, samples: Iterable[Sample]) -> Iterable[Sample]:
    """Yield the samples, those of too many different series as of the series ``_other``."""
    known, fresh = _series[model._meta.label_lower], False
    for sample in samples:
        if sample.series not in known and not fresh:
            fresh = True
            _learn(model, known)
        if sample.series not in known:
            if len(known) >= conf.MONITORING_SERIES:
                message = "%s has more than %d series (MONITORING_SERIES); further ones are counted as %r"
                say_once("monitoring.series", message, model._meta.label, conf.MONITORING_SERIES, OTHER)
                yield sample._replace(series=OTHER)
                continue
            known.add(sample.series)
        yield sample


def _learn(model: Any, known: set[str]) -> None:
    """Add the series that other processes have made, so that the bound is one for all of them, or nearly."""
    if model.keep_rollups:
        from django_metrics_statsd.monitoring.tables import Series

        made = Series._default_manager.using(router.db_for_write(Series)).order_by("pk")
        names = (
            made.filter(monitor=model._meta.label_lower).exclude(name=OTHER).values_list("name", flat=True)
        )
        known.update(names[: conf.MONITORING_SERIES])


def add_to_rollups(model: Any, samples: Iterable[Sample]) -> None:
    """Add samples to the rollups of their minutes, hours and days."""
    points = rolled(samples, spread=model.spread)
    upsert.add(model._meta.label_lower, points)


def rolled(samples: Iterable[Sample], *, spread: bool) -> dict[Key, Point]:
    """Return the points of these samples by series, resolution and start."""
    by_minute: dict[tuple[str, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        by_minute[sample.series, int(sample.at // MINUTE) * MINUTE].append(sample)
    zone, points = home_zone(), {}
    for (series, minute), some in by_minute.items():
        point = gathered(some, spread=spread)
        points[series, MINUTE, minute] = point
        for resolution, step in ((HOUR, "hour"), (DAY, "day")):
            points.setdefault((series, resolution, floor(minute, step, zone)), Point()).merge(point)
    return points
