from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_metrics_statsd import safety
from django_metrics_statsd.metlog import MetlogClient
from django_metrics_statsd.metlog.holder import CLIENT_HOLDER
from django_metrics_statsd.metlog.senders import DebugCaptureSender


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Start and leave with nothing said, nothing counted and no client held."""
    safety.forget()
    yield
    safety.forget()
    CLIENT_HOLDER.__init__()


@pytest.fixture
def client() -> MetlogClient:
    return MetlogClient(DebugCaptureSender(), "tests")


@pytest.fixture
def messages(client: MetlogClient) -> Callable[[], list[dict[str, Any]]]:
    """Return what the client sent, decoded."""
    return lambda: [json.loads(message) for message in client.sender.msgs]


class Broken:
    """A sender, filter and value that fails."""

    def send_message(self, msg: object) -> None:
        raise RuntimeError("no luck")

    def __call__(self, *args: object) -> bool:
        raise RuntimeError("no luck")

    def __str__(self) -> str:
        raise RuntimeError("no luck")


@pytest.fixture
def broken() -> Broken:
    return Broken()
