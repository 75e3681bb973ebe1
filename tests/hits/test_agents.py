"""The fast road gives user_agents.parse's answers, every one of them, and is_bot knows more bots."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import user_agents
from hypothesis import given
from hypothesis import strategies as st
from ua_parser import user_agent_parser

from django_metrics_statsd.hits.enrichment import agents
from django_metrics_statsd.hits.records import AGENT, NAME, UserAgent

TEXT = Path(__file__).with_name("data").joinpath("user_agents.txt").read_text(encoding="utf-8")
STRINGS = [line for line in TEXT.split("\n") if line and not line.startswith("# ")]
EMPTY_AND_ODD = ["", " ", "\t", "Mozilla/5.0\r\nX: y", "\x00", "Firefox/1\n", "\ud800", "é" * 600, "x" * 600]
#: Pieces that the rules look for, which hypothesis puts together to what nobody ever wrote.
PIECES = sorted({piece for line in STRINGS for piece in line.replace(";", " ").split(" ") if piece.isascii()})

FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:55.0) Gecko/20100101 Firefox/55.0"
APPLEBOT = next(line for line in STRINGS if "Applebot" in line)
CUBOT = next(line for line in STRINGS if "CUBOT" in line)

#: Names in our strings of bots that this or an earlier version of the package does not take for any.
MISSED = (
    "ChatGPT-User", "Claude-User", "Perplexity-User", "MistralAI-User", "anthropic-ai", "Claude-Web",
    "cohere-ai", "GoogleOther", "meta-externalagent", "meta-externalfetcher", "meta-webindexer", "Applebot",
    "Amazonbot", "Google-InspectionTool", "Google-Site-Verification", "Google-Read-Aloud", "APIs-Google",
    "FeedFetcher-Google", "Site24x7", "PingdomTMS", "DatadogSynthetics", "NewRelicPinger", "kube-probe",
    "ELB-HealthChecker", "Route53-Health-Check", "GoogleStackdriverMonitoring", "Uptime-Kuma", "updown.io",
    "Blackbox Exporter", "check_http", "Zabbix", "Cloudflare-Healthchecks", "HeadlessChrome", "PhantomJS",
    "Chrome-Lighthouse", "HetrixTools",
)  # fmt: skip


def theirs(text: str) -> UserAgent:
    """What the package itself says, as we write it."""
    agent = user_agents.parse(text)
    return UserAgent(
        os=agent.os.family,
        os_version=agent.os.version_string,
        browser=agent.browser.family,
        browser_version=agent.browser.version_string,
        device=agent.device.family,
        is_pc=agent.is_pc,
        is_mobile=agent.is_mobile,
        is_tablet=agent.is_tablet,
        is_touch=agent.is_touch_capable,
        is_bot=agent.is_bot,
    )


def ours(text: str) -> UserAgent:
    """What the fast road says, or the package where that is not taken; without what we know of bots."""
    found = agents.parse(text)
    return UserAgent(**{**as_dict(found), "is_bot": found.is_bot and theirs(text).is_bot})


def as_dict(agent: UserAgent) -> dict[str, Any]:
    return {name: getattr(agent, name) for name in agent.__struct_fields__}


def all_of(agent: Any) -> tuple[Any, ...]:
    """Everything that the package's object knows, its properties too."""
    flags = ("is_pc", "is_mobile", "is_tablet", "is_touch_capable", "is_bot", "is_email_client")
    return agent.os, agent.browser, agent.device, str(agent), *(getattr(agent, flag) for flag in flags)


def test_the_rust_part_is_here_and_there_are_hundreds_of_strings() -> None:
    assert agents._indexes() is not None
    assert len(STRINGS) == len(set(STRINGS)) > 450
    assert sum(map(agents._can_be_fast, STRINGS)) > 450


def test_the_answers_are_those_of_the_package() -> None:
    texts = [text[:AGENT] for text in (*STRINGS, *EMPTY_AND_ODD)]
    assert [text for text in texts if ours(text) != theirs(text)] == []


def test_the_fast_road_finds_what_the_package_finds_in_every_detail() -> None:
    texts = [text for text in STRINGS if agents._can_be_fast(text)]
    assert [text for text in texts if all_of(agents._fast(text)) != all_of(user_agents.parse(text))] == []


@pytest.mark.parametrize("text", ["x" * 600, "é" * 600, APPLEBOT + "y" * 600])
def test_of_a_long_text_the_first_characters_count(text: str) -> None:
    assert agents.parse(text) is agents.parse(text[:AGENT])


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join).map(lambda text: text[:AGENT]))
def test_the_fast_road_agrees_on_what_nobody_ever_wrote(text: str) -> None:
    user_agent_parser._PARSE_CACHE.clear()
    assert all_of(agents._fast(text)) == all_of(user_agents.parse(text))


