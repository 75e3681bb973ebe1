"""From what is asked for to a query that reads a bounded part of the table.

There are three kinds of conditions:

- A column equals something, and an index has that column and then the time. The index gives the rows
  newest first, however many they are.
- A range of an index, such as the statuses 500 to 599. The index gives the rows in another order, so they
  have to be sorted, which is fine if they are few. Whether they are is counted first, in the index.
- Anything else. Then the newest rows are looked at one by one, and no more than `REACH` of them.

Databases guess which index to take, and guess wrong at times: they walk through all times in search of
something rare, or sort half the table. So each query below is written such that one index serves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan
from django.utils.functional import cached_property

from django_metrics_statsd.hits.looking.paging import COUNTED, ORDER, counted

#: How many of the newest rows are looked at for what no index finds.
REACH = 100_000


@dataclass(frozen=True)
class Condition:
    """One thing asked for.

    Attributes:
        where: the condition, as ``filter()`` takes it.
        index: the columns of the index that serves it; none if none does.
        newest_first: whether the index gives the rows in the order of time.
        scan: the same condition in words that no index serves, where `where` might lure to a bad one.
    """

    where: Any
    index: tuple[str, ...] = ()
    newest_first: bool = False
    scan: Any = None

    @property
    def plain(self) -> Any:
        """The condition for rows that are looked at one by one."""
        return self.where if self.scan is None else self.scan


def equal(column: str, value: object) -> Condition:
    """Return the condition that a column, which has an index together with the time, equals something."""
    return Condition(Q(**{column: value}), (column, "time"), newest_first=True)


def between(column: str, low: int, high: int) -> Condition:
    """Return the condition that `low` <= column < `high`; the column has an index together with the time."""
    return Condition(
        Q(**{f"{column}__gte": low, f"{column}__lt": high}),
        (column, "time"),
        scan=Q(GreaterThanOrEqual(F(column) + 0, low), LessThan(F(column) + 0, high)),
    )


def other(**lookups: object) -> Condition:
    """Return a condition that no index serves."""
    return Condition(Q(**lookups))


@dataclass
class Found:
    """What answers a question: the rows in order, and how far back they reach if not to the end."""

    rows: QuerySet[Any]
    reaches: datetime | None = None


@dataclass
class Question:
    """What is asked of a table.

    Attributes:
        everything: the whole table.
        rows: the part of it that the asking user may see.
        within: the span of time, as a condition, or None.
    """

    everything: QuerySet[Any]
    rows: QuerySet[Any]
    conditions: Sequence[Condition] = ()
    within: Q | None = None
    reach: int = REACH
    _span: Q = field(init=False)

    def __post_init__(self) -> None:
        self._span = self.within if self.within is not None else Q()

    def whole(self) -> QuerySet[Any]:
        """Return all rows that are asked for, newest first, however long that takes to read."""
        return self._with(each.plain for each in self.conditions).order_by(*ORDER)

    @cached_property
    def leader(self) -> Condition | None:
        """The condition whose index gives the rows newest first."""
        return next((each for each in self.conditions if each.newest_first), None)

    def walk(self) -> QuerySet[Any]:
        """Return the times of all rows that are asked for, and others, as an index has them: newest first."""
        lead = [self.leader.where] if self.leader else []
        return self.everything.filter(self._span, *lead).order_by("-time").values_list("time", flat=True)

    def answer(self) -> Found:
        """Return rows that can be had in a bounded time."""
        leader = self.leader
        others = [each for each in self.conditions if each is not leader]
        if not others and not self.rows.query.where:
            return Found(self._with([leader.where] if leader else []).order_by(*ORDER))
        if self._may_be_few(others, leader) and counted(self._in_index(others[0])) <= COUNTED:
            return Found(self._sorted(others[0]))
        return self._reached(leader, others)

    def _may_be_few(self, others: Sequence[Condition], leader: Condition | None) -> bool:
        alone = leader is None and self.within is None and len(others) == 1
        return alone and bool(others[0].index) and not self.rows.query.where

    def _in_index(self, condition: Condition) -> QuerySet[Any]:
        return self.everything.filter(condition.where).order_by(*condition.index)

    def _sorted(self, condition: Condition) -> QuerySet[Any]:
        """No index has this expression, so no database walks through all times for a few rows."""
        no_index = Coalesce(F("time"), F("time"))
        return self.rows.filter(condition.where).order_by(no_index.desc(), "-id")

    def _reached(self, leader: Condition | None, others: Sequence[Condition]) -> Found:
        oldest = next(iter(self.walk()[self.reach : self.reach + 1]), None)
        lead = [leader.where] if leader else []
        rows = self._with([*lead, *(each.plain for each in others)])
        if oldest is not None:
            rows = rows.filter(time__gte=oldest)
        return Found(rows.order_by(*ORDER), oldest)

    def _with(self, conditions: Iterable[Any]) -> QuerySet[Any]:
        return self.rows.filter(self._span, *conditions)
