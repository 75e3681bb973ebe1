"""Many random beacons through the view: ``python -m tests.fuzz.beacons 100000 [seed]``.

A beacon is a good one with a few things done to it, or bytes of no sense. Half of them go the way of WSGI,
half that of ASGI.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

METHODS = ("POST",) * 12 + ("GET",) * 4 + ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "FOO")
TYPES = (
    *("application/x-www-form-urlencoded",) * 4,
    *("text/plain;charset=UTF-8",) * 4,
    *("application/json",) * 3,
    *("multipart/form-data; boundary=xYz",) * 3,
    *("", "text/plain", "TEXT/PLAIN", "image/gif", "multipart/form-data", "text/html; charset=utf-16"),
    *(
        "multipart/mixed; boundary=xYz",
        "application/json;charset=latin-1",
        ";",
        "a/b/c",
        "multipart/form-data; boundary=",
    ),
)
ODD = (
    *(
        "",
        "0",
        "-0",
        "-1",
        "1",
        "5.0",
        "1e3",
        "1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "null",
        "true",
        " 7 ",
        "+7",
    ),
    *(
        "600000",
        "600001",
        "9" * 13,
        "9" * 400,
        "1" + "0" * 5000,
        "0x10",
        "1_000",
        "\u0665",
        "\u00b2",
        "\ud83d",
        "\0",
    ),
    *(
        "5\n6",
        "a:1|c\nb:2|c",
        "%",
        "%zz",
        "%ff",
        "\ufeff",
        "[object Object]",
        "function () {}",
        "good",
        "reload",
    ),
    *("/shop/7/", "//x/y", "http://[", "4g", "slow-2g", "boomerang", "stick", "vitals", "__proto__"),
)
NUMBERS: tuple[Any, ...] = (
    *(
        0,
        -0.0,
        1,
        -1,
        0.1,
        99.9,
        1e300,
        float("nan"),
        float("inf"),
        600_000,
        600_001,
        10**30,
        True,
        False,
        None,
    ),
    *("5", [], {}, [[[[]]]], {"a": {"b": []}}, 10**400),
)


class Maker:
    """Makes beacons from a seed."""

    def __init__(self, seed: int) -> None:
        from tests.core import beacons

        self.random = random.Random(seed)
        self.forms = [beacons.STICK, beacons.OLD_STICK, beacons.BOOMERANG, beacons.BOOMERANG_QUIT]
        self.vitals: dict[str, Any] = beacons.VITALS
        self.keys = sorted({key for each in self.forms for key in each})

    def request(self) -> tuple[str, str, str, bytes, dict[str, str]]:
        """Return method, query, content type, body and headers."""
        body, content_type = self.random.choice(
            (self.form, self.form, self.json, self.multipart, self.noise)
        )()
        if self.random.random() < 0.2:
            content_type = self.random.choice(TYPES)
        return self.random.choice(METHODS), self.query(), content_type, self.spoil(body), self.headers()

    def fields(self) -> dict[str, str]:
        chosen = dict(self.random.choice(self.forms))
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 5, 60))):
            self.random.choice((self.change, self.change, self.drop, self.add, self.shift))(chosen)
        return chosen

    def change(self, chosen: dict[str, str]) -> None:
        if chosen:
            chosen[self.random.choice(list(chosen))] = self.value()

    def drop(self, chosen: dict[str, str]) -> None:
        if chosen:
            del chosen[self.random.choice(list(chosen))]

    def add(self, chosen: dict[str, str]) -> None:
        chosen[self.random.choice((self.random.choice(self.keys), self.value()))] = self.value()

    def shift(self, chosen: dict[str, str]) -> None:
        key = self.random.choice(self.keys)
        if chosen.get(key, "").isdecimal() and len(chosen[key]) < 20:
            chosen[key] = str(int(chosen[key]) + self.random.randint(-2000, 2000))

    def value(self) -> str:
        roll = self.random.random()
        if roll < 0.5:
            return self.random.choice(ODD)
        if roll < 0.8:
            return str(self.random.randint(-5, 700_000))
        return "".join(chr(self.random.randint(0, 0x2FF)) for _ in range(self.random.randint(0, 30)))

    def form(self) -> tuple[bytes, str]:
        return _encode(self.fields()), "application/x-www-form-urlencoded"

    def multipart(self) -> tuple[bytes, str]:
        parts = []
        for key, value in self.fields().items():
            extra = self.random.choice(
                ("",) * 20 + ("; filename=x", "; name*=foo'en'bar", "\r\nContent-Transfer-Encoding: base64")
            )
            head = f'--xYz\r\nContent-Disposition: form-data; name="{key}"{extra}\r\n\r\n{value}\r\n'
            parts.append(head.encode("utf-8", "replace"))
        return b"".join([*parts, b"--xYz--\r\n"]), "multipart/form-data; boundary=xYz"

    def json(self) -> tuple[bytes, str]:
        data: Any = json.loads(json.dumps(self.vitals))
        for _ in range(self.random.choice((0, 0, 1, 2, 5))):
            metric = self.random.choice(data["metrics"])
            key = self.random.choice(
                ("name", "value", "rating", "delta", "navigationType", "id", self.value())
            )
            metric[key] = self.random.choice((*NUMBERS, self.value(), self.random.uniform(-1, 700_000)))
        roll = self.random.random()
        if roll < 0.3:
            data = self.random.choice(data["metrics"])
        elif roll < 0.4:
            data["metrics"] = self.random.choice((*NUMBERS, data["metrics"] * 20, [{}] * 500))
        elif roll < 0.5:
            data[self.random.choice(("client", "page", "connection", "metrics"))] = self.random.choice(
                NUMBERS
            )
        elif roll < 0.55:
            data = self.random.choice((*NUMBERS, [data], self.fields()))
        return _json(data), self.random.choice(("application/json", "text/plain;charset=UTF-8", ""))

    def noise(self) -> tuple[bytes, str]:
        size = self.random.choice((0, 1, 10, 300, 9000))
        deep = self.random.choice((b"[", b'{"a":', b"&", b"=", b"%", b"\xff", b"\0"))
        return self.random.choice((self.random.randbytes(size), deep * size)), self.random.choice(TYPES)

    def spoil(self, body: bytes) -> bytes:
        if not body or self.random.random() > 0.15:
            return body
        raw = bytearray(body)
        for _ in range(self.random.randint(1, 8)):
            raw[self.random.randrange(len(raw))] = self.random.randrange(256)
        return bytes(raw[: self.random.choice((len(raw), self.random.randint(0, len(raw))))])

    def query(self) -> str:
        roll = self.random.random()
        if roll < 0.4:
            return ""
        if roll < 0.7:
            return "client=" + self.random.choice(
                ("vitals", "stick", "boomerang", quote(self.value(), errors="replace"))
            )
        if roll < 0.95:
            return _encode(self.fields()).decode()
        return self.random.choice(("&" * 100, "x" * 9000, "%", "client", "=", ";;", "client=vitals&" * 40))

    def headers(self) -> dict[str, str]:
        found = {}
        for name in (
            "User-Agent",
            "Referer",
            "Origin",
            "DNT",
            "Sec-GPC",
            "Sec-Fetch-Site",
            "Accept-Language",
        ):
            if self.random.random() < 0.15:
                found[name] = "".join(each for each in self.value() if 31 < ord(each) < 256)
        return found


def _encode(data: dict[str, str]) -> bytes:
    return urlencode(data, errors="replace").encode()


def _json(data: Any) -> bytes:
    # 10**5000 cannot be written by json.dumps, 10**400 can.
    return json.dumps(data, default=str).encode()


def wsgi(method: str, query: str, content_type: str, body: bytes, headers: dict[str, str]) -> Any:
    """Call the view in WSGI's way."""
    from django.core.handlers.wsgi import WSGIRequest

    from django_metrics_statsd.beacon.views import record

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/record",
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()},
    }
    return record(WSGIRequest(environ))


