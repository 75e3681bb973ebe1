"""Reads what boomerang 1.815 sends: ``nt_*`` of its navtiming plugin, in milliseconds since 1970.

Fields that do not apply are missing. A second beacon, with ``rt.quit``, follows when the visitor leaves; it
repeats the page, so it is not counted. Nor are beacons without the plugin's fields, of XHRs for example.
"""

from __future__ import annotations

from django_metrics_statsd.beacon.beacons import Beacon, Fields, connection_of
from django_metrics_statsd.beacon.fields import TIMING
from django_metrics_statsd.beacon.parsers import navigation

_START = "nt_nav_st"
_KEYS = tuple(
    (key, TIMING + name)
    for key, name in {
        "nt_red_st": "redirectStart",
        "nt_red_end": "redirectEnd",
        "nt_fet_st": "fetchStart",
        "nt_dns_st": "domainLookupStart",
        "nt_dns_end": "domainLookupEnd",
        "nt_con_st": "connectStart",
        "nt_ssl_st": "secureConnectionStart",
        "nt_con_end": "connectEnd",
        "nt_req_st": "requestStart",
        "nt_res_st": "responseStart",
        "nt_res_end": "responseEnd",
        "nt_unload_st": "unloadEventStart",
        "nt_unload_end": "unloadEventEnd",
        "nt_domloading": "domLoading",
        "nt_domint": "domInteractive",
        "nt_domcontloaded_st": "domContentLoadedEventStart",
        "nt_domcontloaded_end": "domContentLoadedEventEnd",
        "nt_domcomp": "domComplete",
        "nt_load_st": "loadEventStart",
        "nt_load_end": "loadEventEnd",
        "nt_worker_start": "workerStart",
    }.items()
)


def parse(fields: Fields, wanted: frozenset[str]) -> Beacon:
    """Read one beacon."""
    beacon = Beacon(page=fields.get("u", ""), connection=connection_of(fields.get("mob.etype")))
    if "rt.quit" in fields or _START not in fields:
        beacon.ignored = True
        return beacon
    navigation.read(beacon, fields, _KEYS, _START, wanted)
    kind, redirects = fields.get("nt_nav_type"), fields.get("nt_red_cnt")
    navigation.read_navigation(beacon, kind, redirects, wanted)
    return beacon
