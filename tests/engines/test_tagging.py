import datetime as dt
import json
import os
from pathlib import Path

import pytest

import voicenlp as vn
from voicenlp.audit import read_events, verify
from voicenlp.config import Settings
from voicenlp.errors import AuditError, InputError, UsageError
from voicenlp.io.notes import read_notes
from voicenlp.io.tables import read_table
from voicenlp.records import Note

ROWS = [
    {"note_id": "n1", "child_id": "c1", "date": "2025-04-02", "text": "Kai said he wants to go home."},
    {"note_id": "n2", "child_id": "c1", "date": "2025-07-09", "text": "Mum said Kai hates his school. I saw Kai alone."},
    {"note_id": "n3", "child_id": "c2", "date": "2025-05-01", "text": "Ava told me she feels safe with her nan."},
]


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.upper().startswith("VOICENLP_") and name != "VOICENLP_MODEL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def many(count):
    """Notes of several kinds, more than one batch of them, some of which can't be tagged."""
    texts = [row["text"] for row in ROWS] + ["", "Child's views:\n\nAva – “I like it here” 🙂 she said.\r\nActions: none."]
    return [
        {
            "note_id": f"n{n}",
            "child_id": f"c{n % 7}",
            "date": "2025-04-02",
            "text": f"{texts[n % 5]}{' Visit.' if n % 3 and n % 5 != 3 else ''}",
        }
        for n in range(count)
    ]


def same(run, other):
    return run.spans.equals(other.spans) and run.notes.equals(other.notes) and run.rejects.equals(other.rejects)


def test_in_memory():
    run = vn.tag(ROWS)
    assert run.folder is None and list(Path().iterdir()) == []
    voices = [row for row in run.spans.to_pylist() if row["element"] == "voice"]
    assert [(row["note_id"], row["child_id"], row["date"], row["speaker"], row["person"], row["via"]) for row in voices] == [
        ("n1", "c1", dt.date(2025, 4, 2), "child", "Kai", ""),
        ("n2", "c1", dt.date(2025, 7, 9), "child", "Kai", "parent"),
        ("n3", "c2", dt.date(2025, 5, 1), "child", "Ava", ""),
    ]
    assert run.notes.column("words").to_pylist() == [7, 10, 9] and run.rejects.num_rows == 0
    assert run.info["counts"]["words"] == 26 and run.info["counts"]["children"] == 2


def test_same_rows_with_one_worker_and_two():
    notes = many(700)
    one, two = vn.tag(notes, workers=1), vn.tag(notes, "two", workers=2)
    assert same(one, two)
    assert one.notes.num_rows == 560 and one.rejects.num_rows == 140
    assert one.notes.column("note_id").to_pylist() == [f"n{n}" for n in range(700) if n % 5 != 3]


