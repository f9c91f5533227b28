"""A child's rows, taken out of everything that a run left."""

import json
import os
from pathlib import Path

import pytest

import voicenlp as vn
from voicenlp.engines.erasure import erase_child, runs_beside
from voicenlp.errors import UsageError
from voicenlp.io.tables import read_table, write_table

CHILD = "child-4711"
ROWS = [
    {"note_id": "n1", "child_id": CHILD, "date": "2025-04-02", "text": "Kai said he wants to go home."},
    {"note_id": "n2", "child_id": CHILD, "date": "2025-07-09", "text": "Mum said Kai hates his school. I saw Kai alone."},
    {"note_id": "n3", "child_id": "c2", "date": "2025-05-01", "text": "Kai told me he misses Ava. Ava said she feels safe."},
]
PEOPLE = [
    {"child_id": CHILD, "person_id": "p1", "name": "Kai", "role": "child"},
    {"child_id": "c2", "person_id": "p1", "name": "Kai", "role": "brother"},
    {"child_id": "c2", "person_id": "p2", "name": "Ava", "role": "child"},
]


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.upper().startswith("VOICENLP_") and name != "VOICENLP_MODEL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def run(out="out", **more):
    return vn.tag(ROWS, out, people=PEOPLE, purpose="review", **more)


def test_all_tables_lose_the_child_and_others_keep_theirs():
    before = run(with_text=True)
    table = vn.indicators(before, by=["child_id", "quarter"])
    for form in ("parquet", "csv", "jsonl"):
        write_table(table, Path("out", "indicators"), form)
    others = [row for row in before.spans.to_pylist() if row["child_id"] == "c2"]
    found = {one.path.name: one.rows for one in erase_child("out", CHILD)}
    assert found == {
        "spans.parquet": before.spans.num_rows - len(others), "notes.parquet": 2,
        "indicators.parquet": 2, "indicators.csv": 2, "indicators.jsonl": 2,
    }  # fmt: skip
    after = vn.open_run("out")
    assert after.spans.to_pylist() == others and after.spans.schema == before.spans.schema
    assert after.notes.column("child_id").to_pylist() == ["c2"]
    for name in ("indicators.parquet", "indicators.csv", "indicators.jsonl"):
        assert set(read_table(Path("out", name)).column("child_id").to_pylist()) == {"c2"}
    for path in Path("out").glob("*.*"):
        if path.suffix in (".parquet", ".csv", ".jsonl"):
            assert b"hates his school" not in path.read_bytes() and b"child-4711" not in path.read_bytes()
    assert erase_child("out", CHILD) == []


def test_lines():
    run(format="jsonl")
    assert {one.path.name: one.rows for one in erase_child("out", CHILD)} == {"spans.jsonl": 2, "notes.parquet": 2}
    assert [json.loads(line)["note_id"] for line in Path("out/spans.jsonl").read_text().splitlines()] == ["n3"]


def test_texts_of_the_childs_notes_go():
    run()
    write_table(read_table("out/notes.parquet").select(["note_id"]).append_column("text", [["a", "b", "c"]]), "out/texts.parquet")
    assert "texts.parquet" in {one.path.name for one in erase_child("out", CHILD)}
    assert read_table("out/texts.parquet").to_pylist() == [{"note_id": "n3", "text": "c"}]


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_the_childs_name_goes_from_rows_of_others(form):
    run(format=form)
    (row,) = [row for row in vn.open_run("out").spans.to_pylist() if row["child_id"] == "c2" and row["person_id"] == "p1"]
    assert row["person"] == "Kai"
    found = {one.path.name: (one.rows > 0, one.mentions) for one in erase_child("out", CHILD, ["p1"])}
    assert found[f"spans.{form}"] == (True, 1)
    rows = vn.open_run("out").spans.to_pylist()
    assert "Kai" not in {row["person"] for row in rows} and "p1" not in {row["person_id"] for row in rows}
    assert row["span_id"] in {row["span_id"] for row in rows} and {row["person"] for row in rows} >= {"Ava"}


def test_an_id_that_a_spreadsheet_would_take_for_a_formula():
    vn.tag([{**ROWS[0], "child_id": "=c1"}, ROWS[2]], "out", purpose="review")
    write_table(vn.indicators(vn.open_run("out"), by=["child_id"]), Path("out", "indicators"), "csv")
    assert "indicators.csv" in {one.path.name for one in erase_child("out", "=c1")}
    assert "=c1" not in Path("out/indicators.csv").read_text()


def test_other_ids_that_look_alike_stay():
    vn.tag([{**ROWS[0], "child_id": child, "note_id": f"n{child}"} for child in ("7", "07", "77", "7a")], "out", purpose="review")
    erase_child("out", "7")
    assert vn.open_run("out").notes.column("child_id").to_pylist() == ["07", "77", "7a"]


def test_what_is_no_run_is_left_alone(tmp_path):
    with pytest.raises(UsageError, match="holds no finished run"):
        erase_child(tmp_path, CHILD)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_not_followed(tmp_path):
    run()
    elsewhere = tmp_path / "elsewhere.parquet"
    Path("out/spans.parquet").replace(elsewhere)
    Path("out/spans.parquet").symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    with pytest.raises(UsageError, match="is a link"):
        erase_child("out", CHILD)
    assert elsewhere.read_bytes() == before and vn.open_run("out").notes.num_rows == 3


def test_names_of_files_in_run_json_lead_nowhere(tmp_path):
    run()
    victim = tmp_path / "victim.parquet"
    write_table(read_table("out/notes.parquet"), victim)
    info = json.loads(Path("out/run.json").read_text()) | {"outputs": ["../victim.parquet", str(victim)]}
    Path("out/run.json").write_text(json.dumps(info))
    before = victim.read_bytes()
    erase_child("out", CHILD)
    assert victim.read_bytes() == before


def test_only_folders_of_runs_in_the_log_are_found(tmp_path):
    logged = run("logs/a").info["run"]
    run("logs/b")
    run("logs/deep/er")
    Path("logs/broken").mkdir()
    Path("logs/broken/run.json").write_text("[1")
    assert runs_beside(Path("logs/audit.log"), {logged, "r_x"}) == [(tmp_path / "logs" / "a").resolve()]
    assert runs_beside(Path("logs/a/audit.log"), {logged}) == [(tmp_path / "logs" / "a").resolve()]
