"""``tag``: an archive in, tables out, with the run on record."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.audit import AuditLog, FileRef, ModelRef, child_reads, versions
from voicenlp.config import Settings, read_settings
from voicenlp.engines.base import Batch, Result, Task
from voicenlp.engines.local import LocalEngine
from voicenlp.engines.outputs import FINISHED, RunFiles, check_folder
from voicenlp.engines.rows import ELEMENTS, notes_rows, rejects_rows, spans_rows, texts_rows
from voicenlp.errors import AuditError, UsageError
from voicenlp.io.annotations import read_annotations
from voicenlp.io.columns import as_id
from voicenlp.io.notes import NoteSource, read_notes
from voicenlp.io.optouts import read_opt_outs
from voicenlp.io.people import read_people
from voicenlp.io.tables import read_table, replacing
from voicenlp.records import Note, Person, Reject, spans_table
from voicenlp.scheme import default_scheme
from voicenlp.taggers.models import describe_model

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Run", "open_run", "tag"]

BATCH = 256
PACKAGES = ("voicenlp", "spacy", "pyarrow", "duckdb", "scikit-learn", "onnxruntime")


@dataclass
class Run:
    """What came of a run.

    Attributes
    ----------
    folder : Path or None
        Where its tables lie; None for a run kept in memory.
    info : dict
        The contents of ``run.json``: inputs and their hashes, model, settings, versions, counts.
    spans, notes, rejects : pyarrow.Table
        The tables; read from the folder when asked for.
    """

    folder: Path | None
    info: dict[str, Any]
    _tables: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def spans(self) -> pa.Table:
        """One row a span; see `voicenlp.records.spans_schema`."""
        return self._table("spans")

    @cached_property
    def notes(self) -> pa.Table:
        """One row a note."""
        return self._table("notes")

    @cached_property
    def rejects(self) -> pa.Table:
        """One row for each note that was not tagged, with the reason."""
        return self._table("rejects")

    def _table(self, name: str) -> pa.Table:
        if name in self._tables:
            return self._tables[name]
        assert self.folder is not None  # a run in memory holds all its tables
        path = self.folder / f"{name}.parquet"
        if name == "spans" and not path.is_file() and (self.folder / "spans.jsonl").is_file():
            return _spans_of_lines(self.folder / "spans.jsonl", self.notes)
        if not path.is_file():
            raise UsageError(f"{path}: is missing; the folder holds no whole run")
        return read_table(path)


def open_run(folder: str | Path) -> Run:
    """Open a run that was written before.

    Raises
    ------
    UsageError
        If the folder holds no finished run.
    """
    folder = Path(folder)
    try:
        info = json.loads((folder / FINISHED).read_text(encoding="utf-8"))
        if not isinstance(info, dict):
            raise ValueError("not an object")
    except (OSError, ValueError):
        raise UsageError(f"{folder}: holds no finished run ({FINISHED} is missing or can't be read)") from None
    return Run(folder, info)


def _spans_of_lines(path: Path, notes: pa.Table) -> pa.Table:
    """Return the spans of a run written as JSON Lines as a table."""
    about = {row["note_id"]: row for row in notes.select(["note_id", "child_id", "date"]).to_pylist()}
    rows = []
    for record in read_annotations(path, "jsonl", crossing=True):
        row = about.get(record.note_id, {})
        rows.append((Note(record.note_id, "", row.get("child_id") or "", row.get("date")), record.spans))
    return spans_table(rows)


def tag(
    notes: Any,
    out: str | Path | None = None,
    *,
    people: Any = None,
    model: str | Path | None = None,
    columns: str | Mapping[str, str] | None = None,
    preset: str | None = None,
    presets_file: str | Path | None = None,
    query: str | None = None,
    workers: int | None = None,
    format: str = "parquet",
    with_text: bool = False,
    opt_out: str | Path | Iterable[str] | None = None,
    audit: str | Path | AuditLog | None = None,
    settings: Settings | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Run:
    """Tag every note of an archive.

    Parameters
    ----------
    notes : path, URL, table, iterable or NoteSource
        As `voicenlp.io.read_notes` takes it.
    out : path, optional
        Folder for the tables; without it they are kept in memory, and nothing is logged unless ``audit`` names a log.
    people : path or table, optional
        The roster; as `voicenlp.io.read_people` takes it.
    model : str or Path, optional
        Name or folder of a model.
    columns, preset, presets_file, query
        As `voicenlp.io.read_notes` takes them.
    workers : int, optional
        Processes; 1 is this one.
    format : {"parquet", "jsonl"}
        ``jsonl`` writes ``spans.jsonl``, one line a note with its text, in place of ``spans.parquet``.
    with_text : bool
        Whether the words of each span stand in the table: they are children's words; leave them out where offsets do.
    opt_out : path or iterable of str, optional
        Children whose records are not tagged. Where there are any, a note without ``child_id`` is rejected: it might be one of theirs.
    audit : path or AuditLog, optional
        ``out/audit.log`` if not given.
    settings : Settings, optional
        Read from ``voicenlp.toml`` and the environment if not given.
    progress : callable, optional
        Called with the notes done and their number.
    **options
        Settings by name: ``purpose``, ``actor``, ``role``, ``lawful_basis``, ``dpia``, ``limit_chars``, ``key``.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If the archive can't be relied on: a column is missing, an id stands twice, a date is none. Nothing is written then.
    UsageError
        If an option makes no sense, or the tables can't be written: no room, another run in the same folder, files that are not of a run.
    ModelError
        If there is no such model.
    AuditError
        If the audit log can't be written; nothing is read without one.

    Examples
    --------
    >>> run = tag([{"note_id": "n1", "text": "Mum said Ava wants to live with her dad.", "child_id": "7"}])
    >>> run.spans.select(["speaker", "person", "via"]).to_pylist()
    [{'speaker': 'child', 'person': 'Ava', 'via': 'parent'}]
    """
    chosen = settings or read_settings(model=None if model is None else str(model), workers=workers, **options)
    if format not in ("parquet", "jsonl"):
        raise UsageError(f"format: {format!r} is none of parquet, jsonl")
    source = notes if isinstance(notes, NoteSource) else read_notes(
        notes, columns=columns, preset=preset, presets_file=presets_file, query=query, limit_chars=chosen.limit_chars
    )  # fmt: skip
    described = describe_model(chosen.model)
    rosters = read_people(people) if people is not None else {}
    excluded = _opt_outs(opt_out)
    total = source.check()
    folder = Path(out) if out is not None else None
    if folder is not None:
        check_folder(folder, (notes, people, opt_out))
    info: dict[str, Any] = {
        "voicenlp": sys.modules["voicenlp"].__version__,  # imported, the layers below would seem to need those above
        "scheme": default_scheme().version,
        "model": {"name": described.name, "version": described.version, "sha256": described.sha256},
        "inputs": source.inputs,
        "settings": {**chosen.noted(), "format": format, "with_text": with_text, "people": bool(rosters), "opted_out": len(excluded)},
        "versions": versions(*PACKAGES),
    }
    log = _log(audit, folder, chosen)
    if log is not None:
        log.append(
            "run.opened", command="tag", inputs=[_ref(entry) for entry in info["inputs"]],
            model=ModelRef(name=described.name, sha256=described.sha256, version=described.version),
            settings=info["settings"], versions=info["versions"],
        )  # fmt: skip
    counting = _Counting(source, rosters, excluded, log)
    task = Task(chosen.model, chosen.limit_chars, with_text, texts=source.extracted, lines=format == "jsonl" and folder is not None)
    try:
        run = _write(LocalEngine(chosen.workers).run(task, counting.batches()), counting, folder, task, info, total, progress)
    except BaseException as error:
        if log is not None:
            with contextlib.suppress(AuditError):  # a full disk, say: the first fault is the one to tell
                counting.flush()
                log.append("run.closed", outcome="failed", error=type(error).__name__, counts={"notes": counting.read})
        raise
    if log is not None:
        counting.flush()
        outputs = [FileRef.of(folder / name) for name in run.info["outputs"]] if folder is not None else []
        counts = {k: v for k, v in run.info["counts"].items() if isinstance(v, int)}
        log.append("run.closed", outcome="rejects" if counts["rejects"] else "done", counts=counts, outputs=outputs)
    if folder is not None:  # last of all: a run whose end is not on record is not finished
        with replacing(folder / FINISHED) as file:
            file.write(json.dumps(run.info, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    return run


def _write(
    results: Iterator[Result],
    counting: _Counting,
    folder: Path | None,
    task: Task,
    info: dict[str, Any],
    total: int,
    progress: Callable[[int, int], None] | None,
) -> Run:
    """Take the results as they come, into files or memory, and count."""
    import pyarrow as pa

    started = time.perf_counter()
    totals: Counter[str] = Counter()
    kept: list[Result] = []
    late: list[Any] = []

    def taken() -> Iterator[tuple[Result, Any]]:
        for result in results:
            more = rejects_rows(counting.new_rejects())
            totals["notes"] += result.notes.num_rows
            totals["rejects"] += result.rejects.num_rows + more.num_rows
            for name in ("words", *ELEMENTS):
                totals[name] += sum(result.notes.column(name).to_pylist())
            yield result, more
            if progress is not None:
                progress(totals["notes"] + totals["rejects"] + counting.left_out, total)
        rest = rejects_rows(counting.new_rejects())
        if rest.num_rows:
            totals["rejects"] += rest.num_rows
            yield (
                Result(spans_rows([], with_text=task.with_text), notes_rows([]), rejects_rows([]), texts_rows([]) if task.texts else None),
                rest,
            )

    tables: dict[str, Any] = {}
    if folder is not None:
        with RunFiles(folder, task) as files:
            for result, more in taken():
                files.write(result, more)
        info["outputs"] = files.names
    else:
        for result, more in taken():
            kept.append(result)
            late.append(more)
        tables["spans"] = pa.concat_tables([spans_rows([], with_text=task.with_text), *(r.spans for r in kept)])
        tables["notes"] = pa.concat_tables([notes_rows([]), *(r.notes for r in kept)])
        tables["rejects"] = pa.concat_tables([rejects_rows([]), *(r.rejects for r in kept), *late])
        info["outputs"] = []
    counts = {name: totals[name] for name in ("notes", "words", "rejects", *ELEMENTS)}
    info["counts"] = {**counts, "left_out": counting.left_out, "children": len(counting.children), **counting.strangers}
    info["seconds"] = round(time.perf_counter() - started, 3)
    return Run(folder, info, tables)


class _Counting:
    """Hands out batches, leaves out children who opted out, and has the log note each child whose records are read."""

    def __init__(self, source: NoteSource, rosters: Mapping[str, list[Person]], excluded: frozenset[str], log: AuditLog | None) -> None:
        self.source, self.rosters, self.excluded, self.log = source, rosters, excluded, log
        self.read = self.left_out = self._given = 0
        self.children: set[str] = set()
        self._reads: Counter[str] = Counter()
        self._nobodys: list[Reject] = []
        self._met: set[str] = set()

    @property
    def strangers(self) -> dict[str, int]:
        """How many children of the opt-out list, and of the roster, no note was about: ids that may be written otherwise there."""
        about = self.children | self._met
        return {"opt_outs_not_met": len(self.excluded - about), "roster_not_met": len(self.rosters.keys() - {""} - about)}

    def batches(self) -> Iterator[Batch]:
        everybody = self.rosters.get("", [])
        for notes in self.source.batches(BATCH):
            kept = self._permitted(notes) if self.excluded else notes
            self.read += len(kept)
            for note in kept:
                if note.child_id:
                    self.children.add(note.child_id)
                    self._reads[note.child_id] += 1
            if len(self._reads) >= 500:
                self.flush()
            yield Batch(kept, self._rosters(kept, everybody))

    def _permitted(self, notes: Iterable[Note]) -> list[Note]:
        """Return the notes of children who did not opt out; one of nobody's can't be told from theirs."""
        kept = []
        for note in notes:
            if not note.child_id:
                self._nobodys.append(Reject(note.note_id, "opt-out", "no child_id: it can't be told whether the child opted out"))
            elif note.child_id in self.excluded:
                self.left_out += 1
                self._met.add(note.child_id)
            else:
                kept.append(note)
        return kept

    def _rosters(self, notes: Iterable[Note], everybody: list[Person]) -> dict[str, list[Person]]:
        if not self.rosters:
            return {}
        return {
            child: [*self.rosters.get(child, []), *(everybody if child else [])] or everybody for child in {note.child_id for note in notes}
        }

    def new_rejects(self) -> list[Reject]:
        """Return what could not be read, or might be of a child who opted out, since the last call."""
        new = self.source.rejects[self._given :]
        self._given += len(new)
        new += self._nobodys
        self._nobodys = []
        return new

    def flush(self) -> None:
        """Write the children read so far to the log, by pseudonym."""
        if self.log is not None and self._reads:
            names = self.log.pseudonyms
            for event in child_reads({names.of(child): count for child, count in self._reads.items()}):
                self.log.append(event)
        self._reads.clear()


def _opt_outs(given: str | Path | Iterable[str] | None) -> frozenset[str]:
    if given is None:
        return frozenset()
    if isinstance(given, str | Path):
        return read_opt_outs(given)
    return frozenset(as_id(child) for child in given)


def _log(audit: str | Path | AuditLog | None, folder: Path | None, settings: Settings) -> AuditLog | None:
    if isinstance(audit, AuditLog):
        return audit
    path = audit or settings.audit or (folder / "audit.log" if folder is not None else None)
    return AuditLog(path, key=settings.key, **settings.who()) if path is not None else None  # type: ignore[arg-type]


def _ref(entry: Mapping[str, Any]) -> FileRef:
    name = Path(str(entry["name"]).rsplit("/", 1)[-1].rsplit("\\", 1)[-1]).name or "table"
    return FileRef(name=name, sha256=entry.get("sha256"), bytes=entry.get("bytes"))
