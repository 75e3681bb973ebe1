"""The monitors as the page has them: by category, in the order that the user has given them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import Error
from django.http import HttpRequest
from django.utils.translation import gettext as _

from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.safety import failed
from django_metrics_statsd.upserts import put

#: Of an order that a browser sends.
MOST_NAMES, MOST_BYTES = 1_000, 128 * 1024


@dataclass
class Card:
    """A monitor on the page; ``html`` is its chart where that is drawn with the page."""

    name: str
    title: str
    category: str
    description: str
    html: str = ""


@dataclass
class Group:
    """The monitors of one category."""

    name: str
    cards: list[Card] = field(default_factory=list)


def all_cards() -> Iterator[Card]:
    """Yield all monitors in the order in which they were registered."""
    for name, _view in monitor.get_all():
        title = monitor.get_option(name, "title") or name.replace("_", " ").replace(".", " ").capitalize()
        category = str(monitor.get_option(name, "category") or "")
        yield Card(name, str(title), category, str(monitor.get_option(name, "description") or ""))


def groups(cards: Iterable[Card], order: list[str]) -> list[Group]:
    """Return the monitors by category, each in the user's order; new ones come last.

    Categories stand in the order of their first monitor; those without a category come first.
    """
    place = {name: index for index, name in enumerate(order)}
    ordered = sorted(cards, key=lambda card: place.get(card.name, len(place)))
    found: dict[str, Group] = {}
    for card in sorted(ordered, key=lambda card: bool(card.category)):
        found.setdefault(card.category, Group(card.category)).cards.append(card)
    return list(found.values())


def order_of(user: Any) -> list[str]:
    """Return the names in the order that the user has saved."""
    from django_metrics_statsd.monitoring.tables import ChartOrder

    try:
        saved = ChartOrder._default_manager.filter(pk=user.pk).values_list("names", flat=True).first()
    except Error:
        failed("monitoring.order")
        return []
    return [name for name in saved or [] if isinstance(name, str)]


def save_order(user: Any, names: list[str]) -> None:
    """Save an order for a user: the names take, among themselves, the places that they had among all.

    Raises:
        django.db.Error: it cannot be written.
    """
    from django_metrics_statsd.monitoring.tables import ChartOrder

    known = dict.fromkeys([*order_of(user), *(name for name, _view in monitor.get_all()), *names])
    moved, turn = set(names), iter(names)
    whole = [next(turn) if name in moved else name for name in known][:MOST_NAMES]
    put(ChartOrder, {"names": whole}, pk=user.pk)


def names_in(request: HttpRequest) -> list[str]:
    """Return the names that a browser sends as ``{"order": [name, …]}``, of monitors that there are.

    Raises:
        ValueError: it sends something else.
    """
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        raise ValueError(_("That is too long for an order."))
    sent = json.loads(request.body)
    names = sent.get("order") if isinstance(sent, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(_('An order is written as {"order": ["name", …]}.'))
    known = {name for name, _view in monitor.get_all()}
    return list(dict.fromkeys(name for name in names if name in known))
