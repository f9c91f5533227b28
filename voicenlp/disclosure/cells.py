"""A table about groups as a set of cells and the sums that hold between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Cell", "Layout", "layout", "whole_number"]

Group = tuple[Any, ...]

_LONG = 200
"""Characters beyond which a value of a dimension is no name of a group any more."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: which count, of which group.

    Attributes
    ----------
    measure : str
        The column; for a cell that stands in no table, what it is (``children without with_voice``).
    group : tuple
        Values of the dimensions, in their order.
    totals : int
        In how many dimensions it is a total.
    row : int
        Row of the table; -1 for a cell that is only implied.
    """

    measure: str
    group: Group
    totals: int = 0
    row: int = -1


@dataclass
class Layout:
    """The cells of a table, and which are sums of which.

    Attributes
    ----------
    cells : list of Cell
    sums : list of (int, tuple of int)
        A cell and those it is the sum of, by their places in `cells`.
    differences : list of (int, int)
        A whole and a part of it, whose difference is a group too, though no column shows it.
    """

    cells: list[Cell] = field(default_factory=list)
    sums: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    differences: list[tuple[int, int]] = field(default_factory=list)

    def imply(self, measure: str, group: Group, totals: int) -> int:
        """Add a cell that no table shows, and return its place."""
        self.cells.append(Cell(measure, group, totals))
        return len(self.cells) - 1


def layout(
    table: pa.Table,
    dimensions: Sequence[str],
    counts: Sequence[str],
    wholes: Mapping[str, str] | None = None,
    total: str = "Total",
    overlapping: Sequence[str] = (),
) -> Layout:
    """Find the cells of a table and the sums between them.

    Parameters
    ----------
    table : pyarrow.Table
        One row a group; a row whose value of a dimension is `total` is a total over it.
    dimensions, counts : sequence of str
        Columns that name the group, and that count.
    wholes : Mapping[str, str], optional
        A count to the count that it is part of (``{"with_voice": "children"}``).
    total : str
    overlapping : sequence of str
        Dimensions whose groups may share members (themes): their total is no sum.

    Raises
    ------
    UsageError
        If a column is missing or named twice, a group has two rows, or a value of a dimension is too long to be the name of a group.

    Examples
    --------
    >>> import pyarrow as pa
    >>> found = layout(pa.table({"sex": ["f", "m", "Total"], "children": [3, 9, 12]}), ["sex"], ["children"])
    >>> [(found.cells[whole].group, [found.cells[part].group for part in parts]) for whole, parts in found.sums]
    [(('Total',), [('f',), ('m',)])]
    """
    named = [*dimensions, *counts]
    for name in named:
        if name not in table.column_names or named.count(name) > 1:
            raise UsageError(f"{name!r} {'is named twice' if named.count(name) > 1 else 'is no column of the table'}")
    for name in overlapping:
        if name not in dimensions:
            raise UsageError(f"{name!r} is none of the dimensions {', '.join(dimensions)}")
    for part, whole in (wholes or {}).items():
        if part not in counts or whole not in counts or part == whole:
            raise UsageError(f"{part!r} and {whole!r} must both be counts of the table")
    groups: list[Group] = list(zip(*(table[name].to_pylist() for name in dimensions), strict=True)) if dimensions else [()] * table.num_rows
    _check(groups, dimensions)
    out = Layout()
    places: dict[tuple[str, Group], int] = {}
    for row, group in enumerate(groups):
        for measure in counts:
            places[measure, group] = len(out.cells)
            out.cells.append(Cell(measure, group, sum(value == total for value in group), row))
    siblings: dict[tuple[int, Group], list[Group]] = {}
    for group in groups:
        for at, one in enumerate(group):
            if one != total:
                siblings.setdefault((at, (*group[:at], total, *group[at + 1 :])), []).append(group)
    for measure in counts:
        for (at, top), below in siblings.items():
            if (measure, top) in places and dimensions[at] not in overlapping:
                out.sums.append((places[measure, top], tuple(places[measure, group] for group in below)))
    for part, whole in (wholes or {}).items():
        out.differences += [(places[whole, group], places[part, group]) for group in groups]
    return out


def _check(groups: Sequence[Group], dimensions: Sequence[str]) -> None:
    seen: set[Group] = set()
    for row, group in enumerate(groups):
        if group in seen:
            raise UsageError(f"two rows of the table are the same group (the second is row {row + 1})")
        seen.add(group)
        for name, value in zip(dimensions, group, strict=True):
            if isinstance(value, str) and len(value) > _LONG:
                raise UsageError(
                    f"{name!r} holds text that is no name of a group (row {row + 1}); words of notes never stand in such tables"
                )


def whole_number(value: Any, *, row: int, column: str) -> int | None:
    """Return a count as an ``int``, None for one that is not there.

    Raises
    ------
    InputError
        If it is no whole number from 0. The message names row (as a person counts them, below a header) and column, not the value.
    """
    if value is None or value != value:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53 or value != int(value):
        raise InputError("not a count (a whole number from 0)", row=row + 2, column=column)
    return int(value)
