"""Attached tables as files: one for each table of the return, and coverage, findings and the data dictionary beside."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from voicenlp.errors import UsageError
from voicenlp.io.tables import replacing

if TYPE_CHECKING:
    import pyarrow as pa

    from voicenlp.linkage.attach import Linked

__all__ = ["write"]

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
        ISO form, empty for null) or ``parquet``.

    Returns
    -------
    dict of str to Path
        The files by table name: those of the return, ``coverage``, ``unlinked``, ``findings``, ``dictionary`` and ``dictionary.json`` (the
        same as a Frictionless Data Package). All of them are written under other names first and take their own when all are whole.

    Raises
    ------
    UsageError
        If the format is unknown, ``out`` is the return's own folder, a table of the return has the name of one of those beside, or a file
        can't be written.
    """
    import pyarrow as pa

    if format not in ("csv", "parquet"):
        raise UsageError(f"format: {format!r} is none of csv, parquet")
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
    names = [name.casefold() for name in (*linked.tables, "coverage", "unlinked", "findings", "dictionary")]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"two tables would have the name {repeated[0]!r}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: can't be made ({error.strerror})") from None
    paths = {name: folder / f"{name}.{format}" for name in tables} | {"dictionary.json": folder / "dictionary.json"}
    with ExitStack() as files:  # leaves all old files in place if one of the new ones fails
        for name, table in tables.items():
            (_csv if format == "csv" else _parquet)(table, files.enter_context(replacing(paths[name])))
        text = json.dumps(package, ensure_ascii=False, indent=2) + "\n"
        files.enter_context(replacing(paths["dictionary.json"])).write(text.encode())
    return paths


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
    media = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8"} if format == "csv" else {"format": "parquet"}
    return {**dictionary, "resources": [{**one, "path": f"{one['name']}.{format}", **media} for one in dictionary["resources"]]}


def _entries(package: dict[str, Any]) -> Iterator[dict[str, str]]:
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            yield {"table": resource["name"], **{key: str(field.get(key, "")) for key in ("name", "title", "description", "type", "unit")}}
