"""What a user agent is: the answers of the user-agents package, found faster where it can be, and remembered.

That package asks ua-parser's older interface, which tries a thousand regular expressions one by one. Where
ua-parser's Rust part is installed (``ua-parser[regex]``), it says which of them is the first to fit, and only
that one is tried. The Rust part reads a bounded repetition such as ``.{0,100}`` as an unbounded one
(github.com/ua-parser/uap-rust, release 0.2.1 of ua-parser), so it may name one too early, never too late;
the search goes on from there as the package's own would. So the answers are its own, which a test shows.

``is_bot`` knows more than the package, which misses crawlers whose name stands far to the right (Applebot,
Amazonbot), what fetches pages for an assistant (ChatGPT-User, Claude-User) and most monitors: `BOTS`
and the setting ``WT_BOTS``. Programs such as curl are none: they may well work for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import import_module
from itertools import islice
from typing import Any

import user_agents
from ua_parser import user_agent_parser as rules
from user_agents import parsers

from django_metrics_statsd.hits.conf import conf, on_change
from django_metrics_statsd.hits.records import AGENT, NAME, UserAgent
from django_metrics_statsd.safety import failed

#: How many user agents are remembered.
REMEMBERED = 10_000

#: What bots write of themselves, in any case of letters. Cubot makes telephones; a URL after a plus sign is
#: how crawlers say who they are, and no browser has one.
BOTS = (
    r"(?<!\bcu)bot(?![a-z])",
    r"crawler|spider",
    r"\+ ?https?://",
    # What trains or feeds language models, and does not call itself a bot.
    r"ChatGPT-User|Claude-(?:User|Web)|anthropic-ai|Perplexity-User|MistralAI-User|cohere-(?:ai|training)",
    r"GoogleOther|meta-(?:external|webindexer)|AmazonProductDiscovery|Spawning-AI",
    # What looks whether a site is up, or how it does.
    r"kube-probe|ELB-HealthChecker|Route53-Health-Check|GoogleStackdriverMonitoring|Cloudflare-Healthchecks",
    r"Site24x7|PingdomTMS|DatadogSynthetics|NewRelicPinger|HetrixTools|Uptime-?Kuma|updown\.io|Better Uptime",
    r"Blackbox[ -]Exporter|check_http/|Zabbix|RuxitSynthetic|Chrome-Lighthouse",
    r"Google-(?:InspectionTool|Read-Aloud|Site-Verification)|(?:Feedfetcher|Mediapartners|APIs)-Google",
    # Browsers that nobody sits before.
    r"HeadlessChrome|PhantomJS",
)


def parse(user_agent: str) -> UserAgent:
    """Return what is known of a user agent, of which the first `AGENT` characters are read.

    The same object is given to all who ask for the same text: it is not to be changed.
    """
    return _parse(user_agent[:AGENT])


@lru_cache(REMEMBERED)
def _parse(text: str) -> UserAgent:
    is_bot = any(pattern.search(text) for pattern in _bots())
    try:
        agent = _fast(text) if _can_be_fast(text) else user_agents.parse(text)
    except ValueError:  # the package takes "²" for a digit, and int() does not
        return UserAgent(is_bot=is_bot)
    return UserAgent(
        os=agent.os.family[:NAME],
        os_version=agent.os.version_string[:NAME],
        browser=agent.browser.family[:NAME],
        browser_version=agent.browser.version_string[:NAME],
        device=agent.device.family[:NAME],
        is_pc=agent.is_pc,
        is_mobile=agent.is_mobile,
        is_tablet=agent.is_tablet,
        is_touch=agent.is_touch_capable,
        is_bot=is_bot or agent.is_bot,
    )


@cache
def _bots() -> list[re.Pattern[str]]:
    """Return our patterns as one, and those of the settings, which may have flags of their own."""
    patterns = ("|".join(BOTS), *conf.WT_BOTS)
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]


def _can_be_fast(text: str) -> bool:
    """Whether Rust and Python read a text alike: other letters than ASCII's, and line ends, they do not."""
    return text.isascii() and text.isprintable() and _indexes() is not None


def _fast(text: str) -> Any:
    """Return the package's own object, with the browser, system and device that it would have found."""
    indexes = _indexes()
    assert indexes is not None
    browser, system, device = (index.first(text) for index in indexes)
    agent = parsers.UserAgent.__new__(parsers.UserAgent)
    agent.ua_string = text
    agent.browser = parsers.parse_browser(browser[0] or "Other", *(part or None for part in browser[1:4]))
    agent.os = parsers.parse_operating_system(system[0] or "Other", *system[1:])
    agent.device = parsers.parse_device("Other" if device[0] is None else device[0], *device[1:3])
    return agent


class Index:
    """The package's rules of one kind, and which one is the first to fit a text."""

    def __init__(self, rules_in_order: list[Any], extractor: Any) -> None:
        self._rules, self._extractor = rules_in_order, extractor

    def first(self, text: str) -> tuple[str | None, ...]:
        """Return what the first rule that fits makes of a text: its family and what follows, or Nones."""
        hint = self._extractor.extract(text)
        found: tuple[str | None, ...] = (None,) * 5
        if hint is not None:
            for rule in islice(self._rules, int(hint.family), None):
                found = rule.Parse(text)
                if found[0]:
                    break
        return found


def _numbered(rules_in_order: list[Any], *, flags: bool = False) -> Iterator[tuple[str | None, ...]]:
    """Yield rules as Rust takes them, but with their numbers as the families that they would find."""
    for number, rule in enumerate(rules_in_order):
        pattern = rule.user_agent_re
        if flags:
            yield pattern.pattern, "i" if pattern.flags & re.IGNORECASE else None, str(number), None, None
        else:
            yield pattern.pattern, str(number), None, None, None, None


@cache
def _indexes() -> tuple[Index, Index, Index] | None:
    """Return the indexes of browsers, systems and devices; None without the Rust part. Takes 0.2 s."""
    try:
        rust = import_module("ua_parser_rs")
    except ImportError:
        return None
    browsers, systems, devices = rules.USER_AGENT_PARSERS, rules.OS_PARSERS, rules.DEVICE_PARSERS
    try:
        return (
            Index(browsers, rust.UserAgentExtractor(_numbered(browsers))),
            Index(systems, rust.OSExtractor(_numbered(systems))),
            Index(devices, rust.DeviceExtractor(_numbered(devices, flags=True))),
        )
    except Exception:  # UA_PARSER_YAML may bring rules that Rust does not read
        failed("hits.agents")
        return None


def forget() -> None:
    """Forget every answer, and the bots of the settings."""
    _bots.cache_clear()
    _parse.cache_clear()


on_change(forget)
