"""Children whose records are not to be read: a list that families and workers give."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from voicenlp.errors import InputError
from voicenlp.io.columns import plain

__all__ = ["read_opt_outs"]

_DELIMITERS = ",;\t|"


def read_opt_outs(path: str | Path) -> frozenset[str]:
    r"""Read the ids of children not to be processed.

    Parameters
    ----------
    path : str or Path
        One id a line, or a CSV (commas, semicolons, tabs or pipes) with a column ``child_id``; in UTF-8. Empty lines and those that begin
        with ``#`` are left out.

    Raises
    ------
    InputError
        If the file can't be read, is empty, is a CSV without ``child_id``, or a row has none: a list that is not understood must not pass
        for an empty one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "out.csv").write_text("child_id,reason\n 1042 ,asked\n")
    ...     read_opt_outs(Path(folder, "out.csv"))
    frozenset({'1042'})
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"can't be read as a list of opt-outs ({error.strerror})", source=path) from None
    except UnicodeDecodeError:
        raise InputError(
            "a list of opt-outs is a text file in UTF-8: one id a line, or a CSV with a column child_id", source=path
        ) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not any(line.strip() for line in lines):
        raise InputError("is empty; a list on which nobody stands has a header, child_id, or a comment", source=path)
    rows = list(_rows([(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")], path))
    if not rows:
        return frozenset()
    names = [plain(cell) for cell in rows[0][1]]
    if plain("child_id") in names:
        at = names.index(plain("child_id"))
        rows = rows[1:]
    else:
        at = 0
        for number, cells in rows:
            if len(cells) > 1 or any(mark in cells[0] for mark in _DELIMITERS):
                raise InputError("a list of opt-outs with several columns needs a header with child_id", source=path, row=number)
    for number, cells in rows:
        if len(cells) <= at or not cells[at] or "\0" in cells[at]:
            raise InputError("holds no id", source=path, row=number, column="child_id")
    return frozenset(cells[at] for _, cells in rows)


def _rows(numbered: list[tuple[int, str]], path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, and its cells."""
    if not numbered:
        return
    header = numbered[0][1]
    delimiter = next((mark for mark in _DELIMITERS if mark in header), ",")
    reader = csv.reader((line + "\n" for _, line in numbered), delimiter=delimiter, skipinitialspace=True, strict=True)
    begun = 0
    try:
        for cells in reader:
            yield numbered[begun][0], [cell.strip() for cell in cells]
            begun = reader.line_num
    except csv.Error:
        raise InputError("not readable as CSV: a quote is not closed", source=path, row=numbered[begun][0]) from None
