"""One storage's side of the streams: what is to be read, taken over, and acknowledged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any, NamedTuple

from redis.exceptions import ResponseError

from django_metrics_statsd.hits.transports.redis import FIELD, disconnect
from django_metrics_statsd.safety import logger


class Entry(NamedTuple):
    """An entry of a stream. ``packed`` is None where the stream was cut and the entry is gone."""

    stream: str
    id: bytes
    packed: bytes | None


class Source:
    """Reads as one consumer of a group; all errors of the Redis client go through.

    Args:
        client: a Redis client that returns bytes.
        streams: the keys to read.
        group: the consumer group, made where there is none, which then begins with the oldest entry.
        consumer: this consumer's name in the group.
        claim: seconds after which an entry that another consumer was given is taken over.
        groups: all storages' groups; they are made together, so that the stream is kept for each.
    """

    def __init__(
        self,
        client: Any,
        streams: Sequence[str],
        group: str,
        consumer: str,
        claim: float,
        groups: Iterable[str] = (),
    ) -> None:
        self._client, self._streams = client, list(streams)
        self._group, self._consumer, self._claim = group, consumer, claim
        self._groups = {group, *groups}
        self.begin_anew()

    @property
    def waits(self) -> bool:
        """Whether `read` waits for new entries: it can for one stream only."""
        return len(self._streams) == 1

    def begin_anew(self) -> None:
        """Look again at everything: groups, and what this consumer was given and has not acknowledged."""
        self._grouped = False
        self._own: dict[str, bytes | str] = dict.fromkeys(self._streams, "0")
        self._next_claim = 0.0
        self._turn = 0

    def read(self, count: int, wait: float) -> list[Entry]:
        """Return at most `count` entries: own unfinished ones, left ones, or new ones.

        With nothing there, waits up to `wait` seconds for something new, if it `waits`.
        """
        if not self._grouped:
            self._make_groups()
        try:
            return self._read_own(count) or self._take_over(count) or self._read_new(count, wait)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            logger.warning("Redis has lost its streams, with what was in them; %s begins anew", self._group)
            self.begin_anew()
            return []

    def acknowledge(self, entries: Iterable[Entry]) -> None:
        """Tell Redis that the group's storage has these."""
        by_stream: defaultdict[str, list[bytes]] = defaultdict(list)
        for entry in entries:
            by_stream[entry.stream].append(entry.id)
        for stream, ids in by_stream.items():
            self._client.xack(stream, self._group, *ids)

    def close(self) -> None:
        """Let go of the connection."""
        disconnect(self._client)

    def watch(self, stream: str) -> None:
        """Read one more stream from now on."""
        if stream not in self._streams:
            self._streams.append(stream)
            self.begin_anew()

    def pending(self) -> int:
        """Return how many entries the group's consumers were given and have not acknowledged."""
        return sum(
            group["pending"]
            for stream in self._streams
            for group in groups_of(self._client, stream)
            if group["name"].decode() == self._group
        )

    def _make_groups(self) -> None:
        """Make the groups that are not there. Only these: a full Redis refuses even to look."""
        for stream in self._streams:
            there = {group["name"].decode() for group in groups_of(self._client, stream)}
            for group in self._groups - there:
                try:
                    self._client.xgroup_create(stream, group, id="0", mkstream=True)
                except ResponseError as error:
                    if not str(error).startswith("BUSYGROUP"):
                        raise
        self._grouped = True

    def _read_own(self, count: int) -> list[Entry]:
        """Return what this consumer was given in an earlier life or before a lost connection."""
        for stream, after in list(self._own.items()):
            found = self._read_group(stream, after, count, None)
            if found:
                self._own[stream] = found[-1].id
                return found
            del self._own[stream]
        return []

    def _take_over(self, count: int) -> list[Entry]:
        """Return what other consumers were given long ago: they died, or are stuck."""
        if monotonic() < self._next_claim:
            return []
        for stream in self._streams:
            answer = self._client.xautoclaim(
                stream, self._group, self._consumer, int(self._claim * 1000), start_id="0-0", count=count
            )
            # What Redis 7 found cut off by the stream's length, it has let go of already.
            gone = [Entry(stream, identity, None) for identity in (answer[2] if len(answer) > 2 else ())]
            found = _entries(stream, answer[1]) + gone
            if found:
                return found
        self._next_claim = monotonic() + self._claim / 4
        return []

    def _read_new(self, count: int, wait: float) -> list[Entry]:
        if self.waits:
            return self._read_group(self._streams[0], ">", count, max(1, int(wait * 1000)))
        found: list[Entry] = []
        for _ in self._streams:
            stream = self._streams[self._turn % len(self._streams)]
            self._turn += 1
            found += self._read_group(stream, ">", count - len(found), None)
            if len(found) >= count:
                break
        return found

    def _read_group(self, stream: str, after: bytes | str, count: int, block: int | None) -> list[Entry]:
        answer = self._client.xreadgroup(
            self._group, self._consumer, {stream: after}, count=count, block=block
        )
        return _entries(stream, answer[0][1]) if answer else []


def groups_of(client: Any, stream: str) -> list[dict[str, Any]]:
    """Return what Redis says of a stream's groups; nothing where there is no such stream."""
    try:
        return list(client.xinfo_groups(stream))
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return []


def _entries(stream: str, found: Iterable[Any]) -> list[Entry]:
    """Return entries as they are read; Redis 6.2 has None among those taken over, for what is gone."""
    return [
        Entry(stream, identity, fields.get(FIELD) if fields else None)
        for identity, fields in found
        if identity is not None
    ]
