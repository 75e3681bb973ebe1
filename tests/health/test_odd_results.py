"""What checks return and raise that no format expects; every answer is given all the same."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from django_metrics_statsd.health.checks import Check, Fail, Warn
from django_metrics_statsd.health.cleaning import DEEPEST, plain
from django_metrics_statsd.health.decorators import check
from django_metrics_statsd.health.loading import Broken, loaded
from django_metrics_statsd.health.results import State
from django_metrics_statsd.health.running import found_by

pytestmark = pytest.mark.django_db

#: From its `acceptHeader`, scrape/scrape.go.
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


def returning(value: Any) -> Callable[[], Any]:
    def sample() -> Any:
        return value

    return sample


def status(settings: Any, *checks: Any, query: str = "") -> Any:
    settings.WATCHMAN_CHECKS = list(checks)
    settings.DEBUG = True
    return Client().get(f"/watchman/{query}")


@pytest.mark.parametrize("bad", [0, None, "", []])
def test_what_is_false_is_a_failure_whatever_its_type(settings: Any, bad: Any) -> None:
    settings.WATCHMAN_ERROR_CODE = 500
    response = status(settings, returning({"warehouse": {"ok": bad, "rows": 3}}))
    assert response.status_code == 500
    assert response.json()["warehouse"]["state"] == "fail"
    assert response.json()["warehouse"]["rows"] == 3
    assert status(settings, returning({"ok": bad})).status_code == 500


def test_a_check_may_be_called_ok(settings: Any) -> None:
    assert status(settings, returning({"ok": {"ok": True}})).json()["ok"]["state"] == "ok"


@pytest.mark.parametrize("query", ["", "?format=text", "?format=openmetrics", "?format=atom", "dashboard/"])
def test_values_that_json_cannot_write_are_written_as_text(settings: Any, query: str) -> None:
    day, odd = dt.date(2026, 11, 26), float("nan")
    strange = {
        "sales": {"ok": True, "by_day": {day: 5}, "share": odd, "file": "caf\udce9", "set": {1}},
        "flags": {day: {"deep": odd}},
        "red\x1b[31m": {"ok": False, "error": "\x1b[31mred\x00"},
    }
    response = status(settings, returning(strange), query=query)
    assert response.status_code == 200
    if not query:
        found = json.loads(response.content, parse_constant=pytest.fail)
        assert found["sales"]["by_day"] == {"2026-11-26": 5}
        assert (found["sales"]["share"], found["sales"]["file"]) == ("nan", "caf\ufffd")
        assert found["flags"] == {"2026-11-26": {"deep": "nan"}}


def test_values_are_cleaned_to_a_depth() -> None:
    deep: Any = {}
    deep["again"] = deep
    assert str(plain(deep)).count("again") == DEEPEST + str(deep).count("again")


def test_the_feed_has_an_author_and_says_messages_as_text(settings: Any) -> None:
    bad = returning({"a": {"ok": False, "error": "<script>alert(1)</script> \x1b[1m"}})
    status(settings, bad)
    feed = ET.fromstring(status(settings, bad, query="?format=atom").content)
    atom = "{http://www.w3.org/2005/Atom}"
    assert feed.findtext(f"{atom}author/{atom}name")
    assert {link.get("rel") for link in feed.findall(f"{atom}link")} == {"alternate", "self"}
    summary = feed.find(f"{atom}entry/{atom}summary")
    assert summary is not None
    assert summary.get("type") == "html"
    assert summary.text == "&lt;script&gt;alert(1)&lt;/script&gt; \ufffd[1m"


@pytest.mark.parametrize("kind", [Fail, Warn])
def test_a_finding_may_be_given_an_exception(settings: Any, kind: type[Fail | Warn]) -> None:
    def sample() -> None:
        raise kind(ValueError("the shelf fell down"))  # type: ignore[arg-type]

    told = status(settings, sample).json()["sample"]
    assert told["state"] == kind.state
    assert told["error" if kind is Fail else "message"] == "the shelf fell down"
    assert check(sample)()["error"] == "the shelf fell down"


def test_the_decorator_hides_no_failure_of_a_class() -> None:
    class Shelf(Check):
        @check
        def run(self) -> None:
            raise ValueError("fell down")

    (found,) = found_by(shelf := Shelf(), "", shelf.run)
    assert (found.state, found.message) == (State.FAIL, "fell down")


def test_closures_and_partials_are_each_run(settings: Any) -> None:
    settings.WATCHMAN_ERROR_CODE = 500
    good, bad = ({name: {"ok": name == "good"}} for name in ("good", "bad"))
    response = status(settings, returning(good), returning(bad))
    assert response.status_code == 500
    assert set(response.json()) == {"good", "bad"}
    response = status(settings, partial(dict, good), partial(dict, bad))
    assert response.status_code == 500
    assert set(response.json()) == {"good", "bad"}


def test_two_checks_of_one_name_do_not_hide_each_other(settings: Any) -> None:
    many = [("disk", {"path": "/", "fail": 0, "warn": 0}), ("disk", {"path": "/", "fail": 101})]
    found = status(settings, *many).json()
    assert {name: each["state"] for name, each in found.items()} == {"disk": "ok", "disk_2": "fail"}
    assert loaded.now.renamed == [("disk", "disk_2")]
    text = status(settings, *many, query="?format=openmetrics").content.decode().splitlines()
    assert len(text) == len(set(text))


def test_a_check_of_two_groups_keeps_its_name_in_each(settings: Any) -> None:
    many = [("disk", {"path": "/"}), ("disk", {"path": "/", "fail": 101})]
    settings.WATCHMAN_CHECKS = ["databases", *many]
    settings.WATCHMAN_GROUPS = {"ready": [("databases", {"timeout": 1}), *many]}
    assert [named.check.name for named in loaded.now.groups["ready"]] == ["databases", "disk", "disk_2"]
    assert loaded.now.groups["ready"][1:] == loaded.now.all[1:]
    assert loaded.now.renamed == [("disk", "disk_2")]


def test_two_functions_that_return_one_key_do_not_hide_each_other(settings: Any) -> None:
    settings.WATCHMAN_ERROR_CODE = 500
    response = status(settings, returning({"a": {"ok": False}}), returning({"a": {"ok": True}}))
    assert response.status_code == 500
    assert {name: each["ok"] for name, each in response.json().items()} == {"a": False, "a_2": True}


def test_a_check_that_cannot_be_had_does_not_grow() -> None:
    broken = Broken("shop.nowhere", ImportError("nothing there"))
    sizes = []
    for _ in range(3):
        (found,) = found_by(broken, "", broken.run)
        sizes.append(len(found.stacktrace))
    assert sizes[0] == sizes[1] == sizes[2]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (("disk", {"timeout": "8"}), "timeout is '8'"),
        (("disk", {"timeout": 0}), "timeout is 0"),
        (("databases", {"aliases": "default"}), "aliases is 'default'; write a list: ['default']"),
        (("celery_queue", {"queues": "celery"}), "queues is 'celery'"),
        (("http", {"url": "http://localhost/a b"}), "has a space"),
        (("disk", {"nonsense": 1}), "nonsense"),
    ],
)
def test_a_wrong_option_fails_that_check_and_is_named(settings: Any, spec: Any, said: str) -> None:
    response = status(settings, spec, returning({"a": {"ok": True}}))
    assert response.status_code == 200
    (told,) = (each for name, each in response.json().items() if name != "a")
    assert told["state"] == "fail"
    assert said in told["error"]


def test_options_change_a_copy_of_a_ready_object(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = [("tests.health.samples.nearly_full", {"name": "other"})]
    (named,) = loaded.now.all
    assert (named.check.name, named.check.warn) == ("other", 7)  # type: ignore[attr-defined]
    from tests.health.samples import nearly_full

    assert nearly_full.name == "disk"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (PROMETHEUS_3, "application/openmetrics-text"),
        ("text/plain;version=0.0.4;q=1,*/*;q=0.1", "application/openmetrics-text"),  # VictoriaMetrics
        ("text/plain; charset=utf-8", "text/plain"),
        ("*/*, text/plain", "text/plain"),
        ("text/plain;q=0, */*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_accept_is_read_without_its_parameters(settings: Any, accept: str, kind: str) -> None:
    settings.WATCHMAN_CHECKS = [returning({"a": {"ok": True}})]
    assert Client().get("/watchman/", HTTP_ACCEPT=accept)["Content-Type"].startswith(kind)


def test_an_unknown_format_is_refused_before_anything_runs(settings: Any) -> None:
    ran: list[int] = []
    response = status(settings, partial(ran.append, 1), query="?format=xml")
    assert (response.status_code, ran) == (400, [])
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WATCHMAN_TOKENS", [None]),
        ("WATCHMAN_TOKENS", 12345),
        ("WATCHMAN_TOKEN", b"secret"),
        ("WATCHMAN_AUTH_DECORATOR", "staff_member_required"),
    ],
)
@pytest.mark.parametrize("path", ["", "dashboard/"])
def test_a_wrong_guard_lets_nobody_in(settings: Any, name: str, value: Any, path: str) -> None:
    setattr(settings, name, value)
    assert Client().get(f"/watchman/{path}").status_code == 403
    assert Client().get("/watchman/ready/").status_code == 200


@pytest.mark.parametrize("query", ["?group=typo", "?check=typo", "?group=ready&skip=databases&skip=caches"])
def test_a_choice_that_leaves_nothing_is_not_health(query: str) -> None:
    assert Client().get(f"/bare/{query}").status_code == 404


def test_an_empty_group_is_health() -> None:
    assert Client().get("/bare/?group=live").status_code == 200


def test_a_paid_check_runs_once_in_five_minutes(settings: Any, mailoutbox: Any) -> None:
    settings.WATCHMAN_CACHE_SECONDS = 0.001
    settings.WATCHMAN_CHECKS = ["email"]
    for _ in range(3):
        assert Client().get("/watchman/").json()["email"]["ok"]
        time.sleep(0.002)
    assert len(mailoutbox) == 1
