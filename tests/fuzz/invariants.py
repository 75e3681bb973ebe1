"""What holds for every beacon, whatever was sent."""

from __future__ import annotations

from typing import Any

from django_metrics_statsd import safety
from django_metrics_statsd.beacon import fields
from django_metrics_statsd.clients.base import Record

STATUSES = {204, 400, 403, 405, 413, 415, 429}
REASONS = (
    *("client", "content_type", "method", "not_a_number", "not_finite", "not_whole", "out_of_order"),
    *(
        "out_of_range",
        "repeated",
        "syntax",
        "too_large",
        "too_many_keys",
        "unknown_value",
        "unreadable",
        "privacy",
    ),
)
OURS = "django_metrics_statsd.beacon."
KINDS = set(fields.NAVIGATION_TYPES.values())

HIGHEST = {
    **dict.fromkeys(fields.TIMING_KEYS, fields.MAX_MS),
    **{name: fields.MAX_MS for name, _, _ in fields.SUMMARIES},
    **{fields.VITALS + name: fields.MAX_MS for name in fields.THRESHOLDS},
    fields.VITALS + "CLS": 1000 * fields.MAX_CLS,
}
COUNTS = {
    OURS + "ignored": 1,
    **{f"{OURS}refused.{reason}": 1 for reason in REASONS},
    **{f"{fields.NAVIGATION_TYPE}.{kind}": 1 for kind in KINDS},
    fields.REDIRECT_COUNT: fields.MAX_REDIRECTS,
    **{f"{fields.VITALS}{name}.{word}": 1 for name in fields.THRESHOLDS for word in fields.RATINGS.values()},
}
HIGHEST_OF = {"ms": HIGHEST, "c": COUNTS}
#: No beacon of at most 64 fields makes more of them.
MOST = 140

TAGS = {
    "connection": {*fields.CONNECTIONS, "unknown"},
    "navigation": {*KINDS, "unknown"},
    "device": {"mobile", "tablet", "desktop", "bot", "other", "unknown"},
}


def check(answer: Any, records: list[Record]) -> None:
    """Raise AssertionError unless the answer and what was emitted are as they have to be."""
    assert answer.status_code in STATUSES, answer.status_code
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert not safety.faults, safety.faults
    assert len(records) <= MOST, len(records)
    for record in records:
        check_record(record)
    privacy = OURS + "refused.privacy"  # is no fault of the client's
    failed = any(record.stat.startswith(OURS + "refused.") and record.stat != privacy for record in records)
    assert failed == (answer.status_code >= 400), (answer.status_code, records)
    if answer.status_code == 204:
        assert answer.content == b""


def check_record(record: Record) -> None:
    """Raise AssertionError unless name, value and tags are of ours."""
    highest = HIGHEST_OF[record.kind].get(record.stat)
    assert highest is not None, record
    assert type(record.value) is int, record
    assert 0 <= record.value <= highest, record
    for key, value in record.tags or ():
        assert value in TAGS[key], record
