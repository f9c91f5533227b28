"""Annex A (Ofsted's child-level lists): a workbook whose Lists 1 to 11 become one table each, dirty cells and all."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from voicenlp.errors import InputError
from voicenlp.linkage.layouts import Layout, read_layout
from voicenlp.linkage.returns import Finding
from voicenlp.linkage.sheets import Sheet, read_sheets
from voicenlp.linkage.tables import ReturnTable, ReturnTables, make_return, make_table

__all__ = ["read_annex_a", "seen_alone"]

_LIST = re.compile(r"\blist[\s_]*0*(\d{1,2})\b", re.IGNORECASE)
_HEADER_WITHIN = 40  # rows at the head of a sheet among which the header is looked for
_ALIKE = 0.6  # share of a list's own columns that a sheet of another name must have to be taken for it


@cache
def layout() -> Layout:
    """Return the lists, their columns and answers (``resources/annex_a.toml``)."""
    return read_layout("resources/annex_a.toml")


def read_annex_a(path: str | Path) -> ReturnTables:
    """Read the lists of an Annex A workbook.

    The header is found below title rows; a list is known by the sheet's name, or else by its columns. Cells come as text: dates in ISO
    form, formulas and errors as they are written, everything else as Excel holds it. A sheet that is no list is kept where it has a column
    with the child's id, and left out, with a finding, where it has not.

    Parameters
    ----------
    path : str or Path
        ``.xlsx`` or ``.xlsm``.

    Returns
    -------
    ReturnTables
        By the sheets' names.

    Raises
    ------
    InputError
        If the workbook can't be read, or no sheet of it is a list.
    """
    path = Path(path)
    tables: dict[str, ReturnTable] = {}
    findings: list[Finding] = []
    for sheet in read_sheets(path):
        one, found = _table(sheet)
        findings += found
        if one is not None:
            tables[one.name] = one
    if not any(one.kind for one in tables.values()):
        raise InputError("no list of Annex A (List 1 … List 11) among its sheets", source=path)
    return make_return(path, layout(), tables, findings)


def seen_alone(value: str) -> str:
    """Read a cell of 'Was the Child Seen Alone?', as the lists really hold it.

    Parameters
    ----------
    value : str
        The cell.

    Returns
    -------
    str
        ``alone``, ``not alone``, ``seen`` (the cell says that the child was seen, not that they were alone), ``not seen``, ``unknown``,
        ``other`` for what is none of the answers in use, or empty.

    Examples
    --------
    >>> seen_alone("a) Yes"), seen_alone("Child seen"), seen_alone("N"), seen_alone("#N/A")
    ('alone', 'seen', 'not alone', 'other')
    """
    bare = _answer(value)
    if not bare:
        return ""
    return next((said for said, answers in _SEEN.items() if bare in answers), "other")


def _answer(value: str) -> str:
    return " ".join(value.split()).casefold()


_SEEN = {
    "alone": {"a) yes", "1 - yes", "child seen alone", "seen alone", "y", "yes", "true"},
    "not alone": {"b) no", "0 - no", "child not seen alone", "n", "no", "not seen alone", "false"},
    "seen": {"child seen", "seen", "yes-see care notes for details"},
    "not seen": {"child not seen", "not seen"},
    "unknown": {"c) unknown", "no visit - new in last month"},
}


def _table(sheet: Sheet) -> tuple[ReturnTable | None, list[Finding]]:
    name, spec = sheet.name, layout()
    if not sheet.rows:
        return None, [Finding(name, None, "", "table", "the sheet is empty; left out")]
    listed = _LIST.search(name)
    kind = f"list_{int(listed[1])}" if listed else ""
    kind = kind if kind in spec.tables else ""
    at = _header(sheet, kind)
    if at is None:
        return None, [Finding(name, None, "", "table", "no row with the columns of a list; left out")]
    width = max(len(cells) for _, cells in sheet.rows[at:])
    header = [cell.strip() for cell in sheet.rows[at][1]]
    used = max([place + 1 for _, cells in sheet.rows[at:] for place, cell in enumerate(cells) if cell.strip()])
    width = min(width, used)
    columns = [header[place] if place < len(header) and header[place] else f"column_{place + 1}" for place in range(width)]
    kind = kind or _by_columns({spec.standard(column) for column in columns})
    if not kind and spec.id not in {spec.standard(column) for column in columns}:
        return None, [Finding(name, None, "", "table", "no list of Annex A, and no column with the child's id; left out")]
    body = [(cells + [""] * (width - len(cells)))[:width] for _, cells in sheet.rows[at + 1 :]]
    lines = [number for number, _ in sheet.rows[at + 1 :]]
    findings = []
    if at:
        findings.append(Finding(name, sheet.rows[at][0], "", "table", f"{at} rows above the header; left out"))
    repeated = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    findings += [Finding(name, sheet.rows[at][0], column, "table", "two columns have this name") for column in repeated]
    shown = set(lines)
    for cells, said in ((sheet.formulas, "a formula; taken as text"), (sheet.errors, "an error of the spreadsheet; taken as text")):
        findings += [Finding(name, row, columns[place], "formula", said) for row, place in sorted(cells) if row in shown and place < width]
    return make_table(spec, name, columns, body, lines, kind), findings


def _header(sheet: Sheet, kind: str) -> int | None:
    """Return the place of the header among a sheet's rows; None if none of the first looks like one."""
    spec = layout()
    own = spec.tables.get(kind, {}).get("columns", spec.columns)
    best: tuple[int, int] | None = None
    for at, (_, cells) in enumerate(sheet.rows[:_HEADER_WITHIN]):
        known = {spec.standard(cell.strip()) for cell in cells if cell.strip()} & {*own, spec.id}
        if len(known) >= min(3, len(own)) and (best is None or len(known) > best[0]):
            best = (len(known), at)
    return None if best is None else best[1]


def _by_columns(columns: set[str]) -> str:
    shares = {kind: len(columns & set(rule["columns"])) / len(rule["columns"]) for kind, rule in layout().tables.items()}
    best = max(shares, key=lambda kind: shares[kind])
    return best if shares[best] >= _ALIKE else ""
