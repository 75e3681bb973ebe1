"""Where buckets begin, in zones whose clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.monitoring.rollups import buckets

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Havana",
    "Pacific/Apia",
]


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def shown(moments: list[int], zone: str) -> list[str]:
    return [f"{datetime.fromtimestamp(each, UTC).astimezone(ZoneInfo(zone)):%m-%d %H:%M}" for each in moments]


@given(
    st.integers(1_000_000_000, 2_000_000_000),
    st.sampled_from(ZONES),
    st.sampled_from(["minute", "5min", "15min", "hour", "day", "week", "month"]),
)
def test_a_bucket_has_its_moment_and_begins_where_it_says(moment: int, name: str, step: str) -> None:
    zone = ZoneInfo(name)
    start = buckets.floor(moment, step, zone)
    assert start <= moment
    assert moment - start <= buckets.SECONDS[step] * 1.05 + 86_400 * (step == "month") + 3_600
    assert buckets.floor(start, step, zone) == start
    edges = buckets.edges(start, moment + 1, step, zone)
    assert edges[0] == start
    assert all(earlier < later for earlier, later in pairwise(edges))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-11-01", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Havana", "2026-11-01", 25),
    ],
)
def test_a_day_in_which_clocks_change_is_as_long_as_it_was(zone: str, day: str, hours: int) -> None:
    start = buckets.midnight(datetime.fromisoformat(day).date(), ZoneInfo(zone))
    days = buckets.edges(start, start + 40 * 3_600, "day", ZoneInfo(zone))
    assert days[1] - days[0] == hours * 3_600
    assert len(buckets.edges(days[0], days[1], "hour", ZoneInfo(zone))) == hours


def test_hours_begin_where_the_clocks_on_the_wall_show_full_ones() -> None:
    found = buckets.edges(at("2026-05-01T00:10"), at("2026-05-01T02:00"), "hour", ZoneInfo("Asia/Kolkata"))
    assert shown(found, "Asia/Kolkata") == ["05-01 05:00", "05-01 06:00", "05-01 07:00"]


def test_weeks_begin_on_mondays_and_months_on_their_first() -> None:
    zone = ZoneInfo("Europe/Berlin")
    start, end = at("2026-02-25", "Europe/Berlin"), at("2026-04-02", "Europe/Berlin")
    assert shown(buckets.edges(start, end, "month", zone), "Europe/Berlin") == [
        "02-01 00:00",
        "03-01 00:00",
        "04-01 00:00",
    ]
    assert shown(buckets.edges(start, end, "week", zone), "Europe/Berlin")[0] == "02-23 00:00"


def test_days_earlier_the_clocks_showed_the_same() -> None:
    zone = ZoneInfo("Europe/Berlin")
    moment = at("2026-03-29T12:00", "Europe/Berlin")
    assert shown([buckets.days_earlier(moment, 1, zone)], "Europe/Berlin") == ["03-28 12:00"]
    assert moment - buckets.days_earlier(moment, 1, zone) == 23 * 3_600
