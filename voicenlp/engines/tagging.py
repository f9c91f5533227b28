"""``tag``: an archive in, tables out, with the run on record."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.audit import AuditLog, FileRef, ModelRef, versions
from voicenlp.audit.policy import plain_purpose
from voicenlp.config import Settings, read_settings
from voicenlp.engines.base import Result, Task
from voicenlp.engines.counting import Counting
from voicenlp.engines.local import LocalEngine
from voicenlp.engines.outputs import FINISHED, RunFiles, check_folder
from voicenlp.engines.rows import ELEMENTS, notes_rows, rejects_rows, spans_rows, texts_rows
from voicenlp.errors import AuditError, PolicyError, UsageError
from voicenlp.io.annotations import read_annotations
from voicenlp.io.notes import NoteSource, read_notes
from voicenlp.io.optouts import OptOuts, read_opt_outs
from voicenlp.io.people import read_people
from voicenlp.io.tables import read_table, replacing
from voicenlp.records import Note, spans_table
from voicenlp.scheme import default_scheme
from voicenlp.taggers.cards import card_file
from voicenlp.taggers.models import describe_model

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Run", "open_run", "tag"]

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
    opt_out: str | Path | Iterable[str] | OptOuts | None = None,
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
    opt_out : path, iterable of str or OptOuts, optional
        Who is not to be processed, as `voicenlp.io.optouts.read_opt_outs` takes it, or ids of children; by default what the settings name.
        No record of such a child is tagged, and no span of such a person (as the roster tells them) is kept. Where there are such children,
        a note without ``child_id`` is rejected: it might be one of theirs.
    audit : path or AuditLog, optional
        ``out/audit.log`` if not given.
    settings : Settings, optional
        Read from ``voicenlp.toml`` and the environment if not given.
    progress : callable, optional
        Called with the notes done and their number.
    **options
        Settings by name: ``purpose``, ``actor``, ``role``, ``lawful_basis``, ``dpia``, ``limit_chars``, ``key``, ``policy``.

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
    PolicyError
        If the policy in force does not allow the purpose, or not to who acts.
    AuditError
        If the audit log can't be written; nothing is tagged without one.

    Examples
    --------
    >>> run = tag([{"note_id": "n1", "text": "Mum said Ava wants to live with her dad.", "child_id": "7"}])
    >>> run.spans.select(["speaker", "person", "via"]).to_pylist()
    [{'speaker': 'child', 'person': 'Ava', 'via': 'parent'}]
    """
    chosen = settings or read_settings(model=None if model is None else str(model), workers=workers, **options)
    if format not in ("parquet", "jsonl"):
        raise UsageError(f"format: {format!r} is none of parquet, jsonl")
    settled = chosen.granted()  # what the policy does not allow is refused before anything is read
    source = notes if isinstance(notes, NoteSource) else read_notes(
        notes, columns=columns, preset=preset, presets_file=presets_file, query=query, limit_chars=chosen.limit_chars
    )  # fmt: skip
    described = describe_model(chosen.model)
    rosters = read_people(people) if people is not None else {}
    opted_out = _opt_outs(opt_out if opt_out is not None else chosen.opt_out)
    _check_purposes(opted_out, chosen)
    excluded, without = opted_out.for_purpose(settled["purpose"])
    if without and not rosters:
        raise UsageError("the list of opt-outs names people by person_id: give the roster that tells them (--people)")
    total = source.check()
    folder = Path(out) if out is not None else None
    if folder is not None:
        check_folder(folder, (notes, people, opt_out, chosen.opt_out, chosen.policy))
    info: dict[str, Any] = {
        "voicenlp": sys.modules["voicenlp"].__version__,  # imported, the layers below would seem to need those above
        "scheme": default_scheme().version,
        "model": {"name": described.name, "version": described.version, "sha256": described.sha256},
        "inputs": source.inputs,
        "settings": {
            **chosen.noted(),
            "format": format,
            "with_text": with_text,
            "people": bool(rosters),
            "opted_out": len(excluded) + len(without),
        },
        "versions": versions(*PACKAGES),
    }
    log = _log(audit, folder, chosen)
    if log is not None:
        info |= {"run": log.run, "purpose": settled["purpose"]}
        log.append(
            "run.opened", command="tag", inputs=[_ref(entry) for entry in info["inputs"]],
            model=ModelRef(name=described.name, sha256=described.sha256, version=described.version),
            settings=info["settings"], versions=info["versions"],
        )  # fmt: skip
        log.append(
            "model.loaded",
            model=ModelRef(name=described.name, sha256=described.sha256, version=described.version),
            card_sha256=_card(chosen.model),
        )
    listing = opt_out if opt_out is not None else chosen.opt_out
    listed = FileRef.of(listing) if log is not None and isinstance(listing, str | Path) else None
    counting = Counting(source, rosters, excluded, len(without), listed, log)
    lines = format == "jsonl" and folder is not None
    task = Task(chosen.model, chosen.limit_chars, with_text, texts=source.extracted, lines=lines, without=without)
    try:
        run = _write(LocalEngine(chosen.workers).run(task, counting.batches()), counting, folder, task, info, total, progress)
    except BaseException as error:
        if log is not None:
            with contextlib.suppress(AuditError):  # a full disk, say: the first fault is the one to tell
                counting.flush()
                log.append("run.closed", outcome="failed", error=type(error).__name__, counts={"notes": counting.read})
        raise
    others = len(opted_out.children) + len(opted_out.people) - len(excluded) - len(without)
    run.info["counts"]["opt_outs_of_other_purposes"] = others
    if log is not None:
        counting.flush(ended=True)
        outputs = [FileRef.of(folder / name) for name in run.info["outputs"]] if folder is not None else []
        _note_text(log, task, outputs, run.info["counts"]["notes"])
        counts = {k: v for k, v in run.info["counts"].items() if isinstance(v, int)}
        log.append("run.closed", outcome="rejects" if counts["rejects"] else "done", counts=counts, outputs=outputs)
    if folder is not None:  # last of all: a run whose end is not on record is not finished
        with replacing(folder / FINISHED) as file:
            file.write(json.dumps(run.info, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    return run


def _card(model: str) -> str | None:
    """Return the SHA-256 of a model's card."""
    path = card_file(model)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _note_text(log: AuditLog, task: Task, outputs: list[FileRef], notes: int) -> None:
    """Have the log tell of tables that hold words of notes."""
    holding = {"spans.parquet": task.with_text, "spans.jsonl": True, "texts.parquet": True}
    files = [file for file in outputs if holding.get(file.name)]
    if files:
        log.append("export.made", what="words of notes, in the tables of the run", files=files, rows=notes, with_text=True)


def _write(
    results: Iterator[Result],
    counting: Counting,
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
            counting.came_out(result)
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
    info["counts"] = {
        **counts,
        "left_out": counting.left_out,
        "children": len(counting.children),
        **counting.strangers,
        "withheld": counting.withheld,
    }
    info["seconds"] = round(time.perf_counter() - started, 3)
    return Run(folder, info, tables)


def _opt_outs(given: str | Path | Iterable[str] | OptOuts | None) -> OptOuts:
    if given is None or isinstance(given, OptOuts):
        return given or OptOuts()
    return read_opt_outs(given) if isinstance(given, str | Path) else OptOuts.of(given)


def _check_purposes(opt_outs: OptOuts, settings: Settings) -> None:
    """Refuse a list with purposes that the policy does not have: written otherwise there, nobody would be left out."""
    policy = settings.in_force()
    if policy is None:
        return
    known = {plain_purpose(name) for name in policy.purposes}
    strange = sorted(name for name in opt_outs.purposes if plain_purpose(name) not in known)
    if strange:
        raise PolicyError(f"the list of opt-outs names purposes that {policy.source.name} does not: {'; '.join(strange)}")


def _log(audit: str | Path | AuditLog | None, folder: Path | None, settings: Settings) -> AuditLog | None:
    if isinstance(audit, AuditLog):
        return audit
    path = audit or settings.audit or (folder / "audit.log" if folder is not None else None)
    return AuditLog(path, key=settings.key, **settings.granted()) if path is not None else None


def _ref(entry: Mapping[str, Any]) -> FileRef:
    name = Path(str(entry["name"]).rsplit("/", 1)[-1].rsplit("\\", 1)[-1]).name or "table"
    return FileRef(name=name, sha256=entry.get("sha256"), bytes=entry.get("bytes"))
