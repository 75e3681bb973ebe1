"""What a database whose ``AUTOCOMMIT`` is False needs besides ``atomic``."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper


def settle(connection: BaseDatabaseWrapper) -> None:
    """Commit where the end of ``atomic`` does not: else what was written is gone with the connection."""
    if not connection.in_atomic_block and not connection.get_autocommit():
        connection.commit()
