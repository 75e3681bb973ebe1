"""Checks as sites write them, which the tests name by their paths."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from django_metrics_statsd.health.checks import Check, Disk, Fail, Skip, Warn
from django_metrics_statsd.health.decorators import check

#: How often each sample ran.
runs: dict[str, int] = {}
#: Holds `hangs` until it is set.
gate = threading.Event()


def count(name: str) -> None:
    runs[name] = runs.get(name, 0) + 1


@check
def my_check() -> dict[str, Any]:
    count("my_check")
    return {"x": 1}


@check
def broken() -> dict[str, Any]:
    raise ValueError("the shelf fell down")


def bare_broken() -> dict[str, Any]:
    raise ValueError("postgres://shop:hunter22@db/shop refused")


def search() -> dict[str, Any]:
    count("search")
    return {"search": {"ok": True, "documents": 12}, "suggestions": [{"en": {"ok": False, "error": "empty"}}]}


def talkative() -> dict[str, Any]:
    return {"build": "4f2a, by alice", "flags": {"beta": True}}


async def gently() -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"gently": {"ok": True}}


async def dozes() -> dict[str, Any]:
    await asyncio.sleep(60)
    return {"dozes": {"ok": True}}


def hangs() -> dict[str, Any]:
    count("hangs")
    gate.wait(30)
    return {"hangs": {"ok": True}}


def leaves() -> dict[str, Any]:
    raise SystemExit(3)


class Shelves(Check):
    def run(self) -> dict[str, Any]:
        return {"shelves": 7}


@dataclass(kw_only=True)
class Level(Check):
    name: str = "level"
    found: int = 5
    low: int = 3

    def run(self) -> dict[str, int]:
        if self.found < 0:
            raise Skip("no gauge")
        if self.found == 0:
            raise Fail("empty", level=0)
        if self.found < self.low:
            raise Warn("low", level=self.found)
        return {"level": self.found}


@dataclass(kw_only=True)
class Slow(Check):
    name: str = "slow"
    seconds: float = 0.3

    def run(self) -> None:
        count("slow")
        time.sleep(self.seconds)


class Doors(Check):
    name: str = "doors"

    async def front(self) -> None:
        await asyncio.sleep(0)

    def parts(self) -> Any:
        yield "front", self.front
        yield "back", self.back

    def back(self) -> None:
        raise Fail("locked")


class NoParts(Check):
    def parts(self) -> Any:
        raise LookupError("no list of parts")


def only_with_key(view: Any) -> Any:
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.GET.get("key") == "let me in":
            return view(request)
        return HttpResponse("no", status=401)

    return guarded


nearly_full = Disk(warn=7)
