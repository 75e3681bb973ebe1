"""Redis Streams: a batch of records is one pipeline of XADD commands into one of the site's streams."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.records import Record, pack
from django_metrics_statsd.hits.transports.address import RedisAddress
from django_metrics_statsd.hits.transports.base import Transport
from django_metrics_statsd.hits.transports.redis import FAILURES, FIELD, Keys, connect, disconnect, explain
from django_metrics_statsd.safety import Telemetry, failed


class StreamsTransport(Transport):
    """Adds records to streams that are kept at about ``WT_STREAM_LENGTH`` entries.

    A batch that failed half way is sent again as a whole: records are known by their ids, so storages see
    each once.
    """

    def __init__(self, address: RedisAddress, counts: Telemetry | None = None) -> None:
        self._address, self._counts = address, counts or Telemetry()
        self._timeout = conf.WT_TIMEOUT
        self._streams = Keys(conf.SITE_SLUG).streams(conf.WT_PARTITIONS)
        self._length = -(-conf.WT_STREAM_LENGTH // len(self._streams))
        self._turn = count()
        self._client: Any = None

    def send(self, records: Sequence[Record]) -> None:
        packed = [each for each in map(self._pack, records) if each is not None]
        stream = self._streams[next(self._turn) % len(self._streams)]
        try:
            if self._client is None:
                self._client = connect(self._address, self._timeout)
            pipeline = self._client.pipeline(transaction=False)
            for each in packed:
                pipeline.xadd(stream, {FIELD: each}, maxlen=self._length, approximate=True)
            pipeline.execute()
        except FAILURES as error:
            raise explain(error, self._address) from error

    def _pack(self, record: Record) -> bytes | None:
        try:
            return pack(record)
        except Exception:  # a number or text that cannot travel; the others do
            self._counts.drop("not_packed")
            failed("hits.pack")
            return None

    def abandon(self) -> None:
        self._client = None

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            disconnect(client)
