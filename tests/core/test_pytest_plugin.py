from __future__ import annotations

import pytest

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.testing import Captured

CONFTEST = """
from django.conf import settings
if not settings.configured:
    settings.configure(STATSD_PREFIX="site")
"""
TESTS = """
from django_metrics_statsd.clients import statsd

def test_one(stats):
    statsd.incr("orders")
    stats.assert_incr("orders", times=1)

def test_two(stats):
    stats.assert_nothing()
    statsd.incr("orders", 2)
    statsd.timing("total", 3)

def test_three():
    statsd.gauge("level", 1)
"""


def test_the_fixture_records_one_test(stats: Captured) -> None:
    stats.assert_nothing()
    statsd.incr("a")
    stats.assert_incr("a", times=1)


def test_the_fixture_starts_anew(stats: Captured) -> None:
    stats.assert_nothing()


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of its own, in a process of its own."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # loading all that is installed takes seconds
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TESTS)
    return pytester


OPTIONS = ("-p", "django_metrics_statsd.pytest_plugin", "-p", "no:cacheprovider", "-W", "error")


def test_statsd_lists_what_a_run_emitted(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess("--statsd", *OPTIONS)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*stats emitted*", "*1  g   level", "*2  c   orders", "*1  ms  total"])


def test_without_the_option_nothing_is_listed(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess(*OPTIONS)
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*stats emitted*")


def test_in_process_the_listener_goes_when_the_run_ends(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("def test_nothing(): pass")
    before = statsd._listeners
    result = pytester.runpytest_inprocess("--statsd", *OPTIONS)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*stats emitted*", "none"])
    assert statsd._listeners == before


def test_a_long_list_is_cut_and_odd_names_are_no_trouble(run: pytest.Pytester) -> None:
    run.makepyfile(
        """
from django_metrics_statsd.clients import statsd

class Unwilling:
    def __str__(self):
        raise RuntimeError("no")

def test_many():
    statsd.incr(Unwilling())
    statsd.incr(None)
    for number in range(300):
        statsd.incr(f"name.{number:03}")
"""
    )
    result = run.runpytest_inprocess("--statsd", *OPTIONS)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1  c   <NoneType>", "and 10? more names"])
