"""The test project under real application servers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.services.harness import (
    ROOT,
    Server,
    accepts,
    environment,
    free_port,
    require,
)

HERE = Path(__file__).parent
PROJECT = HERE / "project"
#: A client that stood still for a while finds its connection again.
KEPT = ("--keep-alive", "60")


def site_env(url: str, **settings: object) -> dict[str, str]:
    """The environment of a process that runs the project; settings are Django's, upper case."""
    return {
        "PYTHONPATH": f"{HERE}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "STATSD_URL": url,
        "SITE_SETTINGS": json.dumps(settings),
    }


def run(module: str, *args: str, env: dict[str, str], timeout: float = 60) -> str:
    """Run one of the project's modules to its end; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", f"project.{module}", *args],
        env=environment(env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Site(Server):
    """The project behind an application server, on its own port."""

    def __init__(self, name: str, command: list[str], folder: Path, env: dict[str, str]) -> None:
        self.port = int(command.pop(0))
        super().__init__(name, command, folder, lambda: accepts(self.port), env)


def python(module: str, *args: str) -> list[str]:
    return [sys.executable, "-m", module, *args]


def gunicorn(folder: Path, env: dict[str, str], *flags: str) -> Site:
    port = str(free_port())
    command = python("gunicorn", "-b", f"127.0.0.1:{port}", "--no-control-socket", *KEPT, *flags)
    return Site("gunicorn", [port, *command, "project.wsgi"], folder, env)


def uvicorn(folder: Path, env: dict[str, str], *flags: str) -> Site:
    port = str(free_port())
    command = python("uvicorn", "--port", port, "--no-access-log", "--timeout-keep-alive", "60", *flags)
    return Site("uvicorn", [port, *command, "project.asgi:application"], folder, env)


def uwsgi(folder: Path, env: dict[str, str], *flags: str) -> Site:
    """It loads the project and then forks (`lazy-apps` is off)."""
    port = str(free_port())
    binary = require("uWSGI", Path(sys.executable).parent / "uwsgi", how="pip install uwsgi")
    command = [
        *(binary, "--master"),
        *("--http-socket", f"127.0.0.1:{port}", "--virtualenv", sys.prefix, "--die-on-term"),
        *("--need-app", "--disable-logging", "--module", "project.wsgi", *flags),
    ]
    return Site("uwsgi", [port, *command], folder, env)


def runserver(folder: Path, env: dict[str, str], *flags: str) -> Site:
    port = str(free_port())
    script = str(PROJECT / "manage.py")
    command = [sys.executable, script, "runserver", f"127.0.0.1:{port}", "--skip-checks", *flags]
    return Site("runserver", [port, *command], folder, env)


class Worker(Server):
    """A Celery prefork worker with three processes."""

    def __init__(self, folder: Path, env: dict[str, str], *flags: str) -> None:
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "info"]
        command = python("celery", "-A", "project.tasks", "worker", "-P", "prefork", "-c", "3")
        super().__init__("celery", [*command, *quiet, *flags], folder, lambda: "ready." in self.log(), env)
