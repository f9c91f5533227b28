"""The tables of a run, written as they come, and nowhere to be seen until all is done."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from voicenlp.engines.base import Result, Task
from voicenlp.engines.rows import spans_rows_schema
from voicenlp.errors import UsageError
from voicenlp.io.tables import replacing
from voicenlp.records import notes_schema, rejects_schema, texts_schema

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FILES", "FINISHED", "RunFiles", "alone", "check_folder", "make_folder"]

ROWS = 50_000
"""Rows that a Parquet row group holds."""

FINISHED = "run.json"
"""Written last: a folder without it holds no finished run."""

FILES = ("spans.parquet", "spans.jsonl", "notes.parquet", "rejects.parquet", "texts.parquet")
"""All tables that a run may leave."""

_LOCK = ".voicenlp.lock"
_LEFT = re.compile(r"\.(?:" + "|".join(re.escape(name) for name in (*FILES, FINISHED)) + r")\.[0-9a-f]{12}\.tmp")


def make_folder(folder: Path) -> None:
    """Make a folder for results, with those above it, where it is missing.

    Raises
    ------
    UsageError
        If it can't be made or written into, or is a file.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: is a file, not a folder")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # whether it may be written into, only trying tells on every system
            pass
    except OSError as error:
        raise UsageError(f"{folder}: can't be made or written into ({error.strerror or type(error).__name__})") from None


def check_folder(folder: Path, inputs: Iterable[Any] = ()) -> None:
    """See that a run may write into a folder, before anything is done.

    Parameters
    ----------
    folder : Path
    inputs : iterable
        What the run reads; those that are paths must not be among the files that it writes.

    Raises
    ------
    UsageError
        If the folder can't be made, or an input or a file that is not of a run would be overwritten.
    """
    make_folder(folder)
    written = {(folder / name).resolve() for name in (*FILES, FINISHED)}
    for path in inputs:
        if isinstance(path, str | Path) and Path(path).resolve() in written:
            raise UsageError(f"{path}: would be overwritten by the run; give it another folder for its tables")
    if not any((folder / name).exists() for name in (FINISHED, _LOCK)):
        for name in FILES:
            if (folder / name).exists():
                raise UsageError(f"{folder / name}: is not of a run and would be overwritten; give the run another folder")


class RunFiles:
    """Writes the tables of a run into a folder.

    Until all are whole and on the disk they have other names, and an earlier run's tables stay as they were. Then ``run.json`` of that
    earlier run goes first and the tables take their names, so that a folder never shows a finished run that is half one, half the other.

    Attributes
    ----------
    rows : dict of str to int
        Rows written so far, by table.

    Raises
    ------
    UsageError
        On entering, if another run is writing into the folder.
    """

    def __init__(self, folder: Path, task: Task) -> None:
        self.folder = folder
        self._schemas = {"notes": notes_schema(), "rejects": rejects_schema()}
        if not task.lines:
            self._schemas["spans"] = spans_rows_schema(with_text=task.with_text)
        if task.texts:
            self._schemas["texts"] = texts_schema()
        self._as_lines = task.lines
        self._stack = contextlib.ExitStack()
        self._writers: dict[str, Any] = {}
        self._lines: IO[bytes] | None = None
        self._files: list[IO[bytes]] = []
        self._waiting: dict[str, list[Any]] = {name: [] for name in self._schemas}
        self.rows: dict[str, int] = dict.fromkeys([*self._schemas, "spans"], 0)

    @property
    def names(self) -> list[str]:
        """The files that a finished run leaves."""
        return sorted([f"{name}.parquet" for name in self._schemas] + (["spans.jsonl"] if self._as_lines else []))

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        try:
            self._stack.enter_context(alone(self.folder))
            if self._as_lines:
                self._lines = self._stack.enter_context(replacing(self.folder / "spans.jsonl"))
                self._files.append(self._lines)
            for name, schema in self._schemas.items():
                file = self._stack.enter_context(replacing(self.folder / f"{name}.parquet"))
                self._files.append(file)
                self._writers[name] = self._stack.enter_context(pq.ParquetWriter(file, schema, compression="zstd"))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:  # a fault in here is one of the stack's, and nothing takes its name
            try:
                self._finish()
            except OSError as fault:
                raise UsageError(f"{self.folder}: can't be written ({fault.strerror or type(fault).__name__})") from None

    def _finish(self) -> None:
        for name in self._schemas:
            self._flush(name)
            self._writers[name].close()
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
        (self.folder / FINISHED).unlink(missing_ok=True)
        for name in set(FILES) - set(self.names):
            (self.folder / name).unlink(missing_ok=True)  # of the earlier run, not of this archive

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


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for one run, and clear away what a killed one left under temporary names."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(f"{folder}: another run is writing into this folder") from None
    except OSError as error:
        raise UsageError(f"{folder}: can't be written ({error.strerror or type(error).__name__})") from None
    try:
        for path in folder.iterdir():
            if _LEFT.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()
        yield
    finally:
        lock.release()
