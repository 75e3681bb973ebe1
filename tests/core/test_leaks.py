"""The check that every test leaves nothing behind is itself put to the test."""

from __future__ import annotations

from pathlib import Path

import pytest

LEAKS = """
import signal, socket, threading, time
from django.conf import settings
from django_metrics_statsd import observation, safety
from django_metrics_statsd.clients import statsd

kept = []

def test_patch():
    from django_metrics_statsd.patches import db
    db.patch.install()

def test_models():
    from django_metrics_statsd.patches import models
    models.patch.install()

def test_thread():
    thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)
    thread.start()

def test_socket():
    kept.append(socket.socket())

def test_listener():
    statsd.listen(kept.append)

def test_observation():
    observation.current.set(observation.Observation())

def test_handler():
    signal.signal(signal.SIGTERM, lambda number, frame: None)

def test_setting():
    settings.STATSD_PREFIX = "left"

def test_fault():
    try:
        raise RuntimeError("no")
    except RuntimeError:
        safety.failed("somewhere")

def test_fault_on_purpose(faults):
    test_fault()

def test_nothing():
    statsd.incr("a")
"""
TOLD = [
    "patches: *CursorWrapper*execute*",
    "signals: *",
    "threads: *Thread*",
    "sockets: *socket:*",
    "listeners: *append*",
    "observation: *Observation*",
    "SIGTERM: *",
    "settings: *STATSD_PREFIX*left*",
]


def test_whatever_a_test_leaves_behind_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pytester.makepyfile(LEAKS)
    plugins = ("pytest_django.plugin", "tests.conftest", "no:cacheprovider")
    options = [option for plugin in plugins for option in ("-p", plugin)]
    result = pytester.runpytest_subprocess(*options, "-W", "error")
    result.assert_outcomes(passed=11, errors=9)
    for told in TOLD:
        result.stdout.fnmatch_lines_random([f"*left behind: {told}"])
    result.stdout.fnmatch_lines(["*was passed over: {'somewhere': 1}*"])
