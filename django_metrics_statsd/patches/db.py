"""Times every statement, connect, commit and rollback of every database.

``db.{executable}.{alias}.{execute|executemany|callproc}.{verb}`` and
``db.{executable}.{alias}.{connect|commit|rollback}``, in milliseconds. Fetching rows is not in a
statement's time.

Django's execute wrappers would be the hook for statements, but they do not see ``callproc``, ``connect``,
``commit`` and ``rollback``, which are promised too; so this is a patch, on the two classes that every backend
shares. Cursors are not wrapped or replaced: what checks their type still works.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.names import Frozen, clean, freeze_tags
from django_metrics_statsd.observation import current
from django_metrics_statsd.patches.base import Patch
from django_metrics_statsd.plan import planned
from django_metrics_statsd.safety import failed

#: Words that may become part of a name. The rest of SQL's, and what is no SQL, becomes ``other``.
VERBS = frozenset(
    [
        "alter",
        "analyze",
        "begin",
        "call",
        "close",
        "cluster",
        "comment",
        "commit",
        "copy",
        "create",
        "deallocate",
        "declare",
        "delete",
        "describe",
        "discard",
        "do",
        "drop",
        "end",
        "exec",
        "execute",
        "explain",
        "fetch",
        "grant",
        "insert",
        "listen",
        "load",
        "lock",
        "merge",
        "move",
        "notify",
        "optimize",
        "pragma",
        "prepare",
        "refresh",
        "reindex",
        "release",
        "rename",
        "replace",
        "reset",
        "revoke",
        "rollback",
        "savepoint",
        "select",
        "set",
        "show",
        "start",
        "table",
        "truncate",
        "unlisten",
        "unlock",
        "update",
        "use",
        "vacuum",
        "values",
        "with",
    ]
)
_PROLOGUE = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
_LOOK_AT = 2_000
_DEEPEST = 8
_KEY = 7  # "SELECT ", "INSERT ", "UPDATE ", "DELETE ": what most statements begin with
_MAX_NAMES = 256

Names = dict[Any, tuple[str, Frozen]]


def verb_of(sql: Any) -> str:
    """Return a statement's first word in lower case, past comments and brackets; ``other`` if unknown.

    Takes str, bytes, and psycopg's composed SQL, and never raises.
    """
    try:
        text = _text_of(sql)[:_LOOK_AT]
        start = _PROLOGUE.match(text)
        word = _WORD.match(text, start.end() if start else 0)
        verb = word.group().lower() if word else ""
    except Exception:  # a driver's own kind of statement
        return "other"
    return verb if verb in VERBS else "other"


def _text_of(sql: Any) -> str:
    if isinstance(sql, str):
        return sql
    if isinstance(sql, bytes | bytearray):
        return sql[:_LOOK_AT].decode("latin-1")
    for _ in range(_DEEPEST):  # psycopg.sql: a Composed holds a list, an SQL a string
        sql = sql._obj if hasattr(sql, "_obj") else sql[0]
        if isinstance(sql, str):
            return sql
    return ""


def _name(db: Any, operation: str, statement: Any) -> tuple[str, Frozen]:
    """Return the stat's name and its tags; remembered on the connection for the common beginnings."""
    names: Names = db.__dict__.setdefault(f"_metrics_{operation}", {})
    key = statement[:_KEY] if isinstance(statement, str) else None
    found = names.get(key)
    if found is not None:
        return found
    verb = _procedure(db, statement) if operation == "callproc" else verb_of(statement)
    tags = freeze_tags({"alias": db.alias, "operation": verb})
    name = (f"db.{db.client.executable_name}.{db.alias}.{operation}.{verb}", tags)
    if key is not None and operation != "callproc" and key.strip().lower() == verb != key.lower():
        names[key] = name
    return name


def _procedure(db: Any, procedure: Any) -> str:
    """Return a procedure's name for a stat's name: cleaned, and ``other`` past the first 256."""
    known: set[str] = db.__dict__.setdefault("_metrics_procedures", set())
    name = clean(str(procedure))[:60]
    if len(known) < _MAX_NAMES:
        known.add(name)
    return name if name in known else "other"


def _statement(operation: str) -> Callable[[Any], Any]:
    names = f"_metrics_{operation}"

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def timed(*args: Any, **kwargs: Any) -> Any:  # the cursor, the statement, and what else there is
            start = perf_counter()
            try:
                return original(*args, **kwargs) if kwargs else original(*args)
            finally:
                ms = 1000 * (perf_counter() - start)
                try:
                    observation = current.get()
                    if observation is None or not observation.muted:
                        if observation is not None:
                            observation.queries += 1
                            observation.query_ms += ms
                        db = args[0].db
                        try:
                            name, tags = db.__dict__[names][args[1][:_KEY]]
                        except (KeyError, IndexError, TypeError):
                            name, tags = _name(db, operation, _first(args, kwargs))
                        if planned.now.tags:
                            statsd.timing(name, ms, 1, tags)
                        else:
                            statsd.timing(name, ms)
                except Exception:
                    failed("patches.db")

        return timed

    return wrap


def _first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[1] if len(args) > 1 else next(iter(kwargs.values()), "")


def _connection(operation: str) -> Callable[[Any], Any]:
    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def timed(self: Any, *args: Any, **kwargs: Any) -> Any:
            start = perf_counter()
            try:
                return original(self, *args, **kwargs)
            finally:
                _send(self, operation, 1000 * (perf_counter() - start))

        return timed

    return wrap


def _send(db: Any, operation: str, ms: float) -> None:
    try:
        observation = current.get()
        if observation is None or not observation.muted:
            tags = {"alias": db.alias, "operation": operation} if planned.now.tags else None
            statsd.timing(f"db.{db.client.executable_name}.{db.alias}.{operation}", ms, 1, tags)
    except Exception:
        failed("patches.db")


class DatabasePatch(Patch):
    """Times databases."""

    def apply(self) -> None:
        """Replace three functions of cursors and three of connections."""
        for operation in ("execute", "executemany", "callproc"):
            self.replace(CursorWrapper, operation, _statement(operation))
        for operation in ("connect", "commit", "rollback"):
            self.replace(BaseDatabaseWrapper, operation, _connection(operation))


patch = DatabasePatch()
