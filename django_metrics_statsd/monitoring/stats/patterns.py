"""Which names are meant by what somebody wrote: words of them, a beginning, or a pattern with stars."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_
from typing import Final

from django.db.models import Q

_STAR: Final = "*"
#: Longer ones, and more words or stars, are nobody's who looks for a name.
_LONGEST, _WORDS, _STARS = 500, 10, 10


def containing(words: str) -> Q:
    """Return what finds names that have each of these words in them, in any case of letters."""
    return reduce(and_, (Q(name__icontains=word) for word in words[:_LONGEST].split()[:_WORDS]), Q())


def narrowed(pattern: str) -> Q:
    """Return what finds names that may match a pattern, by its beginning."""
    beginning = pattern.partition(_STAR)[0]
    return Q(name__startswith=beginning) if beginning else Q()


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a name matches: begins so or, where the pattern has stars, is so in whole."""
    if _STAR not in pattern:
        return lambda name: name.startswith(pattern)
    first, *middle, last = re.sub(r"\*+", _STAR, pattern[:_LONGEST]).split(_STAR, _STARS)
    return lambda name: _fits(name, first, middle, last)


def _fits(name: str, first: str, middle: Sequence[str], last: str) -> bool:
    """Whether a name is made of these parts, in this order, with anything between; in linear time."""
    if not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        at = name.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end
