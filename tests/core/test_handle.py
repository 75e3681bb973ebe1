from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

import django_metrics_statsd.clients as package
from django_metrics_statsd.clients import get_client, statsd
from django_metrics_statsd.clients.base import BaseClient, Emitter, Record
from django_metrics_statsd.clients.fan import FanClient
from django_metrics_statsd.clients.handle import Statsd
from django_metrics_statsd.clients.loading import client_class
from django_metrics_statsd.clients.null import StatsClient as NullClient
from django_metrics_statsd.clients.toolbar import StatsClient as MemoryClient
from tests.conftest import Wire

HERE = "tests.core.test_handle"


class Mine(BaseClient):
    """A client of the site's own."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.ended = 0

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        self.got.append((kind, stat, value))

    def close(self) -> None:
        self.ended += 1


class Broken(BaseClient):
    def __init__(self) -> None:
        raise RuntimeError("no")


class Failing(Mine):
    """A client in which everything fails."""

    def _no(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no")

    record = start = tick = flush = close = telemetry = _no


NOT_A_CLIENT = 3


def test_the_handle_may_be_imported_before_there_are_settings() -> None:
    script = (
        "from django_metrics_statsd.clients import statsd, get_client; "
        "assert not statsd.made; statsd.timer('x')"
    )
    environment = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_gives_out_the_handle_and_nothing_else() -> None:
    assert package.statsd is statsd
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_tests_get_the_null_client() -> None:
    statsd.incr("a")
    assert isinstance(get_client(), NullClient)
    assert get_client() is statsd.client


def test_the_client_follows_the_settings() -> None:
    with override_settings(STATSD_CLIENT=f"{HERE}.Mine"):
        statsd.incr("a", 2)
        first = get_client()
        assert isinstance(first, Mine)
        assert first.got == [("c", "a", 2)]
        with override_settings(STATSD_PREFIX="x"):
            assert first.ended == 1
            statsd.incr("b")
            second = get_client()
            assert isinstance(second, Mine)
            assert second is not first
            assert second.got == [("c", "b", 1)]
    assert isinstance(get_client(), NullClient)


def test_a_bound_function_is_the_clients_own(settings: Any) -> None:
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.toolbar"
    statsd.incr("a")
    assert statsd.incr == get_client().incr


class Raising(Mine):
    """Somebody else's client, which does not keep the promise that nothing raises."""

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        raise OSError(stat)


