"""What a panel asks, in words that are no database's: figures of columns, and conditions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A query as the dashboard's JSON has it, without what all queries of a panel share.
Target = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A number made of many rows.

    Attributes:
        what: ``count``, ``rate`` (rows a minute), ``distinct``, ``mean``, ``max``, ``sum``, ``ratio`` (the
            sum of `column` to that of `other`), ``difference`` (the mean of `other` less that of `column`),
            or a percentile such as ``p95``.
        label: its name in the panel.
        column: of what; ``count`` and ``rate`` take none.
        other: the second column of ``ratio`` and ``difference``.
        factor: what the number is multiplied with.
    """

    what: str
    label: str
    column: str = ""
    other: str = ""
    factor: float = 1


@dataclass(frozen=True)
class Is:
    """A column has one of these values."""

    column: str
    values: tuple[str | bool, ...]


@dataclass(frozen=True)
class Status:
    """The status begins with one of these digits."""

    digits: tuple[int, ...]


@dataclass(frozen=True)
class Known:
    """A text is not empty."""

    column: str


Condition = Is | Status | Known
Conditions = Sequence[Condition]


class UnknownNameError(LookupError):
    """A dashboard asks for a column or tag that the tables or the storage do not have."""


class Engine(ABC):
    """A kind of database that Grafana can ask.

    Attributes:
        key: its name in the names of files.
        title: its name for people.
        plugin: the id of Grafana's data source for it.
    """

    key: str
    title: str
    plugin: str

    @abstractmethod
    def series(
        self, table: str, figures: Sequence[Figure], where: Conditions = (), by: str = ""
    ) -> list[Target]:
        """Return queries for figures over time, one line each, or one for each value of a column."""

    @abstractmethod
    def single(self, table: str, figure: Figure, where: Conditions = ()) -> list[Target]:
        """Return the query for a figure of the whole time."""

    @abstractmethod
    def share(self, table: str, label: str, part: Conditions, *, timed: bool) -> list[Target]:
        """Return the query for the percentage of rows that conditions hold for, over time or in all."""

    @abstractmethod
    def ranking(
        self,
        table: str,
        by: Mapping[str, str],
        figures: Sequence[Figure],
        where: Conditions = (),
        limit: int = 20,
    ) -> list[Target]:
        """Return the query for figures of each value of some columns (and their titles), by the first figure.

        What the database cannot sort, the panel does (`sorting`).
        """

    @abstractmethod
    def rows(
        self, table: str, columns: Mapping[str, str], where: Conditions = (), top: str = "", limit: int = 100
    ) -> list[Target]:
        """Return the query for single rows: the newest, or those with the most in the column `top`."""

    @abstractmethod
    def sorting(self, figure: Figure, limit: int) -> list[dict[str, Any]]:
        """Return the transformations that a panel with a `ranking` needs."""

    @abstractmethod
    def sites(self, table: str) -> Any:
        """Return the query for the names of the sites, for a variable."""
