"""Tags of a record for a time series store: only values of which there are few.

Each distinct combination of tags is a series, which costs such a store memory for as long as it keeps it.
A tag's value depends on the record alone, never on what came before: the same record written again, by
another process too, has the same tags and is the same point. What a rule does not let through becomes
``_other``, and the value goes into a field beside it, named as the tag with ``_text`` behind it.

A tag that comes from the user agent or the address is as steady as what they are read with: a record that is
enriched a second time, with a newer GeoIP database, may become a second point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django_metrics_statsd.hits.records import EventRecord, HitRecord, TimingRecord
from django_metrics_statsd.hits.storages.families import BROWSERS, SYSTEMS
from django_metrics_statsd.names import METHODS

OTHER = "_other"
SCOPES = frozenset({"superuser", "staff", "users", "public"})

_MAX_WORD = 64
_COUNTRY = re.compile(r"[A-Z]{2}|unknown")
#: Names of kinds have no such numbers; names of single things do: "Order 12345 paid".
_NUMBER = re.compile(r"\d{4}")

Rule = Callable[[str], bool]


def named_in_code(value: str) -> bool:
    """Whether it can be a tag at all: some printable text.

    Enough for what only the site's code can name, such as views and routes. A backslash at the end cannot be
    written in line protocol: it would escape what follows.
    """
    return value.isprintable() and not value.endswith("\\")


def names_a_kind(value: str) -> bool:
    """Whether it looks like the name of a kind of thing, not of a thing: short, and without a long number."""
    return len(value) <= _MAX_WORD and named_in_code(value) and not _NUMBER.search(value)


#: The tags of each measurement, in the order of their names, as servers like it (InfluxDB's docs), and the
#: rule that a value has to obey.
HIT_TAGS: dict[str, Rule] = {
    "browser": BROWSERS.__contains__,
    "country_code": lambda value: bool(_COUNTRY.fullmatch(value)),
    "device_kind": named_in_code,
    "is_authenticated": named_in_code,
    "is_bot": named_in_code,
    "method": METHODS.__contains__,
    "module": named_in_code,
    "os": SYSTEMS.__contains__,
    "route": named_in_code,
    "site": named_in_code,
    "status_code": named_in_code,
    "view": named_in_code,
}
EVENT_TAGS: dict[str, Rule] = {
    "bucket": names_a_kind,
    "event_class": names_a_kind,
    "method": METHODS.__contains__,
    "model": named_in_code,
    "scope": SCOPES.__contains__,
    "site": named_in_code,
}
TIMING_TAGS: dict[str, Rule] = {
    "client": names_a_kind,
    "connection": names_a_kind,
    "country": lambda value: bool(_COUNTRY.fullmatch(value)),
    "device": names_a_kind,
    "navigation": names_a_kind,
    "route": named_in_code,
    "site": named_in_code,
}


def hit_values(hit: HitRecord) -> tuple[object, ...]:
    """Return what decides on the tags of a hit; the same for hits with the same tags, and quick."""
    ua, geo = hit.ua, hit.geo
    return (
        *(hit.site, hit.method, hit.module, hit.route, hit.view, hit.status_code, hit.is_authenticated),
        geo.country_code if geo is not None else "",
        *(() if ua is None else (ua.browser, ua.os, ua.is_bot, ua.is_tablet, ua.is_mobile, ua.is_pc)),
    )


def hit_tags(hit: HitRecord) -> dict[str, str]:
    """Return the values of a hit's tags, before the rules; those without a value are empty."""
    ua, geo = hit.ua, hit.geo
    return {
        "browser": ua.browser if ua is not None else "",
        "country_code": geo.country_code if geo is not None else "",
        "device_kind": device_kind(hit),
        "is_authenticated": _boolean(hit.is_authenticated),
        "is_bot": _boolean(ua.is_bot) if ua is not None else "",
        "method": hit.method,
        "module": hit.module,
        "os": ua.os if ua is not None else "",
        "route": hit.route,
        "site": hit.site,
        "status_code": str(hit.status_code),
        "view": hit.view,
    }


def device_kind(hit: HitRecord) -> str:
    """Return ``bot``, ``tablet``, ``mobile``, ``pc`` or ``other``; empty where the agent is not parsed."""
    ua = hit.ua
    if ua is None:
        return ""
    kinds = (("bot", ua.is_bot), ("tablet", ua.is_tablet), ("mobile", ua.is_mobile), ("pc", ua.is_pc))
    return next((kind for kind, is_one in kinds if is_one), "other")


def own_tags(record: EventRecord | TimingRecord, rules: dict[str, Rule]) -> dict[str, str]:
    """Return the values of the tags that are fields of the record, before the rules."""
    return {name: getattr(record, name) for name in rules}


def ruled(values: dict[str, str], rules: dict[str, Rule]) -> Iterator[tuple[str, str, str]]:
    """Yield each tag that has a value: its name, the value it gets, and what that stands for, if another."""
    for name, value in values.items():
        if value and rules[name](value):
            yield name, value, ""
        elif value:
            yield name, OTHER, value


def _boolean(value: bool) -> str:
    return "true" if value else "false"
