"""Voice indicators beside every row of a return: all rows kept, once each, in order, with columns added."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError, UsageError
from voicenlp.indicators import Catalogue, data_dictionary, indicators, load_catalogue, roll_up, run_tables
from voicenlp.linkage.keys import KeyMatch, match_keys, tidy_key
from voicenlp.linkage.returns import Finding, Return, RowWindow, WindowSettings, findings_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PREFIX", "Linked", "attach"]

PREFIX = "voice_"
LINKED = "linked"
NOT_IN_NOTES, NO_ID, UNCLEAR, BAD_DATE, EMPTY = (
    "child not in the notes",
    "no child id",
    "child's id can't be told from another",
    "bad date",
    "no notes in the window",
)
NOTES = "(notes)"  # stands for the notes in the coverage table; no file of a return can have that name

BESIDE: dict[str, dict[str, tuple[str, str]]] = {
    "coverage": {
        "table": ("string", "Table of the return; '(notes)' for the notes themselves."),
        "outcome": ("string", "'linked' or 'not linked'."),
        "reason": ("string", "Why the rows are not linked; empty for linked ones."),
        "rows": ("integer", "Number of rows of the table, or of notes."),
        "children": ("integer", "Number of different children among them, by the id as written."),
    },
    "unlinked": {
        "table": ("string", "Table of the return; '(notes)' for children whom only the notes know."),
        "row": ("integer", "Line of the file on which the row begins, 1 being the header; empty for the notes."),
        "child_id": ("string", "The child's id as written there."),
        "reason": ("string", "Why the row, or the child, is not linked."),
    },
    "findings": {
        "table": ("string", "Table of the return; '(notes)' for the notes themselves."),
        "row": ("integer", "Line of the file on which the row begins, 1 being the header; empty for the table as a whole."),
        "column": ("string", "Column; empty for the row or the table as a whole."),
        "kind": ("string", "What kind of value or thing it is: table, row, id, date, code, number or interval."),
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


@dataclass(frozen=True)
class Linked:
    """A return with voice indicators beside it.

    Attributes
    ----------
    tables : dict of str to pyarrow.Table
        One table for each of the return: all its rows and columns as they stood, then ``voice_link``, ``voice_window_start``,
        ``voice_window_end``, the indicators and ``voice_status``.
    coverage : pyarrow.Table
        For each table and reason: how many rows, and children, were linked or not; and the same of the notes.
    unlinked : pyarrow.Table
        Every row that was not linked and every child of the notes who is not in the return, with the reason.
    findings : pyarrow.Table
        What is not as it should be in the return's values.
    dictionary : dict
        Frictionless Data Package that explains every column of every table.
    source : str
        Where the return was read.
    """

    tables: dict[str, pa.Table]
    coverage: pa.Table
    unlinked: pa.Table
    findings: pa.Table
    dictionary: dict[str, Any]
    source: str = ""


@dataclass(frozen=True)
class _Notes:
    """What attaching needs to know of the notes: whose there are, and a way to count them in windows."""

    per_child: Mapping[str, int]
    undated: int
    last: dt.date | None
    count: Any


def attach(
    run: Any,
    to: Return,
    *,
    review_window: tuple[int, int] = (183, 28),
    period: tuple[dt.date, dt.date] | None = None,
    until: dt.date | None = None,
    catalogue: Catalogue | None = None,
) -> Linked:
    """Set voice indicators beside every row of a return.

    Parameters
    ----------
    run : run, folder, pair of tables or indicator table
        A run (with ``.spans`` and ``.notes``), its folder, or ``(spans, notes)``. An indicator table by ``child_id`` and a period works
        too, but only periods that lie wholly inside a row's window count then (see `indicators.roll_up`).
    to : Return
        Such as `read_ssda903` gives.
    review_window : tuple of int
        Days before and after a review whose notes count for it, the review's day included. Left alone, it reaches back over the six months
        in which a review must follow the last one, and four weeks on, for what was written up later.
    period : tuple of two dates, optional
        First and last day for tables with one row a child; all notes of the run if left out.
    until : datetime.date, optional
        The last day that the notes cover; the date of the latest note if left out. Open episodes reach to it.
    catalogue : Catalogue, optional
        The indicators to attach; see `indicators.load_catalogue`.

    Returns
    -------
    Linked

    Raises
    ------
    InputError
        If the run can't be read, or the return already has columns that begin with ``voice_``.
    UsageError
        If a window makes no sense.

    Notes
    -----
    ``voice_link`` says for each row whether it was linked. Where the child is not in the notes, or the row has no readable date, the
    indicators are empty: nothing is known. Where the child has notes but none in the row's window, counts are 0.
    """
    import pyarrow as pa

    settings = WindowSettings(*review_window, period=period)
    catalogue = catalogue or load_catalogue()
    catalogue = catalogue.select(name for name in catalogue.ids if name != "children")  # a row of a return is about one child
    for name, table in to.tables.items():
        if clash := [column for column in table.column_names if column.casefold().startswith(PREFIX)]:
            raise InputError(f"the return already has a column that begins with {PREFIX!r}", source=name, column=clash[0])
    notes = _notes(run, until, catalogue)
    windows = {name: to.windows(name, settings) for name in to.tables}
    match = match_keys((row.child for rows in windows.values() for row in rows), notes.per_child)

    places: dict[tuple[str, dt.date | None, dt.date | None], int] = {}
    placed: dict[str, list[int | None]] = {}
    reasons: dict[str, list[str]] = {}
    for name, rows in windows.items():
        reasons[name] = [_reason(row, match) for row in rows]
        placed[name] = [
            None if reason else places.setdefault((match.pairs[row.child], row.start, row.end), len(places))
            for row, reason in zip(rows, reasons[name], strict=True)
        ]
    children, starts, ends = zip(*places, strict=True) if places else ((), (), ())
    wanted = pa.table(
        {"child_id": pa.array(children, pa.string()), "start": pa.array(starts, pa.date32()), "end": pa.array(ends, pa.date32())}
    )
    counted = notes.count(wanted)
    counted = counted.select([name for name in counted.column_names if name not in wanted.column_names])
    silent = (
        {at for at, number in enumerate(counted.column("notes").to_pylist()) if not number} if "notes" in counted.column_names else set()
    )

    tables = {}
    for name, original in to.tables.items():
        reasons[name] = [reason or (EMPTY if at in silent else "") for reason, at in zip(reasons[name], placed[name], strict=True)]
        added = _window_columns(windows[name], reasons[name], notes.last)
        taken = counted.take(pa.array(placed[name], pa.int64()))
        added |= {PREFIX + column: taken.column(column) for column in taken.column_names}
        tables[name] = pa.Table.from_arrays([*original.columns, *added.values()], names=[*original.column_names, *added])

    coverage, unlinked = _coverage(windows, reasons, to, notes, match)
    clashes = [
        Finding(NOTES, None, "child_id", "id", f"{len(one.ids)} ids differ only by spaces, case or leading zeros; not merged")
        for one in match.clashes
        if one.side == "notes"
    ]
    findings = pa.concat_tables([to.findings, findings_table(clashes)])
    return Linked(tables, coverage, unlinked, findings, _dictionary(tables, to, settings, catalogue), to.source)


def _notes(run: Any, until: dt.date | None, catalogue: Catalogue) -> _Notes:
    """Read the run, or the indicator table, whichever was given."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(run, pa.Table):
        if "element" in run.column_names:
            raise UsageError("attach needs the notes beside the spans: give (spans, notes), the run or its folder")
        if "child_id" not in run.column_names or "notes" not in run.column_names:
            raise InputError("not an indicator table by child: columns child_id and notes are needed", source="table")
        ids = [str(one) if one is not None else "" for one in run.column("child_id").to_pylist()]
        counts: Counter[str] = Counter()
        for child, number in zip(ids, run.column("notes").to_pylist(), strict=True):
            counts[child] += number or 0
        ends = run.column("period_end") if "period_end" in run.column_names else None
        undated = (
            sum(n or 0 for n, end in zip(run.column("notes").to_pylist(), ends.to_pylist(), strict=True) if end is None) if ends else 0
        )
        last = until or (pc.max(ends).as_py() if ends is not None else None)
        return _Notes(counts, undated, last, lambda windows: roll_up(run, windows, catalogue=catalogue))
    spans, notes = run_tables(*run) if isinstance(run, tuple) else run_tables(run)
    dates = notes.column("date")
    last = until or pc.max(dates).as_py()
    per_child = Counter(child or "" for child in notes.column("child_id").to_pylist())
    return _Notes(
        per_child, dates.null_count, last, lambda windows: indicators(spans, notes, windows=windows, until=last, catalogue=catalogue)
    )


