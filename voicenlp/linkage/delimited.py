"""CSV files of a return: every value kept as it stands, and whatever is odd about the rows listed instead of refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from voicenlp.errors import InputError
from voicenlp.io.encoding import EncodingFault, decode, unreadable
from voicenlp.linkage.layouts import Layout
from voicenlp.linkage.returns import Finding
from voicenlp.linkage.tables import ReturnTable, make_table

__all__ = ["read_bytes", "read_csv"]


def read_bytes(path: Path) -> bytes:
    """Read a file as it is.

    Raises
    ------
    InputError
        If it can't be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def read_csv(path: Path, layout: Layout, kind: str | None = None) -> tuple[ReturnTable | None, list[Finding]]:
    """Read one CSV file as a table of a return, and what was found in the form of its rows; no table if the file is empty.

    Byte-order marks, UTF-8 or cp1252, and comma, semicolon or tab are taken as they come.

    Raises
    ------
    InputError
        If the file can't be read as text, or as CSV.
    """
    try:
        text = decode(read_bytes(path))
    except EncodingFault as fault:
        raise InputError(str(fault), source=path, row=fault.line) from None
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            if row:  # csv gives an empty list for an empty line, which is no row
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"not a CSV file ({error})", source=path, row=line) from None
    name = path.stem
    if not rows:
        return None, [Finding(name, None, "", "table", "the file is empty; left out")]
    columns, body, lines = rows[0], rows[1:], lines[1:]
    findings = []
    for number, row in zip(lines, body, strict=True):
        if len(row) != len(columns):
            word = "fewer" if len(row) < len(columns) else "more"
            findings.append(Finding(name, number, "", "row", f"{word} values than columns"))
        if any("\n" in value or "\r" in value for value in row):
            findings.append(Finding(name, number, "", "row", "a line break inside a value"))
    width = max(map(len, [columns, *body]))
    columns = [*columns, *(f"extra_{place}" for place in range(1, width - len(columns) + 1))]
    body = [row + [""] * (width - len(row)) for row in body]
    repeated = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    findings += [Finding(name, 1, column, "table", "two columns have this name") for column in repeated]
    return make_table(layout, name, columns, body, lines, kind), findings
