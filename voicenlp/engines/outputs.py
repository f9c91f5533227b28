"""The tables of a run, written as they come, and nowhere to be seen until all is done."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from voicenlp.engines.base import Result, Task
from voicenlp.engines.rows import spans_rows_schema
from voicenlp.io.tables import replacing
from voicenlp.records import notes_schema, rejects_schema, texts_schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RunFiles"]

ROWS = 50_000
"""Rows that a Parquet row group holds."""


class RunFiles:
    """Writes the tables of a run into a folder, which is made if missing.

    Attributes
    ----------
    rows : dict of str to int
        Rows written so far, by table.
    """

    def __init__(self, folder: Path, task: Task) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._schemas = {"notes": notes_schema(), "rejects": rejects_schema()}
        if not task.lines:
            self._schemas["spans"] = spans_rows_schema(with_text=task.with_text)
        if task.texts:
            self._schemas["texts"] = texts_schema()
        self._as_lines = task.lines
        self._stack = contextlib.ExitStack()
        self._writers: dict[str, Any] = {}
        self._lines: IO[bytes] | None = None
        self._waiting: dict[str, list[Any]] = {name: [] for name in self._schemas}
        self.rows: dict[str, int] = dict.fromkeys([*self._schemas, "spans"], 0)

    @property
    def names(self) -> list[str]:
        """The files that a finished run leaves."""
        return sorted([f"{name}.parquet" for name in self._schemas] + (["spans.jsonl"] if self._as_lines else []))

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        try:
            if self._as_lines:
                self._lines = self._stack.enter_context(replacing(self.folder / "spans.jsonl"))
            for name, schema in self._schemas.items():
                file = self._stack.enter_context(replacing(self.folder / f"{name}.parquet"))
                self._writers[name] = self._stack.enter_context(pq.ParquetWriter(file, schema, compression="zstd"))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            for name in self._schemas:
                self._flush(name)
        self._stack.__exit__(kind, error, trace)

    def write(self, result: Result, more_rejects: pa.Table | None = None) -> None:
        """Take the rows of a batch, and what the source could not read meanwhile."""
        if self._lines is not None:
            self._lines.write(result.lines)
            self.rows["spans"] += result.spans.num_rows
        else:
            self._add("spans", result.spans)
        self._add("notes", result.notes)
        for rejects in (result.rejects, more_rejects):
            if rejects is not None and rejects.num_rows:
                self._add("rejects", rejects)
        if result.texts is not None:
            self._add("texts", result.texts)

    def _add(self, name: str, table: pa.Table) -> None:
        self._waiting[name].append(table)
        self.rows[name] += table.num_rows
        # texts are heavier: a row group of them is kept to a fraction
        if sum(part.num_rows for part in self._waiting[name]) >= (ROWS if name != "texts" else ROWS // 50):
            self._flush(name)

    def _flush(self, name: str) -> None:
        import pyarrow as pa

        if self._waiting[name]:
            self._writers[name].write_table(pa.concat_tables(self._waiting[name]))
            self._waiting[name] = []
