"""The tables of a run, written as they come, and nowhere to be seen until all is done."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from voicenlp.engines.base import Tagged
from voicenlp.io.tables import replacing
from voicenlp.records import Reject, notes_schema, rejects_schema, spans_schema, spans_table, texts_schema

__all__ = ["RunFiles", "notes_table", "rejects_table", "with_words"]

ROWS = 50_000
"""Rows that a Parquet row group holds."""

ELEMENTS = ("voice", "space", "audience", "influence")


def notes_table(tagged: Iterable[Tagged]) -> Any:
    """Return the rows of ``notes.parquet``."""
    import pyarrow as pa

    rows = []
    for one in tagged:
        counts = dict.fromkeys(ELEMENTS, 0)
        for span in one.spans:
            counts[span.element] = counts.get(span.element, 0) + 1
        note = one.note
        rows.append(
            {
                "note_id": note.note_id, "child_id": note.child_id or None, "date": note.date, "note_type": note.note_type or None,
                "author_role": note.author_role or None, "words": len(note.text.split()), **{name: counts[name] for name in ELEMENTS},
                "headings": list(one.present), "headings_empty": list(one.empty),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=notes_schema())


def rejects_table(rejects: Iterable[Reject]) -> Any:
    """Return the rows of ``rejects.parquet``."""
    import pyarrow as pa

    rows = [{"note_id": r.note_id, "stage": r.stage, "reason": r.reason} for r in rejects]
    return pa.Table.from_pylist(rows, schema=rejects_schema())


def with_words(table: Any, tagged: Iterable[Tagged]) -> Any:
    """Add the words of each span as a last column ``text``."""
    import pyarrow as pa

    words = [one.note.text[span.start : span.end] for one in tagged for span in one.spans]
    return table.append_column("text", pa.array(words, pa.string()))


class RunFiles:
    """Writes the tables of a run into a folder.

    Parameters
    ----------
    folder : Path
        Made if missing.
    format : str
        ``parquet``, or ``jsonl`` for one line a note beside the Parquet tables.
    texts : bool
        Whether ``texts.parquet`` is kept.
    with_text : bool
        Whether the words of each span stand in ``spans``.
    """

    def __init__(self, folder: Path, format: str, *, texts: bool, with_text: bool) -> None:
        import pyarrow as pa

        self.folder, self.format, self.with_text = folder, format, with_text
        folder.mkdir(parents=True, exist_ok=True)
        schema = spans_schema().append(pa.field("text", pa.string())) if with_text else spans_schema()
        self._schemas = {"notes": notes_schema(), "rejects": rejects_schema()}
        if format == "parquet":
            self._schemas["spans"] = schema
        if texts:
            self._schemas["texts"] = texts_schema()
        self._stack = contextlib.ExitStack()
        self._writers: dict[str, Any] = {}
        self._lines: IO[bytes] | None = None
        self._waiting: dict[str, list[Any]] = {name: [] for name in self._schemas}
        self.rows: dict[str, int] = dict.fromkeys(self._schemas, 0)
        if format == "jsonl":
            self.rows["spans"] = 0

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        try:
            if self.format == "jsonl":
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

    def write(self, tagged: list[Tagged], rejects: list[Reject]) -> None:
        """Take the results of a batch."""
        import pyarrow as pa

        if self._lines is not None:
            for one in tagged:
                line = {"note_id": one.note.note_id, "text": one.note.text, "spans": [span.as_dict() for span in one.spans]}
                self._lines.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                self.rows["spans"] += len(one.spans)
        else:
            table = spans_table((one.note, one.spans) for one in tagged)
            self._add("spans", with_words(table, tagged) if self.with_text else table)
        self._add("notes", notes_table(tagged))
        if rejects:
            self._add("rejects", rejects_table(rejects))
        if "texts" in self._schemas:
            rows: Mapping[str, list[str]] = {"note_id": [t.note.note_id for t in tagged], "text": [t.note.text for t in tagged]}
            self._add("texts", pa.table(rows, schema=texts_schema()))

    def _add(self, name: str, table: Any) -> None:
        self._waiting[name].append(table)
        self.rows[name] += table.num_rows
        if sum(part.num_rows for part in self._waiting[name]) >= (ROWS if name != "texts" else ROWS // 50):
            self._flush(name)

    def _flush(self, name: str) -> None:
        import pyarrow as pa

        if self._waiting[name]:
            self._writers[name].write_table(pa.concat_tables(self._waiting[name]))
            self._waiting[name] = []
