"""``manage.py check`` names what is wrong with the dashboard's settings."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from django_metrics_statsd import safety
from django_metrics_statsd.dashboard import checks


def ids(found: list[Any]) -> list[str]:
    return [each.id for each in found]


def test_nothing_is_wrong_with_the_defaults() -> None:
    assert [message for check in checks.CHECKS for message in check()] == []


@pytest.mark.parametrize("url", ["http://me:pw@host/", "redis://:pw@", "redis://:pw@h:x", "pw"])
def test_a_wrong_messenger_is_named_without_its_value(settings: Any, url: object) -> None:
    settings.DASHBOARD_MESSENGER_URL = url
    (message,) = checks.check_values()
    assert message.id == "metrics_dashboard.E001"
    assert message.msg.startswith("DASHBOARD_MESSENGER_URL ")
    assert "pw" not in message.msg


def test_a_misspelt_setting_is_named(settings: Any) -> None:
    settings.DASHBOARD_REQUIRE_LOGN = False
    (message,) = checks.check_names()
    assert message.hint == "Did you mean DASHBOARD_REQUIRE_LOGIN?"


def test_settings_of_others_are_left_alone(settings: Any) -> None:
    settings.DASHBOARD_COLOUR_OF_THE_SITE = "blue"
    assert checks.check_names() == []


def test_nobody_can_be_logged_in_without_the_middleware(settings: Any) -> None:
    settings.MIDDLEWARE = []
    assert ids(checks.check_auth()) == ["metrics_dashboard.E004"]
    settings.DASHBOARD_REQUIRE_LOGIN = False
    assert checks.check_auth() == []


def test_redis_without_its_library_is_named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DASHBOARD_MESSENGER_URL = "redis://localhost:6379/0"
    assert checks.check_redis() == []
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    (message,) = checks.check_redis()
    assert message.id == "metrics_dashboard.E002"
    assert "[dashboard]" in message.hint


def test_a_site_without_users_is_told(settings: Any) -> None:
    settings.INSTALLED_APPS = ["django.contrib.contenttypes", "django_metrics_statsd.dashboard"]
    assert ids(checks.check_auth()) == ["metrics_dashboard.E003"]


def test_a_module_of_widgets_that_cannot_be_imported_is_named() -> None:
    where = "dashboard.discover.shop.dashboard_widgets"
    safety.faults[where] = 1
    (message,) = checks.check_modules()
    del safety.faults[where]
    assert message.id == "metrics_dashboard.W002"
    assert message.msg == "shop.dashboard_widgets could not be imported."


def test_a_site_without_users_starts_so_that_the_check_can_say_so() -> None:
    code = (
        "import django, sys; from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['django_metrics_statsd', 'django_metrics_statsd.health'])\n"
        "django.setup()\n"
        "from django_metrics_statsd.dashboard.apps import DashboardConfig\n"
        "import django_metrics_statsd.dashboard as module\n"
        "DashboardConfig('django_metrics_statsd.dashboard', module).ready()\n"
        "print([each for each in ('django.contrib.auth.views', 'django_metrics_statsd.health.views')"
        " if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
