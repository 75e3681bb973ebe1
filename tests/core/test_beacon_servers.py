"""Beacons over real connections: gunicorn and uvicorn, bodies with a length, in chunks, and cut off."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Wire
from tests.core.beacons import FORM, STICK, URL, form, multipart, stick
from tests.services import sites

pytestmark = pytest.mark.service
DONE = "window.performance.timing.domComplete:275|ms"


@pytest.fixture(params=["gunicorn", "uvicorn"])
def site(request: pytest.FixtureRequest, tmp_path: Path, server: Wire) -> Iterator[sites.Site]:
    start: Callable[..., sites.Site] = getattr(sites, request.param)
    env = sites.site_env(
        server.url, ROOT_URLCONF="tests.core.beacon_urls", STATSD_FLUSH_INTERVAL=0.05, STATSD_PATCHES=[]
    )
    with start(tmp_path, env) as running:
        yield running


def post(site: sites.Site, body: Any, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=10)
    try:
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request("POST", URL, body, given, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_a_beacon(site: sites.Site, server: Wire) -> None:
    status, headers, content = post(site, stick(), Content_Type=FORM)
    assert (status, content) == (204, b"")
    lowered = {key.lower(): value for key, value in headers.items()}
    assert lowered["cache-control"] == "no-store"
    assert "set-cookie" not in lowered
    found = server.await_lines(9)
    assert DONE in found
    assert not [line for line in found if line.startswith(("view.", "response."))]


def test_a_body_in_chunks(site: sites.Site, server: Wire) -> None:
    body, content_type = multipart(STICK)
    for sent, kind in ((form(STICK), FORM), (body, content_type)):
        chunks = (sent[start : start + 100] for start in range(0, len(sent), 100))
        status, _, content = post(site, chunks, Content_Type=kind, Transfer_Encoding="chunked")
        if site.name == "uvicorn":
            assert (status, content) == (204, b"")
            assert DONE in server.await_lines(9)
        else:  # Django reads no body without a length under WSGI
            assert status == 400


def test_too_many_chunks(site: sites.Site) -> None:
    chunks = (b"x" * 1000 for _ in range(20))
    status, _, _ = post(site, chunks, Content_Type=FORM, Transfer_Encoding="chunked")
    assert status == (413 if site.name == "uvicorn" else 400)


def test_a_browser_that_goes_away(site: sites.Site, server: Wire) -> None:
    body = stick()
    head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {len(body) + 50}\r\n"
    with socket.create_connection(("127.0.0.1", site.port), 5) as connection:
        connection.sendall(head.encode() + b"\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        connection.recv(1000)
    assert post(site, stick(), Content_Type=FORM)[0] == 204
    found = server.await_lines(9)
    assert found.count(DONE) == 1
