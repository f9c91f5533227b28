"""A child's rows taken out of the tables of finished runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voicenlp.engines.outputs import FINISHED, alone
from voicenlp.errors import InputError, UsageError
from voicenlp.io.columns import as_id
from voicenlp.io.tables import harmless, read_table, replacing, write_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Erased", "erase_child", "runs_beside"]

_INDICATORS = ("indicators.parquet", "indicators.csv", "indicators.jsonl")
_OF_NOTES = ("spans.parquet", "notes.parquet", "rejects.parquet", "texts.parquet")


@dataclass(frozen=True)
class Erased:
    """What was taken out of one table.

    Attributes
    ----------
    path : Path
    rows : int
        Rows about the child that were deleted.
    mentions : int
        Rows about other children in which the child stood as a person, and does no longer.
    """

    path: Path
    rows: int
    mentions: int = 0


def runs_beside(log: Path, runs: Collection[str]) -> list[Path]:
    """Return the folders of runs that a log names: its own folder and those in it, where ``run.json`` holds a run of the log.

    Parameters
    ----------
    log : Path
    runs : collection of str
        Ids of the runs that stand in the log.
    """
    home = log.resolve().parent
    found = []
    for folder in [home, *sorted(path for path in home.iterdir() if path.is_dir() and not path.is_symlink())]:
        try:
            info = json.loads((folder / FINISHED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(info, dict) and info.get("run") in runs:
            found.append(folder)
    return found


def erase_child(folder: str | Path, child: str, people: Collection[str] = ()) -> list[Erased]:
    """Rewrite the tables of a run without a child's rows; each is replaced as a whole, or stays as it was.

    Parameters
    ----------
    folder : path
        Of a finished run.
    child : str
        The child's id.
    people : collection of str
        The ``person_id`` under which the child stands in the records of others, who keep their rows without that name.

    Returns
    -------
    list of Erased
        The tables that were changed.

    Raises
    ------
    UsageError
        If the folder holds no finished run, a run is writing into it, a table is a link to another place, or can't be written.
    InputError
        If a table is damaged.

    Notes
    -----
    Counts by group without a child's id are not made again here: run ``voicenlp indicators`` again where the group is small.
    """
    folder, child = Path(folder), as_id(child)
    if not (folder / FINISHED).is_file():
        raise UsageError(f"{folder}: holds no finished run ({FINISHED} is missing)")
    for name in (*_OF_NOTES, *_INDICATORS, "spans.jsonl"):
        if (folder / name).is_symlink():
            raise UsageError(f"{folder / name}: is a link; name the folder in which the table really lies")
    with alone(folder):
        return list(_erased(folder, child, frozenset(people)))


def _erased(folder: Path, child: str, people: frozenset[str]) -> Iterator[Erased]:
    notes = read_table(folder / "notes.parquet") if (folder / "notes.parquet").is_file() else None
    ids = frozenset() if notes is None else frozenset(notes.filter(_is(notes, "child_id", {child})).column("note_id").to_pylist())
    if (folder / "spans.jsonl").is_file():
        yield from _lines(folder / "spans.jsonl", ids, people)
    for name in (*_OF_NOTES, *_INDICATORS):
        path = folder / name
        if path.is_file() and name != "notes.parquet":
            yield from _table(path, child, ids, people)
    if notes is not None:  # last: by it the rows of the others are found, should this be stopped halfway and done again
        yield from _table(folder / "notes.parquet", child, ids, people)


def _is(table: pa.Table, column: str, values: Collection[str]) -> pa.ChunkedArray:
    """Tell of each row whether a column holds one of some values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(table.column(column).cast(pa.string()), value_set=pa.array(sorted(values), pa.string()))


def _table(path: Path, child: str, notes: frozenset[str], people: frozenset[str]) -> Iterator[Erased]:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = read_table(path)
    names = table.column_names
    if "child_id" in names:
        gone = _is(table, "child_id", {child, harmless(child)})
    elif "note_id" in names:
        gone = _is(table, "note_id", notes)
    else:
        return
    kept = table.filter(pc.invert(gone))
    mentions = 0
    if people and {"person_id", "person"} <= set(names):
        hit = _is(kept, "person_id", people)
        mentions = pc.sum(hit).as_py() or 0
        for name in ("person", "person_id", "text"):
            if mentions and name in names:
                field = table.schema.field(name)
                kept = kept.set_column(names.index(name), field, pc.if_else(hit, pa.scalar(None, field.type), kept.column(name)))
    if kept.num_rows < table.num_rows or mentions:
        write_table(kept, path, path.suffix.removeprefix("."))
        yield Erased(path, table.num_rows - kept.num_rows, mentions)


def _lines(path: Path, notes: frozenset[str], people: frozenset[str]) -> Iterator[Erased]:
    rows = mentions = 0
    with path.open("rb") as source, replacing(path) as file:
        for number, line in enumerate(source, 1):
            try:
                record = json.loads(line)
                gone = record["note_id"] in notes
                hit = [span for span in record["spans"] if span.get("person_id") in people]
            except (ValueError, KeyError, TypeError, AttributeError):
                raise InputError("not a line of tagged notes", source=path, row=number) from None
            if gone:
                rows += 1
                continue
            for span in hit:
                span["person"] = ""
                del span["person_id"]
            mentions += len(hit)
            file.write(line if not hit else json.dumps(record).encode("ascii") + b"\n")
    if rows or mentions:
        yield Erased(path, rows, mentions)
