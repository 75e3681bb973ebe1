"""What the panel's tests need. They run with settings of their own, as the toolbar cannot be undone:

``pytest tests/toolbar --ds=tests.toolbar.settings``; tests/core/test_panel_site.py does that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest

if os.environ.get("DJANGO_SETTINGS_MODULE") != "tests.toolbar.settings":
    collect_ignore_glob = ["test_*.py"]
else:
    from debug_toolbar.store import get_store
    from django.core.cache import cache
    from django.test import AsyncClient, Client

    from django_metrics_statsd.panel import hearing

    def pytest_configure(config: pytest.Config) -> None:
        """Python 3.13 says what the toolbar's DatabaseStore leaves open when an event loop ends."""
        config.addinivalue_line("filterwarnings", "ignore:unclosed database:ResourceWarning")


STORES = ("MemoryStore", "DatabaseStore", "CacheStore")


class Site:
    """Asks for pages, sync or async, and looks at what the toolbar has stored for them."""

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def get(self, path: str, **extra: Any) -> tuple[Any, bytes]:
        """Ask for a page, to its last byte; return the response, closed, and its content."""
        return self.ask("GET", path, **extra)

    def ask(self, method: str, path: str, **extra: Any) -> tuple[Any, bytes]:
        if self.mode == "sync":
            response: Any = Client(raise_request_exception=False).generic(method, path, **extra)
            return response, b"".join(response) if response.streaming else response.content
        return asyncio.run(self.aget(path, method, **extra))

    async def aget(self, path: str, method: str = "GET", **extra: Any) -> tuple[Any, bytes]:
        client = AsyncClient(raise_request_exception=False)
        response: Any = await client.generic(method, path, **extra)
        if not response.streaming:
            return response, response.content
        return response, b"".join([part async for part in response])

    def ids(self) -> list[str]:
        """Return the ids of the requests in the store."""
        return [str(each) for each in get_store().request_ids()]

    def stats(self, request_id: str | None = None) -> dict[str, Any]:
        """Return what the panel has stored for this request, or for the only one."""
        if request_id is None:
            [request_id] = self.ids()
        found: dict[str, Any] = get_store().panel(request_id, "StatsdPanel")
        return found

    def panel(self, request_id: str | None = None, panel_id: str = "StatsdPanel") -> dict[str, Any]:
        """Load the panel as the toolbar's script does: ``{"content", "scripts"}``."""
        if request_id is None:
            [request_id] = self.ids()
        query = {"request_id": request_id, "panel_id": panel_id}
        answer: dict[str, Any] = Client().get("/__debug__/render_panel/", query).json()
        return answer


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    # The toolbar itself uses DatabaseStore in the event loop, which Django refuses otherwise.
    if request.param == "async":
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    return str(request.param)


@pytest.fixture
def configure(settings: Any) -> Any:
    """A function that says which store, and other configuration of the toolbar."""

    def configured(store: str, **config: Any) -> None:
        path = f"debug_toolbar.store.{store}"
        settings.DEBUG_TOOLBAR_CONFIG = {**settings.TOOLBAR, "TOOLBAR_STORE_CLASS": path, **config}
        get_store().clear()

    return configured


@pytest.fixture
def site(mode: str, configure: Any, transactional_db: None) -> Iterator[Site]:
    """The test project with the toolbar's default store, the memory."""
    cache.clear()
    configure("MemoryStore")
    yield Site(mode)
    get_store().clear()
    hearing.uninstall()
