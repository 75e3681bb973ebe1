"""What registering and asking for monitors may raise."""

from __future__ import annotations


class MonitoringRegistryException(Exception):  # noqa: N818 - the name that users of django-monitoring know
    """A monitor cannot be registered, or is not there; the message says why and what to do."""
