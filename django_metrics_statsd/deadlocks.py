"""Which of a database's errors mean that the same at once will do."""

from __future__ import annotations

from typing import Final

#: SQLSTATE of PostgreSQL (appendix A of its manual), and the error number of MariaDB and MySQL.
_STATES: Final = frozenset({"40001", "40P01"})
_NUMBER: Final = 1213


def gave_way(error: Exception) -> bool:
    """Whether the database has ended this one of two transactions that waited for each other."""
    cause = error.__cause__
    states = getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None)
    return not _STATES.isdisjoint(states) or error.args[:1] == (_NUMBER,)
