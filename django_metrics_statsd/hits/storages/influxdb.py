"""Hits and events in InfluxDB, or in what speaks its write protocol, such as VictoriaMetrics.

Two forms of options: ``host``, ``port``, ``user``, ``password``, ``hits_db`` and ``events_db`` for the API of
1.x (``/write``), and ``url``, ``org``, ``token``, ``hits_bucket`` and ``events_bucket`` for that of 2.x
(``/api/v2/write``). Both take the same lines (`lines`). They go over plain HTTP: what the client libraries do
besides is to build such lines from dictionaries, which takes six times as long (`benchmarks.hits_influx`).

A record written twice is one point in InfluxDB. VictoriaMetrics keeps milliseconds, and each sample that it
is sent: there a record that a collector wrote before it was killed is counted twice.

Sources: docs.influxdata.com/influxdb/v1/tools/api/#write-http-endpoint and
docs.influxdata.com/influxdb/v2/api/#operation/PostWrite.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.records import EventRecord, Record
from django_metrics_statsd.hits.storages.base import Rejected, Storage, Unavailable
from django_metrics_statsd.hits.storages.http import Answer, Link, brief, compressed
from django_metrics_statsd.hits.storages.influxdb_apis import Api, api_of, problems_of
from django_metrics_statsd.hits.storages.lines import Lines

#: What one request holds at most. InfluxDB refuses bodies past 25 MB (``max-body-size``), and its docs advise
#: 5,000 to 10,000 lines.
MAX_LINES = 10_000
MAX_BYTES = 5_000_000

#: A line that cannot be read, a field of another type, older than the retention policy, too many series.
_REFUSED = frozenset({400, 422})
_TOO_LARGE = 413
_WRITTEN = frozenset({200, 204})


class InfluxStorage(Storage):
    """Writes lines; a record written twice is one point, as the time in it is its own (`lines`)."""

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        super().__init__(alias, options)
        self._api: Api | None = None
        self._link: Link | None = None

    def write(self, records: Sequence[Record]) -> None:
        api = self._ready()
        for target, lines in self._by_target(api, records).items():
            for body in bodies(lines):
                self._send(api, target, body)

    def _ready(self) -> Api:
        """Read the options, the first time; wrong ones, which ``manage.py check`` has named, stay wrong."""
        if self._api is None:
            for message, hint in self.problems(self.alias, self.options):
                raise Unavailable(f"{message} {hint}")
            self._api = api_of(self.options)
            self._link = Link(self._api.server, self._api.headers, self._api.secrets)
            self._lines = Lines(self._api.prefix, self._api.texts)
        return self._api

    def _by_target(self, api: Api, records: Iterable[Record]) -> dict[str, list[bytes]]:
        """Return the lines for each database."""
        found: dict[str, list[bytes]] = {}
        for record in records:
            target = api.events if isinstance(record, EventRecord) else api.hits
            found.setdefault(target, []).append(self._lines(record))
        return found

    def _send(self, api: Api, target: str, body: bytes) -> None:
        answer = self._post(api, target, body)
        if answer.status == 404 and api.create:
            self._create(api, target)
            answer = self._post(api, target, body)
        if answer.status in _WRITTEN:
            return
        why = said(answer)
        if answer.status == _TOO_LARGE or (answer.status in _REFUSED and why):
            raise Rejected(f"{api.server} refuses it: {why or brief(answer.text)}")
        advice = api.advice(answer.status, target)
        raise Unavailable(f"{api.server} answered {answer.status}: {why or brief(answer.text)}{advice}")

    def _post(self, api: Api, target: str, body: bytes) -> Answer:
        assert self._link is not None
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if api.gzip:
            body, headers["Content-Encoding"] = compressed(body), "gzip"
        return self._link.post(target, body, headers)

    def _create(self, api: Api, target: str) -> None:
        """Create the database of a target, which keeps points for as long as the hits are to be kept."""
        assert self._link is not None
        days = conf.WT_RETENTION_DAYS
        duration = f" WITH DURATION {days}d" if days else ""
        answer = self._link.post(api.statement(f"CREATE DATABASE {api.quoted(target)}{duration}"))
        if answer.status != 200:
            raise Unavailable(
                f"{api.server} does not let us create {api.quoted(target)}: it answered {answer.status}, "
                f"{said(answer) or brief(answer.text)}; create it as an administrator"
            )

    def close(self) -> None:
        if self._link is not None:
            self._link.close()

    @classmethod
    def problems(cls, alias: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        return problems_of(alias, options)


def bodies(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the lines in bodies of at most `MAX_LINES` lines and `MAX_BYTES` bytes, or one longer line."""
    start = size = 0
    for index, line in enumerate(lines):
        if index - start >= MAX_LINES or (size + len(line) >= MAX_BYTES and index > start):
            yield b"\n".join(lines[start:index])
            start, size = index, 0
        size += len(line) + 1
    if start < len(lines):
        yield b"\n".join(lines[start:])


def said(answer: Answer) -> str:
    """Return what an answer's JSON gives as the reason: ``error`` in 1.x, ``message`` in 2.x.

    Nothing for other answers. They are not InfluxDB's: a TLS port and a proxy say 400 too, whatever is sent.
    """
    try:
        read = json.loads(answer.text)
        found = read.get("error") or read.get("message")
    except (ValueError, AttributeError):
        return ""
    return brief(str(found)) if found else ""
