"""How a report is written."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from django_metrics_statsd.health.formats import json as as_json
from django_metrics_statsd.health.formats import openmetrics, text
from django_metrics_statsd.health.results import Report, Result, State

pytestmark = pytest.mark.django_db

REPORT = Report(
    (
        Result("databases", "default", State.OK, 1.5, 1e9),
        Result("databases", "old", State.FAIL, 2.5, 1e9, message="gone", details={"exception": "OSError"}),
        Result('odd "name"\\\n', state=State.SKIPPED, message="not here"),
    )
)


def test_json_for_the_trusted_has_it_all() -> None:
    found = json.loads(as_json.render(REPORT, trusted=True))
    assert found["databases"][1]["old"] == {
        "ok": False, "state": "fail", "duration_ms": 2.5, "exception": "OSError", "error": "gone",
    }  # fmt: skip
    assert found['odd "name"\\\n']["message"] == "not here"


def test_json_takes_whatever_a_check_returns() -> None:
    odd = {"day": date(2026, 1, 2), "thing": re.compile("x"), "n": 1.5}
    found = json.loads(as_json.render(Report((Result("a", details=odd),)), trusted=True))
    assert found["a"]["day"] == "2026-01-02"
    assert "re.compile" in found["a"]["thing"]


def test_text_has_a_line_for_each() -> None:
    assert text.render(REPORT, trusted=False).splitlines()[:3] == [
        "fail", "databases.default: ok", "databases.old: fail",
    ]  # fmt: skip
    assert "databases.old: fail  2.5 ms  gone" in text.render(REPORT, trusted=True)


def test_openmetrics_is_what_its_grammar_asks_for() -> None:
    found = openmetrics.render(REPORT, trusted=True)
    assert found.endswith("# EOF\n")
    assert found.count("# EOF") == 1
    sample = re.compile(
        r'[a-z_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? -?[0-9.]+'
    )
    comment = re.compile(r"# (TYPE [a-z_]+ (gauge|stateset)|UNIT [a-z_]+ seconds|HELP [a-z_]+ .+|EOF)")
    lines = found.splitlines()
    assert [line for line in lines if not sample.fullmatch(line) and not comment.fullmatch(line)] == []
    assert 'django_health_check{check="databases",part="old",django_health_check="fail"} 1' in lines
    assert 'django_health_check_duration_seconds{check="databases",part="old"} 0.002500' in lines


def test_openmetrics_for_strangers_has_no_times() -> None:
    assert "seconds" not in openmetrics.render(REPORT, trusted=False)


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("application/json", "application/json"),
        ("text/plain", "text/plain"),
        ("text/plain;q=0.5, application/json;q=0.4", "text/plain"),
        ("application/atom+xml", "application/atom+xml"),
        (
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
            ),
            "application/openmetrics-text",
        ),
        ("image/png", "application/json"),
        ("no type at all;;;q=x,,", "application/json"),
    ],
)
def test_accept_chooses(accept: str | None, found: str) -> None:
    headers = {} if accept is None else {"accept": accept}
    response = Client().get("/watchman/?check=storage", headers=headers)
    assert response["Content-Type"].partition(";")[0] == found


@pytest.mark.parametrize("name", ["json", "text", "openmetrics", "atom"])
def test_format_goes_before_accept(name: str) -> None:
    response = Client().get(f"/watchman/?check=storage&format={name}", headers={"accept": "text/plain"})
    assert name in response["Content-Type"].replace("plain", "text")


def test_a_format_that_there_is_not_is_named() -> None:
    response = Client().get("/watchman/?format=<script>")
    assert response.status_code == 400
    assert "json, text, openmetrics, atom" in response.json()["message"]


def test_readers_of_metrics_and_feeds_always_get_200(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = ["tests.health.samples.broken"]
    settings.WATCHMAN_ERROR_CODE = 503
    codes = {
        name: Client().get(f"/watchman/?format={name}").status_code
        for name in ("json", "text", "openmetrics", "atom")
    }
    assert codes == {"json": 503, "text": 503, "openmetrics": 200, "atom": 200}


def test_the_feed_has_an_entry_for_each_change(settings: Any) -> None:
    settings.WATCHMAN_TOKENS = "a-token-of-mine"
    url = "/watchman/?format=atom&check=tests.health.samples.Level&watchman-token=a-token-of-mine"
    for found in (5, 0):
        settings.WATCHMAN_CHECKS = [("tests.health.samples.Level", {"found": found})]
        body = Client().get(url).content
    assert b"a-token-of-mine" not in body
    space = {"a": "http://www.w3.org/2005/Atom"}
    feed = ET.fromstring(body)
    assert [entry.text for entry in feed.findall("a:entry/a:title", space)] == ["level: fail", "level: ok"]
    assert feed.find("a:entry/a:summary", space).text == "empty"
    assert len({entry.text for entry in feed.findall("a:entry/a:id", space)}) == 2
    assert body == Client().get(url).content  # ids and times stay the same while nothing changes


def test_the_feed_for_strangers_has_no_messages(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = [("tests.health.samples.Level", {"found": 0})]
    assert b"empty" not in Client().get("/watchman/?format=atom").content
