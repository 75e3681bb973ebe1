"""Each request of a real server is one hit, also those before SIGTERM, with Redis and without."""

from __future__ import annotations

import http.client
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis

from django_metrics_statsd.hits.records import HitRecord, unpack
from tests.hits import samples
from tests.services.harness import ROOT, Server, accepts, environment, free_port, require, wait_until
from tests.services.stores import Redis

pytestmark = pytest.mark.service

REQUESTS = 60
STREAM = "metrics_hits:{default.0}"
SERVERS: dict[str, list[str]] = {
    "gunicorn": [
        *("-m", "gunicorn", "-b", "127.0.0.1:{port}", "--workers", "2", "--no-control-socket"),
        "tests.hits.site.wsgi",
    ],
    "gthread": [
        *("-m", "gunicorn", "-b", "127.0.0.1:{port}", "--threads", "4", "--preload", "--no-control-socket"),
        "tests.hits.site.wsgi",
    ],
    "uvicorn": ["-m", "uvicorn", "--port", "{port}", "--no-access-log", "tests.hits.site.asgi:application"],
    "uvicorn, two workers": [
        *("-m", "uvicorn", "--port", "{port}", "--workers", "2", "--no-access-log"),
        "tests.hits.site.asgi:application",
    ],
    "uwsgi": [
        *("--master", "--http-socket", "127.0.0.1:{port}", "--virtualenv", sys.prefix, "--die-on-term"),
        *("--need-app", "--disable-logging", "--processes", "2", "--enable-threads"),
        *("--module", "tests.hits.site.wsgi"),
    ],
}


def site_env(**settings: Any) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "tests.hits.site.settings",
        "SITE_SETTINGS": json.dumps({"WT_STOP": False, **settings}),
    }


def serve(name: str, folder: Path, **settings: Any) -> tuple[Server, int]:
    port = free_port()
    binary = sys.executable
    if name == "uwsgi":
        binary = require("uWSGI", Path(sys.executable).parent / "uwsgi", how="pip install uwsgi")
    command = [binary, *(part.format(port=port) for part in SERVERS[name])]
    return Server("site", command, folder, lambda: accepts(port), site_env(**settings)), port


def ask(port: int, numbers: range) -> None:
    for number in numbers:
        get(port, f"/part{number % 20}/{number}")


def get(port: int, path: str) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request("GET", path)
    answer = link.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    link.close()


@pytest.fixture
def client(redis_server: Redis) -> Iterator[Any]:
    found = redis.Redis(port=redis_server.port, protocol=2)
    found.flushall()
    yield found
    found.close()


