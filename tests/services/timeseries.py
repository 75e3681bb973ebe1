"""InfluxDB, VictoriaMetrics, ClickHouse and ZooKeeper with temporary data."""

from __future__ import annotations

import json
import signal
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.services.harness import Server, free_port, missing, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def ask(url: str, body: bytes | None = None, **query: object) -> str:
    """The answer's text; an error's text where the server refuses."""
    address = f"{url}?{urlencode(query)}" if query else url
    try:
        with urlopen(Request(address, body), timeout=30) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.read().decode()


class Web(Server):
    """A server that speaks HTTP on `port`."""

    ping = "/ping"

    def __init__(self, name: str, command: Sequence[str | Path], folder: Path, port: int) -> None:
        self.port = port
        super().__init__(name, command, folder, self.answers, {"HOME": str(folder)})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        try:
            with urlopen(self.url + self.ping, timeout=5) as answer:
                return bool(answer.status < 300)
        except OSError:
            return False

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Have it hang while the block runs: connections are made and nothing is said."""
        self.running().send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.running().send_signal(signal.SIGCONT)


_INFLUXDB = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  auth-enabled = {auth}
  log-enabled = false
  https-enabled = {tls}
  https-certificate = "{certificate}"
"""


class InfluxDB(Web):
    """InfluxDB 1.x. With `auth`, user `admin` with password `admin word` may do all.

    Args:
        certificate: a file with a key and its certificate; then it speaks HTTPS.
    """

    def __init__(self, folder: Path, *, auth: bool = False, certificate: Path | None = None) -> None:
        self.rpc, self.auth, self.certificate = free_port(), auth, certificate
        command = [require("InfluxDB", "influxd"), "-config", folder / "influxdb.conf"]
        super().__init__("influxdb", command, folder, free_port())

    def start(self) -> Self:
        """Write the configuration and start; the first user is made while nobody is asked for one."""
        if self.auth and not (self.folder / "meta").exists():
            self.configure(auth=False)
            super().start()
            self.query("CREATE USER admin WITH PASSWORD 'admin word' WITH ALL PRIVILEGES")
            self.stop()
        self.configure(self.auth)
        return super().start()

    def configure(self, auth: bool) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = _INFLUXDB.format(
            rpc=self.rpc,
            port=self.port,
            folder=self.folder,
            auth=str(auth).lower(),
            tls=str(self.certificate is not None).lower(),
            certificate=self.certificate or "",
        )
        (self.folder / "influxdb.conf").write_text(text)

    def answers(self) -> bool:
        if self.certificate is None:
            return super().answers()
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True

    def query(self, influxql: str, database: str = "") -> list[dict[str, Any]]:
        """The rows of one statement, as dictionaries; times in nanoseconds."""
        who = {"u": "admin", "p": "admin word"} if self.auth else {}
        answer = json.loads(ask(f"{self.url}/query", b"", q=influxql, db=database, epoch="ns", **who))
        assert "error" not in answer, answer
        (result,) = answer["results"]
        assert "error" not in result, result
        return [
            {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
            for series in result.get("series", ())
            for row in series.get("values", ())
        ]


class VictoriaMetrics(Web):
    ping = "/health"

    def __init__(self, folder: Path) -> None:
        port = free_port()
        command = [
            *(require("VictoriaMetrics", "victoria-metrics"), f"-storageDataPath={folder / 'data'}"),
            *(f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s", "-memory.allowedBytes=128MB"),
        ]
        super().__init__("victoria-metrics", command, folder, port)

    def samples(self, selector: str) -> list[dict[str, Any]]:
        """Every series that a selector finds: ``{"metric": labels, "values": […], "timestamps": […]}``."""
        ask(f"{self.url}/internal/force_flush")
        found = ask(f"{self.url}/api/v1/export", **{"match[]": selector})
        return [json.loads(line) for line in found.splitlines()]


_CLICKHOUSE = """<yandex>
<logger><level>warning</level><console>1</console></logger>
<http_port>{port}</http_port><tcp_port>{tcp}</tcp_port>
<interserver_http_port>{interserver}</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host>
<listen_host>127.0.0.1</listen_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
<user_files_path>{folder}/files/</user_files_path><format_schema_path>{folder}/formats/</format_schema_path>
<users_config>{folder}/users.xml</users_config>
<default_profile>default</default_profile><default_database>default</default_database>
<mark_cache_size>67108864</mark_cache_size>
{more}
</yandex>
"""
_USERS = """<yandex><profiles><default/></profiles><quotas><default/></quotas><users>
<default><password>{password}</password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></default></users></yandex>
"""


class ClickHouse(Web):
    """ClickHouse as Debian has it (18.16).

    Args:
        password: of its user `default`.
        more: further elements of its configuration.
    """

    def __init__(self, folder: Path, *, password: str = "", more: str = "") -> None:
        self.password, self.more = password, more
        self.tcp, self.interserver = free_port(), free_port()
        server = require("ClickHouse", "clickhouse-server", "/usr/sbin/clickhouse-server")
        command = [server, f"--config-file={folder / 'config.xml'}"]
        super().__init__("clickhouse", command, folder, free_port())

    def start(self) -> Self:
        for name in ("data", "tmp", "files", "formats"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "config.xml").write_text(_CLICKHOUSE.format(**vars(self)))
        (self.folder / "users.xml").write_text(_USERS.format(password=self.password))
        return super().start()

    def query(self, sql: str, **settings: object) -> list[dict[str, Any]]:
        """The rows of a statement, as dictionaries."""
        who = {"user": "default", "password": self.password}
        plain = {"output_format_json_quote_64bit_integers": 0, "default_format": "JSONEachRow"}
        answer = ask(self.url, sql.encode(), **plain, **who, **settings)
        assert "DB::Exception" not in answer, f"{sql}: {answer}"
        return [json.loads(line) for line in answer.split("\n") if line]


class ZooKeeper(Server):
    """What the replicated tables of ClickHouse 18.16 agree through."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        jar = Path("/usr/share/java/zookeeper.jar")
        if not jar.exists():
            missing("ZooKeeper")
        command = [
            *(
                require("Java", "java"),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-cp",
                "/usr/share/java/slf4j-simple.jar:/usr/share/java/zookeeper.jar",
            ),
            *("org.apache.zookeeper.server.quorum.QuorumPeerMain", folder / "zoo.cfg"),
        ]
        super().__init__("zookeeper", command, folder, self.answers)

    def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "zoo.cfg").write_text(
            f"tickTime=500\ndataDir={self.folder / 'data'}\nclientPort={self.port}\n"
            "clientPortAddress=127.0.0.1\nadmin.enableServer=false\n"
        )
        return super().start()

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as link:
                link.sendall(b"srvr")
                return b"Mode:" in link.makefile("rb").read()
        except OSError:
            return False
