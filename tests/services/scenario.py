"""Runs one scenario of the project in a process of its own, and reads what it reports."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.services.sites import run, site_env

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Report:
    """What a scenario saw; `leaving` is how many seconds its process took to end after that."""

    found: Mapping[str, Any]
    leaving: float

    def __getitem__(self, name: str) -> Any:
        return self.found[name]

    @property
    def sent(self) -> int:
        return int(self.found["telemetry"]["sent"])

    @property
    def dropped(self) -> dict[str, int]:
        return dict(self.found["telemetry"]["dropped"])

    @property
    def total(self) -> int:
        """Every stat is sent or counted as dropped."""
        return self.sent + sum(self.dropped.values())


def play(name: str, *args: object, url: str, **settings: object) -> Report:
    """Run a scenario against the StatsD server at this address."""
    words = [str(word) for word in args]
    printed = run("scenarios", name, *words, env=site_env(url, **settings))
    found = json.loads(printed.splitlines()[-1])
    return Report(found, time.time() - found["ended"])
