"""A visitor with a real browser, and what the StatsD daemon got meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from math import floor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django_metrics_statsd.beacon.fields import CALCULATED, INSTANTS, NAVIGATION_TYPE, REDIRECT_COUNT, TIMING
from tests.services.harness import wait_until

if TYPE_CHECKING:
    from tests.services.daemon import StatsDaemon
    from tests.services.sites import Site

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: How long nothing has to come before nothing more is expected.
QUIET = 0.4

#: The page's own word on its load, relative to when it was first shown.
TIMES = """() => {
  const entry = performance.getEntriesByType("navigation")[0].toJSON();
  const old = performance.timing;
  return {...entry, domLoading: Math.min(old.domLoading - old.navigationStart, entry.domInteractive)};
}"""


class Visit:
    """One context and one page. Stats are those that came since it began."""

    def __init__(self, browser: Any, site: Site, collector: StatsDaemon) -> None:
        self.origin = f"http://127.0.0.1:{site.port}"
        self.site_log = site.log
        self.collector = collector
        self.context = browser.new_context()
        self.errors: list[str] = []
        self.expected_error = "none"
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.begin()

    def begin(self) -> None:
        """Forget the stats so far."""
        self.seen = len(self.collector.lines())

    def url(self, name: str, *scripts: str, **asked: str) -> str:
        query = [*(("script", script) for script in scripts), *asked.items()]
        return f"{self.origin}/{name}?{urlencode(query)}"

    def open(self, name: str, *scripts: str, **asked: str) -> None:
        self.page.goto(self.url(name, *scripts, **asked))

    def leave(self) -> None:
        self.page.goto("about:blank")

    def await_page(self, condition: str) -> None:
        """Wait for it without Playwright's way, which the policy forbids (it is eval)."""
        wait_until(lambda: self.page.evaluate(condition), condition, 10)

    def lines(self) -> list[str]:
        return self.collector.lines()[self.seen :]

    def counts(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for name, value, kind in map(split, self.lines()):
            if kind == "c":
                found[name] += int(value)
        return dict(found)

    def timers(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for name, value, kind in map(split, self.lines()):
            if kind == "ms":
                found.setdefault(name, []).append(value)
        return found

    def wait_for(self, name: str) -> None:
        """Wait until this stat came, and then until no more come."""
        wait_until(lambda: any(line.startswith(f"{name}:") for line in self.lines()), f"{name}", 10)
        self.settle()

    def settle(self) -> None:
        before = -1
        while before != (before := len(self.lines())):
            time.sleep(QUIET)

    def loaded(self, kind: str) -> None:
        """Wait until a navigation of this kind came."""
        self.wait_for(f"{NAVIGATION_TYPE}.{kind}")

    def own(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(TIMES)
        return found

    def close(self) -> None:
        self.context.close()
        assert not [error for error in self.errors if self.expected_error not in error]


def split(line: str) -> tuple[str, float, str]:
    name, _, rest = line.partition(":")
    value, kind = rest.split("|")[:2]
    return name, float(value), kind


def as_whole(ms: float) -> int:
    """JavaScript's Math.round."""
    return floor(ms + 0.5)


def expected_timers(own: dict[str, Any]) -> dict[str, list[float]]:
    """What the daemon should hold after one load, by the page's own performance API."""
    shown = own.get("activationStart", 0)
    times = {name: as_whole(max(0, own[name] - shown)) for name in INSTANTS if own.get(name, 0) > 0}
    sums = {
        "network": times["responseStart"],
        "app": times["domLoading"] - times["responseStart"],
        "dom": times["domComplete"] - times["domLoading"],
        "rendering": times["loadEventEnd"] - times["domComplete"],
    }
    found = {TIMING + name: [float(ms)] for name, ms in times.items()}
    return found | {CALCULATED + name: [float(max(0, ms))] for name, ms in sums.items()}


def navigations(**counts: int) -> dict[str, int]:
    return {f"{NAVIGATION_TYPE}.{kind}": count for kind, count in counts.items()}


def load_counts(kind: str, redirects: int = 0) -> dict[str, int]:
    return {**navigations(**{kind: 1}), REDIRECT_COUNT: redirects}
