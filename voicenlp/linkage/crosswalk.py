"""Crosswalks: a file that says which id of the return is which id of the notes, where the two differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voicenlp.errors import InputError
from voicenlp.io.columns import as_id, find_column, listed
from voicenlp.io.notes import open_rows
from voicenlp.linkage.keys import match_keys, tidy_key
from voicenlp.linkage.returns import Finding

__all__ = ["CROSSWALK", "Crosswalk", "read_crosswalk"]

CROSSWALK = "(crosswalk)"
"""Stands for the crosswalk in findings, whose row is then a row of its file."""

COLUMNS = ("return_id", "notes_id")


@dataclass(frozen=True)
class Crossing:
    """A crosswalk brought to the ids as they are written.

    Attributes
    ----------
    joined : dict of str to str
        Id of the return to the (first) id of the notes; empty where it can't be told which.
    merged : dict of str to str
        Further ids that a child has in the notes, each to the first.
    nobodys : frozenset of str
        Ids of the notes that are given to several children.
    findings : tuple of Finding
        Lines that could not be used, and why.
    """

    joined: dict[str, str]
    merged: dict[str, str]
    nobodys: frozenset[str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Crosswalk:
    """Which id of the return is which of the notes.

    Attributes
    ----------
    pairs : tuple of (int, str, str)
        Row of the file, id of the return, id of the notes. A child may have several ids in the notes; an id of the notes that is given to
        several of the return is nobody's, and listed.
    """

    pairs: tuple[tuple[int, str, str], ...]

    def applied(self, in_return: Iterable[str], in_notes: Iterable[str]) -> Crossing:
        """Bring the crosswalk to the ids as return and notes write them.

        Examples
        --------
        >>> crossing = Crosswalk(((2, "7", "A1"), (3, "7", "B2"))).applied(["007"], ["a1", "B2"])
        >>> crossing.joined, crossing.merged
        ({'007': 'a1'}, {'B2': 'a1'})
        """
        left = match_keys((one for _, one, _ in self.pairs), in_return).pairs
        right = match_keys((one for _, _, one in self.pairs), in_notes).pairs
        givers: dict[str, set[str]] = defaultdict(set)
        for _, here, there in self.pairs:
            givers[tidy_key(there)].add(tidy_key(here))
        joined: dict[str, str] = {}
        merged: dict[str, str] = {}
        nobodys: set[str] = set()
        findings = []
        for row, here, there in self.pairs:
            if not tidy_key(here) or not tidy_key(there):
                findings.append(Finding(CROSSWALK, row, COLUMNS[0 if not tidy_key(here) else 1], "id", "empty"))
            elif len(givers[tidy_key(there)]) > 1:
                findings.append(Finding(CROSSWALK, row, COLUMNS[1], "id", "given to several ids of the return; used for none"))
                joined.setdefault(left.get(here, here), "")
                nobodys.add(right.get(there, there))
            else:
                # an id that the notes lack still stands for the child's: nothing else is to be taken for it
                mine, theirs = left.get(here, here), right.get(there, there)
                first = joined[mine] = joined.get(mine) or theirs
                if first != theirs:
                    merged[theirs] = first
                if here not in left:
                    findings.append(Finding(CROSSWALK, row, COLUMNS[0], "id", "not in the return"))
                if there not in right:
                    findings.append(Finding(CROSSWALK, row, COLUMNS[1], "id", "not in the notes"))
        return Crossing(joined, merged, frozenset(nobodys), tuple(findings))


def read_crosswalk(path: str | Path) -> Crosswalk:
    """Read a crosswalk from a table with the columns ``return_id`` and ``notes_id``.

    Parameters
    ----------
    path : str or Path
        CSV, Parquet, JSON Lines or Excel.

    Raises
    ------
    InputError
        If it can't be read or lacks a column.
    """
    rows = open_rows(Path(path))
    names = rows.columns()
    found = [find_column(names, wanted, str(path)) for wanted in COLUMNS]
    for wanted, column in zip(COLUMNS, found, strict=True):
        if column is None:
            raise InputError(f"is missing; {listed(names)}", source=path, column=wanted)
    return Crosswalk(tuple((number, as_id(one), as_id(other)) for number, (one, other) in rows.rows([name for name in found if name])))
