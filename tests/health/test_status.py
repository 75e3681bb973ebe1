"""The status as django-watchman's users know it, and what it has beyond that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client, RequestFactory

from django_metrics_statsd import __version__
from django_metrics_statsd.health import views
from tests.health import samples

pytestmark = pytest.mark.django_db

SAMPLES = "tests.health.samples."


def ask(query: str = "", **extra: Any) -> Any:
    return Client().get(f"/watchman/{query}", **extra)


def test_the_status_has_the_shape_of_the_seed() -> None:
    response = ask()
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json() == {
        "caches": [{"default": {"ok": True, "state": "ok"}}],
        "databases": [{"default": {"ok": True, "state": "ok"}}],
        "storage": {"ok": True, "state": "ok"},
    }


def test_with_debug_the_status_tells_how_long_each_took(settings: Any) -> None:
    settings.DEBUG = True
    status = ask().json()
    assert status["storage"]["duration_ms"] > 0
    assert status["databases"][0]["default"]["duration_ms"] > 0


def test_a_custom_check_puts_its_keys_into_the_json(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = (SAMPLES + "my_check",)
    assert ask().json() == {"x": 1}


def test_a_decorated_check_that_raises_has_its_functions_name(settings: Any) -> None:
    settings.DEBUG = True
    settings.WATCHMAN_CHECKS = (SAMPLES + "broken",)
    status = ask().json()["broken"]
    assert status["ok"] is False
    assert status["error"] == "the shelf fell down"
    assert "ValueError" in status["stacktrace"]


def test_a_check_that_raises_without_the_decorator_fails_alone(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = (SAMPLES + "bare_broken", SAMPLES + "my_check")
    response = ask()
    assert response.status_code == 200
    assert response.json() == {"bare_broken": {"ok": False, "state": "fail"}, "x": 1}


def test_a_function_may_return_statuses_and_lists_of_parts(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = (SAMPLES + "search",)
    settings.DEBUG = True
    status = ask().json()
    assert status["search"]["documents"] == 12
    assert status["suggestions"][0]["en"]["error"] == "empty"


@pytest.mark.parametrize("name", ["Shelves", "Level", "Slow", "Doors", "gently"])
def test_checks_may_be_classes_and_coroutines(settings: Any, name: str) -> None:
    settings.WATCHMAN_CHECKS = (SAMPLES + name,)
    assert name.lower() in ask().json()


@pytest.mark.parametrize(
    ("found", "state", "ok"), [(5, "ok", True), (2, "warn", True), (0, "fail", False), (-1, "skipped", True)]
)
def test_a_check_says_how_it_went(settings: Any, found: int, state: str, ok: bool) -> None:
    settings.WATCHMAN_CHECKS = [(SAMPLES + "Level", {"found": found})]
    assert ask().json() == {"level": {"ok": ok, "state": state}}


def test_check_chooses_by_path_old_path_and_name() -> None:
    for name in ("watchman.checks.caches", "django_metrics_statsd.health.checks.caches", "caches"):
        assert list(ask(f"?check={name}").json()) == ["caches"]
    assert list(ask("?check=caches&check=watchman.checks.storage").json()) == ["caches", "storage"]


def test_check_takes_none_that_the_settings_do_not_have() -> None:
    assert list(ask("?check=caches&check=watchman.checks.email&check=os.getpid").json()) == ["caches"]


def test_skip_leaves_out() -> None:
    assert list(ask("?skip=watchman.checks.databases&skip=nothing").json()) == ["caches", "storage"]


@pytest.mark.parametrize("query", ["?check=os.getpid", "?check=", "?check=caches&skip=caches", "?group=none"])
def test_with_nothing_left_to_run_the_answer_is_404(query: str) -> None:
    response = ask(query)
    assert response.status_code == 404
    assert response.json() == {"error": 404, "message": "No checks found"}


def test_without_any_checks_the_answer_is_404(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = ()
    assert ask().status_code == 404


def test_old_paths_work_in_settings(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = ("watchman.checks.storage",)
    assert list(ask().json()) == ["storage"]


def test_a_failing_check_is_200_unless_the_settings_say_otherwise(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = (SAMPLES + "broken",)
    assert ask().status_code == 200
    settings.WATCHMAN_ERROR_CODE = 500
    assert ask().status_code == 500


def test_a_warning_is_no_failure(settings: Any) -> None:
    settings.WATCHMAN_ERROR_CODE = 500
    settings.WATCHMAN_CHECKS = [(SAMPLES + "Level", {"found": 2})]
    assert ask().status_code == 200


def test_bare_status_has_no_body(settings: Any) -> None:
    good = Client().get("/bare/")
    assert (good.status_code, good.content) == (200, b"")
    settings.WATCHMAN_CHECKS = (SAMPLES + "broken",)
    assert Client().get("/bare/").status_code == 500
    settings.WATCHMAN_ERROR_CODE = 503
    assert Client().get("/bare/").status_code == 503


def test_ping_answers_pong_and_runs_nothing(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = (SAMPLES + "my_check",)
    before = dict(samples.runs)
    assert Client().get("/watchman/ping/").content == b"pong"
    assert samples.runs == before


def test_head_is_answered_without_a_body() -> None:
    response = Client().head("/watchman/")
    assert (response.status_code, response.content) == (200, b"")


def test_answers_are_never_stored() -> None:
    response = ask()
    assert response["Cache-Control"] == "no-store"
    assert "Accept" in response["Vary"]


def test_the_version_is_for_the_trusted(settings: Any) -> None:
    settings.EXPOSE_WATCHMAN_VERSION = True
    assert "X-Watchman-Version" not in ask()
    settings.WATCHMAN_TOKENS = "a-token-of-mine"
    assert ask("?watchman-token=a-token-of-mine")["X-Watchman-Version"] == __version__


def test_strangers_see_names_and_states_only(settings: Any) -> None:
    checks = ("broken", "bare_broken", "search", "talkative", "Shelves")
    settings.WATCHMAN_CHECKS = [SAMPLES + name for name in checks]
    text = ask().content.decode()
    assert set(json.loads(text)) == {
        "broken", "bare_broken", "search", "suggestions", "build", "flags", "shelves",
    }  # fmt: skip
    for secret in ("fell", "hunter22", "alice", "beta", "12", "7", "ValueError", "duration"):
        assert secret not in text


def test_passwords_are_in_no_answer(settings: Any) -> None:
    settings.DEBUG = True
    settings.WATCHMAN_CHECKS = (SAMPLES + "bare_broken",)
    text = ask().content.decode()
    assert "shop:********@db" in text
    assert "hunter22" not in text


def test_paid_checks_are_asked_for(settings: Any) -> None:
    assert "email" not in ask().json()
    settings.WATCHMAN_ENABLE_PAID_CHECKS = True
    assert ask().json()["email"]["ok"] is True


def test_the_aliases_of_the_settings_are_checked(settings: Any) -> None:
    locmem = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {name: {"BACKEND": locmem, "LOCATION": name} for name in ("default", "b", "a")}
    assert [next(iter(each)) for each in ask("?check=caches").json()["caches"]] == ["a", "b", "default"]
    settings.WATCHMAN_CACHES = {"b": {}}
    assert [next(iter(each)) for each in ask("?check=caches").json()["caches"]] == ["b"]


def test_a_request_opens_no_transaction_and_needs_no_login() -> None:
    assert views.status._non_atomic_requests == {"default"}
    assert bool(views.ready.login_required) is False
    assert bool(views.status.login_required) is True


def test_who_has_a_token_need_not_log_in(settings: Any) -> None:
    settings.WATCHMAN_TOKENS = "a-token-of-mine"
    assert bool(views.status.login_required) is False


def test_the_views_are_left_out_of_stats(server: Any, wire: Any) -> None:
    ask()
    lines = wire.lines()
    assert not [line for line in lines if line.startswith(("view.", "response.", "db.", "cache."))]
    assert [line for line in lines if line.startswith("health.caches.default:") and line.endswith("|ms")]
    assert "health.caches.default.ok:1|c" in lines


def test_a_view_can_be_called_by_itself() -> None:
    assert views.status(RequestFactory().get("/anywhere/")).status_code == 200
