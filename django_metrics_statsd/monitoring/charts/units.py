"""How numbers are written: in units that people read, alike in every language.

Thousands are parted by a narrow space and decimals by a point, as the SI has it (SI Brochure, 5.4.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

#: What stands where there is no number.
MISSING = "\u2013"
_SPACE = "\u202f"
_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "seconds": 1.0}
#: Suffix, its size in seconds, and from how many seconds on it is used.
_DURATIONS = (("d", 86_400, 172_800), ("h", 3_600, 7_200), ("min", 60, 120), ("s", 1, 1), ("ms", 1e-3, 1e-3))
_BYTES = ("PiB", "TiB", "GiB", "MiB", "KiB")
_COUNTS = (("T", 1e12, 1e12), ("G", 1e9, 1e9), ("M", 1e6, 1e6), ("k", 1e3, 1e4))


@dataclass(frozen=True, slots=True)
class Scale:
    """A number divided by this, and what stands behind it."""

    divisor: float
    suffix: str


def scale_for(largest: float, unit: str) -> Scale:
    """Return the scale in which a number of this size is best read.

    Args:
        largest: the largest number that is shown in it, without its sign.
        unit: see `Chart`.
    """
    if unit in _SECONDS:
        return _duration(largest, _SECONDS[unit])
    if unit in {"bytes", "B"}:
        return _bytes(largest)
    if unit == "ratio":
        return Scale(0.01, "%")
    return Scale(1, "%") if unit == "%" else _count(largest)


def _duration(largest: float, size: float) -> Scale:
    for suffix, seconds, least in _DURATIONS:
        if largest * size >= least:
            return Scale(seconds / size, f" {suffix}")
    return Scale(1e-6 / size, " µs") if largest else Scale(1, f" {_name(size)}")


def _name(size: float) -> str:
    return {1e-6: "µs", 1e-3: "ms"}.get(size, "s")


def _bytes(largest: float) -> Scale:
    for power, suffix in zip((5, 4, 3, 2, 1), _BYTES, strict=True):
        if largest >= 1024**power:
            return Scale(1024**power, f" {suffix}")
    return Scale(1, " B")


def _count(largest: float) -> Scale:
    if largest < 1e15:
        for suffix, size, least in _COUNTS:
            if largest >= least:
                return Scale(size, suffix)
    return Scale(1, "")


def is_own(unit: str) -> bool:
    """Whether a unit is a word of the caller's, which the scale does not name."""
    return bool(unit) and unit not in {*_SECONDS, "bytes", "B", "ratio", "%"}


def name_of(unit: str) -> str:
    """Return what stands behind numbers of a unit of the caller's; nothing for those that scales name."""
    return f" {unit}" if is_own(unit) else ""


def format_value(value: float | None, unit: str = "") -> str:
    """Return a number as people say it, with three digits or so: ``1.2 s``, ``12.3k``, ``4 MiB``.

    Args:
        value: in `unit`; None or anything not finite is a dash.
        unit: see `Chart`.
    """
    if value is None or not isfinite(value):
        return MISSING
    scale = scale_for(abs(value), unit)
    return f"{short(value / scale.divisor)}{scale.suffix}{name_of(unit)}"


def short(value: float) -> str:
    """Return a number with three digits, or all those before the point."""
    return grouped(value, 0) if 100 <= abs(value) < 1e15 else f"{value:.3g}"


def exact(value: float) -> str:
    """Return a number for a table: four digits, or all those before the point."""
    return grouped(value, 0) if 1000 <= abs(value) < 1e15 else f"{value + 0.0:.4g}"


def grouped(value: float, decimals: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,.{decimals}f}".replace(",", _SPACE)


def tick_labels(ticks: Sequence[float], scale: Scale) -> list[str]:
    """Return one label a tick, with as many decimals as the distance between them needs.

    Args:
        ticks: already divided by the scale's divisor, evenly apart.
        scale: what they are in.
    """
    apart = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    largest = max(map(abs, ticks), default=0.0)
    decimals = max(0, -floor(log10(apart) + 1e-9)) if apart else 0
    if decimals > 6 or largest >= 1e15:
        digits = min(max(4, ceil(log10(largest / apart)) + 1), 15) if apart and largest else 4
        return [f"{tick:.{digits}g}{scale.suffix}" if tick else "0" for tick in ticks]
    return [f"{grouped(tick, decimals)}{scale.suffix}" if tick else "0" for tick in ticks]
