"""Who may import whom (DESIGN: floors). A module imports only from its own floor or below."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import django_metrics_statsd

PACKAGE = "django_metrics_statsd"
ROOT = Path(django_metrics_statsd.__file__).parent
#: Apps that are switched on one by one. The core never imports them.
OPT_IN = ("dashboard", "monitoring", "hits", "health")
#: From the bottom up. A module is on the floor of the longest of these names that it begins with.
FLOORS: list[tuple[str, ...]] = [
    ("", "safety", "address", "kinds", "kinds_toolbar", "beacon.fields", "conf"),
    ("deadlocks", "upserts", "observation", "names", "background", "plan", "recording"),
    ("clients", "metlog", "roads"),
    (
        "apps", "beacon", "checks", "csp", "decorators", "loggers", "management", "middleware", "observing",
        "panel", "patches", "pytest_plugin", "sections", "server_timing", "templatetags", "testing", "urls",
        "users",
    ),
    ("hits", "health"),
    ("monitoring",),
    ("dashboard",),
]  # fmt: skip
#: Floors that never see a request, nor anything else of a web framework but its settings and helpers.
NO_WEB = (
    "safety",
    "address",
    "kinds",
    "observation",
    "names",
    "background",
    "plan",
    "recording",
    "clients",
    "metlog",
    "roads",
    "patches.base",
    "beacon.fields",
    "beacon.beacons",
    "beacon.parsers",
    "beacon.agents",
    "hits.records",
    "hits.ids",
    "hits.addresses",
    "hits.road",
    "hits.storages",
    "hits.transports",
    "hits.collector",
    "hits.enrichment",
    "hits.delivering",
    "health.results",
    "health.reading",
    "health.running",
    "health.flights",
    "health.runner",
    "health.history",
    "health.recent",
    "health.checks",
    "health.formats.json",
    "health.formats.text",
    "health.formats.openmetrics",
    "health.formats.atom",
)
WEB = (
    "django.http",
    "django.views",
    "django.urls",
    "django.middleware",
    "django.template",
    "django.shortcuts",
    "asgiref.wsgi",
)
MODULES = sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    """Return a module's name below the package: ``clients.buffered``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def floor_of(module: str) -> int:
    best = max(
        (
            (len(each), number)
            for number, floor in enumerate(FLOORS)
            for each in floor
            if begins(module, each)
        ),
        default=None,
    )
    assert best is not None, f"{module} stands on no floor; say in this file where it belongs"
    return best[1]


def begins(module: str, name: str) -> bool:
    return module == name or (name != "" and module.startswith(name + "."))


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Yield each imported module with its line, and whether that is for type checkers only."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in typing_only
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found = whole if is_module(whole) else node.module
                yield found, node.lineno, id(node) in typing_only


def is_module(name: str) -> bool:
    if not name.startswith(PACKAGE + "."):
        return False
    place = ROOT.joinpath(*name.split(".")[1:])
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def own(name: str) -> str | None:
    """Return the name below the package, or None for what is not ours."""
    if name == PACKAGE:
        return ""
    return name.removeprefix(PACKAGE + ".") if name.startswith(PACKAGE + ".") else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_from_its_own_floor_or_below(path: Path) -> None:
    module = name_of(path)
    for name, line, _ in imports(path):
        imported = own(name)
        if imported is not None:
            assert floor_of(imported) <= floor_of(module), f"{path}:{line} imports {name} from a floor above"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_core_imports_no_opt_in_app(path: Path) -> None:
    module = name_of(path)
    if module.partition(".")[0] in OPT_IN:
        return
    for name, line, _ in imports(path):
        imported = own(name)
        assert imported is None or imported.partition(".")[0] not in OPT_IN, f"{path}:{line} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_conf_reads_the_projects_settings(path: Path) -> None:
    if name_of(path).rpartition(".")[2] == "conf":
        return
    for name, line, _ in imports(path):
        assert not begins(name, "django.conf"), f"{path}:{line} reads settings; that is for conf.py"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_clients_and_formats_see_no_request(path: Path) -> None:
    if not any(begins(name_of(path), each) for each in NO_WEB):
        return
    for name, line, typing_only in imports(path):
        web = any(begins(name, each) for each in WEB)
        assert typing_only or not web, f"{path}:{line} imports {name}"


def test_the_floors_name_nothing_twice() -> None:
    names = [name for floor in FLOORS for name in floor]
    assert len(names) == len(set(names))
