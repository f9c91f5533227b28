"""What two releases give away together that neither does alone: the same table at two dates, or with and without a group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicenlp.disclosure.bounds import Bounds
from voicenlp.disclosure.cells import Layout, layout
from voicenlp.disclosure.policies import LEVELS, Policy, load_policy
from voicenlp.errors import InputError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RELATIONS", "WorkedOut", "compare_releases"]

RELATIONS = ("same", "within", "dates")
"""How the second release stands to the first: it shows the same figures, cut or hidden otherwise; everybody in it is in the first too (a
subgroup, or an earlier state of a running total); or the same table at another date."""


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """A small figure that somebody with both releases knows better than the policy lets them.

    The bounds give the figure away as the releases do: they are for whoever decides on the release, not for a log.

    Attributes
    ----------
    where : str
        ``first`` or ``second``: a cell hidden in that release. ``difference``: how many are in the first and not in the second; between
        two dates, by how much the count changed.
    measure : str
    group : dict of str to object
        Dimension to value.
    least, most : int
        What it can be; the same if it is known exactly.
    """

    where: str
    measure: str
    group: dict[str, Any]
    least: int
    most: int

    @property
    def exact(self) -> bool:
        """Whether the figure is known to the unit."""
        return self.least == self.most


def compare_releases(
    first: Any,
    second: Any,
    policy: Policy | str,
    *,
    dimensions: Sequence[str],
    counts: Sequence[str],
    relation: str = "within",
    wholes: Mapping[str, str] | None = None,
    total: str = "Total",
    overlapping: Sequence[str] = (),
    level: str = "authority",
) -> list[WorkedOut]:
    """Say which small figures two releases give away together.

    Everything that both show is put into one system: each figure within what its rounding allows, what is hidden as at least 1, all sums
    over groups, and the relation between the two. A figure counts as worked out if it is certain to be one of the counts that the policy
    hides, and not every one of those is possible any more.

    Parameters
    ----------
    first, second : pyarrow.Table, or anything with the Arrow PyCapsule interface
        As shown: text (`protect`, or read from a file) or numbers. Columns beside dimensions and counts are left aside.
    policy : Policy or str
        Under which both were made.
    dimensions, counts, wholes, total, overlapping, level
        As for `voicenlp.disclosure.tables.protect`.
    relation : {"within", "same", "dates"}
        See `RELATIONS`.

    Returns
    -------
    list of WorkedOut
        Empty if the two can stand beside each other.

    Raises
    ------
    UsageError
        If the relation is unknown, columns are missing, or the two contradict it.
    InputError
        If a cell is neither a count nor one of the policy's symbols.

    Examples
    --------
    All children, and then all but those who came alone: what lies between is one child in each row.

    >>> import pyarrow as pa
    >>> everybody = pa.table({"age": ["0 to 15", "16 on", "Total"], "children": ["23", "38", "61"]})
    >>> without = pa.table({"age": ["0 to 15", "16 on", "Total"], "children": ["22", "38", "60"]})
    >>> found = compare_releases(everybody, without, "dfe-looked-after", dimensions=["age"], counts=["children"])
    >>> [(one.where, one.group["age"], one.least, one.exact) for one in found]
    [('difference', '0 to 15', 1, True), ('difference', 'Total', 1, True)]
    """
    import pyarrow as pa

    policy = load_policy(policy) if isinstance(policy, str) else policy
    if relation not in RELATIONS:
        raise UsageError(f"relation: {relation!r} is none of {', '.join(RELATIONS)}")
    if level not in LEVELS:
        raise UsageError(f"level: {level!r} is none of {', '.join(LEVELS)}")
    system = _System(policy, policy.round_to[level])
    for where, table in (("first", first), ("second", second)):
        table = table if isinstance(table, pa.Table) else pa.table(table)
        system.add(where, table, layout(table, dimensions, counts, wholes, total, overlapping))
    system.relate(relation)
    bounds = system.bounds()
    out = []
    for place, (where, measure, group) in enumerate(system.names):
        if where == "difference" or place in system.hidden:
            ends = _small(bounds, place, policy, relation if where == "difference" else "")
            if ends is not None:
                out.append(WorkedOut(where, measure, dict(zip(dimensions, group, strict=True)), *ends))
    return out


def _small(bounds: Bounds, place: int, policy: Policy, relation: str) -> tuple[int, int] | None:
    """Return the ends of what a figure can be, if they show it to be a small one and say more of it than that."""
    low, high = policy.hide_from, policy.hide_to
    least = bounds.least(place)
    if relation == "dates":
        most = bounds.most(place)
        if most < 0:
            low, high = -high, -low
    elif least < low or least > high:
        return None
    else:
        most = bounds.most(place, high + 1)
    if low <= least and most <= high and (least, most) != (low, high):
        return int(least), int(most)
    return None


class _System:
    """All that two releases say, as bounds of cells and sums between them."""

    def __init__(self, policy: Policy, round_to: int) -> None:
        self.policy, self.round_to = policy, round_to
        self.names: list[tuple[str, str, tuple[Any, ...]]] = []
        self.hidden: set[int] = set()
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._sums: list[tuple[int, tuple[int, ...]]] = []
        self._places: dict[str, dict[tuple[str, tuple[Any, ...]], int]] = {"first": {}, "second": {}}

    def add(self, where: str, table: pa.Table, found: Layout) -> None:
        columns = {name: table[name].to_pylist() for name in {cell.measure for cell in found.cells}}
        before = len(self.names)
        for cell in found.cells:
            lower, upper, hidden = self._reading(columns[cell.measure][cell.row], cell.row, cell.measure)
            place = self._new(where, cell.measure, cell.group, lower, upper)
            self._places[where][cell.measure, cell.group] = place
            if hidden:
                self.hidden.add(place)
        self._sums += [(before + whole, tuple(before + part for part in parts)) for whole, parts in found.sums]
        for whole, part in found.differences:
            rest = self._new("rest", found.cells[part].measure, found.cells[part].group, 0, math.inf)
            self._sums.append((before + whole, (before + part, rest)))

    def relate(self, relation: str) -> None:
        for key, first in self._places["first"].items():
            second = self._places["second"].get(key)
            if second is not None:
                low, high = {"same": (0, 0), "within": (0, math.inf), "dates": (-math.inf, math.inf)}[relation]
                self._sums.append((first, (second, self._new("difference", *key, low, high))))

    def bounds(self) -> Bounds:
        bounds = Bounds(self._lower, self._upper, self._sums)
        if not bounds.possible():
            # groups that a table leaves out: its totals are more than what it lists
            loose = [(whole, (*parts, self._new("left out", *self.names[whole][1:], 0, math.inf))) for whole, parts in self._sums]
            bounds = Bounds(self._lower, self._upper, loose)
        if not bounds.possible():
            raise UsageError("the two tables contradict each other under this relation; are they the same columns, level and policy?")
        return bounds

    def _new(self, where: str, measure: str, group: tuple[Any, ...], lower: float, upper: float) -> int:
        self.names.append((where, measure, group))
        self._lower.append(lower)
        self._upper.append(upper)
        return len(self.names) - 1

    def _reading(self, shown: Any, row: int, column: str) -> tuple[float, float, bool]:
        """Return the least and most that a figure as shown can be, and whether it is hidden."""
        policy, step = self.policy, self.round_to
        text = "" if shown is None else str(shown).strip()
        if text == policy.symbol:
            return min(1, policy.hide_from), math.inf, True
        if text in ("", policy.missing):
            return 0, math.inf, False
        if policy.near_zero and text == policy.near_zero:
            return 1, max(1, (step - 1) // 2), False
        try:
            value = int(text.removesuffix(".0").replace(",", ""))
        except ValueError:
            raise InputError("neither a count nor a symbol of the policy", row=row + 2, column=column) from None
        if value == 0 and policy.near_zero:
            return 0, 0, False
        least, most = value - step // 2, value + (step - 1) // 2
        if policy.hide_from <= max(least, 0) <= policy.hide_to < most:
            least = policy.hide_to + 1  # else it would not have been shown
        return max(least, 0), max(most, 0), False
