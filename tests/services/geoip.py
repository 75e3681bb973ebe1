"""MaxMind's small GeoIP2 databases, which `.ci/install-services` fetches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.services.harness import CACHE, missing

if TYPE_CHECKING:
    from pathlib import Path

CITY = "GeoIP2-City-Test"
COUNTRY = "GeoLite2-Country-Test"
ENTERPRISE = "GeoIP2-Precision-Enterprise-Test"
ASN = "GeoLite2-ASN-Test"
#: Opens, but holds numbers that cannot be read: `BROKEN_AT` is such an address.
BROKEN = "GeoIP2-City-Test-Broken-Double-Format"
BROKEN_AT = "81.2.69.142"


def database(name: str = CITY) -> Path:
    """The path of a database; skips the test, or fails it, where there is none."""
    path = CACHE / "geoip" / f"{name}.mmdb"
    return path if path.exists() else missing("the GeoIP databases for tests")
