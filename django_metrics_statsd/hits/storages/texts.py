"""Texts that some store cannot hold, and what they become."""

from __future__ import annotations

import re
from typing import Any

import msgspec

#: A NUL ends a text in some stores, and half a surrogate pair cannot be written as UTF-8.
UNFIT = re.compile("[\0\ud800-\udfff]")


def fit(value: Any) -> Any:
    """Return a record, or part of one, with U+FFFD in place of what some store cannot hold."""
    if isinstance(value, str):
        return UNFIT.sub("\ufffd", value)
    if isinstance(value, msgspec.Struct):
        fields = value.__struct_fields__
        return msgspec.structs.replace(value, **{name: fit(getattr(value, name)) for name in fields})
    if isinstance(value, dict):
        return {fit(key): fit(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(fit, value))
    return value
