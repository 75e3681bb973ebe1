"""The order and size of tiles: each user's own, over what the widgets say themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django_metrics_statsd.dashboard.models import Layout
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.upserts import put

COLUMNS, ROWS = 4, 3
Size = tuple[int, int]


class Arrangement(NamedTuple):
    """Names in order, and sizes as (columns, rows) where they are not the widget's own."""

    order: list[str]
    sizes: dict[str, Size]


NONE = Arrangement([], {})


def load(user: Any) -> Arrangement:
    """Return how this user arranged the tiles."""
    row = Layout.objects.filter(user_id=user.pk).first() if user is not None else None
    return NONE if row is None else clean({"order": row.order, "sizes": row.sizes})


def save(user: Any, wanted: Arrangement) -> None:
    """Keep this for the user."""
    sizes = {name: [*size] for name, size in wanted.sizes.items()}
    put(Layout, {"order": wanted.order, "sizes": sizes}, user_id=user.pk)


def forget(user: Any) -> None:
    """Go back to what the widgets say."""
    Layout.objects.filter(user_id=user.pk).delete()


def clean(data: Any, known: Mapping[str, object] | None = None) -> Arrangement:
    """Return what makes sense of ``{"order": [name], "sizes": {name: [columns, rows]}}``.

    Names that are not `known` are left out, so what is kept is never larger than the dashboard.

    Raises:
        ValueError: it has another shape.
    """
    order, sizes = (data.get("order"), data.get("sizes", {})) if isinstance(data, dict) else (None, None)
    if not isinstance(order, list) or not isinstance(sizes, dict):
        raise ValueError('must be {"order": [name, …], "sizes": {name: [columns, rows], …}}')
    names = list(dict.fromkeys(name for name in order if isinstance(name, str)))
    wanted = {name: _size(size) for name, size in sizes.items()}
    return Arrangement(
        [name for name in names if known is None or name in known],
        {name: size for name, size in wanted.items() if known is None or name in known},
    )


def _size(value: Any) -> Size:
    if isinstance(value, list) and len(value) == 2 and all(type(number) is int for number in value):
        return max(1, min(COLUMNS, value[0])), max(1, min(ROWS, value[1]))
    raise ValueError(f"has a size {str(value)[:40]!r} that is no [columns, rows]")


def in_order(widgets: Mapping[str, DashboardWidgetBase], wanted: Arrangement) -> list[DashboardWidgetBase]:
    """Return the widgets in the user's order; those that are new to it come last."""
    place = {name: number for number, name in enumerate(wanted.order)}
    return [widgets[name] for name in sorted(widgets, key=lambda name: place.get(name, len(place)))]


def size_of(widget: DashboardWidgetBase, wanted: Arrangement) -> Size:
    """Return the columns and rows of a tile."""
    return wanted.sizes.get(widget.get_name(), (int(widget.sizex), int(widget.sizey)))
