"""The Etsy StatsD daemon, and a reader of what it holds."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.harness import (
    CACHE,
    Server,
    free_port,
    free_udp_port,
    missing,
    require,
    wait_until,
)

# Longer than any test: counters stay until they are read.
NEVER = 600_000
NAME = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([A-Za-z_$][\w$]*))"""
NUMBER = re.compile(NAME + r": (-?(?:\d[\d.e+-]*|NaN|Infinity))")
ARRAY = re.compile(NAME + r": \[([^\]]*)\]")
MORE = re.compile(r"\.\.\. (\d+) more items?")
OWN = "statsd."


@dataclass
class Timings:
    """The values of one timer, in milliseconds; the daemon shows the first hundred only."""

    count: int
    values: list[float] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str) -> Timings:
        more = MORE.search(text)
        values = [float(value) for value in MORE.sub("", text).replace(",", " ").split()]
        return cls(len(values) + (int(more[1]) if more else 0), values)


def queued(table: Path, port: int) -> bool:
    """Whether a socket at either end of this port has bytes waiting; see proc(5)."""
    place = f":{port:04X}"
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    ours = [row for row in rows if place in (row[1][-5:], row[2][-5:])]
    return any(row[4] != "00000000:00000000" for row in ours)


def lost_datagrams(port: int) -> int:
    """How many datagrams the kernel has thrown away because this port's reader was slow: the last column."""
    rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    return sum(int(row[-1]) for row in rows if row[1].endswith(f":{port:04X}"))


def name_of(match: re.Match[str]) -> str:
    return match[1] or match[2] or match[3] or ""


class StatsDaemon(Server):
    """StatsD on UDP and TCP, read through its management port."""

    def __init__(
        self,
        folder: Path,
        flush_interval: int = NEVER,
        graphite_port: int | None = None,
        ports: tuple[int, int] | None = None,
    ) -> None:
        node = require("StatsD (it runs on Node)", "node", "nodejs")
        script = CACHE / "statsd/node_modules/statsd/stats.js"
        if not script.exists():
            missing("StatsD")
        self.udp_port, self.tcp_port = ports or (free_udp_port(), free_port())
        self.management_port = free_port()
        config = folder / f"statsd-{self.management_port}.js"
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(self.config(flush_interval, graphite_port))
        super().__init__("statsd", [node, script, config], folder, self.healthy)

    def config(self, flush_interval: int, graphite_port: int | None) -> str:
        """The daemon reads a JavaScript object, which JSON is."""
        here = "127.0.0.1"
        values: dict[str, object] = {
            "servers": [
                {"server": "./servers/udp", "address": here, "port": self.udp_port},
                {"server": "./servers/tcp", "address": here, "port": self.tcp_port},
            ],
            "mgmt_address": here,
            "mgmt_port": self.management_port,
            "flushInterval": flush_interval,
            "deleteIdleStats": True,
            "dumpMessages": True,
            "backends": ["./backends/console"],
        }
        if graphite_port is not None:
            values["backends"] = ["./backends/console", "./backends/graphite"]
            values |= {"graphiteHost": here, "graphitePort": graphite_port}
            values["graphite"] = {"legacyNamespace": False}
        return json.dumps(values)

    @property
    def url(self) -> str:
        return f"udp://127.0.0.1:{self.udp_port}"

    @property
    def tcp_url(self) -> str:
        return f"tcp://127.0.0.1:{self.tcp_port}"

    def ask(self, command: str) -> str:
        """One command a connection: that is all the management port can take."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.management_port), 10) as link:
            link.sendall(command.encode() + b"\n")
            while not answer.endswith((b"END\n\n", b"ERROR\n")):
                answer += (data := link.recv(1 << 20))
                if not data or (answer.startswith(b"health") and answer.endswith(b"\n")):
                    break
        return answer.decode(errors="replace")

    def healthy(self) -> bool:
        try:
            return "health: up" in self.ask("health")
        except OSError:
            return False

    def drained(self) -> bool:
        """Whether the kernel holds nothing any more that was sent to the daemon."""
        return not any(
            queued(Path("/proc/net") / kind, port)
            for kind, port in (("udp", self.udp_port), ("tcp", self.tcp_port))
        )

    def lost(self) -> int:
        """Datagrams that came in and that this daemon was too slow to take."""
        return lost_datagrams(self.udp_port)

    def dump(self, command: str) -> str:
        """One of the daemon's tables, with all in it that was sent before."""
        wait_until(self.drained, "the daemon to read its sockets", 10)
        return self.ask(command)

    def counters(self, own: bool = False) -> dict[str, float]:
        """What arrived since the last flush; the daemon's own counters only when asked for."""
        found = {name_of(match): float(match[4]) for match in NUMBER.finditer(self.dump("counters"))}
        return {name: value for name, value in found.items() if own or not name.startswith(OWN)}

    def timers(self) -> dict[str, Timings]:
        return {name_of(match): Timings.parse(match[4]) for match in ARRAY.finditer(self.dump("timers"))}

    def gauges(self) -> dict[str, float]:
        found = {name_of(match): float(match[4]) for match in NUMBER.finditer(self.dump("gauges"))}
        return {name: value for name, value in found.items() if not name.startswith(OWN)}

    def bad_lines(self) -> int:
        return int(self.counters(own=True)["statsd.bad_lines_seen"])

    def lines(self) -> list[str]:
        """Every line as it came off the wire (`dumpMessages`)."""
        self.dump("health")
        prefix = re.compile(r"^\d+ \w+ \d\d:\d\d:\d\d - (?:DEBUG: )?")
        return [prefix.sub("", line) for line in self.log().splitlines() if "|" in line]
