"""How this package's own work goes: stats that are dropped, and hits that wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import Any, ClassVar

from django.apps import apps

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.health.checks.base import Check, Fail, Skip, Warn

_HITS = "django_metrics_statsd.hits"


class Drops:
    """Watches a process's counts of what it dropped, by reason, for whether they have gone up lately."""

    def __init__(self) -> None:
        self._total, self._at = 0, float("-inf")

    def judge(self, dropped: dict[str, int], what: str, within: float, **figures: Any) -> dict[str, Any]:
        """Return the figures; raise `Warn` if there were new drops within so many seconds."""
        figures["dropped"] = dropped
        total, before = sum(dropped.values()), self._total
        self._total = total
        if total > before:  # a client that was made anew begins at nothing
            self._at = monotonic()
        if total and monotonic() - self._at < within:
            reasons = ", ".join(f"{reason}: {count}" for reason, count in sorted(dropped.items()))
            raise Warn(f"{what} were dropped, the last within {within:g} s ({reasons}).", **figures)
        return figures


@dataclass(kw_only=True)
class Statsd(Check):
    """Warns when this process has dropped stats lately.

    Attributes:
        within: for how many seconds after a drop to warn.
    """

    local: ClassVar[bool] = True

    name: str = "statsd"
    within: float = 300.0
    _drops: Drops = field(default_factory=Drops, init=False, repr=False)

    def run(self) -> dict[str, Any]:
        """Compare the counts."""
        if not statsd.made:
            raise Skip("This process has sent no stats yet.")
        telemetry = statsd.telemetry()
        return self._drops.judge(dict(telemetry["dropped"]), "Stats", self.within, sent=telemetry["sent"])


@dataclass(kw_only=True)
class Hits(Check):
    """Looks at whether records of hits and events get where they belong.

    With Redis, at how far the collectors are behind; without, at what this process has dropped.

    Attributes:
        warn: records that wait for a storage, above which to warn.
        fail: records that wait for a storage, above which to fail.
        within: for how many seconds after a drop to warn.
    """

    local: ClassVar[bool] = True

    name: str = "hits"
    warn: int = 10_000
    fail: int = 100_000
    within: float = 300.0
    _drops: Drops = field(default_factory=Drops, init=False, repr=False)

    def run(self) -> dict[str, Any]:
        """Ask Redis, or look at the counts of this process."""
        if not apps.is_installed(_HITS):
            raise Skip(f"{_HITS} is not in INSTALLED_APPS.")
        from django_metrics_statsd.hits.collector.status import read_status
        from django_metrics_statsd.hits.storages.base import Unavailable

        waiting: dict[str, Any] = {}
        try:
            waiting = self._judge(read_status())
        except LookupError:  # no Redis: each process writes to the storages itself
            pass
        except Unavailable as error:
            raise Fail(str(error)) from error
        return {**waiting, **self._dropped()}

    def _dropped(self) -> dict[str, Any]:
        from django_metrics_statsd.hits.road import road

        counts = road.counts
        return self._drops.judge(dict(counts.dropped), "Records", self.within, sent=counts.sent)

    def _judge(self, status: dict[str, Any]) -> dict[str, Any]:
        storages = status["storages"]
        waiting = {alias: (each["lag"] or 0) + each["pending"] for alias, each in storages.items()}
        figures = {"waiting": waiting, "dead_letters": status["dead_letters"]}
        alone = sorted(alias for alias, each in storages.items() if not each["consumers"])
        most = max(waiting.values(), default=0)
        if most > self.fail:
            raise Fail(f"{most} records wait for a storage; run more of manage.py collect.", **figures)
        if alone and most:
            raise Warn(f"No collector has come for {', '.join(alone)}; run manage.py collect.", **figures)
        if most > self.warn:
            raise Warn(f"{most} records wait for a storage.", **figures)
        return figures