def test_same_rows_from_every_kind_of_table(tmp_path):
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    expected = vn.tag(ROWS)
    pq.write_table(pa.Table.from_pylist(ROWS), "notes.parquet")
    Path("notes.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    dated = pd.DataFrame(ROWS).assign(date=lambda frame: pd.to_datetime(frame["date"]))
    for source in (
        pd.DataFrame(ROWS),
        dated,
        pl.DataFrame(ROWS),
        pa.Table.from_pylist(ROWS),
        "notes.parquet",
        Path("notes.jsonl"),
        iter(ROWS),
    ):
        assert same(vn.tag(source), expected), type(source)
    given = [Note(row["note_id"], row["text"], row["child_id"], dt.date.fromisoformat(row["date"])) for row in ROWS]
    assert same(vn.tag(given), expected) and same(vn.tag(read_notes(given)), expected)


def test_folder_and_open_run():
    run = vn.tag(ROWS, "out")
    again = vn.open_run("out")
    assert same(run, again) and again.info == run.info and same(run, vn.tag(ROWS))
    lines = vn.tag(ROWS, "lines", format="jsonl")
    assert lines.spans.drop_columns("score").equals(run.spans.drop_columns("score")) and lines.notes.equals(run.notes)


def test_with_text():
    run = vn.tag(ROWS, with_text=True)
    assert run.spans.column("text").to_pylist()[0] == "wants to go home"
    assert "text" not in vn.tag(ROWS).spans.column_names


def test_extracted_text_is_kept(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.html").write_text("<p>Kai said he wants to go <b>home</b>.</p>")
    vn.tag("docs", "out")
    (row,) = read_table("out/texts.parquet").to_pylist()
    (span,) = vn.open_run("out").spans.to_pylist()
    assert row["text"][span["start"] : span["end"]] == "wants to go home"


def test_a_tagger_that_fails_on_one_note(monkeypatch):
    from voicenlp.engines import base

    class Moody:
        def tag(self, note, people=()):
            if note.note_id == "n2":
                raise ValueError("SECRET")
            return [], [], []

    monkeypatch.setattr(base, "open_tagger", lambda _, threads: Moody())
    run = vn.tag(ROWS)
    assert run.rejects.to_pylist() == [{"note_id": "n2", "stage": "tag", "reason": "the tagger failed (ValueError)"}]
    assert run.notes.column("note_id").to_pylist() == ["n1", "n3"]


def test_over_the_limit():
    run = vn.tag(ROWS, limit_chars=29)
    assert [row["note_id"] for row in run.rejects.to_pylist()] == ["n2", "n3"] and run.notes.num_rows == 1


def test_opt_outs_given_as_numbers_or_text():
    rows = [{**row, "child_id": 1040 + n} for n, row in enumerate(ROWS)]
    for ids in ([1041], ["1041"], {"1041 "}):
        run = vn.tag(rows, opt_out=ids)
        assert run.notes.column("note_id").to_pylist() == ["n1", "n3"] and run.info["counts"]["left_out"] == 1
    run = vn.tag([*rows, {"note_id": "n4", "text": "Kai said he wants to go home.", "child_id": None}], opt_out=[1041])
    assert run.rejects.to_pylist()[0]["note_id"] == "n4" and run.info["counts"]["rejects"] == 1


def test_people_are_told_apart():
    people = [
        {"child_id": "c1", "person_id": "p7", "name": "Kai Holt", "role": "child"},
        {"child_id": "c2", "person_id": "p9", "name": "Ava Reed", "role": "child"},
    ]
    run = vn.tag(ROWS, people=people)
    found = {row["note_id"]: row["person_id"] for row in run.spans.to_pylist() if row["element"] == "voice"}
    assert found == {"n1": "p7", "n2": "p7", "n3": "p9"}


def test_log_of_a_run():
    vn.tag([*ROWS, {"note_id": "n4", "text": ""}], "out", purpose="service review", actor="s.khan")
    events = list(read_events("out/audit.log"))
    assert [event["event"] for event in events] == [
        "log.started", "run.opened", "model.loaded", "batch.in", "batch.out", "child.read", "run.closed",
    ]  # fmt: skip
    assert all(event["purpose"] == "service review" and event["actor"] == "s.khan" for event in events)
    closed = events[-1]["data"]
    assert closed["outcome"] == "rejects" and closed["counts"]["rejects"] == 1
    assert {entry["name"] for entry in closed["outputs"]} == {"notes.parquet", "rejects.parquet", "spans.parquet"}
    raw = Path("out/audit.log").read_text()
    assert "Kai" not in raw and '"c1"' not in raw and verify("out/audit.log").ok


def test_failed_run_is_on_record_and_leaves_the_earlier_one(monkeypatch):
    vn.tag(ROWS, "out")
    before = vn.open_run("out").info

    def halt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vn.tag(ROWS[:1], "out", progress=halt)
    assert vn.open_run("out").info == before and vn.open_run("out").notes.num_rows == 3
    last = list(read_events("out/audit.log"))[-1]
    assert last["event"] == "run.closed" and last["data"]["outcome"] == "failed" and last["data"]["error"] == "KeyboardInterrupt"


def test_run_whose_end_is_not_on_record_is_not_finished(monkeypatch):
    from voicenlp.audit import AuditLog

    log = AuditLog("kept.log")
    append = log.append

    def full(event, /, **data):
        if event == "run.closed":
            raise AuditError("kept.log: can't be written (No space left on device)")
        return append(event, **data)

    monkeypatch.setattr(log, "append", full)
    with pytest.raises(AuditError):
        vn.tag(ROWS, "out", audit=log)
    with pytest.raises(UsageError, match="holds no finished run"):
        vn.open_run("out")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "notes: holds no notes"),
        ([{"note_id": "1", "text": "SECRET"}, {"note_id": "1", "text": "x"}], "'1' comes twice"),
        ([{"note_id": "1", "text": "SECRET", "date": "never"}], "not a date"),
        ([{"id": "1", "body": "SECRET"}], "column 'note_id': is missing"),
        (["SECRET"], "is a str, neither a Note nor a mapping"),
    ],
)
def test_bad_input(rows, message):
    with pytest.raises(InputError, match=message) as caught:
        vn.tag(rows, "out")
    assert "SECRET" not in str(caught.value) and not Path("out").exists()


def test_bad_options():
    for options in ({"format": "xml"}, {"workers": 0}, {"purpos": "x"}, {"limit_chars": "many"}):
        with pytest.raises(UsageError):
            vn.tag(ROWS, "out", **options)
    assert not Path("out").exists()


def test_settings_given_and_model_as_path(tmp_path):
    assert vn.tag(ROWS, settings=Settings(purpose="x", model="rules")).info["settings"]["model"] == "rules"
    assert vn.tag(ROWS, model=Path("rules")).info["model"]["name"] == "rules"


def test_progress_counts_every_note():
    seen = []
    vn.tag(many(600), progress=lambda done, total: seen.append((done, total)), opt_out=["c0"])
    assert seen[-1] == (600, 600) and [done for done, _ in seen] == sorted(done for done, _ in seen)
