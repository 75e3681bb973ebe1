"""What is typed into the search box, word by word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from django.db.models import Q, QuerySet

from django_metrics_statsd.hits.looking.conditions import Condition, equal, other

Maker = Callable[[str], Condition]
#: Words past this many are not looked at.
WORDS = 8
#: A word that is longer than any column finds nothing.
LONGEST = 1_024

NOTHING = Condition(Q(pk__in=[]))


def _path(text: str) -> Condition:
    return other(path__startswith=text)


def _ip(text: str) -> Condition:
    return other(ip=text) if _is_address(text) else NOTHING


def _status(text: str) -> Condition:
    return equal("status_code", int(text)) if _is_status(text) else NOTHING


def _object(text: str) -> Condition:
    model, _, key = text.partition("/")
    where = Q(model=model, obj_pk=key) if key else Q(model=model)
    return Condition(where, ("model", "obj_pk"))


def _same(column: str) -> Maker:
    return lambda text: equal(column, text)


HITS: Mapping[str, Maker] = {
    "user": _same("user"),
    "view": _same("view"),
    "status": _status,
    "ip": _ip,
    "path": _path,
}
EVENTS: Mapping[str, Maker] = {
    "user": _same("user"),
    "class": _same("event_class"),
    "object": _object,
    "ip": _ip,
    "path": _path,
    "name": lambda text: other(name=text),
}
TIMINGS: Mapping[str, Maker] = {
    "route": lambda text: other(route=text),
    "country": lambda text: other(country=text),
}


def _is_address(text: str) -> bool:
    """Whether it is an address; one with a zone (``fe80::1%eth0``) is in no table."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _is_status(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) == 3


def conditions(
    typed: str, words: Mapping[str, Maker], guesses: Mapping[str, str], everything: QuerySet[Any]
) -> Iterator[Condition]:
    """Yield a condition for each word.

    Args:
        typed: words such as ``user:anna``, or as they are: ``/shop/``, ``192.0.2.1``, ``404``, ``anna``.
        words: what may stand before the colon.
        guesses: for a word as it is, what it may be and its column, in this order; the last is taken unseen.
        everything: the table, which is asked whether it has such a thing. These columns have an index.
    """
    for word in typed.split()[:WORDS]:
        name, colon, text = word.partition(":")
        if len(word) > LONGEST:
            yield NOTHING
        elif colon and name in words:
            yield words[name](text)
        else:
            yield words[_guess(word, words, guesses, everything)](word)


def _guess(
    word: str, words: Mapping[str, Maker], guesses: Mapping[str, str], everything: QuerySet[Any]
) -> str:
    if "path" in words and word.startswith("/"):
        return "path"
    if "ip" in words and _is_address(word):
        return "ip"
    if "status" in words and _is_status(word):
        return "status"
    *first, last = guesses
    found = (name for name in first if everything.filter(**{guesses[name]: word}).exists())
    return next(found, last)