def _reason(row: RowWindow, match: KeyMatch) -> str:
    """Why a row can't have indicators; empty if it can."""
    if not tidy_key(row.child):
        return NO_ID
    if row.child in match.unclear:
        return UNCLEAR
    if row.child not in match.pairs:
        return NOT_IN_NOTES
    return BAD_DATE if row.fault else ""


def _window_columns(rows: list[RowWindow], reasons: list[str], last: dt.date | None) -> dict[str, pa.Array]:
    import pyarrow as pa

    starts, ends = [], []
    for row in rows:
        starts.append(row.start)
        open_end = row.start is not None and row.end is None
        ends.append(max(last, row.start) if open_end and last is not None and row.start is not None else row.end)
    return {
        f"{PREFIX}link": pa.array([reason or LINKED for reason in reasons], pa.string()),
        f"{PREFIX}window_start": pa.array(starts, pa.date32()),
        f"{PREFIX}window_end": pa.array(ends, pa.date32()),
    }


def _coverage(
    windows: Mapping[str, list[RowWindow]], reasons: Mapping[str, list[str]], to: Return, notes: _Notes, match: KeyMatch
) -> tuple[pa.Table, pa.Table]:
    """Count what was linked and what not, and list what not."""
    import pyarrow as pa

    coverage: list[dict[str, Any]] = []
    unlinked: list[dict[str, Any]] = []

    def add(table: str, reason: str, rows: int, children: int) -> None:
        outcome = "not linked" if reason else LINKED
        coverage.append({"table": table, "outcome": outcome, "reason": reason, "rows": rows, "children": children})

    for name, rows in windows.items():
        counts: Counter[str] = Counter(reasons[name])
        children: dict[str, set[str]] = defaultdict(set)
        for row, reason, line in zip(rows, reasons[name], to.lines[name], strict=True):
            children[reason].add(row.child)
            if reason:
                unlinked.append({"table": name, "row": line, "child_id": row.child, "reason": reason})
        for reason in ("", EMPTY, NOT_IN_NOTES, UNCLEAR, BAD_DATE, NO_ID):
            if counts[reason] or not reason:
                add(name, reason, counts[reason], len(children[reason] - {""}))
    joined = set(match.pairs.values())
    strangers = sorted(child for child in notes.per_child if tidy_key(child) and child not in joined)
    add(NOTES, "", sum(notes.per_child[child] for child in joined), len(joined))
    if strangers:
        add(NOTES, "child not in the return", sum(notes.per_child[child] for child in strangers), len(strangers))
        unlinked += [{"table": NOTES, "row": None, "child_id": child, "reason": "child not in the return"} for child in strangers]
    if nameless := sum(number for child, number in notes.per_child.items() if not tidy_key(child)):
        add(NOTES, NO_ID, nameless, 0)
    if notes.undated:
        add(NOTES, "no date: counted only where a row's window is open on both sides", notes.undated, 0)
    kinds = {"string": pa.string(), "integer": pa.int64()}
    schemas = {name: pa.schema([(column, kinds[kind]) for column, (kind, _) in BESIDE[name].items()]) for name in ("coverage", "unlinked")}
    return (
        pa.Table.from_pylist(coverage, schema=schemas["coverage"]),
        pa.Table.from_pylist(unlinked, schema=schemas["unlinked"]),
    )


