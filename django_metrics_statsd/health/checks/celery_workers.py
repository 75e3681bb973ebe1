"""Whether Celery's workers answer, whether tasks get done, and how many wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.utils.module_loading import import_string

from django_metrics_statsd.health.checks.base import Check, Fail, Warn

EXTRA = "pip install 'django-metrics-statsd[celery]'"
#: Begins the keys under which tasks leave the time, one for each queue.
HEARTBEAT = "django_metrics_statsd.health.heartbeat."
#: Seconds for which the cache keeps a heartbeat: long enough to say how old it is.
KEPT = 7 * 86_400
#: Seconds that workers have to answer after the first one did, until what they said is thrown away.
OTHERS = 0.25


def beat(queue: str, cache: str) -> None:
    """Leave the time in a cache: a task of this queue has been done."""
    caches[cache].set(HEARTBEAT + queue, time.time(), KEPT)


@dataclass(kw_only=True)
class _OfCelery(Check):
    """What the checks of Celery share.

    Attributes:
        app: the dotted path of the Celery app; unset, the current one.
        patience: seconds to wait for the broker, and then for answers.
    """

    app: str | None = None
    patience: float = 1.5

    def _app(self) -> Any:
        try:
            import celery
        except ImportError:
            raise Fail(f"Celery is not installed: {EXTRA}.") from None
        return celery.current_app if self.app is None else import_string(self.app)

    def _connect(self, app: Any) -> Any:
        """Return a connection to the broker, made now or not at all: Celery's own ones try again for long."""
        connection = app.connection_for_write(
            connect_timeout=self.patience, transport_options=self._options(app)
        )
        try:
            connection.ensure_connection(
                max_retries=1, timeout=self.patience, interval_start=0, interval_step=0
            )
        except Exception as error:
            connection.release()
            raise Fail(f"The broker does not answer: {error}") from error
        return connection

    def _options(self, app: Any) -> dict[str, Any]:
        """Return limits under the names that Redis' and AMQP's clients have for them."""
        names = ("socket_timeout", "socket_connect_timeout", "read_timeout", "write_timeout")
        return {**(app.conf.broker_transport_options or {}), **dict.fromkeys(names, self.patience)}


@dataclass(kw_only=True)
class Celery(_OfCelery):
    """Asks the workers for an answer by Celery's remote control, and waits for `patience` seconds at most.

    A worker that is busy with long tasks in its only thread may not answer: see `CeleryHeartbeat`.

    Attributes:
        workers: names that have to answer, such as ``celery@web1``; unset, any one.
    """

    name: str = "celery"
    workers: tuple[str, ...] = ()

    def run(self) -> dict[str, Any]:
        """Ask."""
        app = self._app()
        connection = self._connect(app)
        try:
            answers = self._ping(app, connection)
        finally:
            connection.release()
        names = sorted(name for answer in answers or () for name in answer)
        missing = sorted(set(self.workers) - set(names))
        if missing:
            raise Fail(f"No answer from {', '.join(missing)}.", answered=len(names))
        if not names:
            raise Fail("No worker answered.")
        return {"answered": len(names)}

    def _ping(self, app: Any, connection: Any) -> Any:
        """Send the ping through a mailbox of our own: the app's takes one more connection, and keeps it."""
        from kombu import pidbox

        untyped: Any = pidbox
        mailbox = untyped.Mailbox(
            app.conf.control_exchange,
            type="fanout",
            connection=connection,
            accept=app.conf.accept_content,
            serializer=app.conf.task_serializer,
        )
        if self.workers:
            return mailbox.call(list(self.workers), "ping", timeout=self.patience)
        try:
            return _first_answer(mailbox, self.patience)
        finally:
            _sweep(connection, mailbox)


def _first_answer(mailbox: Any, patience: float) -> Any:
    """Return the first answer. One to an earlier question is passed over, and it is asked again."""
    answers, ends = None, time.monotonic() + patience
    while not answers and (left := ends - time.monotonic()) > 0:
        answers = mailbox.multi_call("ping", timeout=left, limit=1)
    return answers


def _sweep(connection: Any, mailbox: Any) -> None:
    """Throw away what further workers answer: Redis would keep it, as its lists belong to no connection."""
    if connection.transport.driver_type == "redis":
        time.sleep(OTHERS)
        with suppress(Exception):  # the check has its answer
            connection.default_channel.queue_purge(mailbox.reply_queue.name)


@dataclass(kw_only=True)
class CeleryQueue(_OfCelery):
    """Counts the tasks that wait in queues.

    Attributes:
        queues: their names.
        warn: tasks in one queue, above which to warn.
        fail: tasks in one queue, above which to fail.
    """

    name: str = "celery_queue"
    queues: tuple[str, ...] = ("celery",)
    warn: int = 1_000
    fail: int = 10_000

    def run(self) -> dict[str, Any]:
        """Ask the broker."""
        connection = self._connect(self._app())
        try:
            with connection.channel() as channel:
                waiting = {queue: _length(connection, channel, queue) for queue in self.queues}
        finally:
            connection.release()
        return self._judge(waiting)

    def _judge(self, waiting: dict[str, int]) -> dict[str, Any]:
        queue = max(waiting, key=lambda name: waiting[name], default="")
        most = waiting.get(queue, 0)
        for limit, finding in ((self.fail, Fail), (self.warn, Warn)):
            if most > limit:
                raise finding(f"{most} tasks wait in {queue}.", waiting=waiting)
        return {"waiting": waiting}


def _length(connection: Any, channel: Any, queue: str) -> int:
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors:  # nobody has made this queue yet
        return 0


@dataclass(kw_only=True)
class CeleryHeartbeat(Check):
    """Looks at when a task was last done, without asking a worker or the broker.

    Have Celery's beat run ``django_metrics_statsd.health.tasks.heartbeat`` every minute; it leaves the time
    in a cache that the workers share with the site.

    Attributes:
        queues: a heartbeat is expected of each.
        cache: the alias of the cache.
        warn: seconds without a heartbeat, above which to warn.
        fail: seconds without a heartbeat, above which to fail.
    """

    name: str = "celery_heartbeat"
    queues: tuple[str, ...] = ("celery",)
    cache: str = "default"
    warn: float = 150.0
    fail: float = 600.0

    def parts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield each queue."""
        for queue in self.queues:
            yield queue, partial(self._look, queue)

    def _look(self, queue: str) -> dict[str, Any]:
        cache = caches[self.cache]
        if isinstance(cache, DummyCache | LocMemCache):
            raise Fail(f"The cache {self.cache!r} is each process's own: give the check one that is shared.")
        seen = cache.get(HEARTBEAT + queue)
        if seen is None:
            raise Fail("No heartbeat has been seen; does beat run the task, and do they share this cache?")
        age = max(0.0, time.time() - float(seen))
        for limit, finding in ((self.fail, Fail), (self.warn, Warn)):
            if age > limit:
                raise finding(f"The last heartbeat was {age:.0f} s ago.", age_seconds=round(age, 1))
        return {"age_seconds": round(age, 1)}
