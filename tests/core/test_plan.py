from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.plan import planned


def test_the_plan_is_compiled_once_and_dropped_when_a_setting_changes(settings: Any) -> None:
    before = planned.now
    assert planned.now is before
    assert (before.tags, before.excluded, before.server_timing, before.details) == (False, None, False, True)
    settings.STATSD_EXCLUDE = ["/a/", "/b$"]
    settings.STATSD_TAGS = "graphite"
    after = planned.now
    assert after is not before
    assert after.tags
    assert after.excluded is not None
    assert [bool(after.excluded(path)) for path in ("/a/x", "/b", "/bb", "/x/a/")] == [
        True,
        True,
        False,
        False,
    ]


def test_other_settings_leave_it_alone(settings: Any) -> None:
    before = planned.now
    settings.USE_TZ = False
    assert planned.now is before


def test_there_is_only_the_plan_of_now() -> None:
    with pytest.raises(AttributeError):
        planned.later  # noqa: B018
