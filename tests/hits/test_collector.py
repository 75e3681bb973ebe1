"""From a real Redis into storages: each record once, whatever dies, and each storage at its own pace."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
import redis
from django.core.management import CommandError, call_command

from django_metrics_statsd.hits.collector.run import Collector
from django_metrics_statsd.hits.collector.status import read_status
from django_metrics_statsd.hits.collector.trimming import forget_gone
from django_metrics_statsd.hits.records import HitRecord, Record, pack
from django_metrics_statsd.hits.storages.base import Rejected
from django_metrics_statsd.hits.storages.loading import make_storages
from django_metrics_statsd.hits.transports.address import RedisAddress, read
from django_metrics_statsd.hits.transports.streams import StreamsTransport
from django_metrics_statsd.testing import Captured
from tests.hits import samples
from tests.hits.kept import databases, shelf
from tests.services.harness import free_port, wait_until
from tests.services.stores import Redis

pytestmark = pytest.mark.service

STREAM = "metrics_hits:{default.0}"
DEAD = "metrics_hits:{default.dead}"


@pytest.fixture
def client(redis_server: Redis) -> Iterator[Any]:
    found = redis.Redis(port=redis_server.port, protocol=2)
    found.flushall()
    yield found
    found.close()


@pytest.fixture
def address(redis_server: Redis, client: Any, settings: Any) -> RedisAddress:
    options = {"addr": f"127.0.0.1:{redis_server.port}"}
    settings.WT_REDIS = options
    settings.WT_DATABASES = databases("one", "two")
    settings.WT_CLAIM_SECONDS = 0.2
    settings.WT_FREQUENCY = 0.1
    return read(options)


@pytest.fixture
def send(address: RedisAddress) -> Iterator[Callable[[list[Record]], None]]:
    transport = StreamsTransport(address)
    yield transport.send
    transport.close()


class Running:
    """A collector in a thread."""

    def __init__(self, address: RedisAddress, **options: Any) -> None:
        self.collector = Collector(address, make_storages(), **options)
        self.fine: list[bool] = []
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        self.fine.append(self.collector.run(lambda *_: None, every=0.1))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.collector.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def once(address: RedisAddress, **options: Any) -> Collector:
    collector = Collector(address, make_storages(), once=True, **options)
    collector.run(lambda *_: None, every=0.05)
    return collector


def ids(records: list[Record]) -> set[Any]:
    return {record.id for record in records}


def test_every_record_comes_into_every_storage_enriched(send: Any, address: RedisAddress) -> None:
    records = samples.mixed(120)
    send(records)
    collector = once(address, batch=50)
    for alias in ("one", "two"):
        assert set(shelf(alias).records) == ids(records)
        assert max(shelf(alias).writes) <= 50
        assert collector.progress[alias].written == 120
    assert any(record.ua for record in shelf("one").records.values() if isinstance(record, HitRecord))


def test_what_all_storages_have_leaves_the_stream(send: Any, address: RedisAddress, client: Any) -> None:
    send(samples.mixed(120))
    assert client.xlen(STREAM) == 120
    once(address)
    assert client.xlen(STREAM) == 0
    status = read_status()
    assert status["length"] == 0
    for alias in ("one", "two"):
        assert status["storages"][alias]["lag"] == status["storages"][alias]["pending"] == 0
        assert status["storages"][alias]["last_batch"] < 60


def test_a_storage_that_is_down_catches_up_while_the_others_go_on(
    send: Any, address: RedisAddress, client: Any
) -> None:
    shelf("one").down = True
    records = samples.mixed(60)
    with Running(address, batch=20) as running:
        send(records)
        wait_until(lambda: len(shelf("two").records) == 60, "the storage that is up", 10)
        assert shelf("one").records == {}
        assert client.xlen(STREAM) == 60
        wait_until(lambda: running.collector.progress["one"].error == "it is down", "the error", 5)
        shelf("one").down = False
        wait_until(lambda: len(shelf("one").records) == 60, "the storage that came back", 20)
        wait_until(lambda: not running.collector.progress["one"].error, "the recovery", 5)
        wait_until(lambda: client.xlen(STREAM) == 0, "the trimming", 5)
    assert running.fine == [True]


def test_what_a_dead_collector_left_is_taken_over(send: Any, address: RedisAddress, client: Any) -> None:
    records = samples.mixed(30)
    send(records)
    for alias in ("one", "two"):
        client.xgroup_create(STREAM, alias, id="0")
        client.xreadgroup(alias, "dead", {STREAM: ">"}, count=20)
    with Running(address):
        for alias in ("one", "two"):
            wait_until(lambda alias=alias: set(shelf(alias).records) == ids(records), alias, 10)
    assert read_status()["storages"]["one"]["pending"] == 0


def test_a_collector_that_comes_back_under_its_name_goes_on_at_once(
    send: Any, address: RedisAddress, client: Any, settings: Any
) -> None:
    settings.WT_CLAIM_SECONDS = 1_000.0
    records = samples.mixed(30)
    send(records)
    for alias in ("one", "two"):
        client.xgroup_create(STREAM, alias, id="0")
        client.xreadgroup(alias, "me", {STREAM: ">"}, count=20)
    once(address, consumer="me")
    assert set(shelf("one").records) == ids(records)


def test_collectors_side_by_side_share_the_work(send: Any, address: RedisAddress, settings: Any) -> None:
    settings.WT_CLAIM_SECONDS = 60.0  # none takes over what the other one is at
    records: list[Record] = []
    with Running(address, batch=10) as first, Running(address, batch=10) as second:

        def written() -> list[int]:
            return [running.collector.progress["one"].written for running in (first, second)]

        for rounds in range(500):
            if rounds >= 10 and min(written()) > 0:
                break
            records += (more := samples.mixed(40))
            send(more)
            time.sleep(0.02)
        wait_until(lambda: set(shelf("one").records) == ids(records) == set(shelf("two").records), "all", 20)
    assert sum(written()) == len(records)
    assert min(written()) > 0


def test_what_cannot_be_read_is_set_aside_once_with_its_reason_and_the_rest_goes_on(
    send: Any, address: RedisAddress, client: Any
) -> None:
    records = samples.mixed(10)
    send(records[:5])
    client.xadd(STREAM, {"r": b"\x93junk"})
    client.xadd(STREAM, {"other": "field"})
    send(records[5:])
    once(address)
    assert set(shelf("one").records) == ids(records) == set(shelf("two").records)
    letters = dead()
    assert letters[-1] == "1 set aside."
    assert letters[0].startswith("*|")
    assert client.xlen(STREAM) == 0


def dead() -> list[str]:
    out = io.StringIO()
    call_command("collect", dead=True, stdout=out)
    return out.getvalue().splitlines()


def test_what_a_storage_refuses_is_set_aside_for_it_and_can_be_replayed(
    send: Any, address: RedisAddress
) -> None:
    records = samples.mixed(50)
    bad = {records[7].id, records[31].id}
    shelf("one").refused = set(bad)
    send(records)
    collector = once(address)
    assert collector.progress["one"].set_aside == 2
    assert set(shelf("one").records) == ids(records) - bad
    assert set(shelf("two").records) == ids(records)
    assert [line.split("|")[0] for line in dead()[:-1]] == ["one", "one"]
    assert replay() == "0 found their place, 2 are still set aside.\n"
    shelf("one").refused.clear()
    assert replay() == "2 found their place, 0 are still set aside.\n"
    assert set(shelf("one").records) == ids(records)
    assert dead() == ["0 set aside."]


def replay() -> str:
    out = io.StringIO()
    call_command("collect", replay=True, stdout=out)
    return out.getvalue()


def test_what_could_not_be_read_goes_back_into_the_stream_once_it_can_be(
    send: Any, address: RedisAddress, client: Any
) -> None:
    from django_metrics_statsd.hits.collector.dead import UNREADABLE, DeadLetters
    from django_metrics_statsd.hits.collector.source import Entry

    record = samples.hit()
    DeadLetters(client, DEAD, 10).set_aside(
        UNREADABLE, Entry(STREAM, b"1-1", pack(record)), "of a later release"
    )
    assert replay().startswith("1 found")
    once(address)
    assert set(shelf("one").records) == {record.id} == set(shelf("two").records)


def test_dead_letters_are_bounded(address: RedisAddress, client: Any, settings: Any) -> None:
    settings.WT_DEAD_LETTERS = 3
    for _ in range(10):
        client.xadd(STREAM, {"r": b"junk"})
    collector = once(address)
    assert client.hlen(DEAD) == 3
    progress = collector.progress["one"]
    assert progress.set_aside + progress.lost == 10


def test_partitions_are_all_read(address: RedisAddress, settings: Any) -> None:
    settings.WT_PARTITIONS = 3
    transport = StreamsTransport(address)
    records = samples.mixed(90)
    with Running(address, batch=20):
        for start in range(0, 90, 10):
            transport.send(records[start : start + 10])
        wait_until(lambda: set(shelf("one").records) == ids(records) == set(shelf("two").records), "all", 10)
    transport.close()


def test_entries_of_two_partitions_with_the_same_id_are_told_apart(
    address: RedisAddress, client: Any, settings: Any
) -> None:
    settings.WT_PARTITIONS = 2
    settings.WT_CLAIM_SECONDS = 1_000.0  # nobody comes to set it right
    record = samples.hit()
    client.xadd("metrics_hits:{default.0}", {"r": b"junk"}, id="5-1")
    client.xadd("metrics_hits:{default.1}", {"r": pack(record)}, id="5-1")
    once(address)
    assert set(shelf("one").records) == {record.id} == set(shelf("two").records)
    assert client.hlen(DEAD) == 1
    assert read_status()["length"] == 0


def test_a_redis_that_lost_everything_is_begun_anew(send: Any, address: RedisAddress, client: Any) -> None:
    first, second = samples.mixed(10), samples.mixed(10)
    with Running(address):
        send(first)
        wait_until(lambda: len(shelf("one").records) == 10 == len(shelf("two").records), "the first", 10)
        client.flushall()
        send(second)
        wait_until(
            lambda: set(shelf("one").records) == ids(first + second) == set(shelf("two").records), "both", 20
        )


def test_a_redis_that_is_away_is_waited_for(tmp_path: Any, settings: Any) -> None:
    server = Redis(tmp_path / "redis")
    settings.WT_REDIS = {"addr": f"127.0.0.1:{server.port}"}
    settings.WT_DATABASES = databases("one")
    records = samples.mixed(10)
    found = read(settings.WT_REDIS)
    with Running(found) as running:
        wait_until(lambda: "Redis" in running.collector.progress["one"].error, "the error", 10)
        with server:
            transport = StreamsTransport(found)
            transport.send(records)
            transport.close()
            wait_until(lambda: set(shelf("one").records) == ids(records), "the records", 20)
            running.collector.stop.set()
            running.thread.join(20)


def test_once_says_what_could_not_be_moved(send: Any, address: RedisAddress) -> None:
    shelf("one").down = True
    send(samples.mixed(5))
    with pytest.raises(CommandError, match="one: it is down"):
        call_command("collect", once=True, verbosity=0)
    assert len(shelf("two").records) == 5
    shelf("one").down = False
    time.sleep(0.25)  # what the first one left becomes free after WT_CLAIM_SECONDS
    call_command("collect", once=True, verbosity=0)
    assert len(shelf("one").records) == 5


def test_one_storage_alone(send: Any, address: RedisAddress) -> None:
    send(samples.mixed(5))
    call_command("collect", once=True, verbosity=0, storage=["two"])
    assert len(shelf("two").records) == 5
    assert shelf("one").records == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "--batch is 0; allowed are 1 to 100000"),
        ({"storage": ["three"]}, "--storage three is not in WT_DATABASES; there are one, two"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str, address: RedisAddress) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("collect", **options)


def test_without_redis_there_is_nothing_to_collect() -> None:
    with pytest.raises(CommandError, match="WT_REDIS is unset"):
        call_command("collect", once=True)
    with pytest.raises(CommandError, match="WT_REDIS is unset"):
        call_command("collect", status=True)


def test_where_no_collector_has_run_everything_is_behind(send: Any, address: RedisAddress) -> None:
    send(samples.mixed(7))
    assert {each["lag"] for each in read_status()["storages"].values()} == {7}
    with pytest.raises(CommandError, match="More than 6 records behind: one, two"):
        call_command("collect", status=True, max_lag=6, stdout=io.StringIO())
    call_command("collect", status=True, max_lag=7, stdout=io.StringIO())


def test_a_collector_of_one_storage_keeps_the_stream_for_the_others(
    send: Any, address: RedisAddress, client: Any
) -> None:
    send(samples.mixed(5))
    call_command("collect", once=True, verbosity=0, storage=["two"])
    assert client.xlen(STREAM) == 5
    call_command("collect", once=True, verbosity=0)
    assert len(shelf("one").records) == 5
    assert client.xlen(STREAM) == 0


def test_a_storage_that_is_gone_can_be_forgotten(
    send: Any, address: RedisAddress, client: Any, settings: Any
) -> None:
    send(samples.mixed(5))
    call_command("collect", once=True, verbosity=0, storage=["one"])
    with pytest.raises(CommandError, match="WT_DATABASES still has 'two'; take it out there first"):
        call_command("collect", forget="two")
    settings.WT_DATABASES = databases("one")
    call_command("collect", forget="two", stdout=io.StringIO())
    assert [group["name"] for group in client.xinfo_groups(STREAM)] == [b"one"]
    call_command("collect", once=True, verbosity=0)
    assert client.xlen(STREAM) == 0


def test_the_status_tells_the_lag(send: Any, address: RedisAddress, client: Any) -> None:
    send(samples.mixed(7))
    client.xgroup_create(STREAM, "one", id="0")
    client.xreadgroup("one", "slow", {STREAM: ">"}, count=3)
    out = io.StringIO()
    call_command("collect", status=True, stdout=out)
    status = json.loads(out.getvalue())
    assert status["length"] == 7
    assert status["storages"]["one"] == {
        "lag": 4,
        "pending": 3,
        "cut": 0,
        "consumers": 1,
        "last_batch": None,
    }


def test_lines_say_how_it_goes(send: Any, address: RedisAddress) -> None:
    out = io.StringIO()
    send(samples.mixed(5))
    call_command("collect", once=True, stdout=out, consumer="me")
    first, second, *_ = out.getvalue().splitlines()
    assert first.startswith("Collecting as me from redis://127.0.0.1:")
    assert first.endswith("into one, two.")
    assert second.startswith("one: ")


def test_consumers_that_are_gone_are_forgotten_but_never_their_work(
    address: RedisAddress, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_metrics_statsd.hits.collector.trimming._HOUR_MS", 50)
    client.xadd(STREAM, {"r": b"1"})
    client.xgroup_create(STREAM, "one", id="0")
    client.xreadgroup("one", "busy", {STREAM: ">"}, count=1)
    client.xreadgroup("one", "idle", {STREAM: ">"}, count=1)
    time.sleep(0.1)
    forget_gone(client, STREAM)
    assert [consumer["name"] for consumer in client.xinfo_consumers(STREAM, "one")] == [b"busy"]


def test_what_redis_cut_off_before_a_storage_had_it_is_told(
    address: RedisAddress, client: Any, settings: Any, stats: Captured
) -> None:
    settings.WT_STREAM_LENGTH = 1_000
    shelf("one").down = True
    transport = StreamsTransport(address)
    with Running(address, batch=10) as running:
        transport.send(samples.hits(100))
        wait_until(lambda: running.collector.progress["one"].error, "the storage to be found down", 10)
        for _ in range(5):
            transport.send(samples.hits(1_000))
        wait_until(lambda: len(shelf("two").records) > 100, "the other storage", 10)
        wait_until(lambda: read_status()["storages"]["one"]["cut"] > 0, "the loss to be told", 10)
        status = read_status()["storages"]["one"]
        # 10 are being written, the rest is there or gone.
        assert 5_090 - 1_300 <= status["cut"] + client.xlen(STREAM) <= 5_200
        wait_until(lambda: stats.find("g", "django_metrics_statsd.collector.one.cut"), "the gauge", 10)
    transport.close()


@pytest.mark.parametrize("junk", [b"\x91" * 2_000, b"\x93\xa7event.1\xc0", b"\x93\xa5hit.1\xa2\xff\xfe\x00"])
def test_no_bytes_end_a_lane(junk: bytes, send: Any, address: RedisAddress, client: Any) -> None:
    client.xadd(STREAM, {"r": junk})
    records = samples.mixed(5)
    send(records)
    collector = once(address)
    assert set(shelf("one").records) == ids(records) == set(shelf("two").records)
    assert client.hlen(DEAD) == 1
    assert not any(progress.error for progress in collector.progress.values())


def test_a_full_redis_is_emptied_by_a_collector_that_starts(
    send: Any, address: RedisAddress, client: Any
) -> None:
    once(address)  # a first one has made the groups
    records = samples.mixed(50)
    send(records)
    client.xadd(STREAM, {"r": b"junk"})
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    try:
        with Running(address, batch=10):
            wait_until(
                lambda: set(shelf("one").records) == ids(records) == set(shelf("two").records), "all", 10
            )
            client.config_set("maxmemory", 0)
            wait_until(lambda: client.hlen(DEAD) == 1, "the dead letter", 20)
            wait_until(lambda: client.xlen(STREAM) == 0, "the trimming", 20)
    finally:
        client.config_set("maxmemory", 0)


def test_a_fault_in_maintenance_ends_nothing(
    send: Any, address: RedisAddress, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    monkeypatch.setattr("django_metrics_statsd.hits.collector.lane.MAINTENANCE", 0.0)
    with Running(address):
        wait_until(lambda: shelf("one").maintained > 2, "maintenance", 10)
        records = samples.mixed(5)
        send(records)
        wait_until(lambda: set(shelf("one").records) == ids(records), "the records", 10)
    assert faults["hits.maintain.one"] > 2


def test_streams_of_a_larger_number_of_partitions_are_read_to_their_end(
    address: RedisAddress, client: Any, settings: Any
) -> None:
    settings.WT_PARTITIONS = 4
    records = samples.mixed(40)
    late = samples.mixed(10)
    before = StreamsTransport(address)
    for start in range(0, 40, 10):
        before.send(records[start : start + 10])
    settings.WT_PARTITIONS = 1
    assert read_status()["length"] == 40
    with Running(address):
        wait_until(lambda: set(shelf("one").records) == ids(records) == set(shelf("two").records), "all", 10)
        before.send([])
        before.send(late)
        wait_until(lambda: set(shelf("one").records) == ids(records + late), "those of a late process", 20)
        wait_until(lambda: set(shelf("two").records) == ids(records + late), "the same in the other", 20)
        wait_until(lambda: read_status()["length"] == 0, "the trimming", 20)
    before.close()


def test_a_storage_that_exits_ends_the_collector_with_an_error(
    send: Any, address: RedisAddress, faults: dict[str, int]
) -> None:
    shelf("one").error = SystemExit(3)
    send(samples.mixed(5))
    with pytest.raises(CommandError, match="one: SystemExit: 3"):
        call_command("collect", verbosity=0)


def test_a_single_run_waits_for_what_a_dead_collector_was_given(
    send: Any, address: RedisAddress, client: Any
) -> None:
    records = samples.mixed(30)
    send(records)
    for alias in ("one", "two"):
        client.xgroup_create(STREAM, alias, id="0")
        client.xreadgroup(alias, "dead", {STREAM: ">"}, count=20)
    call_command("collect", once=True, verbosity=0)
    assert set(shelf("one").records) == ids(records) == set(shelf("two").records)


def test_what_a_terminal_would_obey_is_spelled_out(send: Any, address: RedisAddress) -> None:
    records = samples.mixed(3)
    shelf("one").error = Rejected("bad path: \x1b]0;pwned\x07\x1b[2J\nFAKE")
    send(records)
    once(address)
    lines = dead()
    assert len(lines) == 4
    assert "bad path: \\x1b]0;pwned\\x07\\x1b[2J\\nFAKE" in lines[0]


def test_dead_letters_can_be_thrown_away(address: RedisAddress, client: Any) -> None:
    client.xadd(STREAM, {"r": b"junk"})
    once(address)
    out = io.StringIO()
    call_command("collect", discard=True, stdout=out)
    assert out.getvalue() == "1 thrown away.\n"
    assert dead() == ["0 set aside."]


@pytest.mark.parametrize("option", ["dead", "replay", "discard", "status"])
def test_without_redis_the_commands_say_so(option: str, settings: Any) -> None:
    settings.WT_REDIS = {
        "addr": f"127.0.0.1:{free_port()}",
    }
    with pytest.raises(CommandError, match=r"Redis at redis://127\.0\.0\.1"):
        call_command("collect", **{option: True})
