"""Where an address is, by a GeoIP2 database (``.mmdb``), opened once and again when the file changes.

A reader maps the file into memory, and a mapped file that somebody cuts short, as ``cp`` does, ends the
process (SIGBUS, mmap(2)). So a copy is read, of which nobody else knows the name; a new file that is half
written or broken leaves the one before in use. MaxMind's and DB-IP's city, enterprise and country databases
have the fields that are read here (dev.maxmind.com/geoip/docs/databases/city-and-country).

``region`` is the ISO 3166-2 code of the largest subdivision, such as ``ENG``, as the older GeoIP had it and
Django's ``GeoIP2.city()`` has, or its name where the database has no code, as DB-IP's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

import maxminddb

from django_metrics_statsd.hits.conf import conf, on_change
from django_metrics_statsd.hits.records import NAME, WORD, Geo
from django_metrics_statsd.safety import failed, say_once

#: Seconds between two looks at whether the file changed.
CHECK_SECONDS = 5.0
#: How many addresses are remembered; they are forgotten when the database changes.
REMEMBERED = 10_000

#: What the type of a database holds, and its file's name, the best first.
KINDS = ("Enterprise", "City", "Country")
GET = (
    "Get GeoLite2-City.mmdb from maxmind.com (free with an account; its geoipupdate keeps it fresh) or "
    "dbip-city-lite from db-ip.com, and write the path of the file, or of its folder."
)
#: The formats of GeoIP.dat and GeoLiteCity.dat are GeoIP Legacy's, which MaxMind gave up in May 2022.
LEGACY = ".dat"
OVER = "GeoIP.dat, GeoLiteCity.dat and others of these old formats are no longer read"

Problem = tuple[str, str]


class Unusable(ValueError):  # noqa: N818 - named like the storages' Unavailable
    """There is no database that can be read; the message says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = GET) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Database:
    """An open database: which file it was read from, and where an address is by it."""

    mark: tuple[object, ...]
    locate: Callable[[str], Geo | None]


