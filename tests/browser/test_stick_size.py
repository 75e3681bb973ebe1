"""stick.js is small as it is shipped, comments and all."""

from __future__ import annotations

import gzip
from pathlib import Path

import django_metrics_statsd

STICK = Path(django_metrics_statsd.__file__).parent / "static/django_metrics_statsd/stick.js"


def test_stick_has_three_kibibytes_at_most() -> None:
    # With the file's name in it, as `gzip -9` writes it.
    assert len(gzip.compress(STICK.read_bytes(), 9)) + len(STICK.name) + 1 <= 3 * 1024


def test_stick_makes_no_code_of_text() -> None:
    text = STICK.read_text()
    assert not [word for word in ("eval(", "Function(", "innerHTML", "document.cookie") if word in text]