async def asgi(method: str, query: str, content_type: str, body: bytes, headers: dict[str, str]) -> Any:
    """Call the view in ASGI's way, with chunks instead of a length."""
    from django.core.handlers.asgi import ASGIRequest

    from django_metrics_statsd.beacon.views import record

    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": "/record",
        "query_string": query.encode(),
        "headers": [*pairs, (b"content-type", content_type.encode("latin-1")), (b"host", b"testserver")],
    }
    return await record(ASGIRequest(scope, BytesIO(body)))


@contextmanager
def everything_on() -> Iterator[None]:
    """Record all there is, with the tags that the request alone decides."""
    from django.test import override_settings

    from django_metrics_statsd.beacon import fields

    keys, segments = list(fields.RECORD_KEYS), ["device", "connection", "navigation"]
    client = "django_metrics_statsd.clients.null"
    with override_settings(STATSD_CLIENT=client, STATSD_RECORD_KEYS=keys, STATSD_RECORD_SEGMENTS=segments):
        yield


async def main(number: int, seed: int) -> Counter[str]:
    """Send `number` beacons, check each, and count statuses and stats."""
    from django_metrics_statsd.testing import capture
    from tests.fuzz.invariants import check

    maker, seen = Maker(seed), Counter[str]()
    loop = asyncio.get_running_loop()
    with everything_on(), capture() as stats:
        for each in range(number):
            given = maker.request()
            try:
                # A thread has no event loop, so there the view is a plain function.
                answer = await asgi(*given) if each % 2 else await loop.run_in_executor(None, wsgi, *given)
                check(answer, stats.records)
            except BaseException:
                print(f"seed {seed}, beacon {each}: {given!r}", file=sys.stderr)
                raise
            seen[f"status {answer.status_code}"] += 1
            seen.update(record.stat for record in stats)
            stats.clear()
    return seen


def run(number: int, seed: int) -> None:
    """Run and print a summary."""
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    begun = time.perf_counter()
    seen = asyncio.run(main(number, seed))
    for name, count in sorted(seen.items()):
        print(f"{count:>8}  {name}")
    names = sum(not name.startswith("status") for name in seen)
    print(f"{number} beacons, seed {seed}, {names} names, {time.perf_counter() - begun:.0f} s: all well")


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
