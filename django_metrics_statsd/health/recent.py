"""The changes of state that are shown: the database's, or this process's own where that does not answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django_metrics_statsd.health import runner
from django_metrics_statsd.health.checks.base import Check
from django_metrics_statsd.health.conf import conf
from django_metrics_statsd.health.history import Change, history
from django_metrics_statsd.health.results import NOTHING, Result

#: Rows that are read of each check, checks that are, and seconds that the database has for them.
ROWS, CHECKS, SECONDS = 50, 500, 1.0


@dataclass(kw_only=True)
class _Recent(Check):
    """Reads the table as a check reads its service: with a limit, and shared."""

    name: str = "history"
    timeout: float | None = SECONDS
    names: tuple[str, ...] = ()

    def run(self) -> Any:
        from django_metrics_statsd.health import keeping

        return keeping.latest(self.names, ROWS)

    def read(self, part: str, found: Any) -> list[Result]:
        return [Result(self.name, part, value=found)]


_check = _Recent()
_shared = runner.Shared(lambda _: None)


def changes(names: Iterable[str]) -> dict[str, list[Change]]:
    """Return the latest changes of each check by its name, latest first, within a second."""
    names = list(names)
    kept, seen = _kept(names) if conf.WATCHMAN_HISTORY else {}, history.seen(names)
    return {name: _joined(kept.get(name, []), seen.get(name, [])) for name in names}


def _kept(names: list[str]) -> dict[str, list[Change]]:
    """Return the table's changes of all names that have been asked for; it is asked anew for a new one."""
    start, new = monotonic(), [name for name in names if name not in _check.names]
    if new:
        _check.names = (*new, *_check.names)[:CHECKS]
    asked = _shared.ask(_check, "", _check.run, fresh=bool(new))
    (result,) = runner.await_results(_shared, asked, start, start + SECONDS)
    return {} if result.value is NOTHING else dict(result.value)


def _joined(kept: list[Change], seen: list[Change]) -> list[Change]:
    """Put what this process has not been able to write yet before what is written."""
    if not kept:
        return seen
    newer = [change for change in seen if change.at > kept[0].at + 0.001]
    joined = [*newer, *kept]
    if len(joined) > len(kept) and joined[len(newer) - 1].state is kept[0].state:
        del joined[len(newer) - 1]
    return joined
