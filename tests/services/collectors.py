"""What stands behind a StatsD server: Graphite (carbon and graphite-web), and collectd."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Self

from tests.services.harness import (
    CACHE,
    Server,
    accepts,
    environment,
    free_port,
    free_udp_port,
    missing,
    require,
)

CARBON = """[cache]
STORAGE_DIR = {storage}/
CONF_DIR = {folder}/conf/
LOG_DIR = {storage}/log/
PID_DIR = {storage}/
LOCAL_DATA_DIR = {storage}/whisper/
USER =
MAX_CACHE_SIZE = inf
MAX_UPDATES_PER_SECOND = inf
MAX_CREATES_PER_MINUTE = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {line}
ENABLE_UDP_LISTENER = False
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickle}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query}
ENABLE_TAGS = False
CARBON_METRIC_INTERVAL = 0
"""
SCHEMAS = "[default]\npattern = .*\nretentions = 1s:1h,1m:1d\n"
AGGREGATION = "[default]\npattern = .*\nxFilesFactor = 0\naggregationMethod = average\n"
WEB_SETTINGS = """SECRET_KEY = "x"
TIME_ZONE = "UTC"
ALLOWED_HOSTS = ["*"]
LOG_DIR = "{storage}/log/webapp"
CARBONLINK_HOSTS = ["127.0.0.1:{query}"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "{storage}/web.db"}}}}
"""
COLLECTD = """BaseDir "{folder}"
PIDFile "{folder}/pid"
Interval 1
LoadPlugin statsd
<Plugin statsd>
  Host "127.0.0.1"
  Port "{port}"
  TimerPercentile 90.0
  TimerCount true
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "{folder}/csv"
  StoreRates false
</Plugin>
"""


class Graphite:
    """carbon-cache and graphite-web, in an environment of their own (they bring an old Django)."""

    def __init__(self, folder: Path) -> None:
        self.bin = CACHE / "graphite/bin"
        if not (self.bin / "carbon-cache.py").exists():
            missing("Graphite")
        self.folder = folder
        self.line_port, self.web_port = free_port(), free_port()
        self.env = {
            "GRAPHITE_ROOT": str(folder),
            "GRAPHITE_CONF_DIR": str(folder / "conf"),
            "GRAPHITE_STORAGE_DIR": str(folder / "storage"),
        }
        self.carbon = Server("carbon", self.carbon_command(), folder, self.carbon_up, self.env)
        self.web = Server("graphite-web", self.web_command(), folder, self.web_up, self.web_env())

    def carbon_command(self) -> list[str | Path]:
        config = f"--config={self.folder / 'conf/carbon.conf'}"
        script = self.bin / "carbon-cache.py"
        return [self.bin / "python", script, config, "--nodaemon", "start"]

    def web_command(self) -> list[str | Path]:
        bind = f"127.0.0.1:{self.web_port}"
        flags = ["-b", bind, "-w", "1", "--no-control-socket"]
        return [self.bin / "gunicorn", *flags, "graphite.wsgi:application"]

    def web_env(self) -> dict[str, str]:
        return {
            **self.env,
            "PYTHONPATH": str(self.folder / "py"),
            "DJANGO_SETTINGS_MODULE": "graphite.settings",
            "GRAPHITE_SETTINGS_MODULE": "local_settings",
        }

    def carbon_up(self) -> bool:
        return accepts(self.line_port)

    def web_up(self) -> bool:
        return accepts(self.web_port)

    def configure(self) -> None:
        storage = self.folder / "storage"
        for part in ("conf", "py", "storage/whisper", "storage/rrd", "storage/log/webapp"):
            (self.folder / part).mkdir(parents=True)
        values = {"folder": self.folder, "storage": storage, "line": self.line_port}
        values |= {"pickle": free_port(), "query": free_port()}
        conf = self.folder / "conf"
        (conf / "carbon.conf").write_text(CARBON.format(**values))
        (conf / "storage-schemas.conf").write_text(SCHEMAS)
        (conf / "storage-aggregation.conf").write_text(AGGREGATION)
        (self.folder / "py/local_settings.py").write_text(WEB_SETTINGS.format(**values))

    def __enter__(self) -> Self:
        self.configure()
        migrate = [str(self.bin / "django-admin"), "migrate", "--run-syncdb", "-v0"]
        env = environment(self.web_env())
        subprocess.run(migrate, cwd=self.folder, env=env, check=True, capture_output=True)
        self.carbon.start()
        try:
            self.web.start()
        except BaseException:
            self.carbon.stop()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        try:
            self.web.stop()
        finally:
            self.carbon.stop()

    def render(self, target: str) -> list[float]:
        """The last minutes' values of one series, through graphite-web's /render."""
        query = urllib.parse.urlencode(
            {"target": target, "from": "-5min", "format": "json", "noNullPoints": "true"}
        )
        url = f"http://127.0.0.1:{self.web_port}/render?{query}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            series = json.load(answer)
        return [value for one in series for value, _ in one["datapoints"]]


class Collectd(Server):
    """collectd's statsd plugin, writing CSV files."""

    def __init__(self, folder: Path) -> None:
        self.port = free_udp_port()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "collectd.conf"
        config.write_text(COLLECTD.format(folder=folder, port=self.port))
        binary = require("collectd", "collectd", "/usr/sbin/collectd")
        super().__init__("collectd", [binary, "-f", "-C", config], folder, self.listens)

    def listens(self) -> bool:
        """Its log says when it is up; the socket is bound a moment later, by its own thread."""
        return "Initialization complete" in self.log() and self.bound()

    def bound(self) -> bool:
        entry = f"0100007F:{self.port:04X}"
        return entry in Path("/proc/net/udp").read_text()

    @property
    def url(self) -> str:
        return f"udp://127.0.0.1:{self.port}"

    def last(self, name: str) -> float | None:
        """The latest value of one series, or None before the first."""
        files = sorted((self.folder / "csv").glob(f"*/statsd/{name}-2*"))
        lines = files[-1].read_text().splitlines() if files else []
        return float(lines[-1].split(",")[1]) if len(lines) > 1 else None
