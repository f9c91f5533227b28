"""Attached tables as files: one for each table of the return (or a workbook), and coverage, findings and the data dictionary beside."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from voicenlp.errors import UsageError
from voicenlp.io.tables import replacing

if TYPE_CHECKING:
    import pyarrow as pa

    from voicenlp.linkage.attach import Linked

__all__ = ["FORMATS", "WORKBOOK", "write"]

FORMATS = ("csv", "parquet", "xlsx")
WORKBOOK = "return-with-voice.xlsx"
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f]')

ROWS_AT_ONCE = 8192


def write(linked: Linked, out: str | Path, format: str = "csv") -> dict[str, Path]:
    """Write a return with its indicators.

    Parameters
    ----------
    linked : Linked
        From `attach`.
    out : str or Path
        Folder; made if it is not there. Never the folder of the return itself.
    format : str
        ``csv`` (UTF-8, commas, lines ended by carriage return and line feed; the return's values to the letter, dates of voicenlp's own in
        ISO form, empty for null), ``parquet``, or ``xlsx`` (one workbook, a sheet for each table; no cell is a formula).

    Returns
    -------
    dict of str to Path
        The files by table name: those of the return, ``coverage``, ``unlinked``, ``findings``, ``dictionary`` and ``dictionary.json`` (the
        same as a Frictionless Data Package); and by their own names the return's files that go out again byte for byte. All of them are
        written under other names first and take their own when all are whole.

    Raises
    ------
    UsageError
        If the format is unknown, the return's own folder or file would be overwritten, a table of the return has the name of one of those
        beside, or a file can't be written.
    """
    import pyarrow as pa

    if format not in FORMATS:
        raise UsageError(f"format: {format!r} is none of {', '.join(FORMATS)}")
    folder = Path(out)
    if linked.source and folder.resolve() == Path(linked.source).resolve():
        raise UsageError(f"{folder}: that is the return's own folder; its files would be overwritten")
    package = _package(linked.dictionary, format)
    columns = pa.schema([(name, pa.string()) for name in ("table", "name", "title", "description", "type", "unit")])
    tables = {
        **linked.tables,
        "coverage": linked.coverage,
        "unlinked": linked.unlinked,
        "findings": linked.findings,
        "dictionary": pa.Table.from_pylist(list(_entries(package)), schema=columns),
    }
    files = {name: f"{_file_name(name)}.{format}" for name in tables} | {"dictionary.json": "dictionary.json"}
    files |= {name: name for name in linked.originals}
    names = [name.casefold() for name in files.values()]
    if repeated := [name for name, file in files.items() if names.count(file.casefold()) > 1]:
        raise UsageError(f"two tables would have the name {repeated[0].casefold()!r}")
    if format == "xlsx":
        files |= dict.fromkeys(tables, WORKBOOK)
    paths = {name: folder / file for name, file in files.items()}
    if linked.source and Path(linked.source).resolve() in {path.resolve() for path in paths.values()}:
        raise UsageError(f"{folder}: the return itself stands there and would be overwritten; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: can't be made ({error.strerror})") from None
    with ExitStack() as opened:  # leaves all old files in place if one of the new ones fails
        if format == "xlsx":
            from voicenlp.linkage.workbook import write_workbook

            write_workbook(tables, opened.enter_context(replacing(folder / WORKBOOK)))
        else:
            for name, table in tables.items():
                (_csv if format == "csv" else _parquet)(table, opened.enter_context(replacing(paths[name])))
        text = json.dumps(package, ensure_ascii=False, indent=2) + "\n"
        opened.enter_context(replacing(paths["dictionary.json"])).write(text.encode())
        for name, data in linked.originals.items():
            opened.enter_context(replacing(paths[name])).write(data)
    return paths


def _file_name(table: str) -> str:
    """Return a table's name without what a file's name can't hold; sheets may be called anything."""
    return _UNFIT.sub("_", table).rstrip(". ") or "_"


def _csv(table: pa.Table, file: IO[bytes]) -> None:
    """Write plain CSV. `io.tables.write_table` guards cells that look like formulas; here every value must stay as the return has it."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text)
        writer.writerow(table.column_names)
        for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
            writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        text.flush()
    finally:
        text.detach()  # the file stays open, to be brought to the disk


def _parquet(table: pa.Table, file: IO[bytes]) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, file, compression="zstd")


def _package(dictionary: dict[str, Any], format: str) -> dict[str, Any]:
    media = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8"} if format == "csv" else {"format": format}
    resources = []
    for one in dictionary["resources"]:
        path = WORKBOOK if format == "xlsx" else f"{_file_name(one['name'])}.{format}"
        resources.append({**one, "path": path, **media})
    return {**dictionary, "resources": resources}


def _entries(package: dict[str, Any]) -> Iterator[dict[str, str]]:
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            yield {"table": resource["name"], **{key: str(field.get(key, "")) for key in ("name", "title", "description", "type", "unit")}}
