"""Makes of whatever a check says something that every format can write."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

#: How deep values may lie within values, and how many of one are kept.
DEEPEST, MOST = 8, 1_000
#: What XML 1.0 has no form for (section 2.2): control characters but tabs and line ends, lone surrogates.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def text(value: str) -> str:
    """Return a text in which each character that JSON or XML could not write is a replacement character."""
    return _UNWRITABLE.sub("\ufffd", value)


def cleaned(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return these values, with what they hold, as JSON knows them."""
    found: dict[str, Any] = plain(values)
    return found


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON knows it: what JSON has no form for becomes text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < DEEPEST and isinstance(value, Mapping):
        return {text(str(key)): plain(each, depth + 1) for key, each in islice(value.items(), MOST)}
    if depth < DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return _listed(value, depth)
    return written(value)


def _listed(values: Iterable[Any], depth: int) -> list[Any]:
    return [plain(each, depth + 1) for each in islice(values, MOST)]


def written(value: Any) -> str:
    """Return as text what JSON has no form for."""
    try:
        return text(str(DjangoJSONEncoder().default(value)))
    except TypeError:
        return text(str(value))
