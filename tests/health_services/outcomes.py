"""What the tests of all services ask of a check."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from django_metrics_statsd.health import runner
from django_metrics_statsd.health.checks import Check
from django_metrics_statsd.health.results import Result
from tests.services.harness import wait_until
from tests.services.stores import Redis


def result_of(check: Check) -> Result:
    (result,) = runner.run([check], fresh=True).results
    return result


def state_of(check: Check) -> str:
    return str(result_of(check).state)


def await_threads() -> None:
    """Wait until every check's thread has come back."""
    wait_until(lambda: not _threads(), "threads")


def _threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("health")]


def clients(redis: Redis) -> int:
    """Return how many clients a Redis has, this question's included."""
    with socket.create_connection(("127.0.0.1", redis.port), 5) as link:
        link.sendall(b"INFO clients\r\n")
        text = link.recv(65_536).decode()
    return int(text.partition("connected_clients:")[2].split()[0])


def comes_down_to(most: int, count: Callable[[], int]) -> bool:
    """Whether what a server counts comes down: it needs a moment to see that a client has gone."""
    await_threads()
    wait_until(lambda: count() <= most, f"no more than {most} connections", 10)
    return True


def is_reported_late(check: Check, other: Any) -> None:
    """Whether a service that hangs is said to, in time, while another check reports; twice, by one thread."""
    for _ in range(2):
        start = time.monotonic()
        late, fine = runner.run([check, other], fresh=True).results
        assert (str(late.state), str(fine.state)) == ("timeout", "ok"), late
        assert time.monotonic() - start < (check.timeout or 0) + 5
    wait_until(lambda: len(_threads()) <= 1, "the other check's thread to end", 10)
