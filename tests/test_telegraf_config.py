"""The templates for Telegraf, held against the names that the package really emits."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.everything import Line, received

FILE = Path(__file__).parents[1] / "docs/files/telegraf.conf"


def telegraf(templates: list[str], line: Line) -> tuple[str, dict[str, str]] | None:
    """What Telegraf makes of a name: the first filter that fits; parts are named by the template's."""
    parts = line.name.split(".")
    for template in templates:
        pattern, _, keys = template.partition(" ")
        if re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), line.name):
            pairs = list(zip(keys.split("."), parts, strict=False))
            measurement = "_".join(part for key, part in pairs if key == "measurement")
            return measurement, {key: part for key, part in pairs if key != "measurement"}
    return None


@pytest.mark.django_db
def test_telegraf_names_the_parts() -> None:
    """Each family becomes one measurement, and the parts of its names are tags."""
    config = tomllib.loads(FILE.read_text())
    templates = config["inputs"]["statsd"][0]["templates"]
    stats = {line.name: telegraf(templates, line) for line in received()}
    assert stats["response.200"] == ("response", {"status": "200"})
    assert stats["response.auth.200"] == ("response_auth", {"status": "200"})
    assert stats["view.GET"] == ("view", {})
    assert stats["cache.locmem.get"] == ("cache", {"backend": "locmem", "operation": "get"})
    assert stats["db.sqlite3.default.commit"] == (
        "db", {"executable": "sqlite3", "alias": "default", "operation": "commit"},
    )  # fmt: skip
    assert stats["db.sqlite3.default.execute.select"] == (
        "db", {"executable": "sqlite3", "alias": "default", "operation": "execute", "verb": "select"},
    )  # fmt: skip
    assert stats["django_metrics_statsd.dropped.name"] == (
        "django_metrics_statsd_dropped", {"reason": "name"},
    )  # fmt: skip
    unnamed = {name.partition(".")[0] for name, found in stats.items() if found is None}
    assert unnamed == {"celery", "django_metrics_statsd", "health", "ping"}
