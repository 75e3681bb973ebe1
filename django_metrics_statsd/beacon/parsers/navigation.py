"""What the clients that send Navigation Timing have in common: ranges, order, summaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_metrics_statsd.beacon.beacons import Beacon, Fields, Refused, navigation_type, whole
from django_metrics_statsd.beacon.fields import (
    CHAINS_OF_KEYS,
    MAX_MS,
    MAX_REDIRECTS,
    NAVIGATION_TYPE,
    REDIRECT_COUNT,
    SUMMARIES,
)

#: Milliseconds since 1970 have at most these.
_MAX_EPOCH = 10**14


def read(
    beacon: Beacon, fields: Fields, keys: Iterable[tuple[str, str]], start: str, wanted: frozenset[str]
) -> None:
    """Put the timings of `fields` into `beacon`.

    Args:
        beacon: gets times, counts and what is refused.
        fields: what the client sent.
        keys: pairs of the client's key and our name.
        start: the client's key for the navigation's start. If it is there and not 0, times are milliseconds
            since 1970, of which 0 means that there was no such thing; else they are since the start.
        wanted: our names that are to be recorded.
    """
    try:
        origin = whole(start, fields[start], _MAX_EPOCH) if start in fields else 0
    except Refused as error:
        beacon.refused.append(error)
        return
    times: dict[str, int] = {}
    for key, name in keys:
        text = fields.get(key)
        if text is None or (origin and text == "0"):
            continue
        try:
            times[name] = _since(origin, name, text) if origin else whole(name, text, MAX_MS)
        except Refused as error:
            beacon.refused.append(error)
    _refuse_disorder(beacon, times)
    _summarise(beacon, times)
    for name, ms in times.items():
        if name in wanted:
            beacon.times[name] = ms


def _since(origin: int, name: str, text: str) -> int:
    ms = whole(name, text, _MAX_EPOCH) - origin
    if not 0 <= ms <= MAX_MS:
        raise Refused("out_of_range", f"{name} must be from 0 to {MAX_MS} ms after the navigation's start")
    return ms


def _refuse_disorder(beacon: Beacon, times: dict[str, int]) -> None:
    """Take out what comes before an instant that it has to follow."""
    for chain in CHAINS_OF_KEYS:
        present = [name for name in chain if name in times]
        instants = [times[name] for name in present]
        if instants != sorted(instants):
            beacon.refused += _take_out(times, present)


def _take_out(times: dict[str, int], chain: list[str]) -> Iterator[Refused]:
    before, latest = "", 0
    for name in chain:
        if times[name] < latest:
            del times[name]
            yield Refused("out_of_order", f"{name} must not be before {before}")
        else:
            before, latest = name, times[name]


def _summarise(beacon: Beacon, times: dict[str, int]) -> None:
    for name, begin, end in SUMMARIES:
        if end in times and (begin is None or begin in times):
            beacon.times[name] = max(0, times[end] - (times[begin] if begin else 0))


def read_navigation(beacon: Beacon, kind: str | None, redirects: str | None, wanted: frozenset[str]) -> None:
    """Put the kind of navigation and the number of redirects into `beacon`, where they were sent."""
    try:
        if kind is not None:
            beacon.navigation = navigation_type(NAVIGATION_TYPE, kind)
            if NAVIGATION_TYPE in wanted:
                beacon.counts[f"{NAVIGATION_TYPE}.{beacon.navigation}"] = 1
    except Refused as error:
        beacon.refused.append(error)
    try:
        if redirects is not None and REDIRECT_COUNT in wanted:
            beacon.counts[REDIRECT_COUNT] = whole(REDIRECT_COUNT, redirects, MAX_REDIRECTS)
    except Refused as error:
        beacon.refused.append(error)