def test_somebody_elses_client_does_not_raise_into_the_host(settings: Any, faults: dict[str, int]) -> None:
    settings.STATSD_CLIENT = f"{HERE}.Raising"
    statsd.incr("a")
    statsd.timing("b", 1.0)
    assert faults == {"clients.handle": 2}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no_such_package.client", "No module named 'no_such_package'"),
        ("django_metrics_statsd.clients.nope", "nope"),
        (f"{HERE}.Nope", "Nope"),
        (f"{HERE}.NOT_A_CLIENT", "which is 3"),
        ("json.decoder", "must be a module with a class StatsClient"),
        (f"{HERE}.Mine.got", "Mine"),
    ],
)
def test_paths_that_name_no_client(path: str, message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        client_class(path)
    assert "STATSD_CLIENT names" in str(caught.value)
    assert message in str(caught.value)


def test_a_client_whose_module_misses_something_says_what(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needy_client.py").write_text("import no_such_library\n")
    (tmp_path / "needy_package.py").write_text("raise ImportError('pip install it')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImproperlyConfigured, match="no_such_library"):
        client_class("needy_client.StatsClient")
    with pytest.raises(ImportError, match="pip install it"):
        client_class("needy_package")


@pytest.mark.parametrize("path", [f"{HERE}.Broken", f"{HERE}.Nope"])
def test_a_client_that_cannot_be_made_is_the_null_client_and_counted(
    path: str, settings: Any, faults: dict[str, int]
) -> None:
    settings.STATSD_CLIENT = path
    statsd.incr("a")
    assert isinstance(get_client(), NullClient)
    assert faults == {f"STATSD_CLIENT {path}": 1}


def test_a_list_of_clients_gets_every_stat(settings: Any) -> None:
    settings.STATSD_CLIENT = [f"{HERE}.Mine", "django_metrics_statsd.clients.toolbar"]
    statsd.incr("a")
    with statsd.pipeline() as pipeline:
        pipeline.timing("b", 5)
    statsd.tick()
    fan = get_client()
    assert isinstance(fan, FanClient)
    mine, memory = fan.clients
    assert isinstance(mine, Mine)
    assert isinstance(memory, MemoryClient)
    assert mine.got == [("c", "a", 1), ("ms", "b", 5)]
    assert [series.stat for series in memory.series()] == ["b", "a"]
    assert fan.destination == "test_handle, toolbar"
    statsd.close()
    assert mine.ended == 1


def test_a_client_that_fails_does_not_keep_a_stat_from_the_others(
    settings: Any, faults: dict[str, int]
) -> None:
    settings.STATSD_CLIENT = [f"{HERE}.Failing", f"{HERE}.Mine"]
    statsd.incr("a")
    statsd.tick()
    fan = get_client()
    assert isinstance(fan, FanClient)
    mine = fan.clients[1]
    assert isinstance(mine, Mine)
    assert mine.got == [("c", "a", 1)]
    assert statsd.flush() is False
    assert statsd.telemetry()["sent"] == 0
    statsd.close()
    assert mine.ended == 1
    assert sum(faults.values()) == 6


def test_two_clients_of_one_kind_are_both_counted(settings: Any) -> None:
    settings.STATSD_CLIENT = ["django_metrics_statsd.clients.toolbar"] * 2
    statsd.incr("a")
    assert statsd.telemetry()["sent"] == 2


def test_listeners_hear_each_stat_before_the_client(settings: Any) -> None:
    settings.STATSD_CLIENT = f"{HERE}.Mine"
    heard: list[tuple[Record, int]] = []

    def listener(record: Record) -> None:
        client = get_client()
        assert isinstance(client, Mine)
        heard.append((record, len(client.got)))

    statsd.listen(listener)
    statsd.incr("a", 2, 1, {"x": "y"})
    with statsd.pipeline() as pipeline:
        pipeline.set("b", 3)
    statsd.unlisten(listener)
    statsd.incr("c")
    assert heard == [(Record("c", "a", 2, 1, {"x": "y"}), 0), (Record("s", "b", 3, 1, None), 1)]
    assert len(get_client().got) == 3  # type: ignore[attr-defined]


def test_a_method_as_listener_can_be_taken_away_again() -> None:
    heard: list[Record] = []
    statsd.listen(heard.append)
    statsd.unlisten(heard.append)
    statsd.incr("a")
    assert heard == []


def test_replace_puts_another_client_behind_the_handle() -> None:
    mine = Mine()
    before = statsd.replace(mine)
    statsd.incr("a")
    assert statsd.replace(before) is mine
    statsd.incr("b")
    assert mine.got == [("c", "a", 1)]


def test_many_threads_bind_one_client(wire: Wire) -> None:
    barrier = threading.Barrier(8)

    def emit() -> None:
        barrier.wait(5)
        for _ in range(100):
            statsd.incr("a")

    threads = [threading.Thread(target=emit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wire.lines() == ["a:800|c"]


def test_flush_and_close_of_an_unused_handle_make_no_client() -> None:
    statsd.close()
    assert statsd.flush() is True
    assert not statsd.made


class Unsteady(Statsd):
    """A handle that another thread unbinds each time that it is bound."""

    def bind(self) -> None:
        super().bind()
        self.unbind()


def test_a_handle_that_is_unbound_meanwhile_loses_nothing(settings: Any) -> None:
    settings.STATSD_CLIENT = f"{HERE}.Mine"
    handle = Unsteady()
    handle.incr("a")
    handle.timing("b", 2)
    assert handle.client.got == [("c", "a", 1), ("ms", "b", 2)]  # type: ignore[attr-defined]


def test_an_emitter_needs_a_record_method() -> None:
    with pytest.raises(NotImplementedError):
        Emitter().incr("a")


def test_what_was_bound_too_early_still_reaches_the_client(settings: Any) -> None:
    """A function taken from the handle before the first stat goes on working, bound or not."""
    settings.STATSD_CLIENT = f"{HERE}.Mine"
    early = statsd.incr
    early("a")
    early("b")
    assert get_client().got == [("c", "a", 1), ("c", "b", 1)]  # type: ignore[attr-defined]


def test_datadogs_client_over_tcp_becomes_the_null_client(settings: Any, faults: dict[str, int]) -> None:
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.datadog"
    settings.STATSD_URL = "tcp://127.0.0.1:8125"
    statsd.incr("a")
    assert type(get_client()).__module__ == "django_metrics_statsd.clients.null"
    assert faults == {"STATSD_CLIENT django_metrics_statsd.clients.datadog": 1}
