"""Tables out and in: Parquet, CSV and JSON Lines files that are whole or not there at all."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from voicenlp.errors import InputError, UsageError
from voicenlp.io.columns import as_text
from voicenlp.io.notes import open_rows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "harmless", "read_table", "replacing", "write_table"]

FORMATS = ("parquet", "csv", "jsonl")
# what spreadsheets take for the beginning of a formula, or of a cell of its own; the wide forms, which some of them read as the plain ones
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SKIPPED = " \u00a0\u200b\ufeff"


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file to write that takes the place of `path` only when all is written and on the disk.

    Until then it has a temporary name in the same folder; if the block fails it is removed and `path` is as it was.

    Raises
    ------
    UsageError
        If it can't be written, or is open in another program.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder, "a.txt")) as file:
    ...         _ = file.write(b"done")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)  # one step, also over an existing file and on Windows
        _sync_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror or type(error).__name__})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring the new name itself to the disk; Windows can't, and does not need it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse
            os.fsync(handle)
    finally:
        os.close(handle)


def write_table(table: Any, path: str | Path, format: str = "parquet") -> Path:
    r"""Write a table, all or nothing.

    In CSV, a text cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return is given a leading apostrophe, so that no
    spreadsheet takes it for a formula; numbers and dates are left as they are. Reading such a file back gives the apostrophe too: where
    cells must come back to the letter, take Parquet or JSON Lines. Lists of text are joined by ``;`` in CSV. CSV is UTF-8, and its lines
    end in ``\r\n``.

    Parameters
    ----------
    table : pyarrow.Table, or anything with the Arrow PyCapsule interface
        A stream is written batch by batch.
    path : path
        With or without the format's suffix; its folder must exist.
    format : {"parquet", "csv", "jsonl"}

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UsageError
        If the format is unknown or the file can't be written.

    Examples
    --------
    >>> import tempfile, pyarrow as pa
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pa.table({"child_id": ["7"], "days": [-3], "title": ["=1+1"]}), Path(folder, "t"), "csv").read_text()
    "child_id,days,title\n7,-3,'=1+1\n"
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if format not in FORMATS:
        raise UsageError(f"format: {format!r} is none of {', '.join(FORMATS)}")
    path = Path(path)
    if path.suffix.lower() != f".{format}":
        path = path.with_name(f"{path.name}.{format}")
    reader = table.to_reader() if isinstance(table, pa.Table) else pa.RecordBatchReader.from_stream(table)
    with replacing(path) as file:
        if format == "parquet":
            with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
                for batch in reader:
                    writer.write_batch(batch)
        elif format == "csv":
            with _as_text_file(file) as text:
                _write_csv(reader, text)
        else:
            for batch in reader:
                for row in batch.to_pylist():
                    line = json.dumps({key: _jsonable(value) for key, value in row.items()}, ensure_ascii=False, allow_nan=False)
                    file.write(line.encode("utf-8") + b"\n")
    return path


@contextlib.contextmanager
def _as_text_file(file: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        yield text
        text.flush()
    finally:
        text.detach()  # the file stays open, to be brought to the disk


def _write_csv(reader: Any, file: io.TextIOWrapper) -> None:
    writer = csv.writer(file, lineterminator="\r\n")  # as RFC 4180 has it; with "\n" alone the csv module would not quote a cell with "\r"
    writer.writerow([harmless(name) for name in reader.schema.names])
    for batch in reader:
        columns = [[_csv_cell(value) for value in column.to_pylist()] for column in batch.columns]
        writer.writerows(zip(*columns, strict=True))


def harmless(value: Any) -> Any:
    r"""Return a cell as it may stand in a spreadsheet: text that one would take for a formula with an apostrophe before it.

    To be used wherever text goes out to CSV or Excel. Numbers, dates and whatever else is not text come back as they are, so that a column
    of numbers keeps its minus signs.

    Parameters
    ----------
    value : object
        One cell.

    Returns
    -------
    object
        Text that begins with ``=``, ``+``, ``-``, ``@`` (or their wide forms), a tab or a line end, also behind blanks, has a leading
        apostrophe; all else is unchanged.

    Examples
    --------
    >>> harmless("=HYPERLINK(1)"), harmless(" @SUM(1)"), harmless("Tia - 7"), harmless(-7)
    ("'=HYPERLINK(1)", "' @SUM(1)", 'Tia - 7', -7)
    """
    return "'" + value if isinstance(value, str) and value.lstrip(_SKIPPED).startswith(_RISKY) else value


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return harmless(";".join(value))
    if isinstance(value, list | dict):
        return harmless(json.dumps(_jsonable(value), ensure_ascii=False))
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def _jsonable(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, list):
        return [_jsonable(one) for one in value]
    if isinstance(value, dict):
        return {key: _jsonable(one) for key, one in value.items()}
    return value if value is None or isinstance(value, str | int | float) else as_text(value)


def read_table(path: str | Path) -> pa.Table:
    """Read a table from a file.

    Parameters
    ----------
    path : path
        Parquet, CSV, JSON Lines or Excel.

    Returns
    -------
    pyarrow.Table
        Cells of a CSV are all text, so that identifiers keep their leading zeros; empty ones are null. A column of JSON Lines or Excel that
        holds values of different kinds becomes text.

    Raises
    ------
    InputError
        If it can't be read, or two columns have the same name.
    """
    import pyarrow as pa

    path = Path(path)
    rows = open_rows(path)
    names = rows.columns()
    for place, name in enumerate(names):
        if name in names[:place]:
            raise InputError("comes twice in the header", source=path, column=name)
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        try:
            return pq.read_table(path)
        except (pa.ArrowException, OSError):
            raise InputError("is damaged", source=path) from None
    columns: list[list[Any]] = [[] for _ in names]
    for _, cells in rows.rows(names):
        for column, cell in zip(columns, cells, strict=True):
            column.append(None if cell == "" else cell)
    plain = path.suffix.lower() not in (".jsonl", ".ndjson", ".xlsx", ".xlsm")
    return pa.Table.from_arrays([_array(column, text=plain) for column in columns], names=names)


def _array(values: list[Any], *, text: bool) -> Any:
    import pyarrow as pa

    if not text:
        with contextlib.suppress(pa.ArrowException, TypeError, ValueError):
            return pa.array(values)
        values = [json.dumps(_jsonable(value)) if isinstance(value, list | dict) else value for value in values]
    return pa.array([None if value is None else as_text(value) for value in values], type=pa.string())
