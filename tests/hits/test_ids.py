"""Ids sort by time, tell it, and are unique wherever they are made."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.hits.ids import REMEMBERED, Ids, microseconds, moment, nanoseconds

NOW = time.time_ns() // 1_000


@given(st.integers(0, 2**48 * 1000 - 1))
def test_an_id_is_a_uuid_of_version_7_that_tells_its_microsecond(then: int) -> None:
    identity = Ids()(then)
    assert identity.version == 7
    assert identity.variant == "specified in RFC 4122"
    assert microseconds(identity) == then
    assert nanoseconds(identity) // 1_000 == then


def test_ids_of_one_process_sort_as_they_were_made_and_share_no_microsecond() -> None:
    make = Ids()
    made = [make(NOW) for _ in range(5_000)]
    assert made == sorted(made)
    assert [microseconds(identity) for identity in made] == list(range(NOW, NOW + 5_000))


def test_records_that_come_out_of_order_keep_their_time() -> None:
    make = Ids()
    wanted = [NOW, NOW - 700_000, NOW + 5, NOW - 1, NOW - 700_000, NOW]
    assert [microseconds(make(each)) for each in wanted] == [
        NOW, NOW - 700_000, NOW + 5, NOW - 1, NOW - 699_999, NOW + 1,
    ]  # fmt: skip


@given(st.lists(st.integers(0, 50), max_size=200))
def test_no_microsecond_is_given_twice_and_each_is_the_nearest_free_one(offsets: list[int]) -> None:
    make, taken = Ids(), set()
    for offset in offsets:
        nearest = next(each for each in range(NOW + offset, NOW + 1_000) if each not in taken)
        assert microseconds(make(NOW + offset)) == nearest
        taken.add(nearest)


def test_what_is_remembered_is_bounded() -> None:
    make = Ids()
    for number in range(0, 3 * REMEMBERED, 2):
        make(NOW + number)
    assert len(make._next) <= REMEMBERED


def test_threads_share_no_microsecond() -> None:
    make = Ids()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make(NOW), range(4_000)))
    assert len({microseconds(identity) for identity in made}) == 4_000


def test_a_child_process_has_another_slot() -> None:
    make = Ids()
    mine = nanoseconds(make(NOW)) % 1_000
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        make.reset()
        os.write(write, str(nanoseconds(make(NOW)) % 1_000).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(read, 100))
    os.close(read)
    os.close(write)
    assert (theirs - mine) % 1_000 == (child - os.getpid()) % 1_000 != 0


def test_a_moment_is_in_utc_and_exact() -> None:
    assert moment(1_795_549_733_293_549).isoformat() == "2026-11-24T19:48:53.293549+00:00"
