import datetime as dt

import pyarrow as pa
import pytest

from voicenlp.records import Note, Span, notes_schema, spans_table


@pytest.fixture
def make_return(tmp_path):
    """Write the files of a return, given as text or bytes by name, and give the folder."""

    def make(**files):
        folder = tmp_path / "return"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name}.csv").write_bytes(raw)
        return folder

    return make


@pytest.fixture
def make_run():
    """Make (spans, notes) from (note_id, child_id, ISO date, number of the child's voices)."""

    def make(*rows):
        made, notes = [], []
        for note_id, child_id, date, voices in rows:
            note = Note(note_id, "", child_id=child_id or "", date=dt.date.fromisoformat(date) if date else None)
            made.append((note, [Span("voice", 0, 5, "child", span_id=f"s{i}") for i in range(voices)]))
            notes.append({"note_id": note_id, "child_id": child_id, "date": note.date, "words": 10})
        return spans_table(made), pa.Table.from_pylist(notes, schema=notes_schema())

    return make
