"""Panels as Grafana's JSON has them. Types and options are those of Grafana 10 and 11."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_metrics_statsd.hits.grafana.asking import Target

WIDTH = 24
#: Colours by Grafana's own names, which it changes with the theme.
GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"
Steps = Sequence[tuple[float, str]]


@dataclass
class Panel:
    """One panel; `width` of `WIDTH`, `height` in Grafana's rows of 30 pixels.

    ``nothing`` is what stands there where the database has no answer, as InfluxDB has none for a count of no
    points.
    """

    kind: str
    title: str
    targets: list[Target]
    width: int = 8
    height: int = 8
    description: str = ""
    unit: str = "short"
    steps: Steps = ()
    decimals: int | None = None
    nothing: str = ""
    custom: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    overrides: list[dict[str, Any]] = field(default_factory=list)
    transformations: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self, number: int, place: dict[str, int], source: dict[str, str]) -> dict[str, Any]:
        """Return the panel's JSON."""
        targets = [
            {**target, "refId": chr(ord("A") + index), "datasource": source}
            for index, target in enumerate(self.targets)
        ]
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": place,
            "datasource": source,
            "targets": targets,
            "transformations": self.transformations,
            "fieldConfig": {"defaults": self._defaults(), "overrides": self.overrides},
            "options": self.options,
        }

    def _defaults(self) -> dict[str, Any]:
        steps: list[dict[str, Any]] = [{"color": GREEN if self.steps else BLUE, "value": None}]
        steps += [{"color": color, "value": value} for value, color in self.steps]
        found: dict[str, Any] = {
            "unit": self.unit,
            "custom": self.custom,
            "color": {"mode": "thresholds" if self.kind == "stat" else "palette-classic"},
            "thresholds": {"mode": "absolute", "steps": steps},
        }
        if self.nothing:
            found["noValue"] = self.nothing
        return found if self.decimals is None else {**found, "decimals": self.decimals}


def stat(title: str, targets: list[Target], **more: Any) -> Panel:
    """Return a panel with one number."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "textMode": "value",
        "orientation": "auto",
    }
    return Panel("stat", title, targets, **{"width": 4, "height": 4, "options": options, **more})


def lines(
    title: str, targets: list[Target], *, stacked: bool = False, bars: bool = False, **more: Any
) -> Panel:
    """Return a panel with lines or bars over time."""
    custom = {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 0 if bars else 1,
        "fillOpacity": 80 if bars else 10,
        "showPoints": "auto",
        "spanNulls": False,
        "axisSoftMin": 0,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if more.get("steps") else "off"},
    }
    options = {
        "legend": {
            "displayMode": "table",
            "placement": "bottom",
            "calcs": ["mean", "max"],
            "showLegend": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel("timeseries", title, targets, **{"width": 12, "custom": custom, "options": options, **more})


def table(title: str, targets: list[Target], units: dict[str, str] | None = None, **more: Any) -> Panel:
    """Return a panel with a table; `units` are those of some columns, by their titles."""
    overrides = [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]}
        for name, unit in (units or {}).items()
    ]
    options = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False, "reducer": ["sum"]}}
    custom = {"align": "auto", "filterable": True, "cellOptions": {"type": "auto"}}
    given = {"width": 12, "height": 10, "overrides": overrides, "options": options, "custom": custom}
    return Panel("table", title, targets, **{**given, **more})


def bars(title: str, targets: list[Target], **more: Any) -> Panel:
    """Return a panel with a bar for each value of something."""
    options = {
        "orientation": "horizontal",
        "showValue": "auto",
        "stacking": "none",
        "barWidth": 0.8,
        "groupWidth": 0.7,
        "xTickLabelSpacing": 0,
        "legend": {"displayMode": "list", "placement": "bottom", "calcs": [], "showLegend": False},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"fillOpacity": 80, "lineWidth": 0, "axisSoftMin": 0}
    return Panel("barchart", title, targets, **{"options": options, "custom": custom, **more})


def placed(panels: Iterable[Panel], source: dict[str, str]) -> list[dict[str, Any]]:
    """Return the panels' JSON, from left to right and from top to bottom."""
    found: list[dict[str, Any]] = []
    x = y = row = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > WIDTH:
            x, y, row = 0, y + row, 0
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        found.append(panel.as_json(number, place, source))
        x, row = x + panel.width, max(row, panel.height)
    return found