@given(st.text(max_size=700))
def test_nothing_that_is_sent_raises_and_all_that_comes_fits_its_column(text: str) -> None:
    for value in as_dict(agents.parse(text)).values():
        assert isinstance(value, bool) or len(value) <= NAME


def test_a_digit_that_the_package_cannot_count_with_is_no_error() -> None:
    text = "ArcGIS Pro 3.1.² (Windows NT 10.0)"
    with pytest.raises(ValueError, match="invalid literal"):
        user_agents.parse(text)
    assert agents.parse(text) == UserAgent()
    assert agents.parse(text + " somebot/1").is_bot is True


def test_a_long_device_is_cut() -> None:
    found = agents.parse(f"Mozilla/5.0 (Linux; Android 9; {'x' * 900}) AppleWebKit/537.36")
    assert max(len(found.device), len(found.browser)) <= NAME


def test_a_rule_that_rust_takes_too_early_is_passed_over_as_the_package_does() -> None:
    # "bot" stands too far to the right for the package's rule of spiders, of which Rust drops the bound.
    index = agents._indexes()
    assert index is not None
    hint = index[2]._extractor.extract(APPLEBOT)
    assert user_agent_parser.DEVICE_PARSERS[int(hint.family)].Parse(APPLEBOT)[0] is None
    assert agents.parse(APPLEBOT).device == "Mac"


def test_without_the_rust_part_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = [agents.parse(text) for text in STRINGS[::10]]
    monkeypatch.setitem(sys.modules, "ua_parser_rs", None)
    agents._indexes.cache_clear()
    agents.forget()
    try:
        assert agents._indexes() is None
        assert [agents.parse(text) for text in STRINGS[::10]] == fast
    finally:
        monkeypatch.undo()
        agents._indexes.cache_clear()
        agents.forget()


def test_rules_that_rust_cannot_read_cost_speed_alone(
    monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    strange = user_agent_parser.OSParser(r"(?<=Ubuntu)(;)")
    monkeypatch.setattr(user_agent_parser, "OS_PARSERS", [strange, *user_agent_parser.OS_PARSERS])
    agents._indexes.cache_clear()
    agents.forget()
    try:
        assert agents.parse(FIREFOX).browser == "Firefox"
        assert faults == {"hits.agents": 1}
    finally:
        monkeypatch.undo()
        user_agent_parser._PARSE_CACHE.clear()
        agents._indexes.cache_clear()
        agents.forget()


def test_answers_are_remembered_and_only_so_many() -> None:
    agents.forget()
    assert agents.parse(FIREFOX) is agents.parse(FIREFOX + "")
    assert agents._parse.cache_info().maxsize == agents.REMEMBERED
    agents.forget()
    assert agents._parse.cache_info().currsize == 0


def test_the_hit_of_the_seed_is_what_it_was() -> None:
    assert agents.parse(FIREFOX) == UserAgent(
        os="Ubuntu", browser="Firefox", browser_version="55.0", device="Other", is_pc=True
    )


@pytest.mark.parametrize("name", MISSED)
def test_bots_that_the_package_misses_or_once_missed_are_bots(name: str) -> None:
    lines = [line for line in STRINGS if name.lower() in line.lower()]
    assert lines
    assert [line for line in lines if not agents.parse(line).is_bot] == []


def test_what_the_package_takes_for_a_bot_stays_one_and_only_bots_are_added() -> None:
    added = [line for line in STRINGS if agents.parse(line).is_bot and not theirs(line).is_bot]
    missed = [line for line in STRINGS if theirs(line).is_bot and not agents.parse(line).is_bot]
    marks = (
        "bot",
        "crawl",
        "spider",
        "+http",
        "+ http",
        "mediapartners",
        *(name.lower() for name in MISSED),
    )
    assert missed == []
    assert [line for line in added if not any(mark in line.lower() for mark in marks)] == []


@pytest.mark.parametrize(
    "text",
    [
        CUBOT,
        "curl/8.5.0",
        "python-requests/2.32.3",
        "Mozilla/5.0 (Linux; Android 9; Cubot_J9) Safari/537.36",
        FIREFOX,
    ],
)
def test_telephones_called_cubot_and_programs_are_no_bots(text: str) -> None:
    assert agents.parse(text).is_bot is False


def test_the_setting_adds_bots(settings: Any) -> None:
    assert agents.parse("HouseMonitor/2").is_bot is False
    settings.WT_BOTS = [r"housemonitor/\d", "(?x) caretaker | watchman"]
    assert agents.parse("HouseMonitor/2").is_bot is True
    assert agents.parse("Watchman").is_bot is True
    settings.WT_BOTS = []
    assert agents.parse("HouseMonitor/2").is_bot is False