@pytest.mark.parametrize("name", SERVERS)
def test_every_request_is_in_redis_when_the_server_has_ended(
    name: str, redis_server: Redis, client: Any, tmp_path: Path
) -> None:
    server, port = serve(name, tmp_path, WT_REDIS={"addr": f"127.0.0.1:{redis_server.port}"})
    with server:
        # The first hit loads what reads user agents; the end of a process does not wait for that for ever.
        ask(port, range(REQUESTS // 2))
        wait_until(lambda: client.xlen(STREAM) == REQUESTS // 2, "the first half", 30)
        ask(port, range(REQUESTS // 2, REQUESTS))
    entries = client.xrange(STREAM)
    hits = [unpack(fields[b"r"]) for _, fields in entries]
    assert all(isinstance(hit, HitRecord) for hit in hits)
    assert sorted(hit.path for hit in hits) == sorted(f"/part{n % 20}/{n}" for n in range(REQUESTS))  # type: ignore[union-attr]
    assert len({hit.id for hit in hits}) == REQUESTS


@pytest.mark.parametrize("name", ["gunicorn", "uvicorn"])
def test_without_redis_and_with_sqlite_alone_nothing_is_lost(name: str, tmp_path: Path) -> None:
    file = tmp_path / "site.sqlite3"
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}}
    manage("migrate", "-v", "0", DATABASES=databases)
    server, port = serve(name, tmp_path, DATABASES=databases)
    with server:
        # The first hit loads what reads user agents; the end of a process does not wait for that for ever.
        ask(port, range(REQUESTS // 2))
        wait_until(lambda: rows(file, "SELECT path FROM metrics_hits_hit"), "the first rows", 30)
        ask(port, range(REQUESTS // 2, REQUESTS))
        get(port, "/event/7")
    paths = [path for (path,) in rows(file, "SELECT path FROM metrics_hits_hit")]
    events = rows(file, "SELECT name, event_class, scope, data, path FROM metrics_hits_event")
    assert sorted(paths) == sorted(["/event/7", *(f"/part{n % 20}/{n}" for n in range(REQUESTS))])
    assert events == [("event 7", "Info", "staff", '{"number":7}', "/event/7")]


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as link:
        return list(link.execute(query))


def manage(*arguments: str, **settings: Any) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        cwd=ROOT,
        env=environment(site_env(**settings)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def collector(folder: Path, port: int, *flags: str, kind: str = "tests.hits.kept.Kept") -> Server:
    """A collector into memory, in a process of its own."""
    command = [sys.executable, "-m", "django", "collect", *flags]
    settings = {
        "WT_REDIS": {"addr": f"127.0.0.1:{port}"},
        "WT_DATABASES": {"one": {"type": kind}},
        "WT_FREQUENCY": 0.1,
    }
    server = Server("collect", command, folder, lambda: "Collecting" in server.log(), site_env(**settings))
    return server


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_collector_that_is_told_to_end_finishes_its_batch(
    sign: signal.Signals, redis_server: Redis, client: Any, tmp_path: Path
) -> None:
    from django_metrics_statsd.hits.records import pack

    server = collector(tmp_path, redis_server.port, "--batch", "50")
    server.stop_signal = sign
    server.start()
    pipeline = client.pipeline()
    for record in samples.hits(500):
        pipeline.xadd("metrics_hits:{default.0}", {"r": pack(record)})
    pipeline.execute()
    wait_until(lambda: groups(client), "the group", 10)
    assert server.stop() == 0
    assert groups(client)[0]["pending"] == 0
    assert "one: " in server.log().splitlines()[-1]


def test_a_storage_that_hangs_does_not_keep_a_collector_from_ending_at_the_second_signal(
    redis_server: Redis, client: Any, tmp_path: Path
) -> None:
    from django_metrics_statsd.hits.records import pack

    server = collector(tmp_path, redis_server.port, kind="tests.hits.kept.Hanging").start()
    client.xadd("metrics_hits:{default.0}", {"r": pack(samples.hit())})
    wait_until(lambda: groups(client) and groups(client)[0]["pending"], "the batch", 10)
    process = server.running()
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    assert server.stop() == -signal.SIGTERM


def groups(client: Any) -> list[dict[str, Any]]:
    return list(client.xinfo_groups("metrics_hits:{default.0}"))


def test_on_a_terminal_one_line_is_rewritten(redis_server: Redis, client: Any, tmp_path: Path) -> None:
    plain = collector(tmp_path, redis_server.port)
    script = f"stty cols 200; exec {' '.join(plain.command)}"
    terminal = Server(
        "terminal",
        [require("script", "script"), "-qec", script, "/dev/null"],
        tmp_path,
        lambda: shown(terminal).count("behind") > 3,
        plain.env,
    )
    with terminal:
        pass
    lines = [line.rstrip("\n") for line in shown(terminal).split("\r") if line.startswith("one: ")]
    assert len(lines) > 3
    assert lines[0].startswith("one: 0 written, 0/s, 0 behind")
    assert len(lines[0]) == 199


def shown(terminal: Server) -> str:
    """What the terminal got; to read it as text would make line feeds of carriage returns."""
    return terminal.log_file.read_bytes().decode(errors="replace")
