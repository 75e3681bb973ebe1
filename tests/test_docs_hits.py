"""The documentation of hits and events, held against the code: records, settings, options, old names."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from benchmarks.__main__ import EXTRA, QUESTIONS
from django_metrics_statsd.hits import checks
from django_metrics_statsd.hits.collector.status import status_of
from django_metrics_statsd.hits.grafana.boards import BOARDS
from django_metrics_statsd.hits.grafana.writing import ENGINES
from django_metrics_statsd.hits.looking import search
from django_metrics_statsd.hits.models import Hit
from django_metrics_statsd.hits.records import EventRecord, Geo, HitRecord, TimingRecord, UserAgent
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.storages import clickhouse, django_aliases, influxdb_apis, tags

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HITS = ROOT / "django_metrics_statsd/hits"
APP = "django_metrics_statsd.hits"
PAGES = [
    DOCS / f"{name}.rst"
    for name in (
        *("hits", "events", "collector", "storages", "hits_admin", "grafana", "privacy", "growing"),
        *("upgrading", "testing"),
    )
]
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def rows(page: str, kind: str) -> list[list[str]]:
    """The cells of the table of this class on a page, without its head."""
    _, found, rest = (DOCS / f"{page}.rst").read_text().partition(f"   :class: {kind}\n\n")
    assert found, f"{page} has no table of the class {kind}"
    table = re.match(r"(?:(?: +.*)?\n)*", rest)
    assert table is not None
    cells = [re.split(r"\n     - ?", row) for row in table[0].split("   * - ")[2:]]
    return [[" ".join(cell.split()) for cell in row] for row in cells]


def options_of(page: str, kind: str) -> set[str]:
    """The names in the first column of a table."""
    return {name for first, *_ in rows(page, kind) for name in re.findall(r"``([^`]+)``", first)}


WORDS: dict[type, str] = {
    msgspec.inspect.UUIDType: "UUID",
    msgspec.inspect.DateTimeType: "time",
    msgspec.inspect.BoolType: "boolean",
    msgspec.inspect.IntType: "whole number",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.VarTupleType: "list of texts",
}


def worded(kind: Any) -> str:
    """A field's type as the tables have it."""
    if isinstance(kind, msgspec.inspect.StrType):
        return "text" if kind.max_length is None else f"text, {kind.max_length}"
    if isinstance(kind, msgspec.inspect.UnionType):
        (inner,) = (each for each in kind.types if not isinstance(each, msgspec.inspect.NoneType))
        return f"``{inner.cls.__name__}``" if hasattr(inner, "cls") else f"{worded(inner)}, or None"
    if isinstance(kind, msgspec.inspect.DictType):
        return "dictionary" if isinstance(kind.value_type, msgspec.inspect.AnyType) else "numbers by name"
    return WORDS[type(kind)]


@pytest.mark.parametrize(
    ("page", "kind", "record"),
    [
        ("hits", "record", HitRecord),
        ("hits", "record-ua", UserAgent),
        ("hits", "record-geo", Geo),
        ("hits", "record-timing", TimingRecord),
        ("events", "record-event", EventRecord),
    ],
)
def test_records_are_listed_key_for_key_with_their_types(page: str, kind: str, record: type) -> None:
    info: Any = msgspec.inspect.type_info(record)
    wanted = [(f"``{field.name}``", worded(field.type)) for field in info.fields]
    assert [(name, type_) for name, type_, _ in rows(page, kind)] == wanted


def test_the_hit_that_is_shown_is_one() -> None:
    (block,) = re.findall(r"\.\. code-block:: json\n\n((?:(?: +.*)?\n)+)", (DOCS / "hits.rst").read_text())
    shown = json.loads(block)
    assert list(shown) == list(HitRecord.__struct_fields__)
    assert list(shown["ua"]) == list(UserAgent.__struct_fields__)
    assert list(shown["geo"]) == list(Geo.__struct_fields__)
    msgspec.convert([HitRecord.__struct_config__.tag, *shown.values()], HitRecord)


def test_a_hits_columns_are_its_fields_flattened() -> None:
    fields = [*HitRecord.__struct_fields__, *UserAgent.__struct_fields__, *Geo.__struct_fields__]
    columns = {field.name for field in Hit._meta.get_fields()}
    assert columns == set(fields) - {"ua", "geo"}


@pytest.mark.parametrize(
    ("command", "page", "kind"),
    [
        ("collect", "collector", "options"),
        ("prune_hits", "storages", "options-prune"),
        ("erase_hits", "privacy", "options-erase"),
    ],
)
def test_every_option_of_a_command_is_listed(command: str, page: str, kind: str) -> None:
    ours = load_command_class(APP, command).create_parser("manage.py", command)
    of_all = {name for action in Bare().create_parser("", "")._actions for name in action.option_strings}
    wanted = {action.option_strings[-1] for action in ours._actions if action.option_strings} - of_all
    listed = {name.partition(" ")[0] for name in options_of(page, kind)} - {"--verbosity"}
    assert listed == wanted - {"--skip-checks"}


class Bare(BaseCommand):
    """A command with the options that all have."""


def test_every_option_of_a_storage_is_listed() -> None:
    assert options_of("storages", "options-django") == set(django_aliases.OPTIONS)
    assert options_of("storages", "options-influxdb") == set(influxdb_apis._ONE)
    assert options_of("storages", "options-influxdb-2") == set(influxdb_apis._TWO)
    assert options_of("storages", "options-influxdb-both") == set(influxdb_apis._BOTH)
    assert options_of("storages", "options-clickhouse") == set(clickhouse.OPTIONS)


def test_every_key_of_the_redis_setting_is_listed() -> None:
    from django_metrics_statsd.hits.kinds import REDIS_KEYS

    assert options_of("collector", "redis") == set(REDIS_KEYS)


