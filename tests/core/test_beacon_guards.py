"""Who may send beacons: the ready-made guards, combinations of them, and those that go wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.core.signing import TimestampSigner, b62_encode
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.test import Client, RequestFactory

from django_metrics_statsd.beacon import guards
from django_metrics_statsd.beacon.guards import RatePerAddress, RateTotal, SignedToken, all_of, token_query
from django_metrics_statsd.beacon.views import record
from django_metrics_statsd.testing import Captured
from tests.core.beacons import MODES, URL, URLS, assert_nothing_but, refused, send, stick, times, token

pytestmark = URLS
G = "django_metrics_statsd.beacon.guards."
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"


def allow(request: HttpRequest) -> None:
    return None


def deny(request: HttpRequest) -> HttpResponse:
    return HttpResponseForbidden("no")


async def aallow(request: HttpRequest) -> None:
    return None


async def adeny(request: HttpRequest) -> HttpResponse:
    return HttpResponseForbidden("no")


def broken(request: HttpRequest) -> None:
    raise RuntimeError("secret")


async def abroken(request: HttpRequest) -> None:
    raise RuntimeError("secret")


class Object:
    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        return deny(request)


class AsyncObject:
    async def __call__(self, request: HttpRequest) -> HttpResponse | None:
        return deny(request)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


HERE = f"{__name__}."
OPEN: list[Any] = [
    None,
    [],
    (),
    allow,
    aallow,
    [allow, aallow],
    HERE + "allow",
    [HERE + "aallow"],
    all_of(),
    all_of(allow, aallow),
]
SHUT: list[Any] = [
    *(deny, adeny, [allow, deny], [aallow, adeny], HERE + "deny", [HERE + "allow", HERE + "adeny"]),
    *(Object(), AsyncObject(), lambda request: deny(request), lambda request: adeny(request)),
    *(all_of(allow, deny), all_of(allow, all_of(aallow, adeny)), [all_of(allow), deny]),
]


@MODES
@pytest.mark.parametrize("guard", OPEN)
def test_none_lets_in(mode: str, guard: Any, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_GUARD = guard
    assert send(mode, stick()).status_code == 204
    assert times(stats)


@MODES
@pytest.mark.parametrize("guard", SHUT)
def test_a_response_refuses(mode: str, guard: Any, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_GUARD = guard
    answer = send(mode, stick())
    assert (answer.status_code, answer.content) == (403, b"no")
    assert answer["Cache-Control"] == "no-store"
    assert_nothing_but(stats, guard=1)


@MODES
@pytest.mark.parametrize(
    "guard",
    [
        broken,
        abroken,
        [allow, broken],
        all_of(abroken),
        "no.such.module",
        HERE + "nothing",
        "tests.nothing.x",
    ],
)
def test_a_guard_that_fails_is_a_closed_door(
    mode: str,
    guard: Any,
    settings: Any,
    stats: Captured,
    faults: dict[str, int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.STATSD_RECORD_GUARD = guard
    for _ in range(3):
        answer = send(mode, stick())
        assert (answer.status_code, answer.content) == (403, b"")
    assert_nothing_but(stats, guard_error=3)
    assert len([record for record in caplog.records if record.name == "django_metrics_statsd"]) == 1
    assert faults


@MODES
@pytest.mark.parametrize("result", [False, True, 0, "", "no", [], object()])
def test_a_guard_that_returns_no_response_is_a_closed_door(
    mode: str, result: Any, settings: Any, stats: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STATSD_RECORD_GUARD = lambda request: result
    for _ in range(3):
        assert send(mode, stick()).status_code == 403
    assert_nothing_but(stats, guard_error=3)
    assert len([record for record in caplog.records if record.name == "django_metrics_statsd"]) == 1


@MODES
@pytest.mark.parametrize("value", [5, "internal_only", "", [allow, 5], [""], {"a": 1}])
def test_a_setting_that_names_no_guard_is_a_closed_door(
    mode: str, value: Any, settings: Any, stats: Captured
) -> None:
    settings.STATSD_RECORD_GUARD = value
    assert send(mode, stick()).status_code == 403
    assert_nothing_but(stats, guard_error=1)


def test_the_first_refusal_is_the_last_word(settings: Any, stats: Captured) -> None:
    asked: list[str] = []

    def told(word: str, answer: Any) -> Callable[[HttpRequest], Any]:
        return lambda request: asked.append(word) or answer

    settings.STATSD_RECORD_GUARD = [told("a", None), all_of(told("b", deny(None)), told("c", None))]  # type: ignore[arg-type]
    send("sync", stick())
    assert asked == ["a", "b"]


def test_all_of_is_a_guard_by_itself() -> None:
    request = RequestFactory().post(URL)
    assert all_of(allow, deny)(request).status_code == 403  # type: ignore[union-attr]
    assert all_of(allow)(request) is None


@MODES
@pytest.mark.parametrize(("header", "status"), [("DNT", 204), ("Sec-GPC", 204)])
def test_visitors_who_do_not_want_it_are_left_out_by_default(
    mode: str, header: str, status: int, stats: Captured
) -> None:
    assert send(mode, stick(), **{header.replace("-", "_"): "1"}).status_code == status
    assert_nothing_but(stats, privacy=1)
    stats.clear()
    assert send(mode, stick(), **{header.replace("-", "_"): "0"}).status_code == 204
    assert times(stats)


@MODES
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://a.example"}, 204),
        ({"Origin": "http://testserver"}, 204),
        ({"Origin": "http://TestServer"}, 204),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://a.example"}, 204),
        ({"Origin": "https://a.example.evil"}, 403),
        ({"Origin": "http://testserver.evil"}, 403),
        ({"Origin": "http://testserver@evil"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://evil", "Referer": "http://testserver/"}, 403),
        ({"Referer": "http://testserver/page"}, 204),
        ({"Referer": "http://evil/testserver"}, 403),
    ],
)
def test_same_origin(mode: str, headers: dict[str, str], status: int, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_GUARD = G + "same_origin"
    settings.STATSD_RECORD_ORIGINS = ["https://a.example"]
    given = {key.replace("-", "_"): value for key, value in headers.items()}
    assert send(mode, stick(), **given).status_code == status
    assert refused(stats) == ({} if status == 204 else {"origin": 1})


def test_same_origin_of_a_host_that_is_not_allowed(settings: Any, stats: Captured) -> None:
    settings.ALLOWED_HOSTS, settings.STATSD_RECORD_GUARD = ["other"], guards.same_origin
    assert send("sync", stick(), Origin="http://testserver").status_code == 403
    assert_nothing_but(stats, origin=1)


@pytest.mark.parametrize(("ips", "status"), [([], 403), (["127.0.0.1"], 204), (["10.0.0.1"], 403)])
def test_internal_ips(ips: list[str], status: int, settings: Any, stats: Captured) -> None:
    settings.INTERNAL_IPS, settings.STATSD_RECORD_GUARD = ips, G + "internal_ips"
    for mode in ("sync", "async"):
        assert send(mode, stick()).status_code == status
    assert refused(stats) == ({} if status == 204 else {"address": 2})


@MODES
@pytest.mark.parametrize(("agent", "status"), [(BOT, 403), (DESKTOP, 204), ("", 403)])
def test_no_bots(mode: str, agent: str, status: int, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_GUARD = G + "no_bots"
    assert send(mode, stick(), User_Agent=agent).status_code == status
    assert refused(stats) == ({} if status == 204 else {"bot": 1})


def test_a_good_token_from_a_template(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_GUARD = [G + "signed_token"]
    query = Client().get("/tagged").content.decode()
    assert query.startswith("token=")
    assert send("sync", stick(), url=f"{URL}?{query}").status_code == 204
    assert send("async", stick(), url=f"{URL}?{query}").status_code == 204


@MODES
@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        token("evil"),
        token()[:-1],
        token() + "x",
        token().replace("testserver", "evil"),
        token(salt="other"),
        "::",
        "%ff%00",
        "\u0665",
        "x" * 5000,
    ],
)
def test_bad_tokens(mode: str, given: str, settings: Any, stats: Captured) -> None:
    from urllib.parse import quote

    settings.STATSD_RECORD_GUARD = guards.signed_token
    assert send(mode, stick(), url=f"{URL}?token={quote(given)}").status_code == 403
    assert_nothing_but(stats, token=1)


class Earlier(TimestampSigner):
    """Signs as it would have been done some seconds ago."""

    def __init__(self, seconds: int) -> None:
        super().__init__(salt="django_metrics_statsd.beacon")
        self.seconds = seconds

    def timestamp(self) -> str:
        return b62_encode(int(time.time()) - self.seconds)


@pytest.mark.parametrize(("seconds", "status"), [(0, 204), (90, 204), (102, 403), (10**9, 403)])
def test_an_old_token(seconds: int, status: int, settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = SignedToken(max_age=100)
    old = Earlier(seconds).sign("testserver")
    assert send("sync", stick(), url=f"{URL}?token={old}").status_code == status


def test_a_query_of_very_many_fields_is_no_fault_of_the_guard(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_GUARD = guards.signed_token
    assert send("sync", stick(), url=f"{URL}?{'a=1&' * 1500}").status_code == 403
    assert_nothing_but(stats, token=1)


def test_no_token_where_no_guard_wants_one(settings: Any, rf: RequestFactory) -> None:
    settings.STATSD_RECORD_GUARD = None
    assert token_query(rf.get("/")) == ""
    settings.STATSD_RECORD_GUARD = all_of(allow, guards.signed_token)
    assert token_query(rf.get("/")).startswith("token=testserver")
    assert token_query(None) == ""


@MODES
def test_so_many_per_address(mode: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_GUARD = RatePerAddress(limit=2, seconds=100_000)
    assert [send(mode, stick()).status_code for _ in range(4)] == [204, 204, 429, 429]
    assert refused(stats) == {"rate": 2}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3.5", False),
        ("::ffff:1.2.3.4", "1.2.3.4", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "", True),
        ("unix:", "", False),
    ],
)
def test_whose_beacons_are_counted_together(one: str, other: str, same: bool) -> None:
    guard = RatePerAddress(limit=1, seconds=100_000)
    answers = [guard(RequestFactory().post(URL, REMOTE_ADDR=address)) for address in (one, other)]
    assert answers[0] is None
    assert (answers[1] is not None) == same
    assert all("1.2.3" not in key and "2001" not in key for key in cache._cache)  # type: ignore[attr-defined]


def test_a_new_window_begins() -> None:
    guard, request = RateTotal(limit=1, seconds=1), RequestFactory().post(URL)
    begun, passed, elapsed = time.monotonic(), 0, 0.0
    while (passed < 2 or elapsed < 1.5) and elapsed < 20:
        passed += guard(request) is None
        time.sleep(0.01)
        elapsed = time.monotonic() - begun
    assert 2 <= passed <= elapsed + 2


def test_many_threads_get_exactly_the_limit() -> None:
    guard = RateTotal(limit=100, seconds=100_000)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: guard(RequestFactory().post(URL)), range(400)))
    assert sum(answer is None for answer in answers) == 100


def test_windows_and_limits_of_several_guards_are_their_own() -> None:
    request = RequestFactory().post(URL)
    assert [guards.rate_total(request), guards.rate_per_address(request)] == [None, None]


def test_two_rates_with_one_cache(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = [
        RatePerAddress(limit=1, seconds=100_000),
        RateTotal(limit=2, seconds=100_000),
    ]
    assert [send("sync", stick()).status_code for _ in range(2)] == [204, 429]


def test_two_windows_of_one_kind(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = [RateTotal(limit=3, seconds=100_000), RateTotal(limit=3, seconds=200_000)]
    assert [send("sync", stick()).status_code for _ in range(4)] == [204, 204, 204, 429]


def test_a_cache_that_is_down_is_a_closed_door(
    settings: Any, stats: Captured, faults: dict[str, int]
) -> None:
    settings.STATSD_RECORD_GUARD = RateTotal(limit=5, cache="missing")
    assert send("sync", stick()).status_code == 403
    assert_nothing_but(stats, guard_error=1)
    assert faults == {"beacon.guard": 1}


def test_with_debug_the_reason_is_said(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = guards.no_bots
    settings.DEBUG = True
    assert send("sync", stick(), User_Agent="").content == b"Refused: bot.\n"
    settings.DEBUG = False
    assert send("sync", stick(), User_Agent="").content == b""


def test_guards_are_asked_before_the_body_is_read(settings: Any) -> None:
    class Unread:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError

    settings.STATSD_RECORD_GUARD = deny
    request = RequestFactory().post(URL)
    request._stream = Unread()  # type: ignore[attr-defined]
    assert record(request).status_code == 403
