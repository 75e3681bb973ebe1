"""The checks of Celery, with real workers and Redis as the broker: up, down, hanging, busy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import celery
import pytest
from django.core.cache import caches

from django_metrics_statsd.health.checks import (
    Celery,
    CeleryHeartbeat,
    CeleryQueue,
    Memory,
    celery_workers,
)
from tests.health_services.conftest import hanging
from tests.health_services.outcomes import (
    await_threads,
    clients,
    comes_down_to,
    is_reported_late,
    result_of,
    state_of,
)
from tests.services.harness import ROOT, Server, environment, free_port, wait_until

APP = "tests.health_services.test_celery.app"
#: Each test's own, with the test's broker.
app = celery.Celery("shop", set_as_current=False)


@pytest.fixture
def broker(redis_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    made = celery.Celery("shop", broker=redis_server.url, set_as_current=False)
    monkeypatch.setattr(sys.modules[__name__], "app", made)
    yield redis_server
    made.pool.force_close_all()
    made.close()


def worker_called(name: str, broker: Any, folder: Path) -> Server:
    command = [
        *(sys.executable, "-m", "celery", "-b", broker.url, "-A", "celery", "worker", "-P", "solo"),
        *("-n", f"{name}@shop", "-l", "info", "--without-gossip", "--without-mingle"),
    ]
    server = Server(name, command, folder / name, lambda: "ready." in server.log(), {"PYTHONPATH": str(ROOT)})
    return server


@pytest.fixture
def worker(broker: Any, tmp_path: Path) -> Iterator[Server]:
    with worker_called("one", broker, tmp_path) as server:
        yield server


def test_a_worker_answers_hangs_and_goes(worker: Server) -> None:
    found = result_of(Celery(app=APP))
    assert (str(found.state), found.details) == ("ok", {"answered": 1})
    assert state_of(Celery(app=APP, workers=("one@shop",))) == "ok"
    missing = result_of(Celery(app=APP, workers=("one@shop", "two@shop")))
    assert (str(missing.state), missing.message) == ("fail", "No answer from two@shop.")
    os.killpg(worker.running().pid, signal.SIGSTOP)
    assert result_of(Celery(app=APP)).message == "No worker answered."
    os.killpg(worker.running().pid, signal.SIGCONT)
    wait_until(lambda: state_of(Celery(app=APP)) == "ok", "the worker to answer again")


def test_what_further_workers_answer_is_not_left_in_the_broker(broker: Any, tmp_path: Path) -> None:
    names = ("one", "two", "three")
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(worker_called(name, broker, tmp_path))
        check = Celery(app=APP, workers=tuple(f"{name}@shop" for name in names), patience=10.0, timeout=20.0)
        wait_until(lambda: state_of(check) == "ok", "three workers")
        for _ in range(20):
            assert state_of(Celery(app=APP, patience=10.0, timeout=20.0)) == "ok"
    assert broker.ask("KEYS", "*.reply.celery.pidbox") == "*0"


def test_an_answer_to_an_earlier_question_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mailbox:
        answers: ClassVar[list[Any]] = [[], [{"one@shop": {"ok": "pong"}}]]

        def multi_call(self, command: str, *, timeout: float, limit: int) -> Any:
            return self.answers.pop(0)

    assert celery_workers._first_answer(Mailbox(), 5.0) == [{"one@shop": {"ok": "pong"}}]
    assert Mailbox.answers == []


def test_without_a_worker_nobody_answers(broker: Any) -> None:
    assert result_of(Celery(app=APP, patience=0.3)).message == "No worker answered."


@pytest.mark.parametrize("kind", [Celery, CeleryQueue])
def test_a_broker_that_hangs_is_late_and_one_that_is_down_fails(broker: Any, kind: Any) -> None:
    with hanging(broker):
        is_reported_late(kind(app=APP, timeout=0.5, patience=1.0), Memory(warn=0, fail=0))
        await_threads()  # it comes back by itself
    broker.stop()
    found = result_of(kind(app=APP))
    assert str(found.state) == "fail"
    assert "The broker does not answer" in found.message
    broker.start()
    assert state_of(CeleryQueue(app=APP)) == "ok"


def test_a_broker_whose_host_is_nowhere_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    made = celery.Celery("shop", broker=f"amqp://guest@127.0.0.1:{free_port()}//", set_as_current=False)
    monkeypatch.setattr(sys.modules[__name__], "app", made)
    assert "The broker does not answer" in result_of(Celery(app=APP, timeout=10.0)).message
    made.close()


def test_tasks_that_wait_are_counted(broker: Any) -> None:
    assert result_of(CeleryQueue(app=APP)).details == {"waiting": {"celery": 0}}
    with app.connection_for_write() as connection, app.amqp.Producer(connection) as producer:
        for _ in range(5):
            app.send_task("shop.restock", producer=producer)
    found = result_of(CeleryQueue(app=APP, queues=("celery", "mail"), warn=3))
    assert str(found.state) == "warn"
    assert found.details == {"waiting": {"celery": 5, "mail": 0}}
    assert found.message == "5 tasks wait in celery."
    assert state_of(CeleryQueue(app=APP, warn=3, fail=4)) == "fail"


def test_no_connection_to_the_broker_is_left(broker: Any) -> None:
    before = clients(broker)
    for _ in range(20):
        state_of(CeleryQueue(app=APP))
        state_of(Celery(app=APP, patience=0.05))
    assert comes_down_to(before, lambda: clients(broker))


def test_a_heartbeat_needs_a_cache_that_is_shared() -> None:
    assert "each process's own" in result_of(CeleryHeartbeat()).message


def test_a_heartbeat_that_was_never_seen_fails(settings: Any, tmp_path: Path) -> None:
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": str(tmp_path)}}
    found = result_of(CeleryHeartbeat(queues=("never",)))
    assert "does beat run the task" in found.message


def test_a_heartbeat_ages(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    backend = "django.core.cache.backends.filebased.FileBasedCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": str(tmp_path)}}
    celery_workers.beat("celery", "default")
    found = result_of(CeleryHeartbeat())
    assert str(found.state) == "ok"
    assert found.details["age_seconds"] < 60
    beat = caches["default"].get(celery_workers.HEARTBEAT + "celery")
    for age, state in ((200, "warn"), (700, "fail")):
        caches["default"].set(celery_workers.HEARTBEAT + "celery", beat - age)
        assert state_of(CeleryHeartbeat()) == state


def test_the_heartbeat_is_a_task_of_celerys() -> None:
    """In a process of its own: Celery has every app know the tasks that other tests have made."""
    script = """
from django.conf import settings
settings.configure(CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}})
from django.core.cache import cache
from django_metrics_statsd.health import tasks
tasks.heartbeat("mail")
print(tasks.heartbeat.name, cache.get("django_metrics_statsd.health.heartbeat.mail") > 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "django_metrics_statsd.health.tasks.heartbeat True\n", done.stderr
