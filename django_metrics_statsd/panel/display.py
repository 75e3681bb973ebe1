"""From what is stored to what the template writes. Numbers become text here, the same in every language.

Whatever is missing, because an older version of this package stored it or nothing could, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django_metrics_statsd.clients.dialects import number
from django_metrics_statsd.panel.figures import MAX_MEMBERS
from django_metrics_statsd.panel.pictures import Places
from django_metrics_statsd.panel.tables import (
    Cell,
    Column,
    Data,
    Row,
    Table,
    count,
    left_out,
    ms,
    rows_of,
    table,
)

#: The waterfall's width in units of its SVG, and the narrowest bar.
WIDTH = 1_000
NARROWEST = 2
#: The least that the whole width stands for, in milliseconds.
_SHORTEST = 0.001
_GROUPS = ("db", "cache", "view")


def context_of(stats: Data) -> Data:
    """Return the template's context for one request's stored stats."""
    places = Places()
    tables = [make(stats, places) for make in _TABLES]
    return {
        "failed": bool(stats.get("failed")) or not stats,
        "empty": not stats.get("heard") and not stats.get("refused"),
        "lost": stats.get("lost", 0),
        "muted": bool(stats.get("muted")),
        "tables": [each for each in tables if each.rows],
        "facts": _facts(stats.get("process") or {}),
    }


def _more(places: Places, kind: str) -> Callable[[Data], Data]:
    def more(row: Data) -> Data:
        return {"pictures": places.pictures(kind, row["name"]), "links": places.links(row["name"])}

    return more


def _timers(stats: Data, places: Places) -> Table:
    def cells(row: Data) -> list[Cell]:
        parts = ("sum", "lower", "mean", "p95", "upper")
        return [count(row["count"]), *(ms(row[part]) for part in parts)]

    return table(
        stats,
        "timers",
        "Timers, in milliseconds",
        ("Count", "Sum", "Lower", "Mean", "p95", "Upper"),
        cells,
        more=_more(places, "timers"),
    )


def _bars(stats: Data, places: Places) -> Table:
    """Lay out the waterfall: by their start, and of those that start together the longest first."""
    bars = sorted(rows_of(stats, "bars"), key=lambda bar: (bar["start"], -bar["duration"]))
    end = max((bar["start"] + bar["duration"] for bar in bars), default=0)
    return table(
        {**stats, "bars": bars},
        "bars",
        "Timings as they happened, in milliseconds since the request began",
        ("Start", "Duration"),
        lambda bar: [ms(bar["start"]), ms(bar["duration"])],
        note=f"The bars span {end:.3f} ms." if bars else "",
        more=lambda bar: {"bar": _bar(bar, WIDTH / max(end, _SHORTEST))},
    )


def _bar(bar: Data, scale: float) -> Data:
    """Return a bar's place. What began before the request, or seems so, begins at its beginning."""
    start = max(bar["start"], 0) * scale
    end = max(bar["start"] + bar["duration"], 0) * scale
    x = min(start, WIDTH - NARROWEST)
    group = bar["name"].partition(".")[0]
    return {
        "x": f"{x:.1f}",
        "width": f"{max(end - x, NARROWEST):.1f}",
        "group": group if group in _GROUPS else "other",
    }


def _counters(stats: Data, places: Places) -> Table:
    return table(
        stats,
        "counters",
        "Counters",
        ("Sum", "Calls"),
        lambda row: [count(row["sum"]), count(row["calls"])],
        more=_more(places, "counts"),
    )


def _gauges(stats: Data, places: Places) -> Table:
    def cells(row: Data) -> list[Cell]:
        sign = "+" if row["change"] and row["value"] >= 0 else ""
        return [Cell(sign + number(row["value"]), repr(row["value"])), count(row["calls"])]

    return table(stats, "gauges", "Gauges", ("Value", "Calls"), cells, more=_more(places, "gauges"))


def _sets(stats: Data, places: Places) -> Table:
    def cells(row: Data) -> list[Cell]:
        more = ", …" if row["distinct"] > MAX_MEMBERS else ""
        return [
            count(row["distinct"]),
            count(row["calls"]),
            Cell(", ".join(map(str, row["members"])) + more),
        ]

    columns = ("Distinct", "Calls", Column("Members", numeric=False))
    return table(stats, "sets", "Sets", columns, cells, more=lambda row: {"links": places.links(row["name"])})


def _refused(stats: Data, places: Places) -> Table:
    columns = [Column(label, numeric=False) for label in ("Type", "Value", "What is wrong")]
    return table(
        stats,
        "refused",
        "Not sendable",
        columns,
        lambda row: [Cell(row["kind"]), Cell(row["value"]), Cell(f"the {row['reason']}")],
        note="No client can send these; they are dropped and counted.",
    )


def _messages(stats: Data, places: Places) -> Table:
    parts = ("severity", "logger", "payload", "fields")
    columns = [Column("At, ms"), Column("Name", numeric=False)]
    columns += [Column(part.capitalize(), numeric=False) for part in parts]

    rows = [
        Row(row["type"], [], [ms(row["at"]), Cell(row["name"]), *(Cell(row[part]) for part in parts)])
        for row in rows_of(stats, "messages")
    ]
    return Table("messages", "Metlog messages", "Type", columns, rows, left_out(stats, "messages"))


def _drops(stats: Data, places: Places) -> Table:
    process = stats.get("process") or {}
    drops = [(reason, lost) for reason, lost in process.get("dropped", [])]
    drops += [(f"fault in {place}", times) for place, times in process.get("faults", [])]
    rows = [Row(reason, [], [count(lost)]) for reason, lost in drops]
    note = "Of the whole process since it began, not of this request."
    return Table("drops", "Dropped", "Reason", [Column("Stats")], rows, 0, note)


def _facts(process: Data) -> list[tuple[str, str]]:
    """Return which client and server the stats go to, as pairs of words."""
    sent = process.get("sent") or {}
    tags = ", ".join(process.get("constant_tags") or [])
    facts = [
        ("Client", ", ".join(process.get("clients") or [])),
        ("Server", process.get("destination", "")),
        ("Prefix", process.get("prefix", "")),
        ("Tags", process.get("style", "")),
        ("Constant tags", tags),
        ("Sent by this process", ", ".join(f"{total} {what}" for what, total in _sent(sent))),
    ]
    return [(label, text) for label, text in facts if text]


def _sent(sent: Data) -> Iterable[tuple[str, int]]:
    return [("stats" if key == "sent" else key, total) for key, total in sent.items()]


_TABLES: tuple[Callable[[Data, Places], Table], ...] = (
    _timers,
    _bars,
    _counters,
    _gauges,
    _sets,
    _refused,
    _drops,
    _messages,
)
