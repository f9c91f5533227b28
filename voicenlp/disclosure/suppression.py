"""Which cells of a table to hide: the small ones, and as many others as it takes that those can't be worked out.

What an attacker is taken to know: every figure shown, to the unit (rounding, which comes later, only takes knowledge away); that what is
hidden is at least 1, since a zero is always shown as one; all sums over groups; and which counts are part of which. A small cell counts as
safe when, given all this, it can still be any of the counts that the policy hides, so that the table says no more of it than its symbol
does. (A small total of several groups that are not zero can't be less than their number, whatever is hidden; from there on, any.)

Further cells are chosen one small cell and one direction at a time, as in the linear-programming heuristics for cell suppression (Fischetti
and Salazar-González 2000, *Journal of the American Statistical Association* 95(451)): the cheapest change of the table that would make this
cell as large (or as small) as it may be and keeps all sums. Whatever moves in that change has to be hidden; afterwards each cell that was
hidden in vain is shown again. The choice is good rather than least; that it is safe does not rest on it but on `unsafe`, which asks for
the bounds of every hidden cell afresh.

No library does this for Python: acro 1.0.2 is well kept, but checks and hides single cells against a threshold, without secondary
suppression, and would bring 16 more packages; sdcTable, GaussSuppression (both R) and tau-Argus (Java) are no option on these machines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voicenlp.disclosure.bounds import Bounds, is_whole
from voicenlp.disclosure.cells import Layout
from voicenlp.disclosure.policies import Policy
from voicenlp.errors import PolicyError

__all__ = ["small", "suppress", "unsafe"]


def small(values: Sequence[int], policy: Policy) -> list[int]:
    """Return the places of the cells that a policy hides for themselves, implied ones included."""
    return [place for place, value in enumerate(values) if policy.hides(value)]


def suppress(layout: Layout, values: Sequence[int], policy: Policy) -> set[int]:
    """Choose the cells to hide.

    Parameters
    ----------
    layout : Layout
        With implied cells for whatever the sums leave over.
    values : sequence of int
        One for each cell; every sum holds.
    policy : Policy

    Returns
    -------
    set of int
        Places of the cells that are hidden: small ones, and others for their sake. Implied cells, which no table shows, are not among them.

    Raises
    ------
    PolicyError
        If there is no way to make the table safe.
    """
    first = small(values, policy)
    hidden = {place for place in first if layout.cells[place].row >= 0}
    if not policy.secondary or not first:
        return hidden
    ends = _ends(layout, values, policy)
    chooser = _Chooser(layout, values, policy, hidden)
    for place in sorted(first, key=lambda place: (layout.cells[place].totals, values[place], place)):
        for end in ends[place]:
            if end != values[place]:
                chooser.protect(place, end - values[place])
    chooser.trim(kept=set(first))
    return chooser.hidden


def unsafe(layout: Layout, values: Sequence[int], hidden: set[int], policy: Policy) -> dict[int, tuple[float, float]]:
    """Return the cells that are worked out too well, with the least and most that each can be; empty if the table is safe.

    A small cell is worked out too well if it can't be any more each of the counts that the policy hides; another hidden cell if it can be
    one count only.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from voicenlp.disclosure.cells import layout
    >>> from voicenlp.disclosure.policies import load_policy
    >>> table = pa.table({"sex": ["f", "m", "Total"], "children": [3, 9, 12]})
    >>> cells = layout(table, ["sex"], ["children"])
    >>> policy = load_policy("dfe-children-in-need")
    >>> unsafe(cells, [3, 9, 12], {0}, policy), unsafe(cells, [3, 9, 12], {0, 1}, policy)
    ({0: (3, 3)}, {})
    """
    floor = _floor(policy)
    lower: list[float] = []
    upper: list[float] = []
    for place, (cell, value) in enumerate(zip(layout.cells, values, strict=True)):
        implied = cell.row < 0
        lower.append(0 if implied else min(floor, value) if place in hidden else value)
        upper.append(math.inf if implied or place in hidden else value)
    bounds = Bounds(lower, upper, layout.sums)
    bounds.witness(values)
    out = {}
    ends = _ends(layout, values, policy)
    for place in sorted(hidden | set(ends)):
        if place in ends:
            low, high = ends[place]
            safe = bounds.least(place, low) <= low and bounds.most(place, high) >= high
        else:
            least = bounds.least(place, values[place] - 1)
            most = bounds.most(place, values[place] + 1) if least == values[place] else math.inf
            safe = least < most
        if not safe:
            out[place] = bounds.range(place)
    return out


def _floor(policy: Policy) -> int:
    return min(1, policy.hide_from)


def _ends(layout: Layout, values: Sequence[int], policy: Policy) -> dict[int, tuple[int, int]]:
    """Return for each small cell the least and the most that it must remain able to be."""
    first = small(values, policy)
    wholes = {whole for whole, _ in layout.sums}
    floor = _floor(policy)
    lower = [0 if cell.row < 0 or value == 0 else floor for cell, value in zip(layout.cells, values, strict=True)]
    upper = [math.inf if cell.row < 0 or value or not floor else 0 for cell, value in zip(layout.cells, values, strict=True)]
    bounds = Bounds(lower, upper, layout.sums)  # as if all were hidden that is not zero
    bounds.witness(values)
    out = {}
    for place in first:
        least = max(policy.hide_from, lower[place])
        if place in wholes:
            least = max(least, int(bounds.least(place, least)))
        out[place] = (least, max(policy.hide_to, least + 1))
    return out


@dataclass
class _Move:
    """A change of the table that keeps all sums: by how much each cell moves."""

    target: int
    step: int
    by: Any


class _Chooser:
    """Holds the programme: minimise the cost of the cells that move, such that the target moves by a step and all sums still hold."""

    def __init__(self, layout: Layout, values: Sequence[int], policy: Policy, hidden: set[int]) -> None:
        import numpy as np
        from scipy.sparse import coo_array, csc_array

        self.layout, self.hidden = layout, hidden
        values_ = np.asarray(values)
        self._implied = np.array([cell.row < 0 for cell in layout.cells])
        # how far each cell can fall and still be what an attacker can't exclude; a zero is shown, and stays
        self._fall = np.where(self._implied, values_, np.maximum(values_ - _floor(policy), 0)).astype(float)
        self._rise = np.where((values_ == 0) & ~self._implied & (policy.hide_from > 0), 0, np.inf)
        # a total says more than a cell, and a larger cell a little more than a smaller one
        totals = np.array([cell.totals for cell in layout.cells])
        self._cost = 8.0**totals * (1 + np.log10(1 + values_) / 4)
        entries = [(row, cell, sign) for row, (whole, parts) in enumerate(layout.sums) for cell, sign in _terms(whole, parts)]
        rows, columns, signs = zip(*entries, strict=True) if entries else ((), (), ())
        self._sums = csc_array(coo_array((np.asarray(signs, float), (rows, columns)), shape=(len(layout.sums), len(values_))))
        self._moves: list[_Move] = []

    def protect(self, target: int, step: int) -> None:
        """Hide what is needed so that a cell can be `step` more (or less) than it is."""
        for move in self._moves:
            if move.by[target] >= step if step > 0 else move.by[target] <= step:
                self._moves.append(_Move(target, step, move.by))  # an earlier change of the table does it
                return
        found = self._move(target, step, free=None)
        if found is None:
            raise PolicyError("the table can't be made safe under this policy; take fewer or coarser groups")
        self._moves.append(found)
        self.hidden |= {int(place) for place in abs(found.by).nonzero()[0] if not self._implied[place]}

    def trim(self, kept: set[int]) -> None:
        """Show again what was hidden in vain, the dearest first."""
        for place in sorted(self.hidden - kept, key=lambda place: -self._cost[place]):
            fewer = self.hidden - {place}
            replaced = []
            for at, move in enumerate(self._moves):
                if move.by[place]:
                    other = self._move(move.target, move.step, free=fewer)
                    if other is None:
                        break
                    replaced.append((at, other))
            else:
                self.hidden.discard(place)
                for at, other in replaced:
                    self._moves[at] = other

    def _move(self, target: int, step: int, free: set[int] | None) -> _Move | None:
        """Find the cheapest change; only among the cells in `free`, where that is given."""
        import numpy as np
        from scipy.optimize import Bounds as Limits
        from scipy.optimize import LinearConstraint, milp
        from scipy.sparse import hstack

        open_ = self._implied.copy()
        open_[list(self.hidden if free is None else free)] = True
        rise, fall = self._rise.copy(), self._fall.copy()
        if free is not None:
            rise[~open_], fall[~open_] = 0, 0
        rise[target], fall[target] = max(step, 0), max(-step, 0)
        must = np.zeros(len(rise), bool)
        must[target] = True
        cells = np.flatnonzero(rise + fall)  # the fewer columns, the sooner solved
        cost = np.where(open_, 1e-4, self._cost)[cells]
        goal = np.concatenate([cost, cost])
        sums = self._sums[:, cells]
        rules = [LinearConstraint(hstack([sums, -sums]), 0, 0)] if sums.shape[0] else []
        rise, fall, must = rise[cells], fall[cells], must[cells]
        limits = Limits(np.concatenate([np.where(must, rise, 0), np.where(must, fall, 0)]), np.concatenate([rise, fall]))
        result = milp(goal, constraints=rules, bounds=limits)
        if result.x is not None and not is_whole(result.x):  # the plain programme is quick, and mostly whole by itself
            result = milp(goal, constraints=rules, bounds=limits, integrality=1)
        if result.x is None:
            return None
        by = np.zeros(len(open_), int)
        by[cells] = np.rint(result.x[: len(cells)] - result.x[len(cells) :])
        return _Move(target, step, by)


def _terms(whole: int, parts: Sequence[int]) -> list[tuple[int, float]]:
    return [(whole, 1.0), *((part, -1.0) for part in parts)]
