"""Metlog's client for today's Python: typed messages in the 0.8 JSON envelope.

metlog-py never ran on Python 3. This package has the same calls, configuration and messages. A
settings module may import it: it reads no settings and opens nothing when imported.
"""

from __future__ import annotations

from django_metrics_statsd.metlog.client import MetlogClient
from django_metrics_statsd.metlog.config import (
    client_from_dict_config,
    client_from_stream_config,
    client_from_text_config,
)
from django_metrics_statsd.metlog.envelope import SEVERITY

__all__ = [
    "SEVERITY",
    "MetlogClient",
    "client_from_dict_config",
    "client_from_stream_config",
    "client_from_text_config",
]
