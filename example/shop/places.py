"""A GeoIP database of a dozen networks, in which the demo's visitors live. Made when it is missing.

A site of your own has GeoLite2 or another real one. The networks and places are those of MaxMind's test
data (github.com/maxmind/MaxMind-DB, test-data); the file is written by the package mmdb-writer. Without that
package there is none, and hits do not say where they come from.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Place(NamedTuple):
    """A network and where it is; `region` as in ISO 3166-2, degrees north and east."""

    network: str
    code: str
    country: str
    city: str = ""
    region: str = ""
    latitude: float | None = None
    longitude: float | None = None


PLACES = (
    Place("81.2.69.160/27", "GB", "United Kingdom", "London", "ENG", 51.5142, -0.0931),
    Place("2.125.160.216/29", "GB", "United Kingdom", "Boxford", "ENG", 51.75, -1.25),
    Place("89.160.20.128/25", "SE", "Sweden", "Linköping", "E", 58.4167, 15.6167),
    Place("216.160.83.56/29", "US", "United States", "Milton", "WA", 47.2513, -122.3149),
    Place("175.16.199.0/24", "CN", "China", "Changchun", "22", 43.88, 125.3228),
    Place("2001:480::/43", "US", "United States", "San Diego", "CA", 32.7203, -117.1552),
    Place("202.196.224.0/20", "PH", "Philippines"),
    Place("67.43.156.0/24", "BT", "Bhutan"),
    Place("2001:218::/32", "JP", "Japan"),
    Place("2a02:cfc0::/29", "FR", "France"),
    Place("2a02:d180::/29", "DE", "Germany"),
    Place("2a02:d5c0::/29", "ES", "Spain"),
)


def make(path: Path) -> None:
    """Write the database to `path`, unless it is there, or mmdb-writer is not."""
    if path.exists():
        return
    try:
        from mmdb_writer import MMDBWriter
        from netaddr import IPSet
    except ImportError:
        return
    writer = MMDBWriter(6, "Bookshop-Demo-City", ["en"], "The places of a demo", ipv4_compatible=True)
    for place in PLACES:
        writer.insert_network(IPSet([place.network]), record(place))
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    writer.to_db_file(str(unfinished))
    unfinished.replace(path)


def record(place: Place) -> dict[str, Any]:
    """Return what GeoIP2 city databases say of an address, as far as it is known."""
    known: dict[str, Any] = {"country": {"iso_code": place.code, "names": {"en": place.country}}}
    if place.city:
        known["city"] = {"names": {"en": place.city}}
        known["subdivisions"] = [{"iso_code": place.region, "names": {"en": place.region}}]
        known["location"] = {"latitude": place.latitude, "longitude": place.longitude}
    return known
