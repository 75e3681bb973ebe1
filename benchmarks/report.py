"""Tables: what was measured, who, how much, our share of it, the budget, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Row:
    """One line: a figure, and what it may be, as a share of a peer's or as such.

    Attributes:
        ours: our figure where this is a peer's; the table then shows what share of the peer's it is.
        budget: the largest share of this peer's figure that ours may be.
        limit: the largest figure that this one may be.
    """

    what: str
    who: str
    value: float
    unit: str
    ours: float | None = None
    budget: float | None = None
    limit: float | None = None

    @property
    def share(self) -> float | None:
        """Our figure as a share of this one."""
        return self.ours / self.value if self.ours is not None and self.value else None

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.limit is not None:
            return self.value <= self.limit
        if self.budget is None or self.share is None:
            return None
        return self.share <= self.budget

    @property
    def allowed(self) -> str:
        """The budget as text."""
        if self.limit is not None:
            return f"<= {self.limit:g} {self.unit}"
        return "" if self.budget is None else f"<= {_share(self.budget)}"

    def cells(self) -> list[str]:
        """Return the row as text."""
        number = f"{self.value:,.0f}" if abs(self.value) >= 100 else f"{self.value:,.2f}"
        verdict = {None: "", True: "yes", False: "NO"}[self.met]
        figure = f"{number} {self.unit}"
        return [self.what, self.who, figure, _share(self.share), self.allowed, verdict]


@dataclass
class Table:
    """A titled table that prints itself."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *columns: Any, **more: Any) -> None:
        """Append a `Row` of these."""
        self.rows.append(Row(*columns, **more))

    def show(self) -> None:
        """Print the table."""
        head = ["what", "who", "figure", "ours is", "budget", "met"]
        print(f"\n{self.title}\n")
        for line in _columns([head, *(row.cells() for row in self.rows)]):
            print("  " + line)
        for note in self.notes:
            print(f"  {note}")

    @property
    def met(self) -> bool:
        """Whether every budget in the table is kept."""
        return all(row.met is not False for row in self.rows)


def _share(share: float | None) -> str:
    if share is None:
        return ""
    return f"1/{1 / share:.3g}" if 0 < share < 1 else f"{share:.2f}x"


def _columns(lines: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            cell.rjust(width) if index in {2, 3} else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
