"""A storm of probes while a database hangs: nobody waits but the first, and one run per window."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.health_servers.serving import PROXIED, SERVERS, HealthSite
from tests.services.harness import wait_until
from tests.services.stores import PostgreSQL

#: Probes a second, and for how many seconds; the whole minute by HEALTH_LOAD_SECONDS=60.
RATE, SECONDS = 200, float(os.environ.get("HEALTH_LOAD_SECONDS", "6"))
WINDOW, LIMIT = 1.0, 0.5
SENDERS = 20


class Storm:
    """Asks for probes at a rate, from several threads; keeps statuses and times in seconds."""

    def __init__(self, site: HealthSite, seconds: float) -> None:
        self.site, self.seconds = site, seconds
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []
        self._lock = threading.Lock()

    def blow(self) -> None:
        self.end = time.monotonic() + self.seconds
        threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def usual(self) -> float:
        """How long nine of ten have waited at most."""
        return sorted(self.times)[len(self.times) * 9 // 10]

    def _send(self) -> None:
        pause = SENDERS / RATE
        while (start := time.monotonic()) < self.end:
            status, _ = self.site.ask("/readyz")
            took = time.monotonic() - start
            with self._lock:
                self.statuses[status] += 1
                self.times.append(took)
            time.sleep(max(0.0, pause - took))


def connections(postgresql: PostgreSQL) -> int:
    """Count the processes of clients, from outside: a server that hangs cannot be asked."""
    done = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(postgresql.running().pid)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return sum("127.0.0.1(" in line for line in done.stdout.splitlines())


def threads_of(site: HealthSite) -> int:
    pids = subprocess.run(
        ["pgrep", "-g", str(site.running().pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids)


@pytest.mark.parametrize("name", ["gunicorn threads", "gunicorn sync", "uvicorn"])
@pytest.mark.parametrize("how", ["hangs", "is down"])
def test_a_storm_while_the_database_is_away(
    postgresql: PostgreSQL, tmp_path: Path, name: str, how: str
) -> None:
    settings: dict[str, Any] = {
        "DATABASES": {"default": postgresql.settings()},
        "WATCHMAN_GROUPS": {"ready": ["databases", "tests.health_servers.site.Counted"]},
        "WATCHMAN_TIMEOUT": LIMIT,
        "WATCHMAN_CACHE_SECONDS": WINDOW,
        "WATCHMAN_HISTORY": 0,
    }
    with HealthSite(name.split()[0], SERVERS[name](), tmp_path, **settings) as site:
        wait_until(lambda: site.ask("/readyz") == (200, b"ok\n"), "the first check to end in time")
        before = connections(postgresql)
        away(postgresql, how)
        try:
            wait_until(lambda: site.ask("/readyz")[0] == 503, "the database to be missed")
            time.sleep(WINDOW + 2 * LIMIT)  # until what other processes found before is too old
            for _ in range(3):  # again only if the machine stood still in it
                site.counts.write_text("")
                begun, storm = time.monotonic(), Storm(site, SECONDS)
                storm.blow()
                took = time.monotonic() - begun
                if storm.usual() < LIMIT:
                    break
            runs = Counter(site.counts.read_text().split())
            busy, open_now = threads_of(site), connections(postgresql) if how == "hangs" else 0
            start = time.monotonic()
            assert site.ask("/", **PROXIED) == (200, b"a shop")
            ordinary = time.monotonic() - start
        finally:
            back(postgresql, how)
        wait_until(lambda: site.ask("/readyz")[0] == 200, "the database to be seen again")
    assert storm.statuses.keys() == {503}
    assert storm.statuses[503] > RATE * SECONDS / 4  # a busy machine may not send them all
    assert storm.usual() < LIMIT  # nobody waits but one a window
    assert ordinary < 5
    assert max(runs.values()) <= took / WINDOW + 2  # once a window in each process
    assert busy < 60
    assert open_now <= before + 2 * len(
        runs
    )  # the one that hangs in each process, and after a minute one more


def away(postgresql: PostgreSQL, how: str) -> None:
    if how == "hangs":
        os.killpg(postgresql.running().pid, signal.SIGSTOP)
    else:
        postgresql.stop()


def back(postgresql: PostgreSQL, how: str) -> None:
    if how == "hangs":
        os.killpg(postgresql.running().pid, signal.SIGCONT)
    else:
        super(PostgreSQL, postgresql).start()
