"""The influxdb storage's options and answers: the API of 2.x, VictoriaMetrics, and what refusals mean."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from django_metrics_statsd.hits.storages import Rejected, Unavailable
from django_metrics_statsd.hits.storages.influxdb import InfluxStorage
from tests.hits import samples
from tests.hits.loopback import loopback
from tests.services.harness import wait_until
from tests.services.timeseries import VictoriaMetrics

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count()


@pytest.fixture(scope="session")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    with VictoriaMetrics(tmp_path_factory.mktemp("victoria")) as running:
        yield running


def values(server: VictoriaMetrics, name: str, site: str, count: int) -> list[float]:
    """The values of a metric once there are so many: what is new can be found a second later."""
    selector = f'{{__name__="{name}",site="{site}"}}'

    def found() -> list[float]:
        return [value for series in server.samples(selector) for value in series["values"]]

    wait_until(lambda: len(found()) >= count, f"{count} values of {name}")
    return found()


def by_host(server: VictoriaMetrics, **options: Any) -> InfluxStorage:
    where = {"host": "127.0.0.1", "port": server.port, "hits_db": "hits"}
    return InfluxStorage("x", {"type": "influxdb", **where, **options})


def by_url(url: str, **options: Any) -> InfluxStorage:
    where = {"url": url, "org": "us", "token": "s3cret", "hits_bucket": "hits"}
    return InfluxStorage("x", {"type": "influxdb", **where, **options})


@pytest.mark.service
@pytest.mark.parametrize("api", ["1.x", "2.x"])
def test_victoriametrics_keeps_the_numbers_of_every_record(api: str, victoria: VictoriaMetrics) -> None:
    site = f"site{next(_numbers)}"
    records = [*samples.mixed(30, site=site), samples.hit(site=site, path="/a\nb/", user_agent="c\nd")]
    one, two = by_host(victoria, fields="numbers"), by_url(victoria.url, fields="numbers")
    kept = one if api == "1.x" else two
    kept.write(records)
    kept.close()
    assert values(victoria, "hits_request_time", site, 11) == [23.25] * 11
    assert values(victoria, "events_count", site, 10) == [1] * 10
    assert values(victoria, "timings_vitals.LCP", site, 10) == [1204.5] * 10
    assert not victoria.samples(f'{{__name__=~"hits_(id|path|is_pc|latitude)",site="{site}"}}')


@pytest.mark.service
def test_a_line_feed_costs_victoriametrics_nothing(victoria: VictoriaMetrics) -> None:
    site = f"site{next(_numbers)}"
    kept = by_url(victoria.url)
    kept.write([*samples.odd().values(), samples.hit(site=site, path="/a\nb/", user_agent="c\nd\n")])
    kept.close()
    assert values(victoria, "hits_doc_size", site, 1) == [48_213]
    assert "skipping" not in victoria.log()


def test_the_api_of_2_is_asked_as_its_docs_say() -> None:
    records = samples.mixed(3)
    with loopback() as server:
        kept = by_url(f"{server.url}/behind/", org="our org", events_bucket="eve nts")
        kept.write(records)
        kept.write(records)
        kept.close()
        first, second, *again = server.asked
    assert first.target == "/behind/api/v2/write?org=our+org&precision=ns&bucket=hits"
    assert second.target == "/behind/api/v2/write?org=our+org&precision=ns&bucket=eve+nts"
    assert first.headers["Authorization"] == "Token s3cret"
    assert first.headers["Content-Encoding"] == "gzip"
    assert [line.partition(b",")[0] for line in first.body.split(b"\n")] == [b"hits", b"timings"]
    assert [each.body for each in again] == [first.body, second.body]
    assert len({each.client for each in server.asked}) == 1, "the connection is kept"


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_unavailable(status: int) -> None:
    body = b'{"code": "some code", "message": "in a while, s3cret"}'
    with loopback(status=status, text=body) as server:
        kept = by_url(server.url)
        with pytest.raises(Unavailable) as caught:
            kept.write([samples.hit()])
        kept.close()
    assert f"answered {status}: in a while, ***" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [
        (400, b'{"error":"partial write: s3cret of\\n another type"}', "partial write: *** of another type"),
        (422, b'{"code":"unprocessable entity","message":"out of range"}', "out of range"),
        (413, b"<html>too\n large</html>", "<html>too large</html>"),
        (413, b"no " * 500, "no no no"),
    ],
)
def test_what_will_not_pass_is_rejected(status: int, text: bytes, why: str) -> None:
    with loopback(status=status, text=text) as server:
        kept = by_url(server.url)
        with pytest.raises(Rejected) as caught:
            kept.write([samples.hit()])
        kept.close()
    assert str(caught.value).startswith(f"{server.url} refuses it: {why}")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", [b"Client sent an HTTP request to an HTTPS server.", b"[1]", b"{}", b"null"])
def test_a_refusal_that_is_not_influxdbs_is_not_believed(text: bytes) -> None:
    with loopback(status=400, text=text) as server:
        kept = by_url(server.url)
        with pytest.raises(Unavailable, match="answered 400"):
            kept.write([samples.hit()])
        kept.close()


def test_a_storage_that_wrote_nothing_can_be_closed() -> None:
    InfluxStorage("x", GOOD).close()


GOOD = {"type": "influxdb", "hits_db": "hits"}
GOOD_TWO = {"type": "influxdb", "url": "http://h:1", "org": "", "token": "", "hits_bucket": "hits"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (GOOD, []),
        (GOOD_TWO, []),
        ({"type": "influxdb"}, ["WT_DATABASES['x'] has no 'hits_db'."]),
        (
            GOOD | {"port": 0},
            ["'port' in WT_DATABASES['x'] is 0 and must be a whole number from 1 to 65535."],
        ),
        (GOOD | {"prot": 1}, ["WT_DATABASES['x'] has an option 'prot', which is not known."]),
        (GOOD | {"host": "h:8086"}, ["'host' in WT_DATABASES['x'] is 'h:8086' and must be a name or"]),
        (GOOD | {"host": "::1"}, []),
        (GOOD | {"hits_db": ""}, ["'hits_db' in WT_DATABASES['x'] is '' and must not be empty."]),
        (
            GOOD | {"fields": "some"},
            ["'fields' in WT_DATABASES['x'] is 'some' and must be one of 'all', 'num"],
        ),
        (GOOD | {"prefix": "a b"}, ["'prefix' in WT_DATABASES['x'] is 'a b' and must be at most 64"]),
        (GOOD | {"verify_ssl": 1}, ["'verify_ssl' in WT_DATABASES['x'] is 1 and must be True, False or"]),
        (GOOD | {"password": "p"}, ["WT_DATABASES['x'] has a password without a user."]),
        (
            GOOD | {"user": "u", "password": "p\n"},
            ["'password' in WT_DATABASES['x'] must be a string without"],
        ),
        (GOOD_TWO | {"token": "tökn"}, ["'token' in WT_DATABASES['x'] must be a string of printable ASCII"]),
        (GOOD_TWO | {"url": "h:1"}, ["'url' in WT_DATABASES['x'] is 'h:1' and must be a URL such as"]),
        (
            GOOD_TWO | {"url": "http://h:99999"},
            ["'url' in WT_DATABASES['x'] is 'http://h:99999' and cannot be"],
        ),
        (GOOD_TWO | {"url": "http://u:p@h"}, ["'url' in WT_DATABASES['x'] must be a URL without a user"]),
        (
            {"type": "influxdb", "url": "http://h"},
            [f"has no {key!r}" for key in ("org", "token", "hits_bucket")],
        ),
        (GOOD_TWO | {"hits_db": "hits"}, ["has options of InfluxDB 1.x (hits_db) beside those of 2.x."]),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], said: list[str]) -> None:
    found = list(InfluxStorage.problems("x", options))
    assert [start in message for (message, _), start in zip(found, said, strict=True)] == [True] * len(said)
    assert all(hint for _, hint in found)
    if found:
        with pytest.raises(Unavailable, match="WT_DATABASES"):
            InfluxStorage("x", options).write([samples.hit()])