class Current:
    """The database of ``GEOIP_PATH`` as it is now, for all threads of a process."""

    def __init__(self) -> None:
        self.unlock()
        self.reset()

    def unlock(self) -> None:
        """Take a new lock: in a child process the old one may be held by a thread that is not there."""
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Forget all, as the setting changed."""
        self._database: Database | None = None
        self._tried: tuple[object, ...] | None = None
        self._next = 0.0

    def get(self) -> Database | None:
        """Return the database, or None. One thread looks for changes; only at first do others wait."""
        if time.monotonic() >= self._next and self._lock.acquire(blocking=not self._next):
            try:
                if time.monotonic() >= self._next:
                    self._look()
            finally:
                self._next = time.monotonic() + CHECK_SECONDS
                self._lock.release()
        return self._database

    def _look(self) -> None:
        if conf.GEOIP_PATH is None:
            return
        try:
            found = find(Path(conf.GEOIP_PATH))
            mark = _mark(found)
            if mark != self._tried:
                self._tried = mark
                self._database = opened(found)
        except (Unusable, OSError) as error:
            kept = "geo fields stay empty" if self._database is None else "the one before stays in use"
            say_once(f"hits.geo: {error}", "no new GeoIP database: %s (%s)", error, kept)


_current = Current()
os.register_at_fork(after_in_child=_current.unlock)
on_change(_current.reset)


def locate(ip: str) -> Geo | None:
    """Return where an address is; None for private ones, unknown ones, and without a database.

    The same object is given to all who ask for the same address: it is not to be changed.
    """
    try:
        database = _current.get()
        return None if database is None else database.locate(ip)
    except Exception:  # a database can be broken in one place only
        failed("hits.geo")
        return None


def find(path: Path) -> Path:
    """Return the database at a path, or the best one of a folder: by kind, then the newest.

    Raises:
        Unusable: there is none.
    """
    if not path.exists():
        raise Unusable(f"GEOIP_PATH is {str(path)!r}, but there is no such file or folder")
    files = list(path.iterdir()) if path.is_dir() else [path]
    legacy = f"; {OVER}" if any(file.suffix.lower() == LEGACY for file in files) else ""
    if files == [path] and not legacy:
        return path
    found = [file for file in files if file.suffix.lower() == ".mmdb" and file.is_file()]
    if not found:
        raise Unusable(f"GEOIP_PATH is {str(path)!r}, which has no .mmdb file{legacy}")
    return min(found, key=_rank)


def _rank(path: Path) -> tuple[int, float, str]:
    name = path.name.lower()
    kind = next((rank for rank, kind in enumerate(KINDS) if kind.lower() in name), len(KINDS))
    return kind, -path.stat().st_mtime, name


def _mark(path: Path) -> tuple[object, ...]:
    """What is different once a file was replaced or written to."""
    stat = path.stat()
    return str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns


def opened(path: Path) -> Database:
    """Open a copy of a database.

    Raises:
        Unusable: it is no database, or none of cities or countries, or changed meanwhile.
        OSError: the file cannot be read.
    """
    mark = _mark(path)
    reader = _read(path, _open_copy)
    if _mark(path) != mark:
        raise Unusable(f"{path} changed while it was read")
    return Database(mark, lru_cache(REMEMBERED)(partial(_locate, reader)))


def _read(path: Path, how: Callable[[Path], Any]) -> Any:
    broken = Unusable(f"{path} is no GeoIP2 database, or a part of one only")
    if not path.stat().st_size:  # readers differ in what they say of that
        raise broken
    try:
        reader = how(path)
        reader.get("1.1.1.1")
    except (maxminddb.InvalidDatabaseError, ValueError):
        raise broken from None
    kind = reader.metadata().database_type
    if not any(each in kind for each in KINDS):
        reader.close()
        raise Unusable(f"{path} is a database of the type {kind!r}; one of cities or countries is needed")
    return reader


def _open_copy(path: Path) -> Any:
    try:
        with tempfile.NamedTemporaryFile(prefix="metrics_hits_", suffix=".mmdb") as copy:
            shutil.copyfile(path, copy.name)
            return maxminddb.open_database(copy.name)
    except OSError:  # no folder for temporary files, or no room: a slower reader does without
        with path.open("rb") as file:
            return maxminddb.open_database(file, maxminddb.MODE_FD)


def _locate(reader: Any, ip: str) -> Geo | None:
    try:
        address = ip_address(ip)
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        record = reader.get(mapped or address) if (mapped or address).is_global else None
    except ValueError:  # no address, or one of IPv6 where the database has none
        return None
    return _geo(record) if isinstance(record, dict) else None


def _geo(record: dict[str, Any]) -> Geo:
    location, country = _part(record, "location"), _part(record, "country")
    regions = record.get("subdivisions") or [{}]
    return Geo(
        latitude=location.get("latitude"),
        longitude=location.get("longitude"),
        postal_code=_text(_part(record, "postal").get("code"), NAME),
        country_code=_text(country.get("iso_code"), WORD),
        country_name=_name(country),
        region=_text(regions[0].get("iso_code"), NAME) or _name(regions[0]),
        dma_code=_text(location.get("metro_code"), WORD),
        city=_name(_part(record, "city")),
    )


def _part(record: dict[str, Any], name: str) -> dict[str, Any]:
    return record.get(name) or {}


def _name(part: dict[str, Any]) -> str:
    return _text(_part(part, "names").get("en"), NAME)


def _text(value: Any, length: int) -> str:
    return "" if value is None else str(value)[:length]


def problems() -> Iterator[Problem]:
    """Yield what is wrong with ``GEOIP_PATH``, and what to do about it. Without a copy, so it is quick."""
    if conf.GEOIP_PATH is None:
        return
    try:
        path = find(Path(conf.GEOIP_PATH))
        _read(path, lambda path: maxminddb.open_database(path, maxminddb.MODE_FILE)).close()
    except Unusable as error:
        yield f"{error}.", error.hint
    except OSError as error:
        yield f"GEOIP_PATH is {conf.GEOIP_PATH!r}, which cannot be read: {error}.", GET


def gaps() -> Iterator[Problem]:
    """Yield, for a warning, that ``GEOIP_PATH`` is not set."""
    if conf.GEOIP_PATH is None:
        yield "GEOIP_PATH is not set, so hits do not say where their addresses are.", GET
