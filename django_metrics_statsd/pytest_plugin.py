"""The pytest plugin: a fixture ``stats``, and ``--statsd`` for a table of what a test run emitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django_metrics_statsd.clients.base import Record
    from django_metrics_statsd.testing import Captured

_MAX_ROWS = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--statsd``."""
    parser.getgroup("statsd").addoption(
        "--statsd", action="store_true", help="after the tests, list which stats they emitted and how often"
    )


@pytest.fixture
def stats() -> Iterator[Captured]:
    """Record the stats that this test emits; a ``django_metrics_statsd.testing.Captured``."""
    from django_metrics_statsd.testing import capture

    with capture() as captured:
        yield captured


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count where that is asked for."""
    if config.getoption("--statsd"):
        config.pluginmanager.register(_Summary(), "statsd-summary")


class _Summary:
    """Counts stats by kind and name over the whole run."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    def count(self, record: Record) -> None:
        stat = record.stat if isinstance(record.stat, str) else f"<{type(record.stat).__name__}>"
        self.counts[stat, record.kind] += 1

    def pytest_sessionstart(self) -> None:
        from django_metrics_statsd.clients.handle import statsd

        statsd.listen(self.count)

    def pytest_sessionfinish(self) -> None:
        from django_metrics_statsd.clients.handle import statsd

        statsd.unlisten(self.count)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("stats emitted")
        for (stat, kind), count in sorted(self.counts.items())[:_MAX_ROWS]:
            terminalreporter.line(f"{count:>8}  {kind:<2}  {stat}")
        if len(self.counts) > _MAX_ROWS:
            terminalreporter.line(f"and {len(self.counts) - _MAX_ROWS} more names")
        if not self.counts:
            terminalreporter.line("none")
