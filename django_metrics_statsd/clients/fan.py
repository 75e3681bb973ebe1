"""Gives each stat to several clients: what ``STATSD_CLIENT`` means when it is a list."""

from __future__ import annotations

from typing import Any

from django_metrics_statsd.clients.base import BaseClient
from django_metrics_statsd.safety import failed


class FanClient(BaseClient):
    """Several clients as one. One that fails does not keep a stat from the others."""

    def __init__(self, clients: list[BaseClient]) -> None:
        super().__init__()
        self.clients = clients

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Give one stat to every client."""
        self._each("record", kind, stat, value, rate, tags)

    def _each(self, method: str, *args: Any) -> list[Any]:
        """Call a method of every client; return what those gave that did not fail."""
        results = []
        for client in self.clients:
            try:
                results.append(getattr(client, method)(*args))
            except Exception:
                failed(f"client {type(client).__module__}")
        return results

    def start(self) -> None:
        """Start every client."""
        self._each("start")

    def tick(self) -> None:
        """Let every client look after itself."""
        self._each("tick")

    def flush(self, timeout: float | None = None) -> bool:
        """Flush every client."""
        done = self._each("flush", timeout)
        return len(done) == len(self.clients) and all(done)

    def close(self) -> None:
        """Close every client."""
        self._each("close")

    def telemetry(self) -> dict[str, Any]:
        """Return the sums over all clients, and each client's own under ``"clients"``, in their order."""
        each = self._each("telemetry")
        total: dict[str, Any] = {"sent": 0, "packets": 0, "bytes": 0, "dropped": {}}
        for counts in each:
            for key in ("sent", "packets", "bytes"):
                total[key] += counts[key]
            for reason, count in counts["dropped"].items():
                total["dropped"][reason] = total["dropped"].get(reason, 0) + count
        return total | {"clients": each}

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return ", ".join(client.destination for client in self.clients)
