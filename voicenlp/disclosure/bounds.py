"""What somebody who sees a table can work out about the cells that it hides: proved by the least and most that its sums allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Bounds", "is_whole"]

Sum = tuple[int, Sequence[int]]


class Bounds:
    """The least and most that each cell can be, given what is known of all of them.

    Each end is the optimum of a linear programme, or of an integer one where the solution of that is not whole (which never is so with two
    dimensions, whose sums form a network), solved by HiGHS through `scipy.optimize.milp`. Every solution is itself a table that would look
    the same from outside, so it is kept: it often answers the next question.

    Parameters
    ----------
    lower, upper : sequence of float
        What is known of each cell; equal where it is shown, ``inf`` where nothing bounds it.
    sums : sequence of (int, sequence of int)
        A cell and those that add up to it.

    Examples
    --------
    A row of two hidden cells and a total of 9: each is from 1 to 8. With one more row shown beside it nothing changes; with one of the two
    shown the other is known.

    >>> Bounds([1, 1, 9], [float("inf"), float("inf"), 9], [(2, [0, 1])]).range(0)
    (1, 8)
    >>> Bounds([1, 6, 9], [float("inf"), 6, 9], [(2, [0, 1])]).range(0)
    (3, 3)
    """

    def __init__(self, lower: Sequence[float], upper: Sequence[float], sums: Iterable[Sum]) -> None:
        import numpy as np
        from scipy.sparse import csr_array

        self._lower, self._upper = np.asarray(lower, float), np.asarray(upper, float)
        self._open = np.flatnonzero(self._lower < self._upper)
        place = {int(cell): at for at, cell in enumerate(self._open)}
        data: list[float] = []
        rows: list[int] = []
        columns: list[int] = []
        known: list[float] = []
        for whole, parts in sums:
            terms = [(whole, 1.0), *((part, -1.0) for part in parts)]
            if not any(cell in place for cell, _ in terms):
                continue
            known.append(-sum(sign * self._lower[cell] for cell, sign in terms if cell not in place))
            for cell, sign in terms:
                if cell in place:
                    data.append(sign)
                    rows.append(len(known) - 1)
                    columns.append(place[cell])
        self._place = place
        self._sums = csr_array((data, (rows, columns)), shape=(len(known), len(place)))
        self._known = np.asarray(known)
        self._fits: bool | None = None
        self._least = np.full(len(place), np.inf)
        self._most = np.full(len(place), -np.inf)

    def witness(self, values: Sequence[float]) -> None:
        """Take a table that is known to be possible (the true one, say)."""
        import numpy as np

        self._fits = True
        self._keep(np.asarray(values, float)[self._open])

    def possible(self) -> bool:
        """Whether any table at all fits what is known."""
        import numpy as np

        if self._fits is None:
            self._fits = not len(self._open) or self._solve(np.zeros(len(self._open))) is not None
        return self._fits

    def range(self, cell: int) -> tuple[float, float]:
        """Return the least and most that a cell can be, as whole numbers or ``inf``.

        Raises
        ------
        ValueError
            If no table fits what is known.
        """
        return self.least(cell), self.most(cell)

    def least(self, cell: int, enough: float = float("-inf")) -> float:
        """Return the least that a cell can be, or, cheaper, some value not above `enough` that it can be."""
        return self._end(cell, 1.0, enough)

    def most(self, cell: int, enough: float = float("inf")) -> float:
        """Return the most that a cell can be, or, cheaper, some value not below `enough` that it can be."""
        return self._end(cell, -1.0, enough)

    def _end(self, cell: int, sign: float, enough: float) -> float:
        import numpy as np

        if cell not in self._place:
            return _as_number(self._lower[cell])
        at = self._place[cell]
        if sign > 0 and self._least[at] <= enough:
            return _as_number(self._least[at])
        if sign < 0 and self._most[at] >= enough:
            return _as_number(self._most[at])
        goal = np.zeros(len(self._open))
        goal[at] = sign
        found = self._solve(goal)
        if found is not None:
            return _as_number(found[at])
        if not self.possible():
            raise ValueError("no table fits what is known of it")
        return -np.inf if sign > 0 else np.inf  # a table fits, and there is no best: nothing bounds the cell

    def _solve(self, goal: Any) -> Any:
        from scipy.optimize import Bounds as Limits
        from scipy.optimize import LinearConstraint, milp

        rules = [LinearConstraint(self._sums, self._known, self._known)] if self._sums.shape[0] else []
        limits = Limits(self._lower[self._open], self._upper[self._open])
        result = milp(goal, constraints=rules, bounds=limits)
        if result.x is not None and not is_whole(result.x):
            result = milp(goal, constraints=rules, bounds=limits, integrality=1)
        if result.x is None:
            return None
        self._keep(result.x)
        return result.x

    def _keep(self, values: Any) -> None:
        import numpy as np

        self._least, self._most = np.minimum(self._least, values), np.maximum(self._most, values)


def is_whole(values: Any) -> bool:
    """Whether all of some numbers are whole, but for what a solver leaves behind the point."""
    import numpy as np

    return bool(np.all(np.abs(values - np.rint(values)) < 1e-6))


def _as_number(value: float) -> float:
    return round(value) if abs(value) != float("inf") else value
