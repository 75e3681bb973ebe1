"""Ticks of values and of times, and how numbers are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.monitoring.charts import format_value
from django_metrics_statsd.monitoring.charts.offsets import offset, offsets
from django_metrics_statsd.monitoring.charts.time_axis import MOST, local, time_axis
from django_metrics_statsd.monitoring.charts.value_axis import nice_step, value_axis

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = 3_600, 86_400


def values(low: float, high: float, unit: str = "", from_zero: bool = False) -> list[str]:
    return [label for _, label in value_axis([low, high], unit, from_zero).ticks]


@pytest.mark.parametrize(
    ("low", "high", "unit", "labels"),
    [
        (0, 100, "", ["0", "50", "100"]),
        (3, 97, "", ["0", "50", "100"]),
        (0, 4, "", ["0", "1", "2", "3", "4"]),
        (0, 0.3, "", ["0", "0.1", "0.2", "0.3"]),
        (0, 0, "", ["0", "0.5", "1.0"]),
        (7, 7, "", ["0", "2", "4", "6", "8"]),
        (-7, -7, "", ["-8", "-6", "-4", "-2", "0"]),
        (-4, 4, "", ["-4", "-2", "0", "2", "4"]),
        (81, 83, "%", ["81.0%", "81.5%", "82.0%", "82.5%", "83.0%"]),
        (0, 1, "ratio", ["0", "50%", "100%"]),
        (0, 1500, "ms", ["0", "0.5 s", "1.0 s", "1.5 s"]),
        (0, 0.4, "ms", ["0", "100 µs", "200 µs", "300 µs", "400 µs"]),
        (0, 400, "s", ["0", "2 min", "4 min", "6 min", "8 min"]),
        (0, 3 * DAY, "s", ["0", "1 d", "2 d", "3 d"]),
        (0, 4 * 1024**3, "bytes", ["0", "1 GiB", "2 GiB", "3 GiB", "4 GiB"]),
        (0, 900, "bytes", ["0", "500 B", "1\u202f000 B"]),
        (0, 20_000, "", ["0", "5k", "10k", "15k", "20k"]),
        (0, 4_000, "", ["0", "1\u202f000", "2\u202f000", "3\u202f000", "4\u202f000"]),
        (0, 3.7e6, "requests/s", ["0", "1M", "2M", "3M", "4M"]),
        (
            1e9,
            1e9 + 4,
            "",
            [f"1\u202f000\u202f000\u202f00{last}" for last in range(5)],
        ),
        (0, 1e300, "", ["0", "5e+299", "1e+300"]),
    ],
)
def test_value_axis_has_round_ticks_in_units_that_people_read(
    low: float, high: float, unit: str, labels: list[str]
) -> None:
    assert values(low, high, unit) == labels


def test_axis_that_must_begin_at_zero_does() -> None:
    assert values(81, 83, "", from_zero=True)[0] == "0"
    assert values(-83, -81, "", from_zero=True)[-1] == "0"


_finite = st.floats(-1e300, 1e300, allow_nan=False)


@given(
    st.lists(_finite, min_size=1, max_size=5),
    st.sampled_from(["", "ms", "us", "s", "bytes", "%", "ratio", "x"]),
    st.booleans(),
)
def test_every_value_has_room_between_few_ticks_in_order(
    numbers: list[float], unit: str, from_zero: bool
) -> None:
    axis = value_axis(numbers, unit, from_zero)
    slack = (axis.high - axis.low) * 1e-6
    assert axis.low - slack <= min(numbers) <= max(numbers) <= axis.high + slack
    assert 2 <= len(axis.ticks) <= 8
    assert all(one < two for (one, _), (two, _) in pairwise(axis.ticks))
    assert len({label for _, label in axis.ticks}) == len(axis.ticks)
    assert all(0 <= axis.share(number) <= 1 for number in numbers)


@given(st.floats(1e-290, 1e300))
def test_step_is_one_two_or_five_times_a_power_of_ten(about: float) -> None:
    step = nice_step(about)
    assert about * (1 - 1e-8) <= step <= about * 2.6
    assert f"{step:e}"[0] in "125"


def times(start: datetime, end: datetime, tz: tzinfo) -> list[str]:
    ticks = time_axis(start.timestamp(), end.timestamp(), tz)
    return [f"{tick.label}|{tick.below}" if tick.below else tick.label for tick in ticks]


def test_hours_are_those_of_the_zone_with_the_date_where_it_changes() -> None:
    start = datetime(2026, 11, 25, 15, 10, tzinfo=BERLIN)
    assert times(start, start + timedelta(hours=24), BERLIN) == [
        "18:00|25 Nov 2026", "21:00", "00:00|26 Nov", "03:00", "06:00", "09:00", "12:00", "15:00",
    ]  # fmt: skip


def test_hours_of_a_zone_that_is_a_quarter_off_are_whole_there() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    start = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
    assert times(start, start + timedelta(hours=6), kathmandu) == [
        "06:00|5 Jan 2026", "07:00", "08:00", "09:00", "10:00", "11:00",
    ]  # fmt: skip


def test_hour_that_is_skipped_has_no_tick() -> None:
    start = datetime(2026, 3, 29, 0, 0, tzinfo=BERLIN)
    found = time_axis(start.timestamp(), start.timestamp() + 5 * HOUR, BERLIN)
    assert [tick.label for tick in found] == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00"]
    assert {two.time - one.time for one, two in pairwise(found)} == {HOUR}


def test_hour_that_comes_twice_has_two_ticks() -> None:
    start = datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN)
    found = time_axis(start.timestamp(), start.timestamp() + 5 * HOUR, BERLIN)
    assert [tick.label for tick in found] == ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00"]
    assert {two.time - one.time for one, two in pairwise(found)} == {HOUR}


def test_days_begin_at_midnight_on_both_sides_of_a_change() -> None:
    start = datetime(2026, 10, 22, 0, 0, tzinfo=BERLIN)
    found = time_axis(start.timestamp(), start.timestamp() + 7 * DAY, BERLIN)
    assert [local(tick.time, BERLIN).hour for tick in found] == [0] * len(found)
    assert [tick.label for tick in found] == [f"{day} Oct" for day in range(22, 29)]


def test_day_without_midnight_begins_after_the_jump() -> None:
    zone = ZoneInfo("America/Sao_Paulo")  # until 2018 the clock went from 0:00 to 1:00 there
    start = datetime(2018, 11, 1, 12, tzinfo=zone)
    found = time_axis(start.timestamp(), start.timestamp() + 6 * DAY, zone)
    assert [tick.label for tick in found] == [f"{day} Nov" for day in range(2, 8)]
    assert local(found[2].time, zone).hour == 1


def test_weeks_begin_on_monday() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = time_axis(start.timestamp(), start.timestamp() + 60 * DAY, UTC)
    assert {local(tick.time, UTC).weekday() for tick in found} == {0}


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (364, ["Jan|2026", "Mar", "May", "Jul", "Sep", "Nov"]),
        (3 * 365, ["Jan|2026", "Jul", "Jan|2027", "Jul", "Jan|2028", "Jul"]),
        (20 * 365, ["2030", "2035", "2040", "2045"]),
    ],
)
def test_months_and_years_have_their_names(days: int, labels: list[str]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert times(start, start + timedelta(days=days), UTC) == labels


def test_minutes_and_seconds_are_round() -> None:
    start = datetime(2026, 5, 5, 23, 58, 57, tzinfo=UTC)
    assert times(start, start + timedelta(minutes=10), UTC)[:3] == ["00:00|6 May 2026", "00:02", "00:04"]
    assert times(start, start + timedelta(seconds=20), UTC)[:2] == ["23:59:00|5 May 2026", "23:59:05"]
    assert times(start, start + timedelta(seconds=2), UTC) == ["23:58:57|5 May 2026"]


@given(
    st.floats(-62e9, 253e9),
    st.floats(1, 300e9),
    st.sampled_from(
        [
            UTC,
            BERLIN,
            ZoneInfo("Australia/Lord_Howe"),
            ZoneInfo("Pacific/Apia"),
            timezone(timedelta(hours=23)),
        ]
    ),
)
def test_time_axis_has_few_ticks_inside_and_in_order(start: float, length: float, tz: tzinfo) -> None:
    end = min(start + length, 253_370_000_000.0)
    if end <= start:
        return
    found = time_axis(start, end, tz)
    assert len(found) <= MOST + 2
    assert all(start <= tick.time <= end for tick in found)
    assert all(one.time < two.time for one, two in pairwise(found))


def test_offsets_name_each_change_to_the_second() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    end = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    spring = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    autumn = datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()
    assert offsets(start, end, BERLIN) == [(0, 3600), (spring - start, 7200), (autumn - start, 3600)]
    assert offsets(start, end, UTC) == [(0, 0)]
    assert offset(spring, BERLIN) == 7200


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "ms", "–"),
        (float("nan"), "", "–"),
        (0, "", "0"),
        (0, "ms", "0 ms"),
        (17.94, "ms", "17.9 ms"),
        (1234, "ms", "1.23 s"),
        (0.25, "s", "250 ms"),
        (90, "s", "90 s"),
        (7200, "s", "2 h"),
        (-1234, "ms", "-1.23 s"),
        (1204, "", "1\u202f204"),
        (12_345, "", "12.3k"),
        (2_500_000, "", "2.5M"),
        (12.5, "requests/s", "12.5 requests/s"),
        (4 * 1024**2, "bytes", "4 MiB"),
        (512, "bytes", "512 B"),
        (0.425, "ratio", "42.5%"),
        (42.5, "%", "42.5%"),
        (1e300, "", "1e+300"),
    ],
)
def test_numbers_are_written_as_people_say_them(value: float | None, unit: str, text: str) -> None:
    assert format_value(value, unit) == text
