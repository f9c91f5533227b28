"""Any table with a child's id, and a date, two dates or a note's id: CSV, Parquet, JSON Lines or Excel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from voicenlp.errors import InputError, UsageError
from voicenlp.io.columns import find_column, listed
from voicenlp.io.lines import CSV_SUFFIXES
from voicenlp.io.office import EXCEL_SUFFIXES
from voicenlp.io.tables import read_table
from voicenlp.linkage.delimited import read_csv
from voicenlp.linkage.layouts import Layout
from voicenlp.linkage.returns import Finding
from voicenlp.linkage.sheets import cell_text, read_sheets
from voicenlp.linkage.tables import ReturnTable, ReturnTables, make_return, make_table

__all__ = ["parse_columns", "read_any_table"]

COLUMNS = {
    "child_id": "The child's id.",
    "date": "Date of the row.",
    "start": "First day of the row.",
    "end": "Last day of the row; empty while it goes on.",
    "note_id": "Id of the note that the row is.",
}


def parse_columns(given: str | Mapping[str, str] | None) -> dict[str, str]:
    """Read which column of a table is which, as a mapping or in the form of the command line.

    Raises
    ------
    UsageError
        If it is not of that form, or names something else than ``child_id``, ``date``, ``start``, ``end`` and ``note_id``.

    Examples
    --------
    >>> parse_columns("child_id=Person ID,date=Visit date")
    {'child_id': 'Person ID', 'date': 'Visit date'}
    """
    if not given:
        return {}
    if isinstance(given, str):
        pairs = [tuple(part.strip() for part in one.partition("=")[::2]) for one in re.split(r",(?=\s*\w+\s*=)", given)]
    else:
        pairs = [(str(name), str(column)) for name, column in given.items()]
    for name, column in pairs:
        if name not in COLUMNS:
            raise UsageError(f"columns: {name!r} is none of {', '.join(COLUMNS)}")
        if not column:
            raise UsageError(f"columns: {name!r} is given no column; the form is child_id=ID,date=Date")
    if len({name for name, _ in pairs}) < len(pairs):
        raise UsageError("columns: the same name is given twice")
    return dict(pairs)  # type: ignore[arg-type]


def read_any_table(path: str | Path, columns: str | Mapping[str, str] | None = None) -> ReturnTables:
    """Read a table of any make, to have voice set beside its rows.

    Parameters
    ----------
    path : str or Path
        ``.csv`` (read to the letter), ``.parquet`` and ``.jsonl`` (types kept), ``.xlsx`` (first sheet; cells as text).
    columns : str or mapping, optional
        ``child_id``, and ``date`` for events, or ``start`` and ``end`` for intervals, or neither for rows about the child as a whole;
        ``note_id`` where a row is a note. Those not given are looked for under these names.

    Returns
    -------
    ReturnTables
        One table, by the file's name without its ending.

    Raises
    ------
    InputError
        If the file can't be read, or has no column for the child or the note.
    """
    path = Path(path)
    given = parse_columns(columns)
    suffix = path.suffix.lower()
    bare = _layout({})
    findings: list[Finding] = []
    table: ReturnTable | None
    if suffix in CSV_SUFFIXES:
        table, findings = read_csv(path, bare, "")
    elif suffix in EXCEL_SUFFIXES:
        table, findings = _from_sheet(path, bare)
    else:
        original = read_table(path)
        values = [[cell_text(cell) for cell in column.to_pylist()] for column in original.columns]
        lines = list(range(1, original.num_rows + 1))
        table = ReturnTable(path.stem, "", list(original.column_names), values, lines, original=original)
    if table is None:
        raise InputError("is empty", source=path)
    found = _find(table.columns, given, path)
    spec = _layout(found)
    place = {column: table.columns.index(column) for column in found.values()}
    whole = ReturnTable(table.name, "table", table.columns, table.values, table.lines, place, original=table.original)
    return make_return(path, spec, {whole.name: whole}, findings)


def _find(present: Sequence[str], given: Mapping[str, str], path: Path) -> dict[str, str]:
    found = {}
    for name in COLUMNS:
        column = find_column(present, given.get(name, name), str(path))
        if column is not None:
            found[name] = column
        elif name in given:
            raise InputError(f"is missing; {listed(present)}", source=path, column=given[name])
    if "child_id" not in found and "note_id" not in found:
        raise InputError(f"is missing: name it with columns, as child_id=ID; {listed(present)}", source=path, column="child_id")
    if "date" in found and "start" in found:
        if "date" in given and "start" in given:
            raise UsageError("columns: give date, or start and end, not both")
        for name in ("start", "end") if "date" in given else ("date",):
            found.pop(name, None)
    return found


def _layout(found: Mapping[str, str]) -> Layout:
    rows = "event" if "date" in found else "interval" if "start" in found else "child"
    rule = {"rows": rows, "columns": list(found.values()), "repeats": True, "overlap": True, "id": found.get("child_id", "")}
    rule |= {name: found[name] for name in ("date", "start") if name in found}
    rule |= {"end": found.get("end", "")} if rows == "interval" else {}
    rule |= {"note": found["note_id"]} if "note_id" in found else {}
    dates = tuple(found[name] for name in ("date", "start", "end") if name in found)
    meaning = {column: COLUMNS[name] for name, column in found.items()}
    return Layout("table", found.get("child_id", ""), {"table": rule}, meaning, dates, longest=20)


def _from_sheet(path: Path, bare: Layout) -> tuple[ReturnTable | None, list[Finding]]:
    sheets = read_sheets(path)
    if not sheets or not sheets[0].rows:
        return None, []
    sheet = sheets[0]
    width = max(len(cells) for _, cells in sheet.rows)
    (_, header), body = sheet.rows[0], sheet.rows[1:]
    columns = [header[at].strip() if at < len(header) and header[at].strip() else f"column_{at + 1}" for at in range(width)]
    cells = [(row + [""] * (width - len(row)))[:width] for _, row in body]
    found = [Finding(path.stem, row, columns[at], "formula", "a formula; taken as text") for row, at in sorted(sheet.formulas)]
    return make_table(bare, path.stem, columns, cells, [number for number, _ in body], ""), found
