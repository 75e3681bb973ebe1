"""Events: what your code, your models, your users' logins and your log have to tell, a line each.

Importing this needs no apps to be ready, so that ``LOGGING`` may name `EventLogHandler`.
"""

from __future__ import annotations

from django_metrics_statsd.hits.events.api import record_event
from django_metrics_statsd.hits.events.log import EventLogHandler
from django_metrics_statsd.hits.events.tracker import mqueue_tracker

__all__ = ["EventLogHandler", "mqueue_tracker", "record_event"]
