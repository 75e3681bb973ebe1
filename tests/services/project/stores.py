"""Every database and cache operation that has a stat, through Django, against real servers."""

from __future__ import annotations

import asyncio
import threading
from typing import Any


def database(pooled: str) -> dict[str, Any]:
    """Known numbers of each operation; the result of the queries proves that they ran."""
    from django.db import connection, transaction
    from psycopg import sql

    answers: list[Any] = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE thing (number int)")
        cursor.executemany("INSERT INTO thing VALUES (%s)", [[1], [2], [3]])
        composed = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("thing"))
        cursor.execute(composed)
        answers.append(cursor.fetchone()[0])
        cursor.execute(sql.SQL("SELECT 1"))
        cursor.execute(b"UPDATE thing SET number = 4 WHERE number = 3")
        answers.append(cursor.rowcount)
        cursor.callproc("pg_backend_pid")
        answers.append(cursor.fetchone() is not None)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM thing")
    abandon(connection, transaction)
    in_thread()
    return {"answers": answers, "pooled": pooled == "yes" and connection.pool is not None}


def abandon(connection: Any, transaction: Any) -> None:
    """A transaction that is rolled back."""

    class AbandonedError(Exception):
        pass

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO thing VALUES (9)")
            raise AbandonedError
    except AbandonedError:
        pass


def in_thread() -> None:
    """A connection of another thread, which is timed just so."""
    from django.db import connection

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("VALUES (1)")
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def cache(alias: str) -> dict[str, Any]:
    """Known numbers of each operation, sync and async; what they returned."""
    from django.core.cache import caches

    store = caches[alias]
    store.clear()
    store.set("name", "value")
    store.set_many({"a": 1, "b": 2})
    answers: list[Any] = [
        store.get("nothing"),
        store.get("nothing", "default"),
        store.get("name"),
        store.get_many(["name", "nothing"]),
        store.incr("a"),
        store.add("name", "other"),
        store.get_or_set("fresh", lambda: 5),
        store.delete("a"),
        store.touch("b", 30),
        "b" in store,
    ]
    answers.append(asyncio.run(asynchronously(store)))
    store.close()
    return {"answers": answers}


async def asynchronously(store: Any) -> list[Any]:
    await store.aset("async", 1)
    return [await store.aget("async"), await store.aget("nothing")]
