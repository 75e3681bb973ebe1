"""Real boomerang 1.815 sends what the page's own performance API says, and each page counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.visits import expected_timers, load_counts

if TYPE_CHECKING:
    from tests.browser.visits import Visit

pytestmark = pytest.mark.service

SCRIPTS = ("/npm/boomerang.js", "/assets/boomerang.js")
IGNORED = "django_metrics_statsd.beacon.ignored"


@pytest.mark.parametrize("how", ["post", "get"])
def test_a_load_and_leaving(visit: Visit, how: str) -> None:
    visit.open("boomerang", *SCRIPTS, tag="no", how=how)
    visit.loaded("navigate")
    own, timers, counts = visit.own(), visit.timers(), visit.counts()
    assert counts == load_counts("navigate")
    wanted = expected_timers(own)
    # It rounds instants since 1970, each by itself.
    assert {name: values[0] for name, values in timers.items()} == pytest.approx(
        {name: values[0] for name, values in wanted.items()}, abs=2
    )
    visit.begin()
    visit.leave()
    visit.wait_for(IGNORED)
    assert visit.counts() == {IGNORED: 1}
    assert visit.timers() == {}
