"""What the commands that delete have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep

from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError

from django_metrics_statsd.decorators import muted
from django_metrics_statsd.hits.pruning import MODELS, Rows
from django_metrics_statsd.hits.storages.django_aliases import databases_of


def tables(alias: str | None = None) -> list[Rows]:
    """Return the tables of all django storages, or those in one database.

    Raises:
        CommandError: no storage keeps anything there, or there is no django storage.
    """
    found = {Rows(model, each) for model in MODELS for each in databases_of(str(model._meta.model_name))}
    chosen = [rows for rows in found if alias in {None, rows.alias}]
    if not chosen:
        used = ", ".join(sorted({repr(rows.alias) for rows in found}))
        where = f"hits and events are kept in {used}" if used else "WT_DATABASES has no django storage"
        raise CommandError(f"--database is {alias!r}, but {where}." if alias else f"{where}.")
    return sorted(chosen, key=lambda rows: (rows.alias, MODELS.index(rows.model)))


@contextmanager
def said() -> Iterator[None]:
    """Leave our queries out of the site's stats, and turn what a database says into a command's error."""
    with muted():
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            line = str(error).strip().split("\n")[0]
            raise CommandError(f"The database says: {line}. What is deleted so far stays deleted.") from error


def delete(rows: Rows, steps: Iterator[int], tell: Callable[[str], None], pause: float = 0.0) -> int:
    """Go through the steps of a deletion, tell of each, and return how many rows it was.

    Raises:
        CommandError: somebody interrupted it.
    """
    total = 0
    try:
        for count in steps:
            total += count
            tell(f"{rows}: {total} deleted so far")
            sleep(pause)
    except KeyboardInterrupt:
        raise CommandError(f"{rows}: interrupted, {total} deleted; the next run goes on.") from None
    return total


def batch_size(text: str) -> int:
    """Read ``--batch``."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def seconds(text: str) -> float:
    """Read ``--pause``."""
    number = float(text)
    if not 0 <= number <= 3_600:
        raise ValueError(text)
    return number
