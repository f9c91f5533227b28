"""What is read and what comes out, counted and put on record while a run goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from voicenlp.audit import AuditLog, FileRef, child_reads, opt_outs_honoured
from voicenlp.audit.kinds import MOST_CHILDREN
from voicenlp.engines.base import Batch, Result
from voicenlp.io.notes import NoteSource
from voicenlp.records import Note, Person, Reject

__all__ = ["BATCH", "Counting"]

BATCH = 256
"""Notes that are handed out at once."""

HASHED = ("note_id", "span_id", "element", "start", "end", "speaker")
"""Columns of the spans by which the log can prove what came out of a batch."""


class Counting:
    """Hands out batches, leaves out children who opted out, and has the log note each batch and each child whose records are read.

    Parameters
    ----------
    source : NoteSource
    rosters : Mapping
        People by child, as `voicenlp.io.people.read_people` gives them.
    excluded : frozenset of str
        Children whose notes are left out.
    withheld : int
        Number of people whose spans the tagger leaves out.
    listed : FileRef or None
        The list of opt-outs, as the log names it.
    log : AuditLog or None

    Attributes
    ----------
    read, left_out : int
        Notes handed out, and notes of children who opted out.
    children : set of str
        Whose notes were handed out.
    """

    def __init__(
        self,
        source: NoteSource,
        rosters: Mapping[str, list[Person]],
        excluded: frozenset[str],
        withheld: int,
        listed: FileRef | None,
        log: AuditLog | None,
    ) -> None:
        self.source, self.rosters, self.excluded, self.log = source, rosters, excluded, log
        self._listed = listed
        self._withheld = {"people": withheld, "spans": 0}
        self.read = self.left_out = self._given = self._in = self._out = 0
        self.children: set[str] = set()
        self._reads: Counter[str] = Counter()
        self._nobodys: list[Reject] = []
        self._met: Counter[str] = Counter()

    @property
    def strangers(self) -> dict[str, int]:
        """How many children of the opt-out list, and of the roster, no note was about: ids that may be written otherwise there."""
        about = self.children | self._met.keys()
        return {"opt_outs_not_met": len(self.excluded - about), "roster_not_met": len(self.rosters.keys() - {""} - about)}

    @property
    def withheld(self) -> int:
        """Spans left out so far because they are of people who opted out."""
        return self._withheld["spans"]

    def batches(self) -> Iterator[Batch]:
        """Read the notes and hand them out."""
        everybody = self.rosters.get("", [])
        for notes in self.source.batches(BATCH):
            kept = self._permitted(notes) if self.excluded else notes
            self.read += len(kept)
            for note in kept:
                if note.child_id:
                    self.children.add(note.child_id)
                    self._reads[note.child_id] += 1
            self._handed_out(kept)
            if len(self._reads) >= MOST_CHILDREN or self._in % 8 == 0:  # a program killed on the spot leaves little untold
                self.flush()
            yield Batch(kept, self._rosters(kept, everybody))

    def _handed_out(self, notes: list[Note]) -> None:
        if self.log is not None:
            self.log.append("batch.in", batch=self._in, notes=len(notes), hash=self._hash([note.note_id, note.text] for note in notes))
        self._in += 1

    def came_out(self, result: Result) -> None:
        """Take note of what came of a batch."""
        self._withheld["spans"] += result.withheld
        if self.log is not None:
            columns = [result.spans.column(name).to_pylist() for name in HASHED]
            counts = {"notes": result.notes.num_rows, "rejects": result.rejects.num_rows, "spans": result.spans.num_rows}
            self.log.append("batch.out", batch=self._out, counts=counts, hash=self._hash(zip(*columns, strict=True)))
        self._out += 1

    def _hash(self, rows: Iterable[Iterable[str | int]]) -> str:
        assert self.log is not None
        keyed = self.log.pseudonyms.contents()
        # for text and whole numbers this is the canonical form (RFC 8785), in a fraction of the time
        keyed.update(json.dumps([list(row) for row in rows], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
        return f"h_{keyed.hexdigest()}"

    def _permitted(self, notes: Iterable[Note]) -> list[Note]:
        """Return the notes of children who did not opt out; one of nobody's can't be told from theirs."""
        kept = []
        for note in notes:
            if not note.child_id:
                self._nobodys.append(Reject(note.note_id, "opt-out", "no child_id: it can't be told whether the child opted out"))
            elif note.child_id in self.excluded:
                self.left_out += 1
                self._met[note.child_id] += 1
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

    def flush(self, *, ended: bool = False) -> None:
        """Write the children read so far to the log, by pseudonym; at the end of the run also the opt-outs that were honoured."""
        if self.log is None:
            return
        if self._reads:
            names = self.log.pseudonyms.of_all(self._reads)
            for event in child_reads({names[child]: count for child, count in self._reads.items()}):
                self.log.append(event)
            self._reads.clear()
        if ended and (self._met or self._withheld["people"]):
            names = self.log.pseudonyms.of_all(self._met)
            for honoured in opt_outs_honoured({names[child]: n for child, n in self._met.items()}, self._listed, **self._withheld):
                self.log.append(honoured)
