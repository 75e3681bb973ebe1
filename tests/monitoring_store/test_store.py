"""Reading, rolling up and pruning: the same figures before and after, in each kind of database."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command

from django_metrics_statsd.monitoring.stats import claims, pruning, reading, rolling
from django_metrics_statsd.monitoring.stats.models import Chunk, Claim, StatName, StoredWindow
from django_metrics_statsd.safety import Telemetry
from tests.monitoring_store.clock import batch, write

DAY = 86_400


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def roll(now: float | None = None) -> list[str]:
    return list(rolling.roll("stats", now or time.time()))


def hour_ago(hours: float = 1) -> int:
    """The beginning of an hour so long ago."""
    return int((time.time() - hours * 3_600) // 3_600) * 3_600


def values(series: reading.Series) -> list[float | None]:
    """The points' values; sums of floats depend, in their last digits, on the order."""
    return [None if point.value is None else round(point.value, 6) for point in series.points]


def test_rolling_up_changes_no_figure(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three processes over three days: all readings are the same after each step."""
    now = time.time()
    monkeypatch.setattr(reading, "time", lambda: now)
    source = random.Random(5)
    first = hour_ago(75) // DAY * DAY
    all_times: list[float] = []
    for hour in (0, 1, 25, 50):
        for minute in (0, 1, 59):
            for process in range(3):
                times = [source.expovariate(0.01) for _ in range(20)]
                all_times += times
                start = first + hour * 3_600 + minute * 60 + process * 10
                stats = [
                    ("c", "hits", 2),
                    ("ms", "took", times),
                    ("g", "level", hour),
                    ("s", "users", process),
                ]
                write(batch(start, *stats))
    begin, end = at(first), at(first + 4 * DAY)

    def read() -> Any:
        hours = reading.many(["hits", "took", "level", "users"], begin, end, 3_600)
        days = reading.series("took", begin, end, DAY, "p95")
        part = reading.summary("hits", at(first + 60), at(first + 3_660))
        assert part is not None
        return (
            {name: values(series) for name, series in hours.items()},
            values(days),
            part.get("sum"),
            [(row.name, row.value) for row in reading.top("", begin, end, by="count")],
        )

    before = read()
    assert before[0]["hits"][:3] == [18, 18, 0]
    assert before[0]["users"][:3] == [3, 3, None]
    assert before[0]["level"][25] == 25
    assert before[2] == 18
    assert roll(first + 3_700)
    assert StoredWindow.objects.using("stats").filter(step=60).count() == 4  # of the first hour, and one more
    assert read() == before
    assert roll()
    assert StoredWindow.objects.using("stats").filter(rolled=False).count() == 0
    assert Chunk.objects.using("stats").filter(span=DAY).count() >= 2 * 4
    assert read() == before
    took = reading.summary("took", begin, end)
    assert took is not None
    assert took.get("count") == len(all_times)
    assert took.get("p95") == pytest.approx(sorted(all_times)[int(0.95 * (len(all_times) - 1))], rel=0.0101)
    assert roll() == []


def test_rows_that_come_late_are_counted_once(kept: Any) -> None:
    start = hour_ago(30)
    write(batch(start, ("c", "hits", 1)))
    roll()
    late = batch(start, ("c", "hits", 10))
    write(late)
    assert values(reading.series("hits", at(start), at(start + 3_600), 3_600)) == [11]
    roll()
    assert values(reading.series("hits", at(start), at(start + 3_600), 3_600)) == [11]
    assert values(reading.series("hits", at(start), at(start + 120), 60)) == [11, 0]


def test_a_window_that_is_written_twice_is_there_once(kept: Any) -> None:
    start = time.time() - 600
    window = batch(start, ("c", "hits", 5))
    write(window)
    write(window)
    roll()
    write(window)
    assert values(reading.series("hits", at(start), at(start), 60)) == [5]


def test_two_that_roll_up_the_same_count_nothing_twice(kept: Any) -> None:
    """The second one finds that its rows are not as it read them."""
    start = hour_ago(2)
    write(*(batch(start + 10 * number, ("c", "hits", 1)) for number in range(12)))
    slow = rolling._minutes("stats", time.time())
    next(slow)
    assert roll()
    with pytest.raises(rolling.OvertakenError):
        next(slow)
    assert values(reading.series("hits", at(start), at(start + 3_600), 3_600)) == [12]


def test_one_that_is_overtaken_leaves_nothing(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    start = hour_ago(2)
    write(batch(start, ("c", "hits", 1)))
    roll_up = rolling._sum

    def overtaken(rows: Any) -> bytes:
        data = roll_up(rows)
        StoredWindow.objects.using("stats").filter(step__lt=60).update(rolled=True)
        return data

    monkeypatch.setattr(rolling, "_sum", overtaken)
    assert roll() == []
    assert not StoredWindow.objects.using("stats").filter(step=60).exists()


def test_seconds_are_seen_while_windows_are_kept(kept: Any, settings: Any) -> None:
    start = int((time.time() - 300) // 60) * 60
    write(
        batch(start, ("c", "hits", 1)),
        batch(start + 10, ("c", "hits", 2)),
        batch(start + 50, ("c", "hits", 3)),
    )
    for _ in range(2):
        series = reading.series("hits", at(start), at(start + 60), 10)
        assert (series.step, values(series)) == (10, [1, 2, 0, 0, 0, 3])
        assert values(reading.series("hits", at(start), at(start + 60), 60)) == [6]
        whole = reading.summary("hits", at(start + 10), at(start + 20))
        assert whole is not None
        assert whole.get("sum") == 2
        roll()


def test_what_is_too_old_is_pruned_and_nothing_else(kept: Any, settings: Any) -> None:
    now = time.time()
    ages = {"new": 600, "hours": 2 * 3_600, "days": 9 * DAY, "old": 500 * DAY}
    for name, age in ages.items():
        write(batch(now - age, ("c", name, 1)))
    assert list(pruning.prune("stats", now)) == []  # nothing that was not rolled up
    roll()
    StatName.objects.using("stats").filter(name="old").update(seen=at(now - ages["old"]).date())
    assert list(pruning.prune("stats", now))
    assert [stat.name for stat in reading.names()] == ["days", "hours", "new"]
    assert StoredWindow.objects.using("stats").filter(step=10).count() == 1
    assert not Chunk.objects.using("stats").filter(span=3_600, start__lt=now - 8 * DAY).exists()
    for name in ("new", "hours", "days"):
        found = reading.summary(name, at(now - 10 * DAY), at(now))
        assert found is not None
        assert found.get("sum") == 1
    settings.MONITORING_STATS_HOUR_DAYS = 0
    assert list(pruning.prune("stats", now + 3_000 * DAY)) != []
    assert StatName.objects.using("stats").count() == 3


def test_names_are_found_by_parts_of_them(kept: Any) -> None:
    now = time.time()
    write(
        batch(
            now,
            ("ms", "view.shop.views.Index.GET", 5),
            ("ms", "view.shop.views.Cart.POST", 50),
            ("c", "response.200", 9),
            ("c", "response.404", 1),
            ("c", "100%_sure", 1),
        )
    )
    found = [stat.name for stat in reading.names("SHOP get")]
    assert found == ["view.shop.views.Index.GET"]
    assert [(stat.name, stat.kind) for stat in reading.names("resp", limit=1)] == [
        ("response.200", "counter")
    ]
    assert [stat.kind for stat in reading.names(kind="timer")] == ["timer", "timer"]
    assert [stat.name for stat in reading.names("_sure")] == ["100__sure"]
    assert reading.names("nothing of this") == []
    assert reading.names("%") == []
    stat = reading.find("response.404")
    assert stat is not None
    assert stat.kind == "counter"
    assert reading.find("response") is None


def test_the_highest_come_first(kept: Any) -> None:
    now = time.time()
    begin, end = at(now - 600), at(now + 60)
    slow, quick = ("ms", "view.slow.GET", [100.0] * 5), ("ms", "view.quick.GET", [1.0] * 50)
    write(
        batch(
            now - 60, slow, quick, ("ms", "view.once.POST", 5_000), ("ms", "db.select", 7), ("c", "view.c", 3)
        )
    )
    assert [row.name for row in reading.top("view.", begin, end, by="p95")] == [
        "view.once.POST", "view.slow.GET", "view.quick.GET",
    ]  # fmt: skip
    assert [row.name for row in reading.top("view.*.GET", begin, end, by="p95", limit=1)] == ["view.slow.GET"]
    assert [row.name for row in reading.top("view.", begin, end, by="mean", at_least=2)] == [
        "view.slow.GET", "view.quick.GET",
    ]  # fmt: skip
    assert [row.name for row in reading.top("", begin, end, by="p50", leave_out="view.*")] == ["db.select"]
    (row,) = reading.top("view.", begin, end, kind="counter")
    assert (row.name, row.value, row.kind) == ("view.c", 3, "counter")
    assert reading.top("nothing", begin, end) == []


def test_several_stats_are_read_as_one(kept: Any) -> None:
    now = int(time.time() // 60) * 60 - 300
    write(
        batch(
            now, ("c", "response.200", 9), ("c", "response.201", 2), ("ms", "a", [1.0, 2.0]), ("ms", "b", 3)
        )
    )
    both = reading.merged(["response.200", "response.201"], at(now), at(now + 60), 60, name="2xx")
    assert (both.name, values(both)) == ("2xx", [11])
    assert values(reading.merged(["a", "b"], at(now), at(now + 60), 60, "max")) == [3]
    assert values(reading.merged([], at(now), at(now + 60), 60)) == [None]


def test_a_gauge_that_is_only_changed_has_the_sum_of_all_changes(kept: Any) -> None:
    old, now = hour_ago(30), int(time.time() // 60) * 60 - 600
    write(batch(old, ("g", "jobs", 10)))
    write(batch(old + 60, ("g+", "jobs", 5)))
    write(batch(now, ("g+", "jobs", -3)), batch(now + 120, ("g+", "jobs", 1)), batch(now, ("g+", "open", 2)))
    roll()
    assert values(reading.series("jobs", at(now), at(now + 180), 60)) == [12, None, 13]
    assert values(reading.series("open", at(now), at(now + 60), 60)) == [2]
    assert values(reading.series("jobs", at(old), at(old + 120), 60)) == [10, 15]


@pytest.mark.parametrize("offset", [0, 20, 60, 80])
def test_the_level_before_a_moment_leaves_out_what_comes_later(settings: Any, kept: Any, offset: int) -> None:
    """The moment begins a window, a minute or an hour; what was rolled up around it changes nothing."""
    settings.MONITORING_STATS_WINDOW_HOURS = 3
    hour = hour_ago()
    moment = hour + offset
    write(batch(hour - 10, ("g", "jobs", 10)), batch(moment, ("g+", "jobs", -3)))
    write(batch(moment + 10, ("g+", "jobs", 1)), batch(moment + 60, ("g+", "jobs", 1)))
    for _ in range(2):
        assert values(reading.series("jobs", at(moment), at(moment + 20), 10)) == [7, 8]
        roll(hour + 4_000)


def test_own_borders_make_days_of_any_zone(kept: Any) -> None:
    midnight = hour_ago(72) // DAY * DAY - 19_800  # in India
    write(batch(midnight + 60, ("c", "hits", 1)), batch(midnight + DAY - 60, ("c", "hits", 2)))
    write(batch(midnight + DAY + 60, ("c", "hits", 4)))
    edges = [at(midnight + number * DAY) for number in range(3)]
    for _ in range(2):
        series = reading.series("hits", edges[0], edges[-1], edges=edges)
        assert (series.step, values(series)) == (0, [3, 4])
        roll()


def test_an_unknown_stat_has_an_empty_series(kept: Any) -> None:
    now = int(time.time() // 60) * 60
    series = reading.series("nobody", at(now - 120), at(now), 60)
    assert (series.kind, series.figure, series.unit, values(series)) == ("", "", "", [None, None])
    assert reading.summary("nobody", at(now - 60), at(now)) is None
    assert reading.many([], at(now - 60), at(now)) == {}


def test_figures_that_a_kind_has_not_are_none(kept: Any) -> None:
    now = int(time.time() // 60) * 60 - 120
    write(batch(now, ("c", "hits", 6), ("ms", "took", [1.0, 3.0])))
    hits, took = (reading.summary(name, at(now), at(now + 60)) for name in ("hits", "took"))
    assert hits is not None
    assert took is not None
    assert (hits.get("p95"), hits.get("rate"), hits.quantile(0.5)) == (None, 0.1, None)
    assert {name: took.get(name) for name in ("count", "sum", "mean", "min", "max", "last")} == {
        "count": 2, "sum": 4, "mean": 2, "min": 1, "max": 3, "last": None,
    }  # fmt: skip
    assert took.p99 == took.get("p99")
    assert not hasattr(took, "p12345x")
    (future,) = reading.series("hits", at(now + 86_400), at(now + 86_401), 60).points
    assert (future.value, future.partial) == (None, True)


def test_a_step_is_raised_to_what_is_kept_and_to_a_bounded_number_of_points(kept: Any) -> None:
    now = time.time()

    def step(hours: float, wanted: int | None = None) -> int:
        return reading.series("x", at(now - hours * 3_600), at(now), wanted).step

    assert [step(hours) for hours in (0.25, 1, 24, 7 * 24, 30 * 24, 365 * 24)] == [
        10,
        60,
        300,
        3_600,
        21_600,
        DAY,
    ]
    assert step(0.5, 1) == 10
    assert step(24, 10) == 60
    assert step(24 * 30, 60) == 3_600
    assert step(24, 90) == 120
    assert step(24, 4_000) == 7_200
    assert len(reading.series("x", at(0), at(now), 1).points) < 12_100


def test_a_claim_is_for_one_and_ends_by_itself(kept: Any) -> None:
    assert [claims.claim("stats", "tidy", 60) for _ in range(2)] == [True, False]
    Claim.objects.using("stats").update(until=time.time() - 1)
    assert claims.claim("stats", "tidy", 60)
    Claim.objects.using("stats").update(until=time.time() + 10_000)  # a clock that is ahead
    assert [claims.claim("stats", "tidy", 60) for _ in range(2)] == [True, False]


def test_names_beyond_the_limit_are_refused_and_counted(kept: Any, settings: Any) -> None:
    settings.MONITORING_STATS_NAMES = 10
    counts = Telemetry()
    stats = [("c", f"name{number}", 1) for number in range(30)]
    write(batch(time.time(), *stats, ("c", "django_metrics_statsd.dropped.names", 1)), counts=counts)
    assert StatName.objects.using("stats").count() == 11
    assert (counts.sent, counts.dropped) == (11, {"names": 20})


def test_a_damaged_row_stops_nobody(kept: Any, faults: dict[str, int]) -> None:
    start = hour_ago(3)
    write(batch(start, ("c", "hits", 1)), batch(start, ("c", "hits", 2)))
    damaged = StoredWindow.objects.using("stats").order_by("pk").first()
    assert damaged is not None
    damaged.data = b"\x01"
    damaged.save(using="stats")
    roll()
    found = reading.summary("hits", at(start), at(start + 60))
    assert found is not None
    assert found.get("sum") in {1, 2}
    assert faults == {"monitoring.stats.blob": 1}


def test_the_command_rolls_up_prunes_and_forgets(kept: Any, capsys: pytest.CaptureFixture[str]) -> None:
    start = hour_ago(40)
    write(batch(start, ("c", "junk.a", 1), ("c", "junk.b", 1), ("c", "good", 1)))
    call_command("prune_stats", "--forget", "junk.*")
    written = capsys.readouterr().out
    assert "1 windows made a minute" in written
    assert [stat.name for stat in reading.names()] == ["good"]
    assert Chunk.objects.using("stats").values("stat").distinct().count() == 1
