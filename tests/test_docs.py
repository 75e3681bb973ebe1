"""The documentation is held against the code: settings, checks, stats, reasons, limits, paths, examples."""

from __future__ import annotations

import ast
import html
import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import docutils.core
import pytest
import yaml

import django_metrics_statsd
from django_metrics_statsd.beacon import guards
from django_metrics_statsd.beacon.fields import (
    INSTANTS,
    NAVIGATION_TYPES,
    REDIRECT_COUNT,
    SEGMENTS,
    SUMMARIES,
    THRESHOLDS,
    VITALS,
)
from django_metrics_statsd.checks import CHECKS
from django_metrics_statsd.conf import all_settings
from django_metrics_statsd.dashboard.conf import all_settings as dashboard_settings
from django_metrics_statsd.health.conf import all_settings as health_settings
from django_metrics_statsd.health.system_checks import CHECKS as HEALTH_CHECKS
from django_metrics_statsd.hits.checks import CHECKS as HITS_CHECKS
from django_metrics_statsd.hits.checks import GONE
from django_metrics_statsd.hits.conf import all_settings as hits_settings
from django_metrics_statsd.monitoring.conf import all_settings as monitoring_settings
from django_metrics_statsd.monitoring.stats.conf import all_settings as stats_settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "django_metrics_statsd"
PAGES = sorted(DOCS.glob("*.rst"))
FILES_TO_TAKE = sorted(path for path in (DOCS / "files").rglob("*") if path.is_file())
TEXTS = [*PAGES, ROOT / "README.rst", ROOT / "CHANGELOG.rst", *FILES_TO_TAKE]
SETTINGS = [
    *all_settings(),
    *hits_settings(),
    *health_settings(),
    *monitoring_settings(),
    *stats_settings(),
    *dashboard_settings(),
]

