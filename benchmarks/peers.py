"""Who is measured, and the virtualenv each of them runs in.

Every peer has its own, because two of them install the same top package ``statsd``. They are made on
first use under ``.cache/bench`` and made anew when their requirements change.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
_DJANGO = f"django=={django.get_version()}"

OURS = "ours"

#: Peer → what its virtualenv has. The same Django everywhere.
REQUIREMENTS: dict[str, tuple[str, ...]] = {
    OURS: (
        _DJANGO,
        "statsd>=4,<5",
        "redis[hiredis]>=5",
        "msgspec>=0.19",
        "user-agents>=2.2",
        "ua-parser[regex]>=1",
        "geoip2>=5",
        "psycopg[binary]>=3.2",
    ),
    "bare": (_DJANGO,),
    "servers": (_DJANGO, "gunicorn>=23", "uvicorn[standard]>=0.30"),
    "statsd": ("statsd>=4,<5",),
    "django-statsd": (_DJANGO, "django-statsd==3.0.0"),
    "prometheus_client": ("prometheus_client>=0.21",),
    "django-prometheus": (_DJANGO, "django-prometheus>=2.4"),
    "opentelemetry": (
        _DJANGO,
        "opentelemetry-sdk>=1.30",
        "opentelemetry-instrumentation-django",
        "opentelemetry-instrumentation-sqlite3",
    ),
    "datadog": ("datadog>=0.50",),
    "watchman": (_DJANGO, "django-watchman==1.5.0", "psycopg[binary]>=3.2"),
    "health-check": (_DJANGO, "django-health-check==4.8.0", "psycopg[binary]>=3.2"),
}

#: How the tables call them.
TITLES = {
    OURS: "django_metrics_statsd",
    "bare": "Django alone",
    "statsd": "statsd, UDP client",
    "django-statsd": "django-statsd",
    "prometheus_client": "prometheus_client",
    "django-prometheus": "django-prometheus",
    "opentelemetry": "OpenTelemetry",
    "datadog": "datadog, DogStatsd",
    "watchman": "django-watchman",
    "health-check": "django-health-check",
}


def python(peer: str) -> str:
    """Return the path of the Python that has `peer`, installing it first where it is missing."""
    folder = CACHE / peer
    marker = folder / "requirements.txt"
    wanted = "\n".join(REQUIREMENTS[peer]) + "\n"
    if not marker.exists() or marker.read_text() != wanted:
        print(f"making {folder.relative_to(ROOT)}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*command, *REQUIREMENTS[peer]], check=True)
        marker.write_text(wanted)
    return str(folder / "bin" / "python")


def title(peer: str) -> str:
    """Return the peer's name for a table; a part of ours is written ``ours:part``."""
    name, _, part = peer.partition(":")
    return f"{TITLES[name]} ({part})" if part else TITLES[name]
