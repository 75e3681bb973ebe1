"""Dashboards as files that Grafana imports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_metrics_statsd.hits.grafana.asking import Engine
from django_metrics_statsd.hits.grafana.boards import BOARDS
from django_metrics_statsd.hits.grafana.influxql import Influx
from django_metrics_statsd.hits.grafana.panels import placed
from django_metrics_statsd.hits.grafana.sql import Postgres

ENGINES: tuple[Engine, ...] = (Influx(), Postgres())
TAG = "django-metrics-statsd"
#: The version of the JSON in Grafana 10.3 and 11.0; later ones read it.
SCHEMA = 39
GRAFANA = "10.3.0"
_INPUT = "DS_METRICS"
_STEPS = ("1m", "5m", "10m", "30m", "1h", "6h", "12h", "1d")


def dashboards() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each dashboard with the name of its file."""
    for engine in ENGINES:
        for key in BOARDS:
            yield f"{key}-{engine.key}.json", dashboard(key, engine)


def dashboard(key: str, engine: Engine) -> dict[str, Any]:
    """Return one of `BOARDS` for a kind of database."""
    title, table, board = BOARDS[key]
    source = {"type": engine.plugin, "uid": "${datasource}"}
    panels = placed(board(engine), source)
    return {
        "__inputs": [_input(engine)],
        "__requires": _requires(engine, {panel["type"] for panel in panels}),
        "uid": f"metrics-hits-{key}-{engine.key}",
        "title": title,
        "description": (board.__doc__ or "").strip(),
        "tags": [TAG, engine.key],
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "links": [_link(engine)],
        "templating": {"list": [_datasource(engine), _site(engine, table, source), _interval()]},
        "annotations": {"list": []},
        "panels": panels,
    }


def _input(engine: Engine) -> dict[str, str]:
    return {
        "name": _INPUT,
        "label": engine.title,
        "description": "Where hits and events are kept",
        "type": "datasource",
        "pluginId": engine.plugin,
        "pluginName": engine.title,
    }


def _requires(engine: Engine, kinds: set[str]) -> list[dict[str, str]]:
    return [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA},
        {"type": "datasource", "id": engine.plugin, "name": engine.title, "version": "1.0.0"},
        *({"type": "panel", "id": kind, "name": kind, "version": ""} for kind in sorted(kinds)),
    ]


def _link(engine: Engine) -> dict[str, Any]:
    """The way to the other dashboards on the same kind of database, at the same time and site."""
    return {
        "type": "dashboards",
        "title": "",
        "tags": [TAG, engine.key],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }


def _datasource(engine: Engine) -> dict[str, Any]:
    chosen = f"${{{_INPUT}}}"
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": engine.plugin,
        "current": {"text": chosen, "value": chosen, "selected": True},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "refresh": 1,
        "regex": "",
        "options": [],
    }


def _site(engine: Engine, table: str, source: dict[str, str]) -> dict[str, Any]:
    return {
        "name": "site",
        "label": "Site",
        "type": "query",
        "datasource": source,
        "query": engine.sites(table),
        "definition": engine.sites(table),
        "current": {"text": ["All"], "value": ["$__all"], "selected": True},
        "hide": 0,
        "includeAll": True,
        "multi": True,
        "refresh": 1,
        "regex": "",
        "sort": 1,
        "options": [],
    }


def _interval() -> dict[str, Any]:
    auto = "$__auto_interval_interval"
    steps = [{"text": each, "value": each, "selected": False} for each in _STEPS]
    return {
        "name": "interval",
        "label": "Interval",
        "type": "interval",
        "query": ",".join(_STEPS),
        "auto": True,
        "auto_count": 60,
        "auto_min": _STEPS[0],
        "current": {"text": "auto", "value": auto, "selected": True},
        "hide": 0,
        "refresh": 2,
        "options": [{"text": "auto", "value": auto, "selected": True}, *steps],
    }


def write(folder: Path) -> list[Path]:
    """Write all dashboards into a folder, which is made if need be, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, board in dashboards():
        file = folder / name
        file.write_text(json.dumps(board, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        files.append(file)
    return files