def _dictionary(tables: Mapping[str, pa.Table], to: Return, settings: WindowSettings, catalogue: Catalogue) -> dict[str, Any]:
    """Explain every column of every table, those beside included."""
    resources = []
    for name, table in tables.items():
        own: dict[str, dict[str, Any]] = {
            column: {"title": column, "description": to.meaning(name, column), "type": "string"}
            for column in table.column_names
            if not column.startswith(PREFIX)
        }
        said = to.window_meaning(name, settings)
        own |= {
            f"{PREFIX}link": {
                "title": "Link",
                "description": f"'{LINKED}', or why the row has no figures: {NOT_IN_NOTES}; {UNCLEAR}; {BAD_DATE}; {NO_ID}; "
                f"or why it has only zeros: {EMPTY}.",
                "type": "string",
            },
            f"{PREFIX}window_start": {"title": "First day of the window", "description": f"{said} Empty: no bound.", "type": "date"},
            f"{PREFIX}window_end": {"title": "Last day of the window", "description": f"{said} Empty: no bound.", "type": "date"},
        }
        schema = data_dictionary(table.column_names, prefix=PREFIX, own=own, catalogue=catalogue)
        resources.append({"name": name, "description": said, "schema": schema})
    for name, columns in BESIDE.items():
        fields = [{"name": column, "title": column, "description": said, "type": kind} for column, (kind, said) in columns.items()]
        resources.append({"name": name, "schema": {"fields": fields, "missingValues": [""]}})
    return {"profile": "data-package", "name": f"voice-{to.name}", "resources": resources}
