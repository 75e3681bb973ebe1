"""Pages that cost the same in a table of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.formats import number_format
from django.utils.functional import cached_property

if TYPE_CHECKING:
    Base = Paginator[Any]
else:
    Base = Paginator

#: Newest first. Times sort like ids, and are what the indexes of a column and the time hold.
ORDER = ("-time", "-id")
#: How far is counted, and how far one can turn pages. What is older is found by the time.
COUNTED = 10_000


class AtLeast(int):
    """A number that is shown with a plus behind it, as counting stopped there.

    Not where numbers are shown in groups of digits, as Django would take the plus for one.
    """

    def __str__(self) -> str:
        digits = repr(int(self))
        return f"{digits}+" if number_format(int(self)) == digits else digits


def counted(rows: QuerySet[Any]) -> int:
    """Return how many rows there are, at most `COUNTED` and one.

    Rows are counted in their order, so that the index that gives the order is read and no more of it. The
    last column of `ORDER` is in no index besides the primary key, and makes no difference to a count.
    """
    if rows.query.order_by == ORDER:
        rows = rows.order_by(ORDER[0])
    return rows.values("time")[: COUNTED + 1].count()


class BoundedPaginator(Base):
    """A paginator that stops counting at `COUNTED`; ``more`` says whether there is more.

    It looks up a page's ids before its rows, so that the rows on the pages before are not read. Those of the
    first page also say how many there are if they are few: then the rows that are passed by are so but once.
    """

    more = False

    @cached_property
    def count(self) -> int:
        """The number of rows that can be paged through."""
        if len(self._first) <= self.per_page:
            return len(self._first)
        found = counted(self._listed)
        self.more = found > COUNTED
        return AtLeast(COUNTED) if self.more else found

    def page(self, number: int | str) -> Any:
        """Return a page."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        end = min(start + self.per_page, self.count)
        ids = self._first[:end] if number == 1 else self._ids(start, end)
        rows = self._listed.model._base_manager.using(self._listed.db)
        return Page(rows.filter(pk__in=ids).order_by(*ORDER), number, self)

    @cached_property
    def _first(self) -> list[Any]:
        return self._ids(0, self.per_page + 1)

    def _ids(self, start: int, end: int) -> list[Any]:
        return list(self._listed.values_list("pk", flat=True)[start:end])

    @property
    def _listed(self) -> QuerySet[Any]:
        return self.object_list  # type: ignore[return-value]
