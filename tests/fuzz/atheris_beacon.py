"""Coverage-guided: ``python -m tests.fuzz.atheris_beacon -max_total_time=120``, with atheris installed.

The first byte chooses the content type, the rest is the body.
"""

from __future__ import annotations

import os
import sys
from io import BytesIO

import atheris

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
with atheris.instrument_imports(include=["django_metrics_statsd.beacon", "django.http.multipartparser"]):
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIRequest

    from django_metrics_statsd.beacon.views import record

from django_metrics_statsd.testing import capture
from tests.fuzz.beacons import everything_on
from tests.fuzz.invariants import check

TYPES = (
    *("application/x-www-form-urlencoded", "text/plain", "application/json", ""),
    *("multipart/form-data; boundary=b", "image/gif"),
)
CLIENTS = ("", "client=vitals", "client=stick", "client=boomerang")


def one(data: bytes) -> None:
    """Send one beacon and check what became of it."""
    first, body = (data[0], data[1:]) if data else (0, b"")
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": TYPES[first % len(TYPES)],
        "QUERY_STRING": CLIENTS[first // 64],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    stats.clear()
    check(record(WSGIRequest(environ)), stats.records)


if __name__ == "__main__":
    with everything_on(), capture() as stats:
        atheris.Setup(sys.argv, one)
        atheris.Fuzz()
