"""Whether the machine, or the container, has room left: on disks and in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from django_metrics_statsd.conf import project_setting
from django_metrics_statsd.health.checks.base import Check, Fail, Skip, Warn

_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")
MEBIBYTE = 1024 * 1024


@dataclass(kw_only=True)
class Disk(Check):
    """Looks at how much of a file system is free, in bytes and in inodes.

    Attributes:
        path: a path on it, or a dictionary of names and paths; unset, ``MEDIA_ROOT``, or the current folder.
        warn: per cent free below which to warn.
        fail: per cent free below which to fail.
    """

    name: str = "disk"
    path: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]] | None = None
    warn: float = 10.0
    fail: float = 3.0

    def parts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield each path, or the one without a name."""
        if isinstance(self.path, Mapping):  # strangers see the names, not the paths
            for name, path in self.path.items():
                yield name, partial(self._look, os.fspath(path))
        else:
            yield "", self.run

    def run(self) -> dict[str, Any]:
        """Look at the one path."""
        path = project_setting("MEDIA_ROOT") or "."
        if self.path and not isinstance(self.path, Mapping):
            path = self.path
        return self._look(os.fspath(path))

    def _look(self, path: str) -> dict[str, Any]:
        found = os.statvfs(_existing(path))
        free = _percent(found.f_bavail, found.f_blocks)
        inodes = _percent(found.f_favail, found.f_files)
        figures = {"free_percent": free, "free_mib": found.f_bavail * found.f_frsize // MEBIBYTE}
        if found.f_files:  # some file systems make inodes as they need them
            figures["free_inodes_percent"] = inodes
        _judge(min(free, inodes if found.f_files else free), self.warn, self.fail, "of the disk", figures)
        return figures


@dataclass(kw_only=True)
class Memory(Check):
    """Looks at how much memory can still be had, within the limit of the container if there is one.

    Sources: proc(5) for ``MemAvailable``; the kernel's cgroup-v2 and cgroup-v1 memory controllers.

    Attributes:
        warn: per cent available below which to warn.
        fail: per cent available below which to fail.
    """

    name: str = "memory"
    warn: float = 10.0
    fail: float = 3.0

    def run(self) -> dict[str, Any]:
        """Look."""
        machine = _of_machine()
        found = min(filter(None, (machine, _of_container())), key=_share, default=None)
        if found is None:
            raise Skip("How much memory there is cannot be known on this system.")
        available, total = found
        figures = {
            "available_percent": _percent(available, total),
            "available_mib": available // MEBIBYTE,
            "total_mib": total // MEBIBYTE,
        }
        _judge(figures["available_percent"], self.warn, self.fail, "of the memory", figures)
        return figures


def _judge(free: float, warn: float, fail: float, what: str, figures: dict[str, Any]) -> None:
    message = f"Only {free:g} % {what} is free."
    if free < fail:
        raise Fail(message, **figures)
    if free < warn:
        raise Warn(message, **figures)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 100.0


def _share(found: tuple[int, int]) -> float:
    return found[0] / found[1]


def _existing(path: str) -> Path:
    """Return the nearest folder that exists: MEDIA_ROOT is made with the first file in it."""
    place = Path(path).absolute()
    return next((each for each in (place, *place.parents) if each.exists()), Path("/"))


def _of_machine() -> tuple[int, int] | None:
    """Return the bytes that are available, and all."""
    with suppress(OSError, KeyError, ValueError):
        lines = (line.split(":") for line in _MEMINFO.read_text().splitlines() if ":" in line)
        found = {name: 1024 * int(value.split()[0]) for name, value in lines if value.split()}
        return found["MemAvailable"], found["MemTotal"]
    return None


def _of_container() -> tuple[int, int] | None:
    """Return the same within the narrowest limit of this process's control groups, if there is one."""
    found = [limit for folder, names in _groups() if (limit := _limit(folder, *names)) is not None]
    return min(found, key=_share, default=None)


_VERSION_2 = ("memory.max", "memory.current", "inactive_file")
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _groups() -> Iterator[tuple[Path, tuple[str, str, str]]]:
    """Yield the folders of this process's control group and of all above it (proc(5), cgroups(7))."""
    lines = []
    with suppress(OSError):
        lines = _SELF.read_text().splitlines()
    for line in ["0::/", ":memory:/", *lines]:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top, names = (_CGROUP / "memory", _VERSION_1) if controllers else (_CGROUP, _VERSION_2)
        group = PurePosixPath(path.lstrip("/"))
        for each in (group, *group.parents):
            yield top / each, names


def _limit(folder: Path, most: str, used: str, cache: str) -> tuple[int, int] | None:
    with suppress(OSError, ValueError):
        total = int((folder / most).read_text())
        # What is only cached of files is given back when somebody wants it, so it is not used up.
        taken = int((folder / used).read_text()) - _stat(folder / "memory.stat", cache)
        if 0 < total < 1 << 60:  # version 1 writes a huge number for no limit
            return max(0, total - taken), total
    return None


def _stat(path: Path, name: str) -> int:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return 0
