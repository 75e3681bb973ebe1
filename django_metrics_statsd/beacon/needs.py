"""What segments and guards need and do not have: said by ``manage.py check``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from django_metrics_statsd.beacon.agents import MISSING
from django_metrics_statsd.beacon.guards import Rate, no_bots
from django_metrics_statsd.beacon.plan import planned
from django_metrics_statsd.conf import debug, project_setting

Problem = tuple[str, str]
_CACHES = "django.core.cache.backends."
#: Backends that count nothing, or for one process only.
_ALONE = {
    f"{_CACHES}dummy.DummyCache": "keeps nothing",
    f"{_CACHES}locmem.LocMemCache": "is each process's own",
}


def problems() -> Iterator[Problem]:
    """Yield what is missing, each with what to do."""
    plan = planned.now
    if "country" in plan.segments and plan.country is None:
        yield (
            "STATSD_RECORD_SEGMENTS has 'country', but STATSD_RECORD_COUNTRY is not set.",
            "Name the header that your proxy sets, such as 'CF-IPCountry', or a function of the request.",
        )
    if ("device" in plan.segments or no_bots in plan.guards) and find_spec("user_agents") is None:
        yield f"For the beacon, {MISSING}.", "Or leave out the segment 'device' and the guard no_bots."
    for alias in sorted({guard.cache for guard in plan.guards if isinstance(guard, Rate)}):
        yield from _cache_problems(alias)


def _cache_problems(alias: str) -> Iterator[Problem]:
    backend = ((project_setting("CACHES") or {}).get(alias) or {}).get("BACKEND")
    hint = "Give the guard the alias of a cache that processes share: RatePerAddress(60, cache='shared')."
    if backend is None:
        yield (
            f"A rate guard of STATSD_RECORD_GUARD counts in the cache {alias!r}, which CACHES has not.",
            hint,
        )
    elif backend in _ALONE and not debug():
        yield (
            f"A rate guard of STATSD_RECORD_GUARD counts in the cache {alias!r}, which {_ALONE[backend]}.",
            hint,
        )
