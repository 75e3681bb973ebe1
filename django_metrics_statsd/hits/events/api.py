"""`record_event`: an event from anywhere, in a request or not, sync or async."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_metrics_statsd.hits.events.asking import http_request, method_and_path, origin_of, user_of_request
from django_metrics_statsd.hits.events.describing import (
    admin_url_of,
    label_of,
    opened,
    pk_of,
    url_of,
    user_of,
    username,
)
from django_metrics_statsd.hits.events.making import make, put
from django_metrics_statsd.hits.events.quiet import no_queries
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.safety import failed


def record_event(
    name: object,
    event_class: object = "",
    data: object = None,
    user: Any = None,
    instance: Any = None,
    *,
    model: Any = None,
    obj_pk: object = None,
    url: str | None = None,
    admin_url: str | None = None,
    notes: object = "",
    bucket: object = "",
    scope: str = "superuser",
    groups: Iterable[Any] = (),
    request: Any = None,
) -> None:
    """Record that something happened. Never raises, never queries, never waits; what is too long is cut.

    It is told at once: a transaction that is rolled back later does not take it back. Where it should, call
    it from ``transaction.on_commit``.

    Args:
        name: what happened, such as ``"Order paid"``.
        event_class: what kind of event it is, such as ``"Info"`` or ``"Order"``.
        data: a dictionary that JSON can hold, in `records.DATA` bytes; what JSON cannot is kept as text.
        user: who did it: a user, or a name. Left out, the user that `request` has loaded, else the one in
            ``instance.user`` or ``instance.editor`` if that is loaded.
        instance: the object it is about. Gives the model, the key, the URL and the admin's URL.
        model: without an instance, the model or its label.
        obj_pk: without an instance, the object's key.
        url: where to see it; left out, the instance's ``get_event_object_url()`` or ``get_absolute_url()``.
        admin_url: where to change it; left out, the admin's page of the instance.
        notes: a longer text.
        bucket: a word to find it by.
        scope: who may see it: ``"superuser"``, ``"staff"``, ``"users"`` or ``"public"``.
        groups: groups, or names of such, whose members may see it besides.
        request: gives method, path and address, and nothing else that was sent.
    """
    try:
        if planned.now.stopped:
            return
        request = http_request(request)
        told = {"name": name, "event_class": event_class, "data": data, "notes": notes, "bucket": bucket}
        method, path = method_and_path(request)
        seen = {"scope": scope, "groups": groups, "method": method, "path": path}
        with no_queries():
            instance = opened(instance, request)
            about = _about(instance, model, obj_pk, url, admin_url)
            record = make(**told, **seen, **about, user=_who(user, request, instance))
        put(record, origin_of(request))
    except Exception:
        failed("hits.events")


def _who(user: Any, request: Any, instance: Any) -> str:
    """Return the name of the user that was given, else of one that can be guessed."""
    if user is not None:
        return username(user, request)
    return user_of_request(request) or (user_of(instance) if instance is not None else "")


def _about(instance: Any, model: Any, obj_pk: Any, url: Any, admin_url: Any) -> dict[str, Any]:
    """Return what the event is about. What was written goes before what can be guessed."""
    if instance is None:
        label = "" if model is None else label_of(model)
        return {"model": label, "obj_pk": obj_pk, "url": url, "admin_url": admin_url}
    return {
        "model": label_of(instance),
        "obj_pk": pk_of(instance),
        "url": url_of(instance) if url is None else url,
        "admin_url": admin_url_of(instance) if admin_url is None else admin_url,
    }
