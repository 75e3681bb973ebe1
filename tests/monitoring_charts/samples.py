"""Charts of all kinds, the same at each call."""

from __future__ import annotations

from datetime import UTC, datetime
from math import sin
from zoneinfo import ZoneInfo

from django_metrics_statsd.monitoring.charts import Annotation, Chart, Series, Threshold

BERLIN = ZoneInfo("Europe/Berlin")
END = datetime(2026, 11, 26, 14, 0, tzinfo=UTC).timestamp()
HOUR, DAY = 3_600, 86_400

#: What nobody should be able to bring into a page.
HOSTILE = '<script>alert("&\'")</script>"onload="x'


def wave(
    count: int, span: float, base: float, height: float, phase: float = 0.0
) -> list[tuple[float, float | None]]:
    """Points that go up and down, with some noise that is the same every time."""
    noise = [(at * 7919 % 101 - 50) / 50 for at in range(count)]
    return [
        (
            END - span + (at + 1) * span / count,
            base + height * sin(at * 12 / count + phase) + height / 8 * noise[at],
        )
        for at in range(count)
    ]


def with_gap(points: list[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    """The same, with nothing known between two fifths and a half."""
    count = len(points)
    return [(time, None if 0.4 < at / count < 0.5 else value) for at, (time, value) in enumerate(points)]


def lines() -> Chart:
    series = [
        Series("mean", wave(600, 16 * HOUR, 50, 30)),
        Series("p95", wave(600, 16 * HOUR, 90, 20, 2)),
    ]
    links = {"csv_url": "?format=csv", "json_url": "?format=json"}
    return Chart("Response time", series, END - 16 * HOUR, END, unit="ms", tz=BERLIN, **links)


def compared() -> Chart:
    series = [
        Series("this day", with_gap(wave(288, DAY, 500, 300))),
        Series("the day before", wave(288, DAY, 450, 280, 0.3), compare=True),
    ]
    deploys = [
        Annotation(END - DAY * 0.7, "deploy 2.4.1"),
        Annotation(END - DAY * 0.2, "deploy 2.4.2 of the whole shop <b>at once</b>"),
    ]
    return Chart(
        "Requests", series, END - DAY, END, unit="requests/s", tz=BERLIN, step=300, annotations=deploys
    )


def over() -> Chart:
    series = [Series("worker", wave(300, 7 * DAY, 3.2e9, 1e9))]
    limits = [Threshold(2e9, "limit"), Threshold(1e12, "far away")]
    return Chart(
        "Memory", series, END - 7 * DAY, END, unit="bytes", tz=BERLIN, kind="area", thresholds=limits
    )


def bars() -> Chart:
    first = datetime(2026, 11, 13, tzinfo=BERLIN).timestamp()
    points = [(first + at * DAY, at * 13 % 41 + 1) for at in range(14)]
    return Chart(
        "Sign-ups a day",
        [Series("sign-ups", points)],
        first,
        first + 14 * DAY,
        tz=BERLIN,
        kind="bars",
        step=DAY,
    )


def stacked() -> Chart:
    series = [
        Series(name, [(END - DAY + at * HOUR, (at * size) % (size * 7) + 1) for at in range(24)])
        for name, size in (("2xx", 1700), ("3xx", 430), ("4xx", 130), ("5xx", 30))
    ]
    return Chart("Status classes", series, END - DAY, END, tz=BERLIN, kind="bars", stacked=True, step=HOUR)


def many() -> Chart:
    series = [Series(f"server {at}", wave(200, 365 * DAY, 10 + 5 * at, 6, at)) for at in range(8)]
    return Chart("Queries", series, END - 365 * DAY, END, tz=BERLIN)


def empty() -> Chart:
    return Chart("Nothing yet", [Series("orders", [])], END - DAY, END, tz=BERLIN)


def one_point() -> Chart:
    return Chart(
        "Cache hit rate", [Series("hits", [(END - DAY / 2, 0.425)])], END - DAY, END, unit="ratio", tz=BERLIN
    )


def hostile() -> Chart:
    series = [Series(HOSTILE, wave(10, DAY, 10, 5))]
    more = {"annotations": [Annotation(END - HOUR, HOSTILE)], "thresholds": [Threshold(1, HOSTILE)]}
    return Chart(HOSTILE, series, END - DAY, END, unit=HOSTILE, csv_url=HOSTILE, json_url=HOSTILE, **more)


ALL = (lines, compared, over, bars, stacked, many, empty, one_point, hostile)
