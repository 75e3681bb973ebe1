"""Changes a row or makes it, with a write as the first statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, router, transaction
from django.db.models import Model


def put(model: type[Model], values: Mapping[str, Any], **key: Any) -> None:
    """Set `values` in the row that `key` names, or make that row.

    Django's ``update_or_create`` reads first, and SQLite refuses at once a transaction that has read and then
    writes while another process is writing: its timeout is only for those that begin with a write.

    Args:
        values: fields and what they are set to.
        key: fields that a unique constraint is on.

    Raises:
        django.db.Error: it cannot be written.
    """
    alias = router.db_for_write(model)
    rows = model._default_manager.using(alias)
    found = rows.filter(**key)
    if found.update(**values):
        return
    try:
        with transaction.atomic(using=alias):
            rows.create(**key, **values)
    except IntegrityError:  # another process has made it meanwhile
        found.update(**values)
