"""Counts created, updated and deleted model instances: ``models.{app}.{Model}.{create|update|delete}``.

Behind ``STATSD_MODEL_SIGNALS``. Django sends these signals for ``save()`` and ``delete()``, not for bulk
queries.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.observation import current
from django_metrics_statsd.patches.base import Patch
from django_metrics_statsd.safety import failed


def _saved(sender: type[Model], *, created: bool = False, raw: bool = False, **kwargs: Any) -> None:
    if not raw:  # fixtures being loaded are not the site's doing
        _count(sender, "create" if created else "update")


def _deleted(sender: type[Model], **kwargs: Any) -> None:
    _count(sender, "delete")


def _count(model: type[Model], operation: str) -> None:
    try:
        observation = current.get()
        if observation is None or not observation.muted:
            options = model._meta
            statsd.incr(f"models.{options.app_label}.{options.object_name}.{operation}")
    except Exception:
        failed("patches.models")


class ModelPatch(Patch):
    """Connects to Django's model signals."""

    def apply(self) -> None:
        """Connect."""
        post_save.connect(_saved, dispatch_uid="metrics_statsd")
        post_delete.connect(_deleted, dispatch_uid="metrics_statsd")

    def uninstall(self) -> None:
        """Disconnect."""
        post_save.disconnect(_saved, dispatch_uid="metrics_statsd")
        post_delete.disconnect(_deleted, dispatch_uid="metrics_statsd")
        super().uninstall()


patch = ModelPatch()
