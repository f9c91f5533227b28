import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_tables_run_and_log(run_folder):
    spans = pq.read_table(run_folder / "spans.parquet").to_pylist()
    assert [(row["note_id"], row["speaker"]) for row in spans if row["element"] == "voice"] == [
        ("n1", "child"), ("n2", "child"), ("n3", "child"),
    ]  # fmt: skip
    text = "Kai said he wants to go home."
    assert text[spans[0]["start"] : spans[0]["end"]] == "wants to go home"
    info = json.loads((run_folder / "run.json").read_text())
    assert info["counts"]["notes"] == 3 and info["counts"]["children"] == 2 and info["counts"]["rejects"] == 0
    assert info["outputs"] == ["notes.parquet", "rejects.parquet", "spans.parquet"] and info["voicenlp"] == "0.1.0"
    for path in run_folder.iterdir():
        assert b"wants to go home" not in path.read_bytes(), path.name


def test_summary(cli, archive):
    answer = cli("tag", archive, "--out", "run")
    assert answer.out.startswith("3 notes, 26 words in ") and answer.out.endswith("written to run\n") and answer.err == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,body\n1,SECRET\n", "in.csv, column 'note_id': is missing; the columns there are: id, body"),
        ("1,Kai said SECRET things\n", "in.csv, column 'note_id': is missing; the first row holds data, not the names of columns"),
        ("note_id,text\n1,SECRET\n1,SECRET\n", "in.csv, row 3, column 'note_id': '1' comes twice, first in row 2"),
        ("note_id,text\n,SECRET\n", "in.csv, row 2, column 'note_id': is empty"),
        (
            "note_id,text,date\n1,SECRET,31/02/2025\n",
            "in.csv, row 2, column 'date': not a date in UK order (day, month, year): '31/02/2025'",
        ),
        ("note_id,text\n1,SECRET,3\n", "in.csv, row 2: has 3 cells where the header has 2"),
        ('note_id,text\n1,"SECRET\n', "in.csv, row 2: a quote is not closed, or a quote inside a quoted cell is not doubled"),
        ("", "in.csv: is empty"),
        ("note_id,text\n", "in.csv: holds no notes"),
    ],
)
def test_archive_refused_and_nothing_written(refused, tmp_path, text, message):
    write(tmp_path / "in.csv", text)
    assert refused("tag", "in.csv", "--out", "run") == message
    assert not (tmp_path / "run").exists()


def test_no_such_archive(refused, tmp_path):
    assert refused("tag", "none.csv", "--out", "run") == "none.csv: no such file or folder"
    (tmp_path / "empty").mkdir()
    assert "holds no .txt" in refused("tag", "empty", "--out", "run")
    assert refused("tag", "", "--out", "run") == "NOTES is empty"
    write(tmp_path / "a.parquet", "SECRET")
    assert refused("tag", "a.parquet", "--out", "run") == "a.parquet: not a Parquet file, or cut short"


def test_cp1252_and_bytes_that_are_no_text(cli, refused, tmp_path):
    write(tmp_path / "old.csv", "note_id,text\n1,Kai said “I want to go home”.\n", "cp1252")
    assert cli("tag", "old.csv", "--out", "run", "--with-text").code == 0
    assert pq.read_table("run/spans.parquet").column("text").to_pylist() == ["I want to go home"]
    (tmp_path / "bytes.csv").write_bytes(b"note_id,text\n1,\x81\x8d SECRET\n")
    assert refused("tag", "bytes.csv", "--out", "other").startswith("bytes.csv, row 2: neither UTF-8 nor cp1252")


