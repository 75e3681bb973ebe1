"""Runs checks side by side, each within its limit and all within a deadline, shared among all who ask.

Each part of a check runs once at a time in a process, and its result is given to all who ask within
``WATCHMAN_CACHE_SECONDS``. While it runs anew, who comes gets the last result; only the first one waits. So a
storm of probes costs one run per window, and a service that hangs holds up one probe, not all of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from time import monotonic
from typing import Any, NamedTuple

from django_metrics_statsd.background import in_children
from django_metrics_statsd.conf import on_change
from django_metrics_statsd.health import telling
from django_metrics_statsd.health.checks.base import Check
from django_metrics_statsd.health.conf import PREFIXES, conf
from django_metrics_statsd.health.flights import Flight, Results, may_give_up
from django_metrics_statsd.health.reading import label
from django_metrics_statsd.health.results import Report, Result, unused

#: Parts of one check that are run, and results of all together that are kept.
MOST_PARTS, MOST_KEPT = 100, 2_000

Key = tuple[int, str]


class Settled(NamedTuple):
    """Results, and when they were known, as `time.monotonic` counts. Holds the check, whose id is the key."""

    check: Check
    results: Results
    at: float


class Shared:
    """The runs under way in this process, and the last results."""

    def __init__(self, tell: Callable[[Results], None]) -> None:
        self._tell = tell
        self.reset()
        in_children(self.reset)
        on_change(self.reset, *PREFIXES)

    def reset(self) -> None:
        """Forget everything: a setting changed, or this is a forked child without the parent's threads."""
        self._lock = threading.Lock()
        self._flights: dict[Key, Flight] = {}
        self._given_up: dict[Key, int] = {}
        self._settled: dict[Key, Settled] = {}

    def ask(
        self, check: Check, part: str, run: Callable[[], Any], *, fresh: bool = False
    ) -> Flight | Settled:
        """Return what is known of a part, or the run to wait for, which begins if there is none.

        With `fresh`, what is known does not count.
        """
        key, limit = (id(check), part), check.timeout or conf.WATCHMAN_TIMEOUT
        with self._lock:
            flight = self._flights.get(key)
            known = None if fresh else self._known(check, part, limit if flight is not None else 0.0)
            if known is not None and (flight is None or monotonic() < flight.ends):
                return known
            if flight is not None and not self._may_give_up(key, flight):
                return flight
            flight = self._flights[key] = Flight(check, part, run, limit)
        flight.start(self._landed)
        return flight

    def _may_give_up(self, key: Key, flight: Flight) -> bool:
        """Whether a run has hung for so long that another one is due; count it as given up then."""
        before = self._given_up.get(key, 0)
        if not may_give_up(flight.ends, before):
            return False
        self._given_up[key] = before + 1
        return True

    def _known(self, check: Check, part: str, grace: float) -> Settled | None:
        """Return the last result if it is young enough; `grace` is for while a newer one is on its way."""
        window, known = conf.WATCHMAN_CACHE_SECONDS, self._settled.get((id(check), part))
        kept = max(window, check.at_most_every) + grace
        young = known is not None and window > 0 and monotonic() - known.at < kept
        return known if young else None

    def _landed(self, flight: Flight, results: Results) -> None:
        with self._lock:
            key = (id(flight.check), flight.part)
            ours = self._flights.get(key) is flight  # not one that was given up, or begun before a reset
            if ours:
                del self._flights[key]
            elif self._given_up.get(key):
                self._given_up[key] -= 1
            in_time = ours and not flight.overdue
            if in_time:
                self._given_up.pop(key, None)
                self._keep(flight, results)
            flight.future.set_result(results)
        if in_time:
            self._tell(results)

    def missed(self, flight: Flight, waited: float) -> Results:
        """Return the result for who waited in vain; the first who does so at its limit settles it for all."""
        with self._lock:
            if flight.future.done():
                return flight.future.result()
            result = [flight.late(waited)]
            first = not flight.overdue and monotonic() >= flight.ends
            if first:
                flight.overdue = True
                self._keep(flight, result)
        if first:
            self._tell(result)
        return result

    def _keep(self, flight: Flight, results: Results) -> None:
        if len(self._settled) >= MOST_KEPT:  # parts of ever new names
            self._settled.clear()
        self._settled[id(flight.check), flight.part] = Settled(flight.check, results, monotonic())


shared = Shared(telling.tell)


def run(checks: Iterable[Check], *, fresh: bool = False) -> Report:
    """Run checks, or take results that are young enough, and wait for them at most ``WATCHMAN_DEADLINE``.

    With `fresh`, nothing is taken from before.
    """
    start = monotonic()
    until = start + conf.WATCHMAN_DEADLINE
    asked = [shared.ask(check, *part, fresh=fresh) for check in checks for part in _parts(check)]
    return _report(result for each in asked for result in await_results(shared, each, start, until))


async def arun(checks: Iterable[Check], *, fresh: bool = False) -> Report:
    """Do what `run` does, without holding up the event loop or a thread."""
    start = monotonic()
    until = start + conf.WATCHMAN_DEADLINE
    asked = [shared.ask(check, *part, fresh=fresh) for check in checks for part in _parts(check)]
    found = [await _aawait(each, start, until) for each in asked]
    return _report(result for results in found for result in results)


def _report(results: Iterable[Result]) -> Report:
    """Make a report in which each result has a name of its own: functions may return the same keys."""
    found: dict[str, Result] = {}
    for result in results:
        apart = _apart(result, found)
        found[apart.name] = apart
    return Report(tuple(found.values()))


def _apart(result: Result, names: Container[str]) -> Result:
    return replace(
        result, check=unused(result.check, lambda check: replace(result, check=check).name in names)
    )


def await_results(runs: Shared, asked: Flight | Settled, start: float, until: float) -> Results:
    """Return the results of what `runs` was asked for at `start`, waiting no longer than `until`."""
    if isinstance(asked, Settled):
        return asked.results
    try:
        return asked.future.result(_patience(asked, until))
    except TimeoutError:
        return runs.missed(asked, monotonic() - start)


async def _aawait(asked: Flight | Settled, start: float, until: float) -> Results:
    if isinstance(asked, Settled):
        return asked.results
    patience = _patience(asked, until)
    if patience and not asked.future.done():  # else each who asks would leave something at what hangs
        # Only waited for: whoever is cancelled here leaves the run to the others.
        await asyncio.wait({asyncio.wrap_future(asked.future)}, timeout=patience)
    return shared.missed(asked, monotonic() - start)


def _patience(flight: Flight, until: float) -> float:
    return max(0.0, min(flight.ends, until) - monotonic())


def _parts(check: Check) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield a check's parts; what goes wrong in finding them is what its one part finds."""
    try:
        found = [(label(name), function) for name, function in islice(check.parts(), MOST_PARTS)]
    except (Exception, SystemExit) as error:
        found = [("", _raise(error))]
    yield from found


def _raise(error: BaseException) -> Callable[[], Any]:
    def run() -> None:
        raise error

    return run
