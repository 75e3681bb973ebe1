"""Redis, memcached, PostgreSQL and MariaDB with temporary data."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.services.harness import Server, accepts, environment, free_port, require


class Redis(Server):
    """Also the broker of the Celery tests."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [
            *(require("Redis", "redis-server"), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", folder),
        ]
        super().__init__("redis", command, folder, self.answers)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def ask(self, *words: str) -> str:
        """One command in the inline protocol, and its answer's first line."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as link:
            link.sendall(" ".join(words).encode() + b"\r\n")
            return link.makefile("rb").readline().decode().strip()

    def number(self, key: str) -> int:
        """The number kept there; INCRBY 0 answers in one line."""
        return int(self.ask("INCRBY", key, "0").removeprefix(":"))

    def answers(self) -> bool:
        try:
            return self.ask("PING") == "+PONG"
        except OSError:
            return False


class Memcached(Server):
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [
            *(require("memcached", "memcached"), "-l", "127.0.0.1", "-p", str(self.port)),
            *("-U", "0", "-m", "64", "-u", pwd.getpwuid(os.getuid()).pw_name),
        ]
        super().__init__("memcached", command, folder, lambda: accepts(self.port))

    @property
    def location(self) -> str:
        return f"127.0.0.1:{self.port}"


class PostgreSQL(Server):
    """PostgreSQL refuses to run as root, so root lends it the `postgres` user."""

    # SIGTERM waits for clients to leave; SIGINT is PostgreSQL's own orderly, fast shutdown.
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path) -> None:
        binary = require("PostgreSQL", "postgres", *self.versions())
        self.bin = Path(binary).resolve().parent
        self.port = free_port()
        self.data = folder / "data"
        command = [
            *(*self.as_user(), self.bin / "postgres", "-D", self.data, "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", "-k", "", "-c", "fsync=off"),
            *("-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
        ]
        super().__init__("postgresql", command, folder, self.answers)

    @staticmethod
    def versions() -> list[Path]:
        return sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)

    @staticmethod
    def as_user() -> list[str]:
        """`setpriv` becomes the server, so that our signals reach it."""
        if os.getuid() != 0:
            return []
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def start(self) -> Self:
        self.make_data()
        return super().start()

    def make_data(self) -> None:
        """A new cluster in a folder its user can reach."""
        self.data.mkdir(parents=True, mode=0o700)
        user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            shutil.chown(self.data, user, user)
            self.folder.chmod(0o755)
        initdb = [
            *(*self.as_user(), str(self.bin / "initdb"), "-D", str(self.data), "-U", "postgres"),
            *("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]
        made = subprocess.run(initdb, cwd="/", env=environment(), capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr

    def answers(self) -> bool:
        check = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(check, check=False).returncode == 0

    def settings(self, **options: object) -> dict[str, object]:
        """The DATABASES entry for it."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": "127.0.0.1",
            "PORT": self.port,
            "OPTIONS": options,
        }


class MariaDB(Server):
    """Its data is made by `mariadb-install-db`; whoever connects over TCP as `root` is let in."""

    def __init__(self, folder: Path) -> None:
        binary = require("MariaDB", "mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd")
        self.port = free_port()
        self.data = folder / "data"
        command = [
            *(binary, "--no-defaults", f"--user={self.user()}", f"--datadir={self.data}"),
            *(f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"),
            *(f"--pid-file={folder / 'pid'}", f"--tmpdir={folder}", "--skip-log-bin"),
            *("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M"),
        ]
        super().__init__("mariadb", command, folder, self.answers)

    @staticmethod
    def user() -> str:
        return pwd.getpwuid(os.getuid()).pw_name

    def start(self) -> Self:
        if not self.data.exists():
            self.make_data()
        return super().start()

    def make_data(self) -> None:
        """New system tables, and a database `hits`."""
        install = require("MariaDB", "mariadb-install-db")
        command = [
            *(install, "--no-defaults", f"--user={self.user()}", f"--datadir={self.data}"),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
        ]
        made = subprocess.run(
            command, cwd="/", env=environment(), capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stdout + made.stderr
        (self.data / "hits").mkdir()
        (self.data / "hits" / "db.opt").write_text(
            "default-character-set=utf8mb4\ndefault-collation=utf8mb4_unicode_ci\n"
        )

    def answers(self) -> bool:
        """Whether it greets: the first packet it sends names its version."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as link:
                return b"MariaDB" in link.recv(128)
        except OSError:
            return False

    def settings(self, **options: object) -> dict[str, object]:
        """The DATABASES entry for it."""
        return {
            "ENGINE": "django.db.backends.mysql",
            "NAME": "hits",
            "USER": "root",
            "HOST": "127.0.0.1",
            "PORT": self.port,
            "OPTIONS": {"charset": "utf8mb4", **options},
        }
