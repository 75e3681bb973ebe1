"""What every test gets: a wire to read from on request, and a check that it left nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures.thread import _worker as _executor
from contextlib import suppress
from typing import Any

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.core.cache import CacheHandler
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import post_delete, post_save

from django_metrics_statsd import observation, safety
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.patches import celery

pytest_plugins = ["pytester"]

# No deadline: how long an example takes says nothing on a busy machine. The same examples in each run, so
# that a run says something about the change at hand; `--hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile("explore", max_examples=600, deadline=None)
hypothesis.settings.register_profile("tests", max_examples=60, deadline=None, derandomize=True)
hypothesis.settings.load_profile("tests")
#: How long, in seconds, what a test leaves may take to end by itself.
ENDS = 10.0

#: What our patches replace: their owners' attributes must be the same objects after a test as before.
_PATCHED = (CursorWrapper, BaseDatabaseWrapper, CacheHandler, BaseCache, LocMemCache)
_SIGNALS = (post_save, post_delete)
_CELERY = ("after_task_publish", "task_prerun", "task_postrun", "task_failure")


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a patch, thread, socket, listener, observation, handler or setting behind."""
    safety.forget()
    before = _traces()
    yield
    _await_ends(before["threads"], ENDS)
    after = _traces()
    left = [what for what in before if before[what] != after[what]]
    faults = dict(safety.faults) if "faults" not in request.fixturenames else {}
    observation.current.set(None)
    safety.forget()
    if left:
        pytest.fail(
            "\n".join(f"left behind: {what}: {_difference(before[what], after[what])}" for what in left)
        )
    if faults:
        pytest.fail(f"something failed inside the package and was passed over: {faults}")


@pytest.fixture
def faults() -> dict[str, int]:
    """For tests in which something fails on purpose: how often what failed."""
    return safety.faults


def _traces() -> dict[str, Any]:
    return {
        "patches": [
            (owner.__name__, name, id(value)) for owner in _PATCHED for name, value in vars(owner).items()
        ],
        "signals": [len(each.receivers) for each in _signals()],
        "threads": set(threading.enumerate()),
        "sockets": _sockets(),
        "listeners": statsd._listeners,
        "observation": observation.current.get(),
        "SIGTERM": signal.getsignal(signal.SIGTERM),
        "settings": (id(django_settings._wrapped), _values()),
    }


def _signals() -> Iterator[Any]:
    yield from _SIGNALS
    for name in _CELERY:
        yield getattr(celery.signals, name)


def _sockets() -> set[str]:
    found = set()
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - a Path each would take longer than the rest
        with suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
            if target.startswith("socket:"):
                found.add(target)
    return found


def _values() -> list[tuple[str, str]]:
    ours = ("STATSD_", "METLOG", "TOOLBAR_STATSD")
    names = [name for name in dir(django_settings) if name.startswith(ours)]
    return [(name, repr(getattr(django_settings, name))) for name in names]


def _await_ends(before: set[threading.Thread], seconds: float) -> None:
    """Let threads that were told to end do so. Idle ones of executors are asgiref's; we have no executors."""
    deadline = time.monotonic() + seconds
    for thread in set(threading.enumerate()) - before:
        if getattr(thread, "_target", None) is _executor:  # a thread that is ending has none
            before.add(thread)
        else:
            thread.join(max(0.0, deadline - time.monotonic()))
    before &= set(threading.enumerate())


def _difference(before: Any, after: Any) -> str:
    if isinstance(before, set | list):
        new = [item for item in after if item not in before]
        return f"{new}, gone: {[item for item in before if item not in after]}"
    return f"{after!r}, was {before!r}"


class Wire:
    """A StatsD server on loopback that keeps every line; ``lines()`` flushes the handle first."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.url = f"udp://127.0.0.1:{self.socket.getsockname()[1]}"

    def packets(self) -> list[bytes]:
        """Return the datagrams that have arrived, without a flush."""
        found = []
        with suppress(BlockingIOError):
            while True:
                found.append(self.socket.recv(65_535))
        return found

    def lines(self) -> list[str]:
        """Flush the handle and return the lines that have arrived."""
        assert statsd.flush(5)
        return [line for packet in self.packets() for line in packet.decode("ascii").split("\n")]

    def await_lines(self, count: int = 1) -> list[str]:
        """Return the lines that arrive without a flush of ours, once there are `count`."""
        lines: list[str] = []
        deadline = time.monotonic() + 15
        while len(lines) < count and time.monotonic() < deadline:
            lines += [line for packet in self.packets() for line in packet.decode("ascii").split("\n")]
            time.sleep(0.005)
        return lines


@pytest.fixture
def server() -> Iterator[Wire]:
    """A UDP socket that listens, and nothing configured."""
    wire = Wire()
    yield wire
    wire.socket.close()


@pytest.fixture
def wire(server: Wire, settings: Any) -> Iterator[Wire]:
    """The buffered client behind the handle, sending to a socket that the test reads."""
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.buffered"
    settings.STATSD_URL = server.url
    settings.STATSD_FLUSH_INTERVAL = 60.0  # the test says when to flush
    yield server
    statsd.close()
