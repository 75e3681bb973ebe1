"""Reads what ``stick.js`` posts: a form whose fields have the names of the browser's own objects."""

from __future__ import annotations

from django_metrics_statsd.beacon.beacons import Beacon, Fields, connection_of
from django_metrics_statsd.beacon.fields import NAVIGATION_TYPE, REDIRECT_COUNT, START, TIMING_KEYS
from django_metrics_statsd.beacon.parsers import navigation

_KEYS = tuple(zip(TIMING_KEYS, TIMING_KEYS, strict=True))


def parse(fields: Fields, wanted: frozenset[str]) -> Beacon:
    """Read one beacon. Old copies of stick send epochs with a navigationStart, ours times since the start."""
    beacon = Beacon(page=fields.get("page", ""), connection=connection_of(fields.get("connection")))
    navigation.read(beacon, fields, _KEYS, START, wanted)
    kind, redirects = fields.get(NAVIGATION_TYPE), fields.get(REDIRECT_COUNT)
    navigation.read_navigation(beacon, kind, redirects, wanted)
    return beacon
