"""``WT_BROWSER``: what browsers report to the beacon, as records beside hits and events.

Only what the beacon's guards let in and its parsers took is recorded. Of the visitor there is no more in it
than in the stats: kind of device, country, connection, and the page's URL pattern.
"""

from __future__ import annotations

from django.http import HttpRequest

from django_metrics_statsd.beacon import agents, listeners, segments
from django_metrics_statsd.beacon.beacons import Beacon
from django_metrics_statsd.hits.making import clean
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.records import AGENT, NAME, WORD, TimingRecord
from django_metrics_statsd.hits.road import road

_PREFIX = "window.performance."


def connect() -> None:
    """Listen to the beacon."""
    listeners.listen(_heard)


def disconnect() -> None:
    """Listen no longer."""
    listeners.unlisten(_heard)


def _heard(request: HttpRequest, beacon: Beacon) -> None:
    """Put what one beacon reports on the road. Raises nothing that the beacon does not catch."""
    if planned.now.stopped or not (beacon.times or beacon.counts):
        return
    identity, time = road.new_id()
    record = TimingRecord(identity, time, planned.now.site, beacon.client)
    for name, value in segments.all_but_device(request, beacon).items():
        setattr(record, name, value)
    road.put(_finish, record, beacon, request.META.get("HTTP_USER_AGENT", "")[:AGENT])


def _finish(record: TimingRecord, beacon: Beacon, agent: str) -> TimingRecord:
    """Find out the device, cut what came from the site, give the values their short names. In the thread."""
    record.device = agents.device(agent)
    record.route, record.country = clean(record.route, NAME), clean(record.country, WORD)
    both = {**beacon.times, **beacon.counts}
    record.values = {name.removeprefix(_PREFIX): float(value) for name, value in both.items()}
    return record