def test_bad_notes_are_rejected_and_the_rest_goes_on(cli, tmp_path, monkeypatch):
    write(tmp_path / "in.csv", f"note_id,text\n1,\n2,Kai said he wants to go home.\n3,   \n4,{'x' * 60}\n")
    monkeypatch.setenv("VOICENLP_LIMIT_CHARS", "50")
    answer = cli("tag", "in.csv", "--out", "run")
    assert answer.code == 2 and answer.err == f"3 notes rejected; the reasons are in {Path('run', 'rejects.parquet')}\n"
    rejects = {row["note_id"]: row for row in pq.read_table("run/rejects.parquet").to_pylist()}
    assert rejects["1"]["reason"] == rejects["3"]["reason"] == "empty text" and "over the limit of 50" in rejects["4"]["reason"]
    assert pq.read_table("run/notes.parquet").column("note_id").to_pylist() == ["2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "xml"), "format: 'xml' is none of parquet, jsonl"),
        (("--workers", "0"), "--workers: '0' is neither auto nor a number from 1"),
        (("--workers", "²"), "--workers: '²' is neither auto nor a number from 1"),
        (("--workers", "99999"), "argument workers: Input should be less than or equal to 1024"),
        (("--engine", "cloud"), "--engine: 'cloud' is not to be had here; there is local"),
        (("--columns", "text"), "columns: 'text' is not of the form note_id=ID"),
        (("--columns", "text=body"), "archive.csv, column 'body': is missing; the columns there are: note_id, child_id, date, text"),
        (("--people", "archive.csv"), "archive.csv, column 'name': is missing; the columns there are: note_id, child_id, date, text"),
        (("--people", "none.csv"), "none.csv: no such file or folder"),
        (("--opt-out", "none.txt"), "none.txt: can't be read as a list of opt-outs (No such file or directory)"),
        (("--purpose", "two\nlines"), "argument purpose: must be a single line"),
        (("--query", "SELECT 1"), "a query goes with a database URL only"),
        (("--zz",), "No such option: --zz"),
    ],
)
def test_options_refused(refused, archive, tmp_path, arguments, message):
    assert refused("tag", "archive.csv", "--out", "run", *arguments) == message
    assert not (tmp_path / "run").exists()


def test_unknown_model(refused, archive):
    assert refused("tag", "archive.csv", "--out", "run", "--model", "none").startswith("no model called 'none'")


def test_out_is_a_file(refused, archive):
    assert refused("tag", "archive.csv", "--out", "archive.csv") == "archive.csv: is a file, not a folder"
    assert refused("tag", "archive.csv", "--out", "archive.csv/run").startswith(f"{Path('archive.csv', 'run')}: can't be made")


def test_audit_is_another_file(refused, archive):
    before = archive.read_bytes()
    assert "not an audit log" in refused("tag", "archive.csv", "--out", "run", "--audit", "archive.csv", code=3)
    assert archive.read_bytes() == before


def test_settings_from_file_environment_and_arguments(cli, archive, tmp_path, monkeypatch):
    write(tmp_path / "voicenlp.toml", 'purpose = "from file"\nworkers = 2\naudit = "kept.log"\n')
    chosen = {}
    monkeypatch.delenv("VOICENLP_PURPOSE")

    def noted(*args, **options):
        chosen.update(options)
        raise ValueError("SECRET")

    assert cli("tag", archive, "--out", "run", "--workers", "1").code == 0
    assert (tmp_path / "kept.log").is_file() and not (tmp_path / "run" / "audit.log").exists()
    monkeypatch.setenv("VOICENLP_PURPOSE", "from environment")
    assert cli("tag", archive, "--out", "run", "--workers", "1").code == 0
    assert cli("tag", archive, "--out", "run", "--workers", "1", "--purpose", "from argument").code == 0
    events = [json.loads(line) for line in (tmp_path / "kept.log").read_text().splitlines()]
    assert [event["purpose"] for event in events if event["event"] == "run.opened"] == ["from file", "from environment", "from argument"]
    # what the command line does not say is left to the settings
    monkeypatch.setattr("voicenlp.engines.tagging.tag", noted)
    answer = cli("tag", archive, "--out", "run")
    assert chosen["workers"] is None and chosen["model"] is None
    assert answer.code == 1 and "SECRET" not in answer.err and "ValueError" in answer.err and len(answer.lines) == 1


