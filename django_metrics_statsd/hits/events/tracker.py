"""Models whose changes are events. Named as in django-mqueue: ``mqueue_tracker.register(Model, ["c", "u"])``.

The events are those of ``save()`` and ``delete()``, for which Django sends signals. ``bulk_create()`` and
``update()`` of a query set send none, and make no event; neither does what ``loaddata`` loads.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.events.describing import (
    admin_url_of,
    label_of,
    name_of,
    pk_of,
    url_of,
    user_of,
)
from django_metrics_statsd.hits.events.making import fit, make, put
from django_metrics_statsd.hits.events.quiet import no_queries
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.records import EventRecord
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.safety import failed, say_once

_UID = "metrics_hits.events"
#: For each letter what the model's ``event`` method is told, and what the event's class says.
_WORDS = {"c": ("create", "created"), "u": ("update", "edited"), "d": ("delete", "deleted")}


class Tracker:
    """Connects models' signals. ``registered`` has the letters for each model."""

    def __init__(self) -> None:
        self.registered: dict[type[Model], frozenset[str]] = {}

    def register(self, model: type[Model], monitoring_level: Iterable[str] = ("c", "d")) -> None:
        """From now on, make events of what happens to the objects of `model`.

        Args:
            model: the class.
            monitoring_level: of the letters ``c`` (create), ``u`` (update) and ``d`` (delete); what was
                registered before stays.

        Raises:
            ValueError: it is no model, or there is another letter.
        """
        letters = _letters(monitoring_level)
        if not is_model(model):
            raise ValueError(f"mqueue_tracker.register() was given {model!r}, which is no model class")
        self.registered[model] = self.registered.get(model, frozenset()) | letters
        if letters & {"c", "u"}:
            post_save.connect(_saved, model, weak=False, dispatch_uid=_UID)
        if "d" in letters:
            post_delete.connect(_deleted, model, weak=False, dispatch_uid=_UID)

    def unregister(self, model: type[Model], monitoring_level: Iterable[str] = ("c", "u", "d")) -> None:
        """Make no more such events; a model that is not registered is none to complain of."""
        left = self.registered.pop(model, frozenset()) - _letters(monitoring_level)
        if left:
            self.registered[model] = left
        if not left & {"c", "u"}:
            post_save.disconnect(_saved, model, dispatch_uid=_UID)
        if "d" not in left:
            post_delete.disconnect(_deleted, model, dispatch_uid=_UID)


def is_model(value: Any) -> bool:
    """Whether it is a model class."""
    return isinstance(value, type) and issubclass(value, Model)


def _letters(level: Iterable[str]) -> frozenset[str]:
    letters = frozenset(level)
    if letters <= _WORDS.keys():
        return letters
    raise ValueError(f"monitoring_level is {level!r}; write a list of 'c', 'u' and 'd'")


mqueue_tracker = Tracker()


# With defaults, as other code than Django's sends these signals too.
def _saved(
    sender: type[Model],
    instance: Any = None,
    created: bool = False,
    raw: bool = False,
    using: str | None = None,
    **kwargs: Any,
) -> None:
    letter = "c" if created else "u"
    if not raw and letter in mqueue_tracker.registered.get(sender, ()):
        _happened(instance, letter, using)


def _deleted(sender: type[Model], instance: Any = None, using: str | None = None, **kwargs: Any) -> None:
    if "d" in mqueue_tracker.registered.get(sender, ()):
        _happened(instance, "d", using)


def _happened(instance: Model, letter: str, using: str | None) -> None:
    """Make the event now, as after a deletion the object has no key; put it on the road after the commit."""
    try:
        if planned.now.stopped:
            return
        operation, word = _WORDS[letter]
        with no_queries():
            described = _describe(instance, word)
        event = _heard_by_model(instance, described, operation)
        if event is not None:
            _put_after_commit(event, using)
    except Exception:
        failed("hits.events")


def _describe(instance: Model, word: str) -> EventRecord:
    user, gone = user_of(instance), word == "deleted"
    return make(
        name=name_of(instance, user),
        event_class=f"{type(instance).__name__} {word}",
        user=user,
        model=label_of(instance),
        obj_pk=pk_of(instance),
        url="" if gone else url_of(instance),
        admin_url="" if gone else admin_url_of(instance),
    )


def _heard_by_model(instance: Model, event: EventRecord, operation: str) -> EventRecord | None:
    """Return what the model's ``event(evt, op)`` method makes of the event; None leaves it out."""
    listener = getattr(type(instance), "event", None)  # of the class: a relation may be called that too
    if not callable(listener):
        return event
    identity, time, site = event.id, event.time, event.site
    try:
        answer = listener(instance, event, operation)
    except Exception:
        failed(f"hits.events.{type(instance).__name__}.event")
        answer = event
    if answer is None:
        return None
    if not isinstance(answer, EventRecord):
        message = "%s.event() returned a %s; it must return the event, or None for no event"
        say_once(f"hits.event.{label_of(instance)}", message, label_of(instance), type(answer).__name__)
        answer = event
    answer.id, answer.time, answer.site = identity, time, site
    fit(answer)
    return answer


def _put_after_commit(event: EventRecord, using: str | None) -> None:
    """Put an event on the road when its transaction is committed.

    A transaction holds as many as the road's buffer would, so one that changes millions of objects fills no
    memory; what is beyond that is dropped and counted.
    """
    if len(transaction.get_connection(using).run_on_commit) >= conf.WT_BUFFER:
        road.counts.drop("transaction_full")
        return
    try:
        transaction.on_commit(partial(put, event), using=using, robust=True)
    except transaction.TransactionManagementError:  # autocommit is off: when the site commits is not told
        put(event)
