"""The two forms of an InfluxDB's options, and what each makes of them: addresses, headers, advice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from django_metrics_statsd import kinds
from django_metrics_statsd.hits.storages import options as reading
from django_metrics_statsd.hits.storages.http import Server, basic
from django_metrics_statsd.hits.storages.options import Problem
from django_metrics_statsd.kinds import Kind


def _prefix(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.\-]{0,64}", value):
        return value
    raise ValueError("must be at most 64 letters, digits, '.', '-' and '_'")


_BOTH: dict[str, Kind[Any]] = {
    "timeout": reading.TIMEOUT,
    "gzip": kinds.BOOLEAN,
    "verify_ssl": reading.VERIFY,
    "prefix": Kind("beginning of names", _prefix),
    "fields": kinds.one_of("all", "numbers"),
}
_ONE: dict[str, Kind[Any]] = {
    "host": reading.HOST,
    "port": reading.PORT,
    "user": reading.PLAIN,
    "password": reading.PLAIN,
    "ssl": kinds.BOOLEAN,
    "hits_db": reading.NAME,
    "events_db": reading.NAME,
    "retention_policy": reading.NAME,
    "create": kinds.BOOLEAN,
}
_TWO: dict[str, Kind[Any]] = {
    "url": reading.HTTP_URL,
    "org": reading.PLAIN,
    "token": reading.SECRET,
    "hits_bucket": reading.NAME,
    "events_bucket": reading.NAME,
}
_DEFAULTS: dict[str, Any] = {
    "timeout": 10.0,
    "gzip": True,
    "verify_ssl": True,
    "prefix": "",
    "fields": "all",
    "host": "localhost",
    "port": 8086,
    "user": "",
    "password": "",
    "ssl": False,
    "create": False,
}


@dataclass(frozen=True)
class Api:
    """Where lines go, and how.

    Attributes:
        hits: path and query of a request that writes hits and browser timings.
        events: the same for events.
        names: the database or bucket of each.
    """

    server: Server
    hits: str
    events: str
    names: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    prefix: str
    texts: bool
    gzip: bool
    create: bool = False
    two: bool = False

    def quoted(self, target: str) -> str:
        """Return a target's database as InfluxQL writes it."""
        name = self.names[target].replace("\\", "\\\\").replace('"', '\\"')
        return f'"{name}"'

    def statement(self, influxql: str) -> str:
        """Return path and query of a request that does this (1.x)."""
        return f"/query?{urlencode({'q': influxql})}"

    def advice(self, status: int, target: str) -> str:
        """Return what can be done about an answer, as the end of a sentence; mostly nothing."""
        if status in {401, 403}:
            return f"; look at {'token' if self.two else 'user and password'}, and what they may write"
        if status == 404 and self.two:
            return f"; look at url and org, and create the bucket {self.names[target]!r}"
        if status == 404:
            return f"; create it with CREATE DATABASE {self.quoted(target)}, or set 'create': True"
        return ""


def problems_of(alias: str, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the options of an InfluxDB."""
    if mixed := sorted(set(options) & set(_TWO)) and sorted(set(options) & set(_ONE)):
        yield (
            f"WT_DATABASES[{alias!r}] has options of InfluxDB 1.x ({', '.join(mixed)}) beside those of 2.x.",
            f"Write either {', '.join(_ONE)}, or {', '.join(_TWO)}.",
        )
        return
    two = bool(set(options) & set(_TWO))
    yield from reading.wrong(alias, options, _BOTH | (_TWO if two else _ONE))
    if two:
        yield from reading.missing(alias, options, "url", "org", "token", "hits_bucket")
    else:
        yield from reading.missing(alias, options, "hits_db")
    if options.get("password") and not options.get("user"):
        yield (
            f"WT_DATABASES[{alias!r}] has a password without a user.",
            f"Add 'user' to WT_DATABASES[{alias!r}].",
        )


def api_of(options: Mapping[str, Any]) -> Api:
    """Return what the options mean, which have no problems."""
    read = reading.cleaned(options, _BOTH | _ONE | _TWO, _DEFAULTS)
    return _two(read) if "url" in read else _one(read)


def _one(read: Mapping[str, Any]) -> Api:
    server = Server(
        read["host"], read["port"], read["ssl"], verify=read["verify_ssl"], timeout=read["timeout"]
    )
    policy = {"rp": read["retention_policy"]} if "retention_policy" in read else {}
    names = [read["hits_db"], read.get("events_db", read["hits_db"])]
    targets = [f"/write?{urlencode({'db': name, 'precision': 'ns', **policy})}" for name in names]
    user, password = read["user"], read["password"]
    return Api(
        server=server,
        hits=targets[0],
        events=targets[1],
        names=dict(zip(targets, names, strict=True)),
        headers={"Authorization": basic(user, password)} if user else {},
        secrets=(password,),
        prefix=read["prefix"],
        texts=read["fields"] == "all",
        gzip=read["gzip"],
        create=read["create"],
    )


def _two(read: Mapping[str, Any]) -> Api:
    url = urlsplit(read["url"])
    tls = url.scheme == "https"
    server = Server(
        url.hostname or "",
        url.port or (443 if tls else 80),
        tls,
        url.path.rstrip("/"),
        read["verify_ssl"],
        read["timeout"],
    )
    names = [read["hits_bucket"], read.get("events_bucket", read["hits_bucket"])]
    query = {"org": read["org"], "precision": "ns"}
    targets = [f"/api/v2/write?{urlencode({**query, 'bucket': name})}" for name in names]
    token = read["token"]
    return Api(
        server=server,
        hits=targets[0],
        events=targets[1],
        names=dict(zip(targets, names, strict=True)),
        headers={"Authorization": f"Token {token}"} if token else {},
        secrets=(token,),
        prefix=read["prefix"],
        texts=read["fields"] == "all",
        gzip=read["gzip"],
        two=True,
    )
