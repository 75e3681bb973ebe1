"""``manage.py check`` for health."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks

from django_metrics_statsd.health import system_checks
from django_metrics_statsd.health.conf import all_settings

pytestmark = pytest.mark.django_db  # Django's own checks may ask the database

PROBES = system_checks.MIDDLEWARE


def found(*, deploy: bool = False) -> dict[str, CheckMessage]:
    messages = run_checks(include_deployment_checks=deploy)
    return {str(each.id): each for each in messages if str(each.id).startswith("metrics_health.")}


def test_a_site_without_settings_of_ours_is_right() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WATCHMAN_CHECKS", "shop.checks.stock", "must be a list or tuple"),
        ("WATCHMAN_CHECKS", [7], "holds 7, which is no check"),
        ("WATCHMAN_CHECKS", 7, "must be a list"),
        ("WATCHMAN_GROUPS", ["ready"], "must be a dictionary"),
        ("WATCHMAN_GROUPS", {"a b": []}, "letters, digits"),
        ("WATCHMAN_PROBES", {"livez": "live"}, "paths begin with '/'"),
        ("WATCHMAN_PROBES", "live", "must be a dictionary"),
        ("WATCHMAN_AUTH_DECORATOR", 3, "dotted path"),
        ("WATCHMAN_ERROR_CODE", 42, "200 to 599"),
        ("WATCHMAN_ERROR_CODE", True, "200 to 599"),
        ("WATCHMAN_TIMEOUT", 0, "must be a number"),
        ("WATCHMAN_CACHE_SECONDS", -1, "0 to 3600"),
        ("WATCHMAN_HISTORY", -1, "0 to 10000"),
        ("WATCHMAN_DATABASES", "default", "must be a list"),
        ("WATCHMAN_EMAIL_RECIPIENTS", "me@example.com", "must be a list"),
        ("WATCHMAN_ENABLE_PAID_CHECKS", "yes", "True or False"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(settings: Any, name: str, value: Any, said: str) -> None:
    setattr(settings, name, value)
    message = found()["metrics_health.E001"]
    assert name in message.msg
    assert said in message.msg
    assert repr(value) in message.msg
    assert "Default: " in str(message.hint)


@pytest.mark.parametrize("name", ["WATCHMAN_TOKEN", "WATCHMAN_TOKENS"])
def test_a_wrong_token_is_not_shown(settings: Any, name: str) -> None:
    setattr(settings, name, [b"s3cret"] if name == "WATCHMAN_TOKENS" else b"s3cret")
    message = found()["metrics_health.E001"]
    assert name in message.msg
    assert "s3cret" not in message.msg + str(message.hint)


def test_a_setting_that_nobody_reads_is_named(settings: Any) -> None:
    settings.WATCHMAN_TOKNES = "x"
    assert found()["metrics_health.W001"].hint == "Did you mean WATCHMAN_TOKENS?"


def test_a_check_that_cannot_be_had_is_named(settings: Any) -> None:
    settings.WATCHMAN_GROUPS = {"ready": ["shop.nowhere.stock"]}
    assert "shop.nowhere.stock" in found()["metrics_health.E002"].msg


def test_a_decorator_that_cannot_be_had_is_named(settings: Any) -> None:
    settings.WATCHMAN_AUTH_DECORATOR = "shop.nowhere.guard"
    assert "shop.nowhere.guard" in found()["metrics_health.E003"].msg


def test_the_middleware_of_probes_stands_first_and_knows_its_groups(settings: Any) -> None:
    settings.MIDDLEWARE = [PROBES, *settings.MIDDLEWARE]
    assert found() == {}
    settings.MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", PROBES]
    assert "SecurityMiddleware" in found()["metrics_health.W002"].msg
    settings.WATCHMAN_PROBES = {"/up": "upp"}
    assert "upp" in found()["metrics_health.E004"].msg


def test_in_production_an_open_status_is_named(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.health.urls"
    assert "metrics_health.W003" not in found()
    assert "metrics_health.W003" in found(deploy=True)
    for changes in (
        {"WATCHMAN_TOKENS": "a-token-that-is-long-enough"},
        {"WATCHMAN_AUTH_DECORATOR": "django.contrib.admin.views.decorators.staff_member_required"},
        {"ROOT_URLCONF": "tests.urls"},
    ):
        before = {name: getattr(settings, name, None) for name in changes}
        for name, value in changes.items():
            setattr(settings, name, value)
        assert "metrics_health.W003" not in found(deploy=True), changes
        for name, old in before.items():
            setattr(settings, name, old) if old is not None else delattr(settings, name)


@pytest.mark.parametrize("path", [None, "watchman.decorators.token_required"])
def test_no_decorator_and_the_seeds_own_without_a_token_are_open(settings: Any, path: Any) -> None:
    settings.ROOT_URLCONF = "tests.health.urls"
    settings.WATCHMAN_AUTH_DECORATOR = path
    assert "metrics_health.W003" in found(deploy=True)


def test_in_production_a_short_token_is_named_but_not_shown(settings: Any) -> None:
    settings.WATCHMAN_TOKENS = "hunter2"
    message = found(deploy=True)["metrics_health.W004"]
    assert "hunter2" not in message.msg + str(message.hint)


def test_each_id_is_used_once() -> None:
    names = [setting.name for setting in all_settings()]
    assert len(names) == len(set(names))
    assert all(name.startswith(("WATCHMAN_", "EXPOSE_")) for name in names)
