"""``manage.py watchman``, as the seed describes it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db

CHECKS = "watchman.checks."


def run(**options: Any) -> list[dict[str, Any]]:
    out, err = io.StringIO(), io.StringIO()
    call_command("watchman", stdout=out, stderr=err, **options)
    assert err.getvalue() == ""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_it_is_silent_when_all_is_well() -> None:
    assert run() == []


def test_with_v_2_it_prints_what_the_seed_prints() -> None:
    assert run(verbosity=2) == [
        {"caches": [{"default": {"ok": True}}]},
        {"databases": [{"default": {"ok": True}}]},
        {"storage": {"ok": True}},
    ]


def test_with_v_3_it_prints_times_too() -> None:
    assert run(verbosity=3, checks="storage")[0]["storage"]["duration_ms"] > 0


def test_c_runs_only_these() -> None:
    found = run(checks=f"{CHECKS}caches,{CHECKS}databases", verbosity=2)
    assert [next(iter(each)) for each in found] == ["caches", "databases"]


def test_s_skips_these() -> None:
    assert run(skips=f"{CHECKS}caches, databases", verbosity=2) == [{"storage": {"ok": True}}]


def test_g_takes_a_group() -> None:
    assert [next(iter(each)) for each in run(group="ready", verbosity=2)] == ["databases", "caches"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checks": "cashes"}, "'cashes' is none of the checks"),
        ({"skips": "cashes"}, "'cashes' is none of the checks"),
        ({"group": "rady"}, "There is no group 'rady'"),
    ],
)
def test_a_mistyped_name_is_not_health(options: Any, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(**options)


def test_a_failure_is_said_on_stderr_with_its_stack_trace(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = ["tests.health.samples.bare_broken", "tests.health.samples.my_check"]
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="Not healthy: bare_broken"):
        call_command("watchman", stdout=out, stderr=err)
    status = json.loads(err.getvalue())["bare_broken"]
    assert status["ok"] is False
    assert "ValueError" in status["stacktrace"]
    assert "hunter22" not in err.getvalue()
    assert out.getvalue() == ""


def test_a_warning_is_shown_but_is_no_failure(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = [("tests.health.samples.Level", {"found": 1})]
    assert run(verbosity=2) == [{"level": {"ok": True, "state": "warn", "message": "low"}}]


@pytest.mark.parametrize(("check", "code"), [("Level", 0), ("broken", 1)])
def test_the_exit_code_of_the_process(check: str, code: int) -> None:
    script = f"""
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django_metrics_statsd", "django_metrics_statsd.health"], WATCHMAN_HISTORY=0,
    WATCHMAN_CHECKS=["tests.health.samples.{check}"],
)
import django, sys
django.setup()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "watchman"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert ("stacktrace" in done.stderr) is (code == 1)
