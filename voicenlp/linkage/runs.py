"""The notes' side of linking: whose notes there are, and a way to count them in windows of time or one by one."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError, UsageError
from voicenlp.indicators import Catalogue, indicators, roll_up, run_tables

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RunNotes", "open_notes"]


@dataclass(frozen=True)
class RunNotes:
    """What attaching needs to know of the notes.

    Attributes
    ----------
    per_child : mapping of str to int
        Notes by the child's id as written; an empty id for those that name none.
    undated : int
        Notes without a date.
    last : datetime.date, optional
        The last day that they cover.
    child_of : mapping of str to str
        The child of each note; empty where only an indicator table is at hand.
    spans, notes : pyarrow.Table
        ``spans`` is None where ``notes`` is an indicator table.
    """

    per_child: Mapping[str, int]
    undated: int
    last: dt.date | None
    notes: pa.Table
    spans: pa.Table | None = None
    child_of: Mapping[str, str] = field(default_factory=dict)

    def merged(self, others: Mapping[str, str]) -> RunNotes:
        """Return the same notes with some children's further ids (keys) put to their first one (values)."""
        if not others:
            return self
        import pyarrow as pa

        ids = [others.get(child, child) for child in self.notes.column("child_id").to_pylist()]
        notes = self.notes.set_column(self.notes.column_names.index("child_id"), "child_id", pa.array(ids, pa.string()))
        counts: Counter[str] = Counter()
        for child, number in self.per_child.items():
            counts[others.get(child, child)] += number
        child_of = {note: others.get(child, child) for note, child in self.child_of.items()}
        return replace(self, notes=notes, per_child=counts, child_of=child_of)

    def count(self, windows: pa.Table, catalogue: Catalogue) -> pa.Table:
        """Return the indicators for windows of ``child_id``, ``start`` and ``end``, in order."""
        if self.spans is None:
            return roll_up(self.notes, windows, catalogue=catalogue)
        return indicators(self.spans, self.notes, windows=windows, until=self.last, catalogue=catalogue)

    def count_notes(self, ids: list[str], catalogue: Catalogue) -> pa.Table:
        """Return the indicators for notes one by one, in order."""
        import pyarrow as pa
        import pyarrow.compute as pc

        assert self.spans is not None
        wanted = pa.array(sorted(set(ids)), pa.string())
        notes = self.notes.filter(pc.is_in(self.notes.column("note_id"), value_set=wanted))
        spans = self.spans.filter(pc.is_in(self.spans.column("note_id"), value_set=wanted))
        # each note stands for a child of its own, so that a window open on both sides holds just that note
        notes = notes.set_column(notes.column_names.index("child_id"), "child_id", notes.column("note_id"))
        none = pa.nulls(len(ids), pa.date32())
        windows = pa.table({"child_id": pa.array(ids, pa.string()), "start": none, "end": none})
        return indicators(spans, notes, windows=windows, until=self.last, catalogue=catalogue)


def open_notes(run: Any, until: dt.date | None) -> RunNotes:
    """Read a run (with ``.spans`` and ``.notes``, its folder, or both tables) or an indicator table, whichever is given.

    Raises
    ------
    InputError
        If it can't be read as either.
    UsageError
        If spans are given without notes.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not isinstance(run, pa.Table):
        spans, notes = run_tables(*run) if isinstance(run, tuple) else run_tables(run)
        dates = notes.column("date")
        children = [child or "" for child in notes.column("child_id").to_pylist()]
        child_of = dict(zip(notes.column("note_id").to_pylist(), children, strict=True))
        return RunNotes(Counter(children), dates.null_count, until or pc.max(dates).as_py(), notes, spans, child_of)
    if "element" in run.column_names:
        raise UsageError("attach needs the notes beside the spans: give (spans, notes), the run or its folder")
    if "child_id" not in run.column_names or "notes" not in run.column_names:
        raise InputError("not an indicator table by child: columns child_id and notes are needed", source="table")
    ids = [str(one) if one is not None else "" for one in run.column("child_id").to_pylist()]
    numbers = [number or 0 for number in run.column("notes").to_pylist()]
    counts: Counter[str] = Counter()
    for child, number in zip(ids, numbers, strict=True):
        counts[child] += number
    ends = run.column("period_end") if "period_end" in run.column_names else None
    undated = sum(n for n, end in zip(numbers, ends.to_pylist(), strict=True) if end is None) if ends is not None else 0
    last = until or (pc.max(ends).as_py() if ends is not None else None)
    return RunNotes(counts, undated, last, run)
