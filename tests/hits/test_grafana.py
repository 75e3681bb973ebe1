"""The dashboards as files: complete, valid, and those that the command writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from django_metrics_statsd.beacon.fields import THRESHOLDS
from django_metrics_statsd.hits.grafana import influxql, sql
from django_metrics_statsd.hits.grafana.asking import Figure, Is, UnknownNameError
from django_metrics_statsd.hits.grafana.boards import BOARDS, VITALS
from django_metrics_statsd.hits.grafana.influxql import Influx
from django_metrics_statsd.hits.grafana.sql import Postgres
from django_metrics_statsd.hits.grafana.writing import ENGINES, dashboards

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "docs" / "files" / "grafana"
BY_NAME = dict(dashboards())
#: Panels of Grafana 10 and 11 that are not on their way out.
KINDS = {"stat", "timeseries", "table", "barchart"}
#: Ids of units in Grafana's list (packages/grafana-data/src/valueFormats/categories.ts).
UNITS = {"ms", "percent", "reqpm", "short", "none"}

every = pytest.mark.parametrize("name", BY_NAME)


def test_each_board_is_there_for_each_kind_of_database() -> None:
    assert set(BY_NAME) == {f"{board}-{engine.key}.json" for board in BOARDS for engine in ENGINES}
    assert len(BY_NAME) == 8


def test_the_documented_files_are_those_that_the_command_writes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "django_metrics_statsd.hits.grafana", str(tmp_path / "new" / "folder")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    written = sorted((tmp_path / "new" / "folder").iterdir())
    assert sorted(map(Path, done.stdout.splitlines())) == written
    assert [file.name for file in written] == [file.name for file in sorted(FILES.iterdir())]
    for file in written:
        assert file.read_text() == (FILES / file.name).read_text(), (
            f"{file.name} is old: run python -m django_metrics_statsd.hits.grafana docs/files/grafana"
        )


@every
def test_a_file_can_be_read_again(name: str) -> None:
    assert json.loads((FILES / name).read_text()) == json.loads(json.dumps(BY_NAME[name]))


@every
def test_importing_asks_for_the_data_source(name: str) -> None:
    board = BY_NAME[name]
    [asked] = board["__inputs"]
    [source] = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
    assert source["query"] == asked["pluginId"]
    assert source["current"]["value"] == f"${{{asked['name']}}}"
    assert {"type": "datasource", "id": asked["pluginId"]}.items() <= board["__requires"][1].items()
    wanted = {"type": asked["pluginId"], "uid": "${datasource}"}
    for panel in board["panels"]:
        assert panel["datasource"] == wanted
        assert all(target["datasource"] == wanted for target in panel["targets"])


@every
def test_variables(name: str) -> None:
    assert [each["name"] for each in BY_NAME[name]["templating"]["list"]] == [
        "datasource",
        "site",
        "interval",
    ]


@every
def test_panels_are_of_kinds_that_stay_and_have_units_that_are(name: str) -> None:
    for panel in BY_NAME[name]["panels"]:
        assert panel["type"] in KINDS
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        for override in panel["fieldConfig"]["overrides"]:
            assert all(each["value"] in UNITS for each in override["properties"])


@every
def test_panels_lie_side_by_side_and_not_on_each_other(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BY_NAME[name]["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    widest = max(y for _, y in taken) + 1
    assert len(taken) > 0.9 * 24 * widest, "there are holes"


@every
def test_ids_and_references_are_each_of_their_own(name: str) -> None:
    panels = BY_NAME[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["targets"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
    assert len({board["uid"] for board in BY_NAME.values()}) == len(BY_NAME)
    assert all(len(board["uid"]) <= 40 for board in BY_NAME.values())


@every
def test_colours_are_names_that_follow_the_theme(name: str) -> None:
    text = json.dumps(BY_NAME[name])
    assert "#" not in text
    assert "rgb(" not in text


@pytest.mark.parametrize("vital", THRESHOLDS)
@pytest.mark.parametrize("engine", ["influxdb", "postgresql"])
def test_vitals_have_their_thresholds_in_the_unit_of_the_panel(vital: str, engine: str) -> None:
    panels = [
        each for each in BY_NAME[f"browser-{engine}.json"]["panels"] if each["title"] == f"{vital}, p75"
    ]
    assert [each["type"] for each in panels] == ["stat", "timeseries"]
    for panel in panels:
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert tuple(each["value"] for each in steps) == (None, *THRESHOLDS[vital])
        query = panel["targets"][0].get("rawSql") or panel["targets"][0]["query"]
        assert ("0.001 * " in query) == (VITALS[vital] == 1_000)


def test_a_column_that_is_not_there_is_an_error_when_dashboards_are_made() -> None:
    for ask in (
        lambda: sql.column("hits", "latency"),
        lambda: influxql.tag("hits", "path"),
        lambda: influxql.field("hits", "latency"),
    ):
        with pytest.raises(UnknownNameError, match="hits has no"):
            ask()


@pytest.mark.parametrize(("engine", "said"), [(Influx(), "'it\\'s'"), (Postgres(), "'it''s'")])
def test_values_are_quoted(engine: Any, said: str) -> None:
    [target] = engine.single("events", Figure("count", "n"), [Is("event_class", ("it's",))])
    assert said in (target.get("rawSql") or target["query"])
