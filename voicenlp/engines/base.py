"""What an engine is handed: a small frozen task, opened once in each worker, and batches of notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from voicenlp.engines.rows import Tagged, lines_of, notes_rows, rejects_rows, spans_rows, texts_rows
from voicenlp.records import Note, Person, Reject, Span
from voicenlp.taggers.models import open_tagger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

__all__ = ["Batch", "Engine", "Result", "Task", "Worker"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Notes with the people in the lives of the children they are about."""

    notes: Sequence[Note]
    rosters: Mapping[str, Sequence[Person]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a batch, as rows: every note of it is either tagged or rejected.

    Tables rather than objects, because they cross from one process to another in a fraction of the time.

    Attributes
    ----------
    spans, notes, rejects : pyarrow.Table
        See the schemas in `voicenlp.records`.
    texts : pyarrow.Table or None
        The texts, where the task asks for them.
    lines : bytes
        The notes with their spans as JSON Lines, where the task asks for that.
    withheld : int
        Spans left out because they are of people who are not to be processed.
    """

    spans: pa.Table
    notes: pa.Table
    rejects: pa.Table
    texts: pa.Table | None = None
    lines: bytes = b""
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with each note.

    Attributes
    ----------
    model : str
        Name or folder.
    limit_chars : int
        Longest note that is tagged.
    with_text : bool
        Whether the words of each span stand in a column ``text``.
    texts, lines : bool
        Whether the texts, and the notes as JSON Lines, are given back.
    without : frozenset of str
        ``person_id`` of people who are not to be processed: no span of theirs is given back.
    threads : int
        Threads that a neural model may use; 0 for as many as there are cores.
    """

    model: str
    limit_chars: int = 2_000_000
    with_text: bool = False
    texts: bool = False
    lines: bool = False
    without: frozenset[str] = frozenset()
    threads: int = 0

    def open(self) -> Worker:
        """Open the model; done once in each worker."""
        return Worker(self)


class Worker:
    """A task with its model open."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.tagger = open_tagger(task.model, threads=task.threads)

    def run(self, batch: Batch) -> Result:
        """Tag a batch; a note that can't be tagged is rejected and the rest goes on."""
        tagged: list[Tagged] = []
        rejects: list[Reject] = []
        withheld = 0
        for note in batch.notes:
            if not note.text.strip():
                rejects.append(Reject(note.note_id, "tag", "empty text"))
                continue
            if len(note.text) > self.task.limit_chars:
                rejects.append(Reject(note.note_id, "tag", f"longer than {self.task.limit_chars} characters"))
                continue
            try:
                spans, present, empty = self.tagger.tag(note, batch.rosters.get(note.child_id, ()))
            except Exception as error:  # one bad note must not end an archive
                rejects.append(Reject(note.note_id, "tag", f"the tagger failed ({type(error).__name__})"))
                continue
            if self.task.without:
                before = len(spans)
                spans = _without(spans, self.task.without)
                withheld += before - len(spans)
            tagged.append(Tagged(note, spans, present, empty))
        task = self.task
        return Result(
            spans_rows(tagged, with_text=task.with_text), notes_rows(tagged), rejects_rows(rejects),
            texts_rows(tagged) if task.texts else None, lines_of(tagged) if task.lines else b"", withheld,
        )  # fmt: skip


def _without(spans: Sequence[Span], people: frozenset[str]) -> list[Span]:
    """Leave out the spans of some people, and what points to them."""
    gone = {span.span_id for span in spans if span.person_id in people}
    kept = [span for span in spans if span.person_id not in people]
    return [replace(span, of=tuple(one for one in span.of if one not in gone)) if gone.intersection(span.of) else span for span in kept]


class Engine(Protocol):
    """Runs a task over batches and gives the results back in order."""

    def run(self, task: Task, batches: Iterable[Batch]) -> Iterator[Result]:
        """Yield one result for each batch, in order, with work in flight bounded."""
        ...
