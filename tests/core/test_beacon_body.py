"""Bodies of every kind that ``sendBeacon`` produces, their limits, and what came before the view."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import RequestFactory

from django_metrics_statsd.beacon.views import record
from django_metrics_statsd.testing import Captured
from tests.core.beacons import (
    FORM,
    JSON,
    MODES,
    STICK,
    TEXT,
    URL,
    URLS,
    VITALS,
    T,
    assert_nothing_but,
    form,
    multipart,
    refused,
    send,
    stick,
    text,
    times,
)

pytestmark = URLS
DONE = T + "domComplete"
FILE = (
    b'------WebKitFormBoundaryAbC\r\nContent-Disposition: form-data; name="page"; filename="a.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\xff\x00\r\n"
)
BODIES: dict[str, tuple[bytes, str]] = {
    "URLSearchParams": (form(STICK), "application/x-www-form-urlencoded;charset=UTF-8"),
    "a form": (form(STICK), FORM),
    "a string that is a form": (form(STICK), TEXT),
    "a string that is JSON": (text(STICK), TEXT),
    "JSON": (text(STICK), JSON),
    "a Blob without a type": (form(STICK), ""),
    "a Blob of JSON without a type": (b" \n" + text(STICK), ""),
    "FormData": multipart(STICK),
    "FormData with a file": multipart(STICK, tail=FILE),
    "in capitals": (form(STICK), "APPLICATION/X-WWW-FORM-URLENCODED"),
}


@MODES
@pytest.mark.parametrize("kind", BODIES)
def test_what_send_beacon_sends(mode: str, kind: str, stats: Captured) -> None:
    assert send(mode, *BODIES[kind]).status_code == 204
    assert times(stats)[DONE] == 275
    assert refused(stats) == {}


@pytest.mark.parametrize("kind", BODIES)
def test_without_a_length(kind: str, stats: Captured) -> None:
    """As a server makes a request of a body that came in chunks."""
    body, content_type = BODIES[kind]
    assert record_chunks(body, content_type).status_code == 204
    assert times(stats)[DONE] == 275


def record_chunks(body: bytes, content_type: str, **settings: Any) -> Any:
    import asyncio

    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "query_string": b"",
        "headers": [(b"content-type", content_type.encode()), (b"transfer-encoding", b"chunked")],
    }

    async def main() -> Any:
        return await record(ASGIRequest(scope, BytesIO(body)))

    return asyncio.run(main())


@MODES
@pytest.mark.parametrize(
    "content_type",
    ["image/gif", "text/html", "application/xml", "multipart/mixed; boundary=x", "a", "application/json5"],
)
def test_other_types(mode: str, content_type: str, stats: Captured) -> None:
    assert send(mode, stick(), content_type).status_code == 415
    assert_nothing_but(stats, content_type=1)


@MODES
@pytest.mark.parametrize("content_type", [FORM, TEXT, JSON, ""])
def test_a_body_of_8_kib_and_one_byte_more(mode: str, content_type: str, stats: Captured) -> None:
    start = stick() + b"&x=" if content_type == FORM else text(STICK)
    fill = b"y" if content_type == FORM else b" "
    fits = start + fill * (8192 - len(start))
    assert send(mode, fits, content_type).status_code == 204
    stats.clear()
    assert send(mode, fits + fill, content_type).status_code == 413
    assert_nothing_but(stats, too_large=1)


@pytest.mark.parametrize(("size", "status"), [(8192, 204), (8193, 413), (100_000, 413)])
def test_the_same_without_a_length(size: int, status: int) -> None:
    start = stick() + b"&x="
    assert record_chunks(start + b"y" * (size - len(start)), FORM).status_code == status


def test_a_body_that_is_too_large_is_not_read() -> None:
    class Unread(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError

    request = wsgi(Unread(), "8193")
    assert record(request).status_code == 413


def wsgi(body: BytesIO, length: str, content_type: str = FORM, **meta: Any) -> WSGIRequest:
    return WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": URL,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": length,
            "wsgi.input": body,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            **meta,
        }
    )


@pytest.mark.parametrize("length", ["", "x", "-1", "1e3", "+5", " ", "\u0665", "9" * 30, "9" * 19])
def test_odd_lengths(length: str) -> None:
    assert record(wsgi(BytesIO(stick()), length)).status_code in {204, 400, 413}


def test_a_body_that_was_cut_off_is_no_beacon(stats: Captured) -> None:
    whole = stick(loadEventEnd="1234")
    assert record(wsgi(BytesIO(whole[:-30]), str(len(whole)))).status_code == 400
    assert_nothing_but(stats, unreadable=1)


def test_a_body_that_cannot_be_read(stats: Captured) -> None:
    class Gone(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    assert record(wsgi(Gone(), "100")).status_code == 400
    assert_nothing_but(stats, unreadable=1)


@MODES
@pytest.mark.parametrize(("number", "status"), [(64, 204), (65, 400)])
@pytest.mark.parametrize("kind", ["form", "json", "multipart", "query"])
def test_64_keys(mode: str, kind: str, number: int, status: int, stats: Captured) -> None:
    data = {**STICK, **{f"k{each}": "" for each in range(number - len(STICK))}}
    if kind == "query":
        answer = send(mode, method="GET", url=f"{URL}?{form(data).decode()}")
    else:
        sent = {"form": (form(data), FORM), "json": (text(data), JSON), "multipart": multipart(data)}
        answer = send(mode, *sent[kind])
    assert answer.status_code == status
    assert refused(stats) == ({} if status == 204 else {"too_many_keys": 1})


@MODES
def test_a_long_query(mode: str, stats: Captured) -> None:
    assert send(mode, stick(), url=f"{URL}?{'x' * 8193}").status_code == 413
    assert send(mode, method="GET", url=f"{URL}?{stick().decode()}&x={'x' * 8193}").status_code == 413
    assert_nothing_but(stats, too_large=2)


def test_limits_are_settings(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_MAX_BYTES, settings.STATSD_RECORD_MAX_KEYS = 256, 2
    assert send("sync", stick()).status_code == 413
    assert send("sync", b"client=stick&a=1&b=1").status_code == 400
    assert send("sync", b"client=stick&a=1").status_code == 204


@MODES
@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"5",
        b'"client=stick"',
        b"[]",
        b"[" * 8000,
        b"[" * 4000 + b"]" * 4000,
        b'{"a":' * 1600,
        b'{"client": "stick"',
        b"{'client': 'stick'}",
        b'{"client": "stick",}',
        b'{"client": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"client": "stick"}'.encode("utf-16"),
        b"\x00" * 100,
    ],
)
def test_what_is_no_json_object(mode: str, body: bytes, stats: Captured) -> None:
    assert send(mode, body, JSON).status_code == 400
    assert_nothing_but(stats, syntax=1)


@pytest.mark.parametrize("value", [5, None, True, [], {}, 1.5])
def test_stick_sends_strings(value: Any, stats: Captured) -> None:
    assert send("sync", text({**STICK, DONE: value}), JSON).status_code == 400
    assert_nothing_but(stats, syntax=1)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\xff", b"client=%ff", b"&&&", b"=", b"client", b"client=stick%00"]
)
def test_forms_of_no_client(body: bytes, stats: Captured) -> None:
    assert send("sync", body).status_code == 400
    assert_nothing_but(stats, client=1)


def test_bytes_that_are_no_utf_8_spoil_only_their_field(stats: Captured) -> None:
    assert (
        send("sync", stick() + b"&x=\xff&" + (T + "loadEventEnd").encode() + b"=\xff%ff").status_code == 400
    )
    assert refused(stats) == {"not_a_number": 1}
    assert times(stats)[DONE] == 275


def test_of_a_field_that_is_there_twice_the_last(stats: Captured) -> None:
    assert send("sync", f"client=x&client=stick&{DONE}=5&{DONE}=6".encode()).status_code == 204
    assert times(stats) == {DONE: 6}


@MODES
@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary="],
)
def test_multipart_without_a_boundary(mode: str, content_type: str, stats: Captured) -> None:
    assert send(mode, multipart(STICK)[0], content_type).status_code == 400
    assert_nothing_but(stats, syntax=1)


@pytest.mark.parametrize(
    "extra", ["; filename=x", "; name*=foo'en'bar", "\r\nContent-Transfer-Encoding: base64", "; x"]
)
def test_odd_parts(extra: str) -> None:
    body = f'--b\r\nContent-Disposition: form-data; name="client"{extra}\r\n\r\nstick\r\n--b--\r\n'.encode()
    assert send("sync", body, "multipart/form-data; boundary=b").status_code in {204, 400}


def test_a_site_that_takes_less_than_a_beacon(settings: Any, stats: Captured) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert send("sync", stick()).status_code == 413
    assert send("async", stick()).status_code == 413
    assert_nothing_but(stats, too_large=2)


def test_a_site_that_takes_fewer_fields(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    assert send("sync", *multipart(STICK)).status_code == 400
    assert send("sync", form(STICK)).status_code == 204  # Django's limit is for Django's own parser


def read_form(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def middleware(request: HttpRequest) -> Any:
        len(request.POST)
        return get_response(request)

    return middleware


def read_body(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def middleware(request: HttpRequest) -> Any:
        len(request.body)
        return get_response(request)

    return middleware


def read_stream(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def middleware(request: HttpRequest) -> Any:
        request.read(10)
        return get_response(request)

    return middleware


@MODES
@pytest.mark.parametrize("name", ["read_form", "read_body"])
@pytest.mark.parametrize("kind", BODIES)
def test_a_middleware_that_has_read_it(
    mode: str, name: str, kind: str, settings: Any, stats: Captured
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.{name}"]
    assert send(mode, *BODIES[kind]).status_code == 204
    assert times(stats)[DONE] == 275


@pytest.mark.parametrize("kind", BODIES)
def test_the_same_without_a_length_at_all(kind: str, stats: Captured) -> None:
    import asyncio

    body, content_type = BODIES[kind]
    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "headers": [(b"content-type", content_type.encode())],
    }

    async def main() -> Any:
        request = ASGIRequest(scope, BytesIO(body))
        request.META["CONTENT_LENGTH"] = str(len(body))
        len(request.POST)
        del request.META["CONTENT_LENGTH"]
        return await record(request)

    assert asyncio.run(main()).status_code == 204
    assert times(stats)[DONE] == 275


def test_a_form_that_was_taken_has_its_limit_too(stats: Captured) -> None:
    data = {**STICK, **{f"k{each}": "" for each in range(60)}}
    body, content_type = multipart(data)
    request = RequestFactory().post(URL, body, content_type=content_type)
    len(request.POST)
    assert record(request).status_code == 400
    assert_nothing_but(stats, too_many_keys=1)


def test_a_middleware_that_has_begun_to_read(settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = [f"{__name__}.read_stream"]
    assert send("sync", stick()).status_code == 400
    assert_nothing_but(stats, client=1)


def test_vitals_in_formdata_have_no_numbers(stats: Captured) -> None:
    assert (
        send(
            "sync", *multipart({"client": "vitals", "metrics": text(VITALS["metrics"]).decode()})
        ).status_code
        == 400
    )
    assert_nothing_but(stats, syntax=1)


def test_no_file_is_kept(settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR, settings.FILE_UPLOAD_MAX_MEMORY_SIZE = str(tmp_path), 0
    assert send("sync", *multipart(STICK, tail=FILE)).status_code == 204
    assert list(tmp_path.iterdir()) == []
