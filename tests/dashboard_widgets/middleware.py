"""Middlewares of a site: one made of ours, and one of nothing."""

from __future__ import annotations

from typing import Any

from django_metrics_statsd.middleware import GraphiteMiddleware


class Ours(GraphiteMiddleware):
    """With something of the site's."""


def nothing(get_response: Any) -> Any:
    return get_response
