"""Texts of others, made fit for a terminal."""

from __future__ import annotations

_MOST = 500


def printable(text: str) -> str:
    """Return a text of one line, at most 500 characters, in which nothing moves a cursor or rings a bell.

    Visitors have a say in what a storage complains of: a path, a user agent.
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text[:_MOST]
    )
