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
        for client in self.clients:
            try:
                client.record(kind, stat, value, rate, tags)
            except Exception:
                failed(f"client {client.destination}")

    def start(self) -> None:
        """Start every client."""
        for client in self.clients:
            client.start()

    def tick(self) -> None:
        """Let every client look after itself."""
        for client in self.clients:
            client.tick()

    def flush(self, timeout: float | None = None) -> bool:
        """Flush every client."""
        done = [client.flush(timeout) for client in self.clients]
        return all(done)

    def close(self) -> None:
        """Close every client."""
        for client in self.clients:
            client.close()

    def telemetry(self) -> dict[str, Any]:
        """Return the sums over all clients, and each client's own under ``"clients"``."""
        each = {client.destination: client.telemetry() for client in self.clients}
        total: dict[str, Any] = {"sent": 0, "packets": 0, "bytes": 0, "dropped": {}}
        for counts in each.values():
            for key in ("sent", "packets", "bytes"):
                total[key] += counts[key]
            for reason, count in counts["dropped"].items():
                total["dropped"][reason] = total["dropped"].get(reason, 0) + count
        return total | {"clients": each}

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return ", ".join(client.destination for client in self.clients)
