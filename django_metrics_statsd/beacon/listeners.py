"""Who else hears of beacons: functions that are called with each one that was taken, after its stats.

What an opt-in app makes of beacons hangs on this, so that the core need not know of it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from django_metrics_statsd.beacon.beacons import Beacon
from django_metrics_statsd.safety import failed

Listener = Callable[[HttpRequest, Beacon], object]

_listeners: tuple[Listener, ...] = ()


def listen(listener: Listener) -> None:
    """Call `listener` with the request and the beacon of each beacon from now on, once.

    It is called within the request, under ASGI in the event loop, so it must not wait. What it raises is
    counted and goes no further.
    """
    global _listeners
    if listener not in _listeners:
        _listeners = (*_listeners, listener)


def unlisten(listener: Listener) -> None:
    """Call it no longer."""
    global _listeners
    _listeners = tuple(each for each in _listeners if each is not listener)


def tell(request: HttpRequest, beacon: Beacon) -> None:
    """Call every listener. The view does this."""
    for listener in _listeners:
        try:
            listener(request, beacon)
        except Exception:
            failed("beacon.listeners")
