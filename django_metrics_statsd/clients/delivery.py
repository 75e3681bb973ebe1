"""One window's way out: packed, sent, and each stat counted once, as sent or as dropped."""

from __future__ import annotations

from collections.abc import Iterable
from time import sleep
from typing import Final

from django_metrics_statsd.clients.packets import pack
from django_metrics_statsd.clients.transports import Transport
from django_metrics_statsd.safety import Telemetry

#: After so many packets, so many seconds of rest, where the sender can afford that: a thousand a second.
#: A kernel keeps about 90 unread datagrams for a socket (net.core.rmem_default) and throws the others away
#: unseen; at this pace the server may be busy with something else for 80 ms.
AT_ONCE: Final = 16
REST: Final = 0.015


class Delivery:
    """Sends lines and keeps account.

    Attributes:
        lost: ``{reason: how many stats}``, in fractions: a packet holds lines, not stats, so what goes down
            with it is its share of the stats.
        packets_lost: the packets that did not go.
    """

    def __init__(self, transport: Transport, size: int, counts: Telemetry) -> None:
        self._transport, self._size, self._counts = transport, size, counts
        self.lost: dict[str, float] = {}
        self.packets_lost: list[bytes] = []

    def refuse(self, reason: str, stats: float = 1) -> None:
        """Note stats that will not go."""
        self.lost[reason] = self.lost.get(reason, 0.0) + stats

    def send(self, lines: Iterable[str], stats: int, *, paced: bool = False) -> None:
        """Send lines that tell of so many stats; `paced`, with rests."""
        packets = list(pack(lines, self._size, self.refuse))
        share = stats / max(1, sum(map(_lines_in, packets)))
        for number, packet in enumerate(packets):
            if paced and number and number % AT_ONCE == 0:
                sleep(REST)
            reason = self._transport.send(packet)
            if reason:
                self.refuse(reason, share * _lines_in(packet))
                self.packets_lost.append(packet)
            else:
                self._counts.packets += 1
                self._counts.bytes += len(packet)
        self._account(stats)

    def _account(self, stats: int) -> None:
        for reason, lost in self.lost.items():
            gone = min(stats, round(lost))
            self._counts.drop(reason, gone)
            stats -= gone
        self._counts.sent += stats


def _lines_in(packet: bytes) -> int:
    return packet.count(b"\n") + 1
