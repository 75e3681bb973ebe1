"""What stands behind a StatsD server takes our stats: Graphite shows them, collectd parses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services import sites, traffic
from tests.services.daemon import StatsDaemon
from tests.services.harness import wait_until
from tests.services.scenario import play
from tests.services.sites import site_env

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.collectors import Collectd, Graphite

pytestmark = pytest.mark.service


def test_graphite_shows_the_counts(graphite: Graphite, tmp_path: Path) -> None:
    with StatsDaemon(tmp_path / "statsd", 1000, graphite.line_port) as daemon:
        with sites.gunicorn(tmp_path, site_env(daemon.url), "-w", "2") as site:
            assert traffic.many(site.port, "/ok", 200) == {200: 200}
            assert traffic.many(site.port, "/slow", 10) == {200: 10}
        counts = "stats.counters.response.200.count"
        wait_until(lambda: sum(graphite.render(counts)) == 210, f"{counts} to sum up to 210", 15)
    view = "stats.timers.view.project.views.slow.GET"
    assert sum(graphite.render(f"{view}.count")) == 10
    assert min(graphite.render(f"{view}.lower")) >= 50


def test_collectd_takes_one_value_a_line(collectd: Collectd) -> None:
    play("fault", 50, url=collectd.url)
    wait_until(lambda: collectd.last("derive-hit") == 50, "collectd's count", 10)
    assert "Unable to parse" not in collectd.log()


def test_collectd_refuses_several_values_a_line(collectd: Collectd) -> None:
    """Which is why `STATSD_MULTI_VALUE` is off by default."""
    play("fault", 50, url=collectd.url, STATSD_MULTI_VALUE=True)
    wait_until(lambda: "Unable to parse" in collectd.log(), "collectd's complaint", 10)


def test_the_daemon_takes_several_values_a_line(daemon: StatsDaemon) -> None:
    play("fault", 50, url=daemon.url, STATSD_MULTI_VALUE=True)
    assert daemon.timers()["took"].count == 50
    assert len([line for line in daemon.lines() if line.startswith("took:")]) == 1
    assert daemon.bad_lines() == 0
