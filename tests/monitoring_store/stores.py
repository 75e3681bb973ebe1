"""Databases with the tables of the stats store, and children that write into them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, ClassVar

from django.db import connections

from tests.hits.databases import database
from tests.services.harness import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ALIAS = "stats"
#: For so many seconds a child may say nothing.
PATIENCE = 60.0


@contextmanager
def store(settings: Mapping[str, Any]) -> Iterator[str]:
    """Know a database as ``stats``, with empty tables of the store and no others."""
    from django_metrics_statsd.monitoring.stats.models import MODELS

    with database(ALIAS, settings, migrated=False) as alias:
        connection = connections[alias]
        with connection.schema_editor() as editor:
            for model in MODELS:
                if model._meta.db_table in connection.introspection.table_names():
                    editor.delete_model(model)
                editor.create_model(model)
        connection.close()
        yield alias


def sqlite_settings(folder: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "stats.sqlite3")}


class Child:
    """A process of its own with the store's client; `told` is what it has to do, see `child`."""

    running: ClassVar[list[Child]] = []

    def __init__(self, settings: Mapping[str, Any], **told: Any) -> None:
        question = json.dumps({"database": dict(settings), **told}, default=str)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.monitoring_store.child", question],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(self)

    def line(self) -> dict[str, Any]:
        """Return the next thing that it says."""
        line = self._read(self.process.stdout)
        assert line, self.process.stderr.read() if self.process.stderr else ""
        answer: dict[str, Any] = json.loads(line)
        return answer

    def complaint(self) -> str:
        """Return the next line of its stderr."""
        line = self._read(self.process.stderr)
        assert line, "it ended without a word"
        return line

    def _read(self, pipe: IO[str] | None) -> str:
        """Read a line; a process that says nothing is killed."""
        assert pipe is not None
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        try:
            return pipe.readline()
        finally:
            timer.cancel()
            timer.join()

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def finish(self) -> str:
        """Let it end by itself; return what it wrote to stderr."""
        _, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, errors
        return errors

    def kill(self) -> None:
        self.process.kill()
        with suppress(ValueError):  # its pipes are closed already
            self.process.communicate(timeout=30)
