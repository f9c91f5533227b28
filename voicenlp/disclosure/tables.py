"""Tables about groups as they may be shown: small counts hidden, others hidden for their sake, the rest rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from voicenlp.disclosure.cells import Layout, layout, whole_number
from voicenlp.disclosure.policies import LEVELS, Policy, load_policy
from voicenlp.disclosure.suppression import small, suppress, unsafe
from voicenlp.errors import InputError, PolicyError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Protected", "protect"]

Rates = Mapping[str, tuple[str, str | None]]


@dataclass(frozen=True)
class Protected:
    """A table that may be shown under a policy.

    Attributes
    ----------
    table : pyarrow.Table
        Dimensions as they came; every count and rate as the text to be shown.
    policy : Policy
    level : str
        Whose figures they are: ``authority``, ``region`` or ``england``.
    log : dict of str to (str or int)
        What was done, in numbers of cells, for the audit log and a note below the table: ``policy``, ``level``, ``counts`` (cells in
        all), ``small`` and ``secondary`` (hidden for themselves, and for others' sake), ``implied`` (small groups that no column shows but
        that could have been subtracted), ``rates_hidden``, ``rounded`` (cells), ``round_to``, ``missing``.
    """

    table: pa.Table
    policy: Policy
    level: str
    log: dict[str, str | int]


def protect(
    table: Any,
    policy: Policy | str,
    *,
    dimensions: Sequence[str],
    counts: Sequence[str],
    rates: Rates | None = None,
    wholes: Mapping[str, str] | None = None,
    total: str = "Total",
    overlapping: Sequence[str] = (),
    level: str = "authority",
) -> Protected:
    """Make a table about groups fit to be shown.

    First the counts that the policy calls small are hidden, then further ones until none of the first can be worked out from totals (by
    rows, by columns, and crossed) or from what is left when a part is taken from its whole; that this holds is proved on the result
    before it is returned. A rate is hidden with any count that it is made of. Then the rest is rounded.

    Parameters
    ----------
    table : pyarrow.Table, or anything with the Arrow PyCapsule interface
        One row a group; totals are rows of their own. All columns must be named below: words of notes never stand in such a table.
    policy : Policy or str
        A policy or its name.
    dimensions : sequence of str
        Columns that name the group: authority, age band, quarter …
    counts : sequence of str
        Columns of whole numbers of children (or notes, spans).
    rates : Mapping[str, (str, str or None)], optional
        Column of a rate, a share or a mean to the counts that it is made of: above and below the line. None where the lower one is public
        anyway (a population).
    wholes : Mapping[str, str], optional
        A count to the count that it is part of; the two counts of a rate are taken to be so where the first is nowhere the larger.
    total : str
        The value of a dimension that stands for all its groups together.
    overlapping : sequence of str
        Dimensions whose groups may share members (themes, expressions), so that they do not add up.
    level : {"authority", "region", "england"}

    Returns
    -------
    Protected

    Raises
    ------
    UsageError
        If a column is not named, is missing or named twice, or a group has two rows.
    InputError
        If a count is not a whole number from 0, or groups add up to more than their total.
    PolicyError
        If the policy is not known.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table({"age": ["0 to 9", "10 to 15", "16 on", "Total"], "children": [23, 4, 38, 65], "heard": [12, 3, 31, 46]})
    >>> shown = protect(table, "dfe-looked-after", dimensions=["age"], counts=["children", "heard"], wholes={"heard": "children"})
    >>> shown.table.to_pydict()["children"], shown.table.to_pydict()["heard"]
    (['c', 'c', '38', '65'], ['c', 'c', '31', '46'])
    >>> shown.log["small"], shown.log["secondary"]
    (2, 2)
    """
    import pyarrow as pa

    policy = load_policy(policy) if isinstance(policy, str) else policy
    if level not in LEVELS:
        raise UsageError(f"level: {level!r} is none of {', '.join(LEVELS)}")
    table = table if isinstance(table, pa.Table) else pa.table(table)
    rates = dict(rates or {})
    _check_columns(table, dimensions, counts, rates)
    columns = {name: [whole_number(v, row=row, column=name) for row, v in enumerate(table[name].to_pylist())] for name in counts}
    found = layout(table, dimensions, counts, {**_parts(columns, rates), **(wholes or {})}, total, overlapping)
    places = {(cell.measure, cell.row): place for place, cell in enumerate(found.cells)}
    found, values = _complete(found, columns, counts)
    hidden = suppress(found, values, policy)
    if policy.secondary and unsafe(found, values, hidden, policy):
        raise PolicyError("the table can't be made safe under this policy; take fewer or coarser groups")

    def covers(measure: str | None, row: int) -> bool:
        return measure is not None and places[measure, row] in hidden

    round_to = policy.round_to[level]
    shown: dict[str, Any] = {name: table[name] for name in dimensions}
    for name in counts:
        shown[name] = [policy.symbol if covers(name, row) else _count(value, policy, round_to) for row, value in enumerate(columns[name])]
    rates_hidden = 0
    for name, (above, below) in rates.items():
        cells = []
        for row, value in enumerate(table[name].to_pylist()):
            if covers(above, row) or covers(below, row):
                rates_hidden += 1
                cells.append(policy.symbol)
            else:
                scale = _scale(columns, above, below, row, round_to) if policy.rates == "shown" else Decimal(1)
                cells.append(_rate(value, scale, policy, name, row))
        shown[name] = cells
    arrays = [value if name in dimensions else pa.array(value, pa.string()) for name, value in shown.items()]
    first = small(values, policy)
    inside = sum(found.cells[place].row >= 0 for place in first)
    log: dict[str, str | int] = {
        "policy": policy.name, "level": level, "counts": sum(cell.row >= 0 for cell in found.cells), "small": inside,
        "secondary": len(hidden) - inside, "implied": len(first) - inside, "rates_hidden": rates_hidden,
        "rounded": sum(bool(v and v % round_to) and not covers(name, row) for name in counts for row, v in enumerate(columns[name])),
        "round_to": round_to, "missing": sum(v is None for name in counts for v in columns[name]),
    }  # fmt: skip
    return Protected(pa.Table.from_arrays(arrays, names=list(shown)).select(table.column_names), policy, level, log)


def _check_columns(table: pa.Table, dimensions: Sequence[str], counts: Sequence[str], rates: Rates) -> None:
    for name in table.column_names:
        if name not in dimensions and name not in counts and name not in rates:
            raise UsageError(f"column {name!r} is neither dimension, count nor rate; a table about groups holds nothing else")
    for name, made_of in rates.items():
        if name not in table.column_names or name in counts or name in dimensions:
            raise UsageError(f"rate {name!r} must be a column of its own")
        if made_of[0] not in counts or made_of[1] not in (None, *counts):
            raise UsageError(f"rate {name!r} must be made of counts of the table")


def _parts(columns: Mapping[str, Sequence[int | None]], rates: Rates) -> dict[str, str]:
    """Find the rates that are a part of a whole: whoever sees both counts sees how many are not in the part."""
    out = {}
    for above, below in rates.values():
        if below is not None and above != below:
            pairs = [(a, b) for a, b in zip(columns[above], columns[below], strict=True) if a is not None and b is not None]
            if all(a <= b for a, b in pairs):
                out[above] = below
    return out


def _complete(found: Layout, columns: Mapping[str, Sequence[int | None]], counts: Sequence[str]) -> tuple[Layout, list[int]]:
    """Add a cell for whatever the sums leave over (groups that the table leaves out, counts that are not there, the rest of a whole)."""
    given = [columns[cell.measure][cell.row] for cell in found.cells]
    sums: list[tuple[int, tuple[int, ...]]] = []
    implied: list[int] = []
    for whole, parts in found.sums:
        top, rest = given[whole], [given[part] for part in parts]
        if top is None:
            continue
        present = tuple(part for part in parts if given[part] is not None)
        over = top - sum(value for value in rest if value is not None)
        cell = found.cells[whole]
        if over < 0:
            raise InputError(
                "the groups add up to more than their total; name the dimension as overlapping if they may share members",
                row=cell.row + 2,
                column=cell.measure,
            )
        if over:
            present = (*present, found.imply(f"{cell.measure} not shown", cell.group, cell.totals))
            implied.append(over)
        sums.append((whole, present))
    for whole, part in found.differences:
        more, less = given[whole], given[part]
        if more is None or less is None:
            continue
        cell = found.cells[whole]
        if less > more:
            raise InputError(f"is more than {cell.measure!r}, of which it is part", row=cell.row + 2, column=found.cells[part].measure)
        sums.append((whole, (part, found.imply(f"{cell.measure} without {found.cells[part].measure}", cell.group, cell.totals))))
        implied.append(more - less)
    shown = [0 if value is None else value for value in given]
    return Layout(found.cells, sums, found.differences), shown + implied


def _nearest(value: int, step: int) -> int:
    return (value + step // 2) // step * step


def _count(value: int | None, policy: Policy, round_to: int) -> str:
    if value is None:
        return policy.missing
    rounded = _nearest(value, round_to)
    return policy.near_zero if value and not rounded and policy.near_zero else str(rounded)


def _scale(columns: Mapping[str, Sequence[int | None]], above: str, below: str | None, row: int, round_to: int) -> Decimal:
    """By how much rounding the counts changes their rate; the unit of the rate (per cent, per 10,000) need not be known for that."""
    out = Decimal(1)
    top, base = columns[above][row], columns[below][row] if below else None
    if top:
        out *= Decimal(_nearest(top, round_to)) / top
    if base:
        out *= Decimal(base) / (_nearest(base, round_to) or base)
    return out


def _rate(value: Any, scale: Decimal, policy: Policy, column: str, row: int) -> str:
    if value is None or value != value:
        return policy.missing
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value in (float("inf"), float("-inf")):
        raise InputError("not a number", row=row + 2, column=column)
    exact = Decimal(str(value)) * scale
    if policy.decimals < 0:
        return str(value)
    rounded = exact.quantize(Decimal(1).scaleb(-policy.decimals), ROUND_HALF_UP)
    return policy.near_zero if exact and not rounded and policy.near_zero else str(rounded or abs(rounded))
