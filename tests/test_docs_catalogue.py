"""The catalogue of stats in the documentation is what really comes out of a socket."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.everything import emitted, received

PAGE = Path(__file__).parents[1] / "docs/stats.rst"
#: Up to the stats of hits, which `test_docs_hits` looks at.
TEXT, _, _ = PAGE.read_text().partition("\nOf hits and the collector\n")
CATALOGUE = re.compile(r"\* - ``([^`]+)``\n     - (c|ms)\n     - .+\n     -(.*)\n")
PLACEHOLDERS = {
    "status": r"(\d{3}|other)",
    "METHOD": r"[A-Z]+",
    "module": r"[\w.]+",
    "task": r"[\w.]+",
    "procedure": r"[\w.]+",
    "vital": "[A-Z]+",
    "state": "(ok|warn|fail|timeout|skipped)",
}


class Row:
    """One stat of the catalogue."""

    def __init__(self, name: str, kind: str, tags: str) -> None:
        self.name, self.kind = name, kind
        self.tags = {tag.strip() for tag in tags.split(",") if tag.strip()}
        parts = re.split(r"\{(\w+)\}", name)
        for place in range(0, len(parts), 2):
            parts[place] = re.escape(parts[place])
        for place in range(1, len(parts), 2):
            parts[place] = PLACEHOLDERS.get(parts[place], "[^.]+")
        self.pattern = re.compile("".join(parts))

    def describes(self, name: str, kind: str) -> bool:
        return kind == self.kind and self.pattern.fullmatch(name) is not None


def catalogue() -> list[Row]:
    return [Row(*found) for found in CATALOGUE.findall(TEXT)]


@pytest.mark.django_db
def test_catalogue_is_what_is_emitted() -> None:
    """Each stat of the catalogue comes out of the socket, and nothing else does."""
    rows, stats = catalogue(), emitted()
    assert [row.name for row in rows if not any(row.describes(*stat) for stat in stats)] == []
    assert sorted(stat for stat in stats if not any(row.describes(*stat) for row in rows)) == []


@pytest.mark.django_db
def test_tags_are_those_of_the_catalogue() -> None:
    rows = catalogue()
    for line in received("datadog"):
        row = next(row for row in reversed(rows) if row.describes(line.name, line.kind))
        assert line.tags.keys() == row.tags, line


def test_catalogue_is_complete_in_the_pages_rows() -> None:
    """The table is read whole: a row in another form would not be looked at."""
    assert len(catalogue()) == TEXT.count("\n   * - ``")