def test_every_tag_of_influxdb_is_listed() -> None:
    wanted = {"hits": tags.HIT_TAGS, "events": tags.EVENT_TAGS, "timings": tags.TIMING_TAGS}
    listed = {
        first.strip("`"): re.findall(r"``(\w+)``", names)
        for first, names in rows("storages", "tags-influxdb")
    }
    assert listed == {name: list(rules) for name, rules in wanted.items()}


def test_every_word_of_the_search_is_listed() -> None:
    wanted = [search.HITS, search.EVENTS, search.TIMINGS]
    for (_, words), maker in zip(rows("hits_admin", "search"), wanted, strict=True):
        assert set(re.findall(r"``(\w+):", words)) == set(maker)


def test_every_dashboard_can_be_taken() -> None:
    text = (DOCS / "grafana.rst").read_text()
    for key, (title, _, _) in BOARDS.items():
        assert f"   * - {title}\n" in text
        for engine in ENGINES:
            assert f"<files/grafana/{key}-{engine.key}.json>" in text


def test_the_collectors_status_is_listed() -> None:
    class Nothing:
        def hgetall(self, key: str) -> dict[bytes, bytes]:
            return {}

        def hlen(self, key: str) -> int:
            return 0

    from django_metrics_statsd.hits.transports.redis import Keys

    status = status_of(Nothing(), Keys("x"), [], ["default"])
    names = {*status, *status["storages"]["default"]} - {"storages"}
    text = (DOCS / "collector.rst").read_text()
    assert set(re.findall(r"^``(\w+)``\n    ", text, re.MULTILINE)) >= names
    _, _, shown = text.partition("collect --status\n")
    example = json.JSONDecoder().raw_decode(shown.lstrip())[0]
    assert (example.keys(), example["storages"]["default"].keys()) == (
        status.keys(),
        status["storages"]["default"].keys(),
    )


def test_the_stats_of_hits_are_listed() -> None:
    found = set()
    for path in HITS.rglob("*.py"):
        for name in re.findall(r'f"(django_metrics_statsd\.[^"]+)"', path.read_text()):
            if ".hits.dropped." in name or ".collector." in name:
                found.add(re.sub(r"\{[\w.]*alias\}", "{storage}", name))
    found.add(f"{road._name}.dropped.{{reason}}")
    counts = re.findall(r'_count\("(\w+)"|"(set_aside)" if', (HITS / "collector/lane.py").read_text())
    whats = {first or second for first, second in counts} | {"lost"}
    wanted = {name.replace("{what}", what) for name in found for what in whats}
    assert len(whats) == 3
    assert {first.strip("`") for first, *_ in rows("stats", "record-stats")} == wanted


def test_what_the_services_are_told_can_be_read() -> None:
    text = (DOCS / "collector.rst").read_text()
    (unit,) = re.findall(r"\.\. code-block:: ini\n\n((?:(?: +.*)?\n)+)", text)
    parser = configparser.RawConfigParser(strict=True)
    parser.read_string(re.sub(r"^ {3}", "", unit, flags=re.MULTILINE))
    assert "manage.py collect" in parser["Service"]["ExecStart"]
    (compose,) = re.findall(r"\.\. code-block:: yaml\n\n((?:(?: +.*)?\n)+)", text)
    services = yaml.safe_load(compose)["services"]
    assert set(services["collect"]["depends_on"]) <= set(services)
    assert "noeviction" in services["redis"]["command"]


@by_page
def test_benchmarks_that_are_named_exist(page: Path) -> None:
    for line in re.findall(r"python -m benchmarks(.*)", page.read_text()):
        assert set(line.split()) <= {*QUESTIONS, *EXTRA}


#: Every setting, import path and method of django-watchtower 0.2 and django-mqueue 2 that a site may use.
OLD = [
    "watchtower",
    "watchtower.middleware.HitsMiddleware",
    "watchtower.models.Hit",
    "watchtower.router.HitsRouter",
    "django_user_agents",
    "django_extensions",
    "SITE_SLUG",
    "WT_DATABASES",
    "WT_REDIS",
    "WT_EXCLUDE",
    "WT_FREQUENCY",
    "WT_STOP",
    "WT_COLLECTOR",
    "WT_SEPARATOR",
    "WT_VERBOSITY",
    "GEOIP_PATH",
    "mqueue.hooks.redis",
    "mqueue",
    "mqueue.models.MEvent",
    "MEvent.objects.create",
    "commit=False",
    "MEvent.objects.events_for_model",
    "MEvent.objects.count_for_model",
    "MEvent.objects.events_for_object",
    "mqueue.tracking.mqueue_tracker",
    "mqueue.handlers.LogsDBHandler",
    "LOGGING_WARNING",
    "DEV_LOGGING",
    "MQUEUE_AUTOREGISTER",
    "MQUEUE_WATCH",
    "MQUEUE_HOOKS",
    "MQUEUE_NOSAVE",
    "MQUEUE_EVENT_CLASSES",
    "MQUEUE_EVENT_ICONS_HTML",
    "MQUEUE_EVENT_EXTRA_HTML",
    "MQUEUE_API_MAX_EVENTS",
    "mqueue.urls",
    "mqueue.mcpserver",
    "get_event_object_url()",
    "date_posted",
    "content_type",
    "view_mevent",
]


def test_old_names_lead_to_new_ones() -> None:
    text = (DOCS / "upgrading.rst").read_text()
    left = "\n".join(re.findall(r"^   \* - (.+)$", text, re.MULTILINE))
    assert [name for name in OLD if name not in left] == []
    assert [name for name in checks.GONE if f"``{name}" not in left] == []
