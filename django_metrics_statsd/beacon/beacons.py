"""What a parser makes of a beacon: stats with names of ours, what it was about, and what it got wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django_metrics_statsd.beacon.fields import CONNECTIONS, NAVIGATION_TYPES

#: Digits beyond these are no time: an epoch in milliseconds has 13.
_MAX_DIGITS = 15


class Refused(Exception):  # noqa: N818 - it is an answer, no fault
    """A beacon, or one field of it, that is not taken.

    Attributes:
        reason: one of a few words of ours, under which the refusal is counted.
        detail: a sentence for people; holds names of ours only, nothing that was sent.
        status: the HTTP status to answer with.
    """

    def __init__(self, reason: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.status = reason, detail, status


@dataclass
class Beacon:
    """One beacon, read.

    Attributes:
        times: ``{name: milliseconds}``; for CLS thousandths.
        counts: ``{name: count}``.
        page: the URL or path of the page as the browser gave it, for looking up its route only.
        connection: one of ``CONNECTIONS`` or ``"unknown"``.
        navigation: the kind of navigation, or ``"unknown"``.
        refused: the fields that are not taken.
        ignored: whether the beacon is right but holds nothing to record.
        client: who made it: ``stick``, ``boomerang`` or ``vitals``.
    """

    times: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    page: str = ""
    connection: str = "unknown"
    navigation: str = "unknown"
    refused: list[Refused] = field(default_factory=list)
    ignored: bool = False
    client: str = ""


def whole(name: str, text: str, highest: int) -> int:
    """Read a whole number from 0 to `highest`.

    Raises:
        Refused: it is none; `name`, ours, says which field it was.
    """
    if text.isdecimal() and text.isascii() and len(text) <= _MAX_DIGITS:
        value = int(text)
        if value <= highest:
            return value
    raise Refused(_what_is_wrong(text, highest), f"{name} must be a whole number from 0 to {highest}")


def _what_is_wrong(text: str, highest: int) -> str:
    try:
        value = float(text[:64])
    except ValueError:
        return "not_a_number"
    if not -1e308 < value < 1e308:
        return "not_finite"
    return "not_whole" if 0 <= value <= highest else "out_of_range"


def connection_of(word: object) -> str:
    """Return an effective connection type of the Network Information API, or ``"unknown"``."""
    return word if isinstance(word, str) and word in CONNECTIONS else "unknown"


def navigation_type(name: str, word: object) -> str:
    """Return our word for a kind of navigation: Level 1's number, Level 2's or web-vitals' word.

    Raises:
        Refused: there is no such kind.
    """
    kind = NAVIGATION_TYPES.get(word.replace("-", "_")) if isinstance(word, str) else None
    if kind is None:
        raise Refused("unknown_value", f"{name} must be one of {', '.join(sorted(NAVIGATION_TYPES))}")
    return kind


Fields = Mapping[str, str]
