"""Values that code of the world may hand to a client by mistake or on purpose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.functional import lazystr


class Unwilling:
    """Fails whatever it is asked."""

    def _no(self, *args: Any) -> Any:
        raise RuntimeError("no")

    __eq__ = __hash__ = __str__ = __repr__ = __float__ = __int__ = __neg__ = __bool__ = _no  # type: ignore[assignment]
    __lt__ = __gt__ = __le__ = __ge__ = __len__ = __iter__ = _no


class UnwillingName(str):
    """A name that cannot be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError("no")


NAMES: dict[str, Any] = {
    "none": None,
    "empty": "",
    "dots": "...",
    "newline": "a\nb:1|c",
    "colon": "a:1|c",
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    "emoji": "\N{SNOWMAN}",
    "lazy": lazystr("lazy"),
    "bytes": b"bytes",
    "number": 3,
    "list": ["a"],
    "huge": "x" * 1_000_000,
    "object": object(),
    "unwilling": Unwilling(),
    "unwilling name": UnwillingName("a"),
}
VALUES: dict[str, Any] = {
    "none": None,
    "nan": float("nan"),
    "infinite": float("-inf"),
    "huge": 10**5_000,
    "huge float": 1e300,
    "complex": 1j,
    "text": "1\nx:1|c",
    "signalling": Decimal("sNaN"),
    "list": [1],
    "object": object(),
    "unwilling": Unwilling(),
}
TAGS: dict[str, Any] = {
    "number": 3,
    "newline": {"a\n:|": "b\n|#@,;="},
    "none": {None: None},
    "list": ["a", "b:c", "d:e:f"],
    "numbers": [1, 2],
    "surrogate": {"\ud800": "\udfff"},
    "huge": {"a" * 10_000: "b" * 10_000},
    "many": {f"t{each}": each for each in range(1_000)},
    "lazy": {"a": lazystr("b")},
    "unwilling": {"a": Unwilling()},
    "object": object(),
}
RATES: dict[str, Any] = {
    "none": None,
    "nan": float("nan"),
    "negative": -1,
    "text": "0.5",
    "above": 7,
    "zero": 0,
    "tiny": 1e-300,
    "unwilling": Unwilling(),
}
