"""What is shipped: its version, its files, its types, its commands' words."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import django_metrics_statsd
from django_metrics_statsd.clients import get_client, statsd

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_version_is_the_distributions() -> None:
    assert metadata.version("django-metrics-statsd") == django_metrics_statsd.__version__
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "django_metrics_statsd/__init__.py"


def test_the_changelog_begins_with_the_version() -> None:
    text = (ROOT / "CHANGELOG.rst").read_text()
    assert django_metrics_statsd.__version__ in text.split("\n\n", 3)[1] + text.split("\n\n", 3)[2]


def test_types_are_shipped(tmp_path: Path) -> None:
    assert (Path(django_metrics_statsd.__file__).parent / "py.typed").exists()
    assert "Typing :: Typed" in PROJECT["project"]["classifiers"]
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["django_metrics_statsd"]}


def test_the_pytest_plugin_is_found_by_its_entry_point() -> None:
    (entry,) = metadata.entry_points(group="pytest11", name="django_metrics_statsd")
    assert entry.value == "django_metrics_statsd.pytest_plugin"


def test_supported_versions_agree() -> None:
    classifiers = PROJECT["project"]["classifiers"]
    pythons = [
        each.rpartition(" ")[2]
        for each in classifiers
        if each.startswith("Programming Language :: Python :: 3.")
    ]
    djangos = [each.rpartition(" ")[2] for each in classifiers if each.startswith("Framework :: Django :: ")]
    assert pythons[0] == PROJECT["project"]["requires-python"].removeprefix(">=")
    assert f"django>={djangos[0]}" in PROJECT["project"]["dependencies"]
    assert f"py{pythons[0].replace('.', '')}" == PROJECT["tool"]["ruff"]["target-version"]


def test_all_has_every_extra() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    named = extras["all"][0].partition("[")[2].rstrip("]").split(",")
    assert sorted(named) == sorted(set(extras) - {"all"})


def test_importing_the_package_is_light() -> None:
    script = (
        "import sys, django_metrics_statsd; "
        "heavy = {'django', 'celery', 'datadog'}; "
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_using_the_core_imports_no_optional_library() -> None:
    script = """
import io, sys
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django_metrics_statsd"], STATSD_URL="udp://127.0.0.1:1",
    MIDDLEWARE=["django_metrics_statsd.middleware.GraphiteMiddleware"],
    STATSD_PATCHES=["django_metrics_statsd.patches.db", "django_metrics_statsd.patches.cache"],
)
import django
django.setup()
from django.core.management import call_command
from django_metrics_statsd.clients import statsd
import django_metrics_statsd.middleware
call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
statsd.incr("a")
optional = {"celery", "datadog", "redis", "psycopg", "rest_framework", "tastypie", "debug_toolbar", "pytest"}
print(sorted(optional & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_starting_with_hits_imports_none_of_their_libraries_but_msgspec() -> None:
    """A process that hands records to Redis need not load what collectors parse with, and the reverse."""
    script = """
import sys
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django_metrics_statsd", "django_metrics_statsd.hits"],
    MIDDLEWARE=["django_metrics_statsd.hits.middleware.HitsMiddleware"],
)
import django
django.setup()
import django_metrics_statsd.hits.events
import django_metrics_statsd.hits.middleware
late = {"redis", "user_agents", "ua_parser", "geoip2", "maxminddb", "influxdb", "clickhouse_connect"}
print(sorted(late & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_two_names_that_most_code_needs() -> None:
    assert get_client() is statsd.client


@pytest.mark.parametrize("name", ["LICENSE", "README.rst", "CHANGELOG.rst", "Makefile", "noxfile.py"])
def test_the_files_that_a_repository_has(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0
