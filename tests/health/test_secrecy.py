"""No message shows a secret."""

from __future__ import annotations

import types
from typing import Any

import pytest

from django_metrics_statsd.health import apm
from django_metrics_statsd.health.reading import MESSAGE, shorten
from django_metrics_statsd.health.secrecy import scrub


@pytest.mark.parametrize(
    "text",
    [
        "cannot connect to redis://:s3cret-one@cache:6379/0",
        "cannot connect to postgres://shop:s3cret-one@db/shop",
        "connection failed: host=db user=shop password=s3cret-one dbname=shop",
        "{'HOST': 'db', 'PASSWORD': 's3cret-one'}",
        'Access denied (password: "s3cret-one")',
        "GET /?api_key=s3cret-one&x=1 answered 500",
    ],
)
def test_passwords_in_urls_and_connection_strings_go(text: str) -> None:
    found = scrub(text)
    assert "s3cret-one" not in found
    assert "********" in found


@pytest.mark.filterwarnings("ignore:The EMAIL_HOST_PASSWORD setting is deprecated")  # in Django 6.1
@pytest.mark.parametrize("name", ["SECRET_KEY", "EMAIL_HOST_PASSWORD", "WATCHMAN_TOKEN", "WATCHMAN_TOKENS"])
def test_the_projects_own_secrets_go(settings: Any, name: str) -> None:
    setattr(settings, name, "Zx81-and-more")
    assert scrub("it said Zx81-and-more, twice: Zx81-and-more") == "it said ********, twice: ********"


def test_a_databases_password_goes(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "Zx81-and-more")
    assert "Zx81" not in scrub("no way in with Zx81-and-more")


def test_what_is_no_secret_stays() -> None:
    text = "could not translate host name db to address: Name or service not known, see https://db.example.com/a@b"
    assert scrub(text) == text


def test_messages_are_one_line_and_bounded() -> None:
    assert shorten("a\n  b\tc") == "a b c"
    assert len(shorten("x" * 10_000)) == MESSAGE


@pytest.mark.parametrize("switched", [True, False])
def test_agents_are_told_to_leave_requests_out(
    settings: Any, monkeypatch: pytest.MonkeyPatch, switched: bool
) -> None:
    told: list[Any] = []
    span = types.SimpleNamespace(set_tag=told.append)
    transaction = types.SimpleNamespace(sampled=True)
    scope = types.SimpleNamespace(transaction=transaction)
    agents = {
        "newrelic.agent": types.SimpleNamespace(ignore_transaction=lambda flag: told.append(flag)),
        "ddtrace": types.SimpleNamespace(tracer=types.SimpleNamespace(current_root_span=lambda: span)),
        "sentry_sdk": types.SimpleNamespace(get_current_scope=lambda: scope),
    }
    for name, agent in agents.items():
        monkeypatch.setitem(__import__("sys").modules, name, agent)
    settings.WATCHMAN_DISABLE_APM = switched
    apm.leave_out()
    assert told == ([True, "manual.drop"] if switched else [])
    assert transaction.sampled is not switched


def test_an_agent_that_fails_is_passed_over(
    settings: Any, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "newrelic.agent", object())
    settings.WATCHMAN_DISABLE_APM = True
    apm.leave_out()
    assert faults["health.apm"] == 1