by_name = pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages; a warning is an error."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "-b", "html", "-d", folder / "trees"]
    done = subprocess.run([*command, DOCS, folder / "html"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def words(page: Path) -> str:
    """A built page's text, with white space made one."""
    text = re.sub(r"<[^>]+>", "", page.read_text())
    return " ".join(html.unescape(text).split())


def test_each_setting_is_on_its_page(site: Path) -> None:
    text = words(site / "settings.html")
    for setting in SETTINGS:
        sentence = " ".join(setting.text.replace("``", "").split())
        entry = f"{setting.name}¶ {sentence} Kind: {setting.kind.label}. Default: {setting.default!r}."
        assert entry in text


@by_name
def test_settings_that_are_mentioned_exist(page: Path) -> None:
    known = {setting.name for setting in SETTINGS} | {"STATSD_NO_SKIP"} | OF_PAGES.get(page.name, set())
    named = re.findall(
        r"\b(?:STATSD|WT|MQUEUE|GEOIP|WATCHMAN|MONITORING|DASHBOARD)_[A-Z_]*[A-Z]\b", page.read_text()
    )
    assert set(named) <= known


#: Names that a page has to speak of, and that are no settings of ours.
OF_PAGES = {"metlog.rst": {"STATSD_SENDER"}, "upgrading.rst": set(GONE)}


@pytest.mark.parametrize(
    ("label", "module", "checks"),
    [
        ("metrics_hits", "hits/checks.py", HITS_CHECKS),
        ("metrics_health", "health/system_checks.py", HEALTH_CHECKS),
    ],
)
def test_each_check_of_the_apps_is_documented(label: str, module: str, checks: tuple[Any, ...]) -> None:
    source = (PACKAGE / module).read_text()
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    kinds = {"_error": "E", "_warning": "W"}
    used = [
        f"{kinds[called(node)]}{node.args[0].value:03}"
        for node in calls
        if called(node) in kinds and isinstance(node.args[0], ast.Constant)
    ]
    documented = re.findall(rf"\* - ``{label}\.([EW]\d{{3}})``", (DOCS / "checks.rst").read_text())
    assert len(set(used)) >= len(checks)
    assert sorted(documented) == sorted(set(used))


def test_each_check_is_documented() -> None:
    used = re.findall(r"\{LABEL\}\.([EW]\d{3})", (PACKAGE / "checks.py").read_text())
    documented = re.findall(r"\* - ``django_metrics_statsd\.([EW]\d{3})``", (DOCS / "checks.rst").read_text())
    assert len(used) == len(set(used)) == len(CHECKS)
    assert sorted(documented) == sorted(used)


REASON = re.compile(r"[a-z_]{2,}")


def reasons(path: Path) -> set[str]:
    """The words that a module gives as reasons for drops."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and called(node) in {"drop", "_drop", "lost", "_give_up"}:
            found |= constants(node.args[0])
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in {"reason", "dropped"}:
            found |= constants(node.value)
        elif isinstance(node, ast.FunctionDef) and getattr(node.returns, "id", "") == "str":
            returns = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
            found |= {word for value in returns if value is not None for word in constants(value)}
    return found


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def constants(node: ast.expr) -> set[str]:
    options = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    values = {option.value for option in options if isinstance(option, ast.Constant)}
    return {value for value in values if isinstance(value, str) and REASON.fullmatch(value)}


def test_each_reason_is_explained() -> None:
    text, _, _ = (DOCS / "faults.rst").read_text().partition("\nReasons of records\n")
    text = text.partition("\nReasons of monitoring\n")[0]
    explained = set(re.findall(r"\* - ``(\w+)``", text))
    given = set().union(*(reasons(path) for path in (PACKAGE / "clients").glob("*.py")))
    assert explained == given
    for path in ("client.py", "oldstyle.py", "senders/udp.py"):
        assert all(f"``{word}``" in text for word in reasons(PACKAGE / "metlog" / path))


def refusals() -> set[str]:
    """The words under which the beacon counts what it refuses."""
    found = {"guard"}  # of a response that has no word of its own
    for path in (PACKAGE / "beacon").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and called(node) in REFUSING:
                found |= constants(node.args[0])
            elif isinstance(node, ast.FunctionDef) and node.name == "_what_is_wrong":
                returns = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
                found |= {word for value in returns if value is not None for word in constants(value)}
    return found


REFUSING = {"Refused", "refuse", "_count_refused"}


def test_each_refusal_of_the_beacon_is_explained() -> None:
    _, _, text = (DOCS / "beacon.rst").read_text().partition(":class: reasons\n")
    explained = re.findall(r"\* - ``(\w+)``\n     - (?:\d{3}|its own)\n", text)
    assert len(explained) == len(set(explained))
    assert set(explained) == refusals()


def test_each_name_that_browsers_report_is_listed() -> None:
    text = (DOCS / "beacon.rst").read_text()
    names = [*(name for name, *_ in SUMMARIES), *(VITALS + name for name in THRESHOLDS), REDIRECT_COUNT]
    assert [name for name in names if f"\n   * - ``{name}``\n" not in text] == []
    assert [word for word in {*INSTANTS, *NAVIGATION_TYPES.values()} if f"``{word}``" not in text] == []
    assert [word for word in SEGMENTS if f"\n``{word}`` " not in text] == []


def test_each_guard_is_listed() -> None:
    text = (DOCS / "guards.rst").read_text()
    public = {name: value for name, value in vars(guards).items() if not name.startswith("_")}
    listed = {name for name, value in public.items() if hasattr(value, "blocks")} - {"unavailable", "Rate"}
    assert len(listed) > 8
    assert [name for name in {*listed, "all_of"} if f"``{name}" not in text] == []


#: What the roads of hits and of monitoring have in common.
ROADS = PACKAGE / "roads.py"


def test_each_reason_of_the_hits_is_explained() -> None:
    _, _, text = (DOCS / "faults.rst").read_text().partition("\nReasons of records\n")
    text = text.partition("\nReasons of monitoring\n")[0]
    explained = re.findall(r"\* - ``(\w+)``", text)
    given = set()
    for path in (ROADS, *(PACKAGE / "hits").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and called(node) == "drop" and node.args:
                given |= constants(node.args[0])
            elif isinstance(node, ast.Call) and called(node) == "_dropped":
                given |= constants(node.args[-1])
    assert len(given) > 5
    assert sorted(explained) == sorted(given)


def test_each_reason_of_monitoring_is_explained() -> None:
    given: dict[str, set[str]] = {"monitoring-reasons": set(), "store-reasons": set()}
    for path in (ROADS, *(PACKAGE / "monitoring").rglob("*.py")):
        which = "monitoring-reasons" if path == ROADS or "rollups" in path.parts else "store-reasons"
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and called(node) == "drop" and node.args:
                given[which] |= constants(node.args[0])
    for which, reasons in given.items():
        _, _, text = (DOCS / "faults.rst").read_text().partition(f":class: {which}\n")
        table = text.lstrip("\n").partition("\n\n")[0]
        assert set(re.findall(r"\* - ``(\w+)``", table)) == reasons, which


LIMITS = {
    "Length of a name": "names.MAX_NAME",
    "Length of a set's member or a tag's value": "clients.dialects._MAX_SET_MEMBER",
    "Longest time, in milliseconds": "clients.window._MAX_MS",
    "Calls of one kind that wait before the emitting thread adds them up": "clients.pending.ONES_LIMIT",
    "Times, of all names together, that wait before the emitting thread adds them up": (
        "clients.pending.TIMES_LIMIT"
    ),
    "Times as many that wait while another thread is adding up": "clients.pending.PATIENCE",
    "Series in one interval": "clients.window.MAX_SERIES",
    "Series in one interval that cannot be sent early": "clients.window.MOST_SERIES",
    "Values of timers and sets in one interval that cannot be sent early": "clients.window.MOST_VALUES",
    "Values of timers and sets in one interval": "clients.window.MAX_VALUES",
    "Datagrams that the background thread sends without a rest": "clients.delivery.AT_ONCE",
    "Names that are remembered in their clean form": "names._CACHE_SIZE",
    "Views whose names are remembered": "middleware._MAX_VIEWS",
    "Tastypie's APIs, and its resources": "middleware._MAX_RESOURCES",
    "Database procedures with a name of their own, per connection": "patches.db._MAX_NAMES",
    "Celery tasks with a name of their own": "patches.celery._tasks._limit",
    "Series in the toolbar client": "clients.toolbar.MAX_SERIES",
    "Recent stats in the toolbar client": "clients.toolbar.MAX_RECENT",
    "Longest time that a browser can report, in milliseconds": "beacon.fields.MAX_MS",
    "Redirects that a browser can report": "beacon.fields.MAX_REDIRECTS",
    "Layout shift that a browser can report": "beacon.fields.MAX_CLS",
    "Fields that the answer to a beacon names": "beacon.views._MAX_NAMED",
    "Characters of a page's address that the segment ``route`` looks at": "beacon.segments._MAX_URL",
    "Characters of a user agent that the segment ``device`` looks at": "beacon.agents.MAX_LENGTH",
    "User agents that are remembered": "beacon.agents.REMEMBERED",
    "Different lines in the log of this package": "safety._MAX_TOLD",
    "Messages that wait in a metlog ``UdpSender``": "metlog.senders.udp.MAX_WAITING",
    "Names in the table of ``pytest --statsd``": "pytest_plugin._MAX_ROWS",
    "Seconds for sending at exit": "background.EXIT_DEADLINE",
    "Seconds until an unknown host is tried again": "clients.resolver.RETRY",
    "Longest pause after failures over TCP, in seconds": "clients.transports.LONGEST_PAUSE",
    "Characters of a path, a referring page, a URL": "hits.records.PATH",
    "Characters of a user agent in a hit": "hits.records.AGENT",
    "Characters of names in records": "hits.records.NAME",
    "Characters of an event's notes": "hits.records.NOTES",
    "Bytes of an event's data, as JSON": "hits.records.DATA",
    "How deep an event's data may be nested": "hits.events.plain.DEPTH",
    "Groups that an event names": "hits.events.making.MAX_GROUPS",
    "Characters of ``Forwarded`` or ``X-Forwarded-For`` that are read, from the end": (
        "hits.addresses.MAX_LENGTH"
    ),
    "Proxies in them": "hits.addresses.MAX_HOPS",
    "Addresses whose place is remembered": "hits.enrichment.geo.REMEMBERED",
    "Rows that the admin counts and turns pages through": "hits.looking.paging.COUNTED",
    "Rows that the admin looks at for what no index finds": "hits.looking.conditions.REACH",
    "Rows of an export": "hits.looking.export.ROWS",
    "Longest pause of a process while Redis or a storage is away, in seconds": "hits.road.MAX_DELAY",
    "Longest pause of a collector, in seconds": "hits.collector.lane._MAX_DELAY",
    "Parts of a health check, results of one answer, and checks that a request names": "health.asking.MOST",
    "Characters of a header that may hold a token": "health.access.MAX_HEADER",
    "Bytes of an answer that the health check ``http`` reads": "health.checks.web.MOST",
    "Runs of one part of a health check that are given up while they hang": "health.flights.MOST_GIVEN_UP",
    "Series in one chart": "monitoring.views.pictures.MOST_SERIES",
    "Marks of deploys in one chart": "monitoring.charts.layout.MOST_MARKS",
    "Steps of one series of the store": "monitoring.stats.spans.MOST",
    "Bytes of an order of tiles that a page sends": "dashboard.views.LARGEST",
    "Seconds until a widget that hangs is given up": "dashboard.hands.LIMIT",
    'Newest requests in which the tile "Visitors now" looks for people': "dashboard.widgets.records.REQUESTS",
}


def test_limits_are_those_of_the_code() -> None:
    rows = re.findall(r"   \* - (.+)\n     - (\d+)\n", (DOCS / "limits.rst").read_text())
    defaults = {setting.name: setting.default for setting in SETTINGS}
    for what, bound in rows:
        setting = re.search(r":setting:`(\w+)`", what)
        value = defaults[setting[1]] if setting else resolve(f"django_metrics_statsd.{LIMITS[what]}")
        assert float(bound) == value, what
    assert LIMITS.keys() <= {what for what, _ in rows}


def resolve(path: str) -> Any:
    """The object that a dotted path names. Raises AttributeError or ImportError if there is none."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(path)


DOTTED = re.compile(r"\bdjango_metrics_statsd((?:\.[A-Za-z_]\w*)+)\b")
#: Checks, a log, stats.
NO_PATHS = re.compile(
    r"\.([EW]\d{3}|stats|sent|packets|((hits|monitoring)\.)?dropped(\.\w+)?"
    r"|beacon\.(ignored|refused(\.\w+)?)|collector)"
)
#: Cannot be imported where the debug toolbar is not installed. The panel's own tests do.
NEED_THE_TOOLBAR = {".panel.StatsdPanel"}


@by_name
def test_dotted_paths_resolve(page: Path) -> None:
    for tail in set(DOTTED.findall(page.read_text())):
        if not NO_PATHS.fullmatch(tail) and tail not in NEED_THE_TOOLBAR:
            resolve(f"django_metrics_statsd{tail}")


FILES = re.compile(
    r"``((?:\.ci|docs|tests|example|benchmarks|django_metrics_statsd)/[\w./-]*|\w+\.(?:py|rst|md))``"
)
TARGETS = re.compile(r"(?:image|include):: (\S+)|:download:`[^<`]*<([^>]+)>`")
FILES_OF_READERS = {"settings.py", "urls.py", "models.py", "monitors.py", "dashboard_widgets.py"}


@by_name
def test_files_exist(page: Path) -> None:
    text = page.read_text()
    for name in set(FILES.findall(text)) - FILES_OF_READERS:
        assert any(
            (root / name).exists() for root in (ROOT, PACKAGE, PACKAGE / "static", PACKAGE / "templates")
        ), name
    for found in TARGETS.findall(text):
        assert (page.parent / (found[0] or found[1])).exists(), found


@by_name
def test_make_knows_the_targets(page: Path) -> None:
    targets = re.findall(r"(?:``|^ +|\$ )make (\w+)", page.read_text(), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def examples(page: Path) -> list[str]:
    """The Python code blocks of a page, without their indentation."""
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:(?: +.*)?\n)+)", page.read_text() + "\n")
    return [re.sub(r"^ {3,4}", "", block, flags=re.MULTILINE) for block in blocks]


@by_name
def test_examples_compile_and_import_what_is_there(page: Path) -> None:
    for block in examples(page):
        tree = compile(block, page.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("django"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)


def test_there_are_examples() -> None:
    assert sum(len(examples(page)) for page in PAGES) > 25


@pytest.mark.parametrize("name", ["README.rst", "CHANGELOG.rst"])
def test_renders_without_sphinx(name: str) -> None:
    """As a package index shows it: with docutils alone, and no warning."""
    overrides = {"report_level": 2, "halt_level": 2}
    docutils.core.publish_doctree((ROOT / name).read_text(), settings_overrides=overrides)


def test_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.rst").read_text()
    assert re.search(r"^[=-]+$\n\n(.+)\n-+$", text, re.MULTILINE)[1] == "Unreleased"
    assert django_metrics_statsd.__version__ in text


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = re.findall(r"^   (\w+)$", (DOCS / "index.rst").read_text(), re.MULTILINE)
    assert sorted([*listed, "index"]) == [page.stem for page in PAGES]


def test_metrics_of_the_exporter_are_listed() -> None:
    """The table of Prometheus metrics has the names and labels of the mapping file."""
    rules = yaml.safe_load((DOCS / "files/statsd_exporter.yml").read_text())["mappings"]
    mapped = {rule["name"]: list(rule.get("labels", {})) for rule in rules}
    del mapped["django_metrics_statsd_${1}_total"]
    mapped |= {"django_metrics_statsd_sent_total": [], "django_metrics_statsd_packets_total": []}
    rows = re.findall(r"^``(django_\w+)`` +([^;\n]+)", (DOCS / "tags.rst").read_text(), re.MULTILINE)
    listed = {name: [] if labels.strip() == "none" else labels.strip().split(", ") for name, labels in rows}
    assert listed == mapped
