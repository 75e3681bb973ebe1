"""The dashboards, each once, for every kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django_metrics_statsd.beacon.fields import THRESHOLDS
from django_metrics_statsd.hits.grafana.asking import Condition, Engine, Figure, Is, Status
from django_metrics_statsd.hits.grafana.panels import (
    ORANGE,
    RED,
    YELLOW,
    Panel,
    Steps,
    bars,
    lines,
    stat,
    table,
)

Board = Callable[[Engine], Iterator[Panel]]

COUNT = Figure("count", "Requests")
RATE = Figure("rate", "Requests a minute")
VISITORS = Figure("distinct", "Visitors", "ip")
BOTS = (Is("is_bot", (True,)),)
ERRORS: Steps = ((1, YELLOW), (5, RED))
SLOW: Steps = ((500, YELLOW), (2_000, RED))


def _of_requests(*whats: str, column: str = "request_time") -> list[Figure]:
    return [Figure(each, "mean" if each == "mean" else each, column) for each in whats]


def overview(engine: Engine) -> Iterator[Panel]:
    """Requests, errors, times, visitors."""
    yield from _headline(engine)
    yield lines("Requests a minute", engine.series("hits", [RATE]), unit="reqpm")
    yield lines("Response time", engine.series("hits", _of_requests("p50", "p95", "p99")), unit="ms")
    yield lines("Statuses", _statuses(engine), stacked=True, bars=True, unit="short")
    yield lines("Errors", _errors(engine), unit="percent", steps=ERRORS)
    slowest = [Figure("p95", "p95", "request_time"), Figure("mean", "Mean", "request_time"), COUNT]
    yield table(
        "Slowest views",
        engine.ranking("hits", {"view": "View"}, slowest),
        {"p95": "ms", "Mean": "ms"},
        transformations=engine.sorting(slowest[0], 20),
    )
    yield _most_visited(engine)
    yield lines("Visitors", engine.series("hits", [VISITORS]), description="Distinct addresses.")
    yield lines("Bots", engine.share("hits", "Bots", BOTS, timed=True), unit="percent")
    for title, column in (("Browsers", "browser"), ("Countries", "country_code"), ("Systems", "os")):
        targets = engine.ranking("hits", {column: title}, [COUNT], limit=15)
        yield bars(title, targets, transformations=engine.sorting(COUNT, 15))


def _headline(engine: Engine) -> Iterator[Panel]:
    yield stat("Requests a minute", engine.single("hits", RATE), unit="reqpm", decimals=1)
    for title, digit in (("Server errors", 5), ("Client errors", 4)):
        targets = engine.share("hits", title, [Status((digit,))], timed=False)
        steps: Steps = ERRORS if digit == 5 else ((10, YELLOW), (30, ORANGE))
        yield stat(title, targets, unit="percent", steps=steps, decimals=2, nothing="0")
    yield stat("Response time, p95", engine.single("hits", _of_requests("p95")[0]), unit="ms", steps=SLOW)
    yield stat("Visitors", engine.single("hits", VISITORS), description="Distinct addresses.")
    yield stat(
        "Bots", engine.share("hits", "Bots", BOTS, timed=False), unit="percent", decimals=1, nothing="0"
    )


def _statuses(engine: Engine) -> list[dict[str, object]]:
    return [
        target
        for digit in (2, 3, 4, 5)
        for target in engine.series("hits", [Figure("count", f"{digit}xx")], [Status((digit,))])
    ]


def _errors(engine: Engine) -> list[dict[str, object]]:
    return [
        target
        for digit in (4, 5)
        for target in engine.share("hits", f"{digit}xx", [Status((digit,))], timed=True)
    ]


def _most_visited(engine: Engine) -> Panel:
    """Paths are too many to be tags, so InfluxDB has the routes instead."""
    column, title = ("path", "Path") if engine.key == "postgresql" else ("route", "Route")
    figures = [COUNT, Figure("mean", "Mean", "request_time")]
    return table(
        f"Top {title.lower()}s",
        engine.ranking("hits", {column: title}, figures),
        {"Mean": "ms"},
        transformations=engine.sorting(COUNT, 20),
    )


def queries(engine: Engine) -> Iterator[Panel]:
    """How many queries requests make, and how long they take."""
    share = Figure("ratio", "In the database", "queries_time", "request_time", factor=100)
    mean, p95 = Figure("mean", "mean", "num_queries"), Figure("p95", "p95", "num_queries")
    many: Steps = ((20, YELLOW), (50, RED))
    yield stat("Queries a request", engine.single("hits", mean), decimals=1, steps=many, width=6)
    yield stat("Queries a request, p95", engine.single("hits", p95), decimals=0, steps=many, width=6)
    times = _of_requests("p50", "p95", column="queries_time")
    yield stat("Time in queries, p95", engine.single("hits", times[1]), unit="ms", steps=SLOW, width=6)
    yield stat("Share of time in the database", engine.single("hits", share), unit="percent", width=6)
    most = [mean, p95, Figure("max", "max", "num_queries")]
    yield lines("Queries a request", engine.series("hits", most))
    yield lines("Time in queries", engine.series("hits", times), unit="ms")
    split = [
        Figure("mean", "Queries", "queries_time"),
        Figure("difference", "All else", "queries_time", "request_time"),
    ]
    yield lines("Where the time goes", engine.series("hits", split), unit="ms", stacked=True)
    yield lines("Share of time in the database", engine.series("hits", [share]), unit="percent")
    yield from _query_tables(engine, share)


def _query_tables(engine: Engine, share: Figure) -> Iterator[Panel]:
    total = Figure("sum", "Time in queries", "queries_time")
    most = [Figure("mean", "Queries", "num_queries"), Figure("max", "Most", "num_queries"), COUNT]
    yield table(
        "Views with the most queries",
        engine.ranking("hits", {"view": "View"}, most),
        transformations=engine.sorting(most[0], 20),
    )
    yield table(
        "Views that keep the database busiest",
        engine.ranking("hits", {"view": "View"}, [total, share, COUNT]),
        {total.label: "ms", share.label: "percent"},
        transformations=engine.sorting(total, 20),
    )
    columns = {"path": "Path", "view": "View", "num_queries": "Queries", "queries_time": "Time in queries"}
    targets = engine.rows("hits", columns, top="queries_time", limit=20)
    yield table("Requests with the slowest queries", targets, {"Time in queries": "ms"}, width=24)


FAILED_LOGINS = (Is("event_class", ("Warning",)), Is("name", ("Login failed",)))
LOG_ERRORS = (Is("event_class", ("Log ERROR", "Log CRITICAL")),)


def events(engine: Engine) -> Iterator[Panel]:
    """What happened: changes, logins, errors in the log."""
    counts: list[tuple[str, tuple[Condition, ...], Steps]] = [
        ("Events", (), ()),
        ("Failed logins", FAILED_LOGINS, ((10, YELLOW), (100, RED))),
        ("Errors in the log", LOG_ERRORS, ((1, YELLOW), (50, RED))),
    ]
    for title, where, steps in counts:
        targets = engine.single("events", Figure("count", title), where)
        yield stat(title, targets, width=8, steps=steps, nothing="0")
    one = Figure("count", "Events")
    yield lines(
        "By class", engine.series("events", [one], by="event_class"), stacked=True, bars=True, width=24
    )
    for title, where, _ in counts[1:]:
        yield lines(title, engine.series("events", [Figure("count", title)], where), bars=True)
    for title, column in (("Most frequent classes", "event_class"), ("Most changed models", "model")):
        targets = engine.ranking("events", {column: title}, [one], limit=15)
        yield bars(title, targets, transformations=engine.sorting(one, 15), width=12)
    told = {"event_class": "Class", "name": "Name", "user": "User", "path": "Path", "ip": "Address"}
    where_from = {"ip": "Address", "path": "Path", "data": "Tried"}
    yield table("Latest failed logins", engine.rows("events", where_from, FAILED_LOGINS, limit=50))
    wrong = {"bucket": "Logger", "name": "Message", "path": "Path"}
    yield table("Latest errors in the log", engine.rows("events", wrong, LOG_ERRORS, limit=50))
    yield table("Latest events", engine.rows("events", told), width=24)


#: The vitals in the order of importance, and what the numbers in records are divided by.
VITALS = {"LCP": 1, "INP": 1, "CLS": 1_000, "FCP": 1, "TTFB": 1}
LOADED = Figure("p75", "Loaded", "timing.domComplete")


def _vital(name: str, label: str = "") -> Figure:
    return Figure("p75", label or name, f"vitals.{name}", factor=1 / VITALS[name])


def browsers(engine: Engine) -> Iterator[Panel]:
    """What browsers report. Three in four page views are as fast as this or faster: the 75th percentile."""
    for name in VITALS:
        good, bad = THRESHOLDS[name]
        unit, decimals = ("none", 3) if name == "CLS" else ("ms", 0)
        more = {"unit": unit, "decimals": decimals, "steps": ((good, ORANGE), (bad, RED)), "width": 4}
        yield stat(f"{name}, p75", engine.single("timings", _vital(name)), **more)
    yield stat(
        "Loaded, p75", engine.single("timings", LOADED), unit="ms", steps=((3_000, ORANGE), (6_000, RED))
    )
    for name in VITALS:
        good, bad = THRESHOLDS[name]
        unit = "none" if name == "CLS" else "ms"
        steps = ((good, ORANGE), (bad, RED))
        yield lines(f"{name}, p75", engine.series("timings", [_vital(name)]), unit=unit, steps=steps)
    percentiles = [Figure(each, each, LOADED.column) for each in ("p50", "p75", "p95")]
    yield lines("Loaded", engine.series("timings", percentiles), unit="ms", description="DOM complete.")
    yield from _browser_tables(engine)


def _browser_tables(engine: Engine) -> Iterator[Panel]:
    views = Figure("count", "Page views", LOADED.column)
    slowest = [LOADED, _vital("LCP"), _vital("INP"), _vital("CLS"), views]
    units = {"Loaded": "ms", "LCP": "ms", "INP": "ms"}
    for title, column in (("By route", "route"), ("By device", "device"), ("By country", "country")):
        yield table(
            title,
            engine.ranking("timings", {column: title.removeprefix("By ").title()}, slowest),
            units,
            transformations=engine.sorting(LOADED, 20),
            width=24 if column == "route" else 12,
        )
    yield lines("Loaded, by device", engine.series("timings", [LOADED], by="device"), unit="ms")
    stages = [Figure("p75", each, f"calculated.{each}") for each in ("network", "app", "dom", "rendering")]
    yield lines("Where the time goes, p75", engine.series("timings", stages), unit="ms")


BOARDS: dict[str, tuple[str, str, Board]] = {
    "overview": ("Requests: overview", "hits", overview),
    "queries": ("Requests: queries", "hits", queries),
    "events": ("Events", "events", events),
    "browser": ("Browser timings", "timings", browsers),
}
