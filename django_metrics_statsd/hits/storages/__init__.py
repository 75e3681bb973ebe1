"""Where hits and events are kept, each storage a class of its own behind one small interface."""

from django_metrics_statsd.hits.storages.base import Rejected, Storage, Unavailable

__all__ = ["Rejected", "Storage", "Unavailable"]
