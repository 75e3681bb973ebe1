"""What registering a widget may raise."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured


class WidgetAlreadyRegistered(ImproperlyConfigured):
    """There is a widget of this name already."""


class WidgetNotRegistered(LookupError):  # noqa: N818 - the twin of the one above
    """There is no widget of this name."""
