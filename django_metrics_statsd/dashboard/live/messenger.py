"""The messages by Redis: a number on a channel, which has every process look at the table of changes.

Nothing depends on a message: one that is lost is made up for by the next look at the table.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from django_metrics_statsd.background import in_children
from django_metrics_statsd.dashboard.conf import conf, on_change
from django_metrics_statsd.safety import failed, say_once

CHANNEL = "metrics_dashboard"
#: Seconds that a publisher waits for Redis, and for how long it leaves Redis alone after that was in vain.
TIMEOUT, PAUSE = 0.5, 2.0
#: How many messages are taken together, at most.
BURST = 1_000
EXTRA = "pip install 'django-metrics-statsd[dashboard]'"


class _Sender:
    """The client that publishes, kept between messages; one a process."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.client: Any = None
        self.url: str | None = None
        self.quiet_until = 0.0
        self.lock = threading.Lock()

    def send(self, url: str, seq: int) -> None:
        if time.monotonic() < self.quiet_until:
            return
        # Whoever waits longer finds out that Redis hangs; the message is made up for by the next look.
        if not self.lock.acquire(timeout=TIMEOUT):
            return
        try:
            if time.monotonic() >= self.quiet_until:
                self._publish(url, seq)
        finally:
            self.lock.release()

    def _publish(self, url: str, seq: int) -> None:
        try:
            if self.client is None or self.url != url:
                self.close()
                self.client, self.url = connect(url), url
            self.client.publish(CHANNEL, seq)
        except Exception as error:
            self.quiet_until = time.monotonic() + PAUSE
            complain(error)

    def close(self) -> None:
        client, self.client, self.quiet_until = self.client, None, 0.0
        if client is not None:
            client.close()


_sender = _Sender()
in_children(_sender.reset)
on_change(_sender.close)


def wake(seq: int) -> None:
    """Have all processes look for changes up to `seq`, where ``DASHBOARD_MESSENGER_URL`` is set."""
    url = conf.DASHBOARD_MESSENGER_URL
    if url is not None:
        _sender.send(url, seq)


def close() -> None:
    """Close the connection of this process's publisher, if there is one."""
    _sender.close()


def complain(error: Exception) -> None:
    """Say once that Redis cannot be had, without its URL, which may hold a password."""
    if isinstance(error, ImportError):
        say_once("dashboard.redis", "DASHBOARD_MESSENGER_URL needs the redis library: %s", EXTRA)
        return
    from redis.exceptions import RedisError

    if isinstance(error, RedisError | OSError):
        say_once(
            "dashboard.redis",
            "the Redis of DASHBOARD_MESSENGER_URL cannot be had (%s); the database carries the messages",
            type(error).__name__,
        )
    else:
        failed("dashboard.redis")


def connect(url: str) -> Any:
    """Return a client that has not connected yet, never tries twice, and waits for `TIMEOUT` seconds."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        client_name=f"metrics_dashboard.{os.getpid()}",
    )


class Receiver:
    """Waits for messages; used by one thread alone."""

    #: Seconds between two tries to reach a Redis that is away.
    AGAIN = 1.0

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: Any = None
        self._channel: Any = None
        self._next_try = 0.0

    @property
    def connected(self) -> bool:
        """Whether messages arrive, as far as is known."""
        return self._channel is not None

    def connect(self) -> bool:
        """Subscribe unless that is so; return whether it is so now and was not before."""
        if self.connected or time.monotonic() < self._next_try:
            return False
        self._next_try = time.monotonic() + self.AGAIN
        try:
            self._client = connect(self.url)
            channel = self._client.pubsub()
            channel.subscribe(CHANNEL)
            # Only when Redis has confirmed it can nothing be missed any more.
            confirmed = channel.get_message(timeout=TIMEOUT) is not None
            self._channel = channel
        except Exception as error:
            complain(error)
            confirmed = False
        if not confirmed:
            self.close()
        return confirmed

    def wait(self, seconds: float) -> bool:
        """Wait for a message for so long; return whether one came. Loses the connection quietly."""
        try:
            came = self._channel.get_message(timeout=seconds) is not None
            for _ in range(BURST if came else 0):  # one look serves all that came meanwhile
                if self._channel.get_message(timeout=0) is None:
                    break
            return came
        except Exception as error:
            complain(error)
            self.close()
            return True

    def close(self) -> None:
        """Close the connection."""
        channel, client = self._channel, self._client
        self._channel = self._client = None
        for each in (channel, client):
            try:
                if each is not None:
                    each.close()
            except Exception:
                failed("dashboard.redis.close")
