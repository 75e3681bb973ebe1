"""How a site uses the package, for the type checker: this file must pass ``mypy --strict``."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse

from django_metrics_statsd.clients import get_client, statsd
from django_metrics_statsd.clients.base import BaseClient, Record
from django_metrics_statsd.decorators import exempt
from django_metrics_statsd.observation import Observation, current
from django_metrics_statsd.testing import ANY, Captured, capture


@statsd.timer("sum", tags={"kind": "plain"})
def add(left: int, right: int) -> int:
    return left + right


@statsd.timer("asum")
async def aadd(left: int, right: int) -> int:
    async with statsd.timer("inner") as timer:
        total = add(left, right)
    milliseconds: float | None = timer.ms
    assert milliseconds is not None
    return total


@exempt
def view(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(str(number))


class Mine(BaseClient):
    def record(self, kind: str, stat: str, value: object, rate: float, tags: object) -> None:
        self.counts.sent += 1


def emit() -> dict[str, object]:
    statsd.incr("a", 2, rate=0.5, tags={"b": "c"})
    statsd.timing("t", timedelta(seconds=1))
    statsd.gauge("g", 1.5, delta=True)
    with statsd.pipeline() as pipeline:
        pipeline.set("s", "x")
    client: BaseClient = get_client()
    done: bool = client.flush(timeout=1.0)
    seen: Observation | None = current.get()
    assert done or seen
    return client.telemetry()


def check() -> list[Record]:
    captured: Captured
    with capture() as captured:
        add(1, 2)
    return captured.assert_timing("sum", ANY, tags={"kind": "plain"}, times=1)
