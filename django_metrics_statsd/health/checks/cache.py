"""Whether each cache gives back what it was given."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache

from django_metrics_statsd.conf import project_setting
from django_metrics_statsd.health.checks.base import Check, Fail, Skip
from django_metrics_statsd.health.conf import conf

#: Seconds after which a cache forgets our key, should deleting it fail.
LIFETIME = 60


@dataclass(kw_only=True)
class Caches(Check):
    """Writes a value into each cache, reads it back, compares, deletes it.

    Attributes:
        aliases: the caches; unset, those of ``WATCHMAN_CACHES``, or all.
    """

    name: str = "caches"
    aliases: tuple[str, ...] | None = None

    def parts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield each cache."""
        aliases = self.aliases or conf.WATCHMAN_CACHES
        for alias in sorted(project_setting("CACHES") or () if aliases is None else aliases):
            yield alias, partial(_check, alias)


def _read(cache: Any, key: str) -> Any:
    """Read what was written: from a replica, it may take a moment to be there."""
    for pause in (0, 0.02, 0.06, 0.12):
        time.sleep(pause)
        found = cache.get(key)
        if found is not None:
            break
    return found


def _check(alias: str) -> None:
    cache = caches[alias]
    if isinstance(cache, DummyCache):
        raise Skip("A dummy cache keeps nothing, so it cannot be checked.")
    key, value = f"watchman-{uuid.uuid4()}", str(uuid.uuid4())
    cache.set(key, value, LIFETIME)
    try:
        found = _read(cache, key)
    finally:
        cache.delete(key)
    if found != value:
        what = "nothing" if found is None else "something else"
        raise Fail(f"The cache was given a value and gave back {what}.")
