"""What the page says, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from django_metrics_statsd.health import history, recent, runner
from django_metrics_statsd.health.results import Result, State

URL = "/watchman/dashboard/"
CHECKS = [f"tests.health_page.checks.{name}" for name in ("Shelf", "Doors", "Closed")]


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    settings.ROOT_URLCONF = "tests.health.urls"
    settings.STATIC_URL = "/static/"
    settings.WATCHMAN_CHECKS = CHECKS
    file = tmp_path / "shelf"
    file.write_text("ok")
    monkeypatch.setenv("HEALTH_SHELF", str(file))
    for each in (runner.shared, recent._shared, history.history):
        each.reset()
    yield file
    for each in (runner.shared, recent._shared, history.history):
        each.reset()


def text(query: str = "") -> str:
    response = Client().get(URL + query)
    assert response.status_code == 200
    return response.content.decode()


def test_strangers_see_names_states_and_since_when() -> None:
    body = text()
    for shown in ("shelf", "front", "skipped", "since"):
        assert shown in body
    for hidden in ("Sundays", "evil", "ValueError", "Traceback", "books", " ms<"):
        assert hidden not in body


def test_the_trusted_see_messages_figures_and_stack_traces(settings: Any) -> None:
    settings.DEBUG = True
    body = text()
    for shown in ("Closed on Sundays.", "evil", "Traceback", '<dt dir="auto">books</dt>', " ms<"):
        assert shown in body


def test_names_and_messages_are_escaped(settings: Any) -> None:
    settings.DEBUG = True
    body = text()
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    assert "<b>bold" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body


def test_nothing_is_inline(settings: Any) -> None:
    settings.DEBUG = True
    body = text()
    assert " style=" not in body
    assert "<style" not in body
    assert " onclick" not in body
    assert "<script>" not in body


def test_the_page_has_a_policy_of_its_own_unless_the_site_has_one(settings: Any) -> None:
    response = Client().get(URL)
    assert "default-src 'none'; script-src 'self';" in response["Content-Security-Policy"]
    settings.STATIC_URL = "https://cdn.example.com/static/"
    policy = Client().get(URL)["Content-Security-Policy"]
    assert "script-src 'self' https://cdn.example.com;" in policy
    assert "connect-src 'self';" in policy


@pytest.mark.parametrize(
    ("middleware", "policy", "ours"),
    [
        ("django.middleware.csp.ContentSecurityPolicyMiddleware", {"default-src": ["'self'"]}, False),
        ("django.middleware.csp.ContentSecurityPolicyMiddleware", None, True),
        ("csp.middleware.CSPMiddleware", None, False),
    ],
)
def test_a_policy_that_middleware_sends_is_the_sites(
    settings: Any, middleware: str, policy: Any, ours: bool
) -> None:
    client = Client()
    client.get(URL)  # with the middleware of the tests, as Django 5.2 has none of these
    settings.MIDDLEWARE, settings.SECURE_CSP = [middleware], policy
    assert ("Content-Security-Policy" in client.get(URL)) is ours


def test_what_was_before_is_told_with_how_long_it_lasted(settings: Any) -> None:
    settings.DEBUG, settings.TIME_ZONE = True, "UTC"
    now = 1_800_000_000.0
    for at, state in ((0, State.OK), (3_600, State.FAIL), (3_720, State.OK)):
        history.history.note(
            Result("shelf", state=state, at=now + at, message="empty" if at == 3_600 else "")
        )
    body = " ".join(text("?check=tests.health_page.checks.Shelf").split())
    assert "2027-01-15 09:02:00 UTC" in body
    assert "for 2 minutes" in body
    assert "empty" in body


def test_the_fragment_is_what_the_script_puts_in_place() -> None:
    body = text("?fragment=1")
    assert "<html" not in body
    assert 'data-key="shelf"' in body


def test_links_to_other_formats_keep_what_was_asked(settings: Any) -> None:
    settings.WATCHMAN_TOKENS = "a-token-of-mine"
    body = text("?watchman-token=a-token-of-mine&skip=caches&fragment=&kiosk")
    assert "format=" not in body  # a fragment has no links
    body = text("?watchman-token=a-token-of-mine&skip=caches")
    assert "../?watchman-token=a-token-of-mine&amp;skip=caches&amp;format=json" in body


def test_with_nothing_to_check_the_page_says_which_there_are(settings: Any) -> None:
    response = Client().get(URL + "?check=nothing")
    assert response.status_code == 404
    assert "shelf, doors, closed" in response.content.decode()
    settings.WATCHMAN_CHECKS = []
    assert "WATCHMAN_CHECKS" in Client().get(URL).content.decode()


def test_on_a_wall_there_is_no_navigation() -> None:
    body = text("?kiosk")
    assert 'class="metrics kiosk"' in body
    assert "OpenMetrics" not in body


def test_a_hundred_checks_are_a_page(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = [("tests.health.samples.Level", {"name": f"level{n}"}) for n in range(100)]
    assert text().count('class="card ok"') == 100
