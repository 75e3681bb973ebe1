"""One event stream (WHATWG HTML, "Server-sent events"), which holds no thread and no database connection."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections

from django_metrics_statsd.dashboard.access import Visitor
from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.live.hub import Listener, hub
from django_metrics_statsd.safety import failed

#: Seconds between two signs of life; proxies close what is silent for a minute.
PING = 15.0
#: Milliseconds after which a browser comes back to a server that went away.
RETRY = 1_000


async def frames(visitor: Visitor, since: int, names: frozenset[str]) -> AsyncIterator[bytes]:
    """Yield events until the time is up or the visitor may no longer see the dashboard.

    ``changes`` carries ``{"seq", "keys"}``, of these names alone; ``ping`` is a sign of life; ``renew`` asks
    to come again now; ``denied`` and ``full`` say that there is no stream (any more).
    """
    await _give_back_the_thread()
    listener = Listener(visitor, since, names)
    try:
        if not hub.join(listener):
            yield _event("full")
            return
        yield b"retry: %d\n\n" % RETRY + _event("ping")
        async for frame in _told(listener):
            yield frame
    finally:
        hub.leave(listener)


async def _told(listener: Listener) -> AsyncIterator[bytes]:
    # Not all at once: pages that came back together after a restart would do so for ever.
    end = listener.loop.time() + conf.DASHBOARD_STREAM_SECONDS * random.uniform(0.85, 1.0)
    while listener.closing is None:
        left = end - listener.loop.time()
        if left <= 0:
            listener.close("renew")
        elif not await listener.wait(min(PING, left)):
            yield _event("ping")
        elif listener.pending:
            yield _event("changes", listener.seq, {"seq": listener.seq, "keys": listener.take()})
    # A page that was asked to come again would do so before this server has closed its doors.
    if listener.closing != "stopping":
        yield _event(listener.closing)


def _event(name: str, seq: int | None = None, data: object = 0) -> bytes:
    number = "" if seq is None else f"id: {seq}\n"
    return f"{number}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def _give_back_the_thread() -> None:
    """Close this request's connections, and end the thread that Django keeps for each request of ASGI.

    Both would last as long as the page is open. The second uses names inside asgiref; where they are gone,
    a thread without a connection stays, and all else works.
    """
    try:
        await sync_to_async(connections.close_all)()
        context = SyncToAsync.thread_sensitive_context.get(None)
        if context is not None and context in SyncToAsync.context_to_thread_executor:
            SyncToAsync.context_to_thread_executor.pop(context).shutdown(wait=False)
    except asyncio.CancelledError:
        raise
    except Exception:
        failed("dashboard.thread")