def test_settings_refused(refused, archive, tmp_path, monkeypatch):
    write(tmp_path / "voicenlp.toml", 'purpos = "x"\n')
    assert refused("tag", "archive.csv", "--out", "run") == "voicenlp.toml: purpos: no such setting; did you mean purpose?"
    write(tmp_path / "voicenlp.toml", "purpose = \n")
    assert refused("tag", "archive.csv", "--out", "run").startswith("voicenlp.toml: not TOML")
    (tmp_path / "voicenlp.toml").unlink()
    monkeypatch.setenv("VOICENLP_WORKERS", "many")
    assert refused("tag", "archive.csv", "--out", "run").startswith("VOICENLP_WORKERS: Input should be a valid integer")


def test_opt_outs(cli, archive, tmp_path):
    write(tmp_path / "out.csv", "child_id;reason\nc1;asked\n")
    answer = cli("tag", archive, "--out", "run", "--opt-out", "out.csv")
    assert answer.code == 0 and "2 notes left out: their children opted out" in answer.out
    assert pq.read_table("run/notes.parquet").column("note_id").to_pylist() == ["n3"]


def test_opt_outs_need_to_know_whose_a_note_is(cli, tmp_path):
    write(tmp_path / "in.csv", "note_id,text\n1,Kai said he wants to go home.\n")
    write(tmp_path / "out.txt", "c1\n")
    assert cli("tag", "in.csv", "--out", "run", "--opt-out", "out.txt").code == 2
    assert pq.read_table("run/rejects.parquet").to_pylist() == [
        {"note_id": "1", "stage": "opt-out", "reason": "no child_id: it can't be told whether the child opted out"}
    ]


def test_windows_paths_and_line_ends_in_cells(cli, tmp_path):
    write(tmp_path / "in.csv", 'note_id,text,title\r\nC:\\notes\\1.txt,"Kai said\r\nhe wants to go home.",\\\\server\\x\r\n')
    assert cli("tag", "in.csv", "--out", "run", "--with-text").code == 0
    (span,) = pq.read_table("run/spans.parquet").to_pylist()
    assert (span["note_id"], span["text"]) == ("C:\\notes\\1.txt", "wants to go home")
    assert "Kai said\r\nhe wants to go home."[span["start"] : span["end"]] == "wants to go home"


def test_own_tables_are_no_input_and_strangers_files_are_kept(cli, refused, archive, tmp_path):
    assert cli("tag", archive, "--out", "run", "--format", "jsonl").code == 0
    before = (tmp_path / "run" / "spans.jsonl").read_bytes()
    assert "would be overwritten" in refused("tag", "run/spans.jsonl", "--out", "run")
    assert (tmp_path / "run" / "spans.jsonl").read_bytes() == before
    assert cli("tag", "run/spans.jsonl", "--out", "again").code == 0  # its own lines are notes as well
    write(tmp_path / "notes.parquet", "somebody's")
    assert (
        refused("tag", "archive.csv", "--out", ".")
        == "notes.parquet: is not of a run and would be overwritten; give the run another folder"
    )
    assert (tmp_path / "notes.parquet").read_text() == "somebody's"


def test_jsonl_then_parquet_into_one_folder(cli, archive, tmp_path):
    assert cli("tag", archive, "--out", "run", "--format", "jsonl").code == 0
    lines = [json.loads(line) for line in (tmp_path / "run" / "spans.jsonl").read_text().splitlines()]
    assert [line["note_id"] for line in lines] == ["n1", "n2", "n3"] and lines[0]["text"] == "Kai said he wants to go home."
    assert not (tmp_path / "run" / "spans.parquet").exists()
    assert cli("tag", archive, "--out", "run").code == 0
    assert (tmp_path / "run" / "spans.parquet").exists() and not (tmp_path / "run" / "spans.jsonl").exists()
    assert cli("audit", "verify", "--audit", "run/audit.log").code == 0
