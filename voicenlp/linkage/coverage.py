"""What was linked and what was not: the words for it, the tables that stand beside a return, and the counts in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voicenlp.linkage.keys import KeyMatch, tidy_key
from voicenlp.linkage.returns import Return, RowWindow

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BESIDE", "LINKS", "NOTES", "REASONS", "coverage"]

LINKED, BY_CROSSWALK, BY_CUT, BY_NOTE = (
    "linked",
    "linked by the crosswalk",
    "linked by the first ten characters of the id",
    "linked by the note's id",
)
LINKS = (LINKED, BY_CROSSWALK, BY_CUT, BY_NOTE)
EMPTY, NOT_IN_NOTES, UNCLEAR, BAD_DATE, NO_ID, OTHER_CHILD = (
    "no notes in the window",
    "child not in the notes",
    "child's id can't be told from another",
    "bad date",
    "no child id",
    "the note of that id is another child's",
)
REASONS = (EMPTY, NOT_IN_NOTES, UNCLEAR, BAD_DATE, NO_ID, OTHER_CHILD)
NOTES = "(notes)"  # stands for the notes in the coverage table; no file of a return can have that name

_ROW = "Line of the file, or row of the sheet or table, on which the row begins, 1 being the first"

BESIDE: dict[str, dict[str, tuple[str, str]]] = {
    "coverage": {
        "table": ("string", "Table of the return; '(notes)' for the notes themselves."),
        "outcome": ("string", "'linked' or 'not linked'."),
        "reason": ("string", "Why the rows are not linked; for linked ones by what, if not by the child's id alone."),
        "rows": ("integer", "Number of rows of the table, or of notes."),
        "children": ("integer", "Number of different children among them, by the id as written."),
    },
    "unlinked": {
        "table": ("string", "Table of the return; '(notes)' for children whom only the notes know."),
        "row": ("integer", f"{_ROW}; empty for the notes."),
        "child_id": ("string", "The child's id as written there."),
        "reason": ("string", "Why the row, or the child, is not linked."),
    },
    "findings": {
        "table": ("string", "Table of the return; '(notes)', '(crosswalk)' or '(xml)' for the notes, the crosswalk or the XML themselves."),
        "row": ("integer", f"{_ROW}; empty for the table as a whole."),
        "column": ("string", "Column or element; empty for the row or the table as a whole."),
        "kind": ("string", "What kind of value or thing it is: table, row, id, date, code, number, interval, text or formula."),
        "finding": ("string", "What is the matter."),
    },
    "dictionary": {
        "table": ("string", "Table that the column belongs to."),
        "name": ("string", "Name of the column."),
        "title": ("string", "Name for people."),
        "description": ("string", "What it means."),
        "type": ("string", "Kind of value, in Frictionless terms."),
        "unit": ("string", "What is counted; empty where nothing is."),
    },
}


def coverage(
    windows: Mapping[str, list[RowWindow]],
    links: Mapping[str, list[str]],
    to: Return,
    match: KeyMatch,
    per_child: Mapping[str, int],
    undated: int,
) -> tuple[pa.Table, pa.Table]:
    """Count what was linked and what not, and list what not.

    Parameters
    ----------
    windows, links : mapping of str to list
        For each row of each table, whose notes it wants, and one of `LINKS` or `REASONS`.
    to : Return
        The return.
    match : KeyMatch
        Which id is which.
    per_child : mapping of str to int
        Notes by child.
    undated : int
        Notes without a date.

    Returns
    -------
    tuple of pyarrow.Table
        ``coverage`` and ``unlinked``; see `BESIDE`.
    """
    import pyarrow as pa

    counted: list[dict[str, Any]] = []
    unlinked: list[dict[str, Any]] = []

    def add(table: str, outcome: str, reason: str, rows: int, children: int) -> None:
        counted.append({"table": table, "outcome": outcome, "reason": reason, "rows": rows, "children": children})

    for name, rows in windows.items():
        counts = Counter(links[name])
        children: dict[str, set[str]] = defaultdict(set)
        for row, link, line in zip(rows, links[name], to.lines[name], strict=True):
            children[link].add(row.child)
            if link not in LINKS:
                unlinked.append({"table": name, "row": line, "child_id": row.child, "reason": link})
        for link in LINKS:
            if counts[link] or link == LINKED:
                reason = link.removeprefix(LINKED).strip()
                add(name, LINKED, reason, counts[link], len(children[link] - {""}))
        for reason in REASONS:
            if counts[reason]:
                add(name, "not linked", reason, counts[reason], len(children[reason] - {""}))
    joined = set(match.pairs.values())
    strangers = sorted(child for child in per_child if tidy_key(child) and child not in joined)
    add(NOTES, LINKED, "", sum(per_child[child] for child in joined), len(joined))
    if strangers:
        add(NOTES, "not linked", "child not in the return", sum(per_child[child] for child in strangers), len(strangers))
        unlinked += [{"table": NOTES, "row": None, "child_id": child, "reason": "child not in the return"} for child in strangers]
    if nameless := sum(number for child, number in per_child.items() if not tidy_key(child)):
        add(NOTES, "not linked", NO_ID, nameless, 0)
    if undated:
        add(NOTES, "not linked", "no date: counted only where a row's window is open on both sides", undated, 0)
    kinds = {"string": pa.string(), "integer": pa.int64()}
    schemas = {name: pa.schema([(column, kinds[kind]) for column, (kind, _) in BESIDE[name].items()]) for name in ("coverage", "unlinked")}
    return pa.Table.from_pylist(counted, schema=schemas["coverage"]), pa.Table.from_pylist(unlinked, schema=schemas["unlinked"])
