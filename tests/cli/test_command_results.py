"""The verbs that work on a finished run or on annotated records."""

import csv
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

INLINE = 'Mum said <v s="child" p="Kai" e="wish" via="parent" t="home">Kai wants to go home</v>.'
PLAIN = "Mum said Kai wants to go home."


@pytest.fixture
def gold(tmp_path):
    folder = tmp_path / "gold"
    folder.mkdir()
    (folder / "r1.txt").write_text(INLINE, encoding="utf-8")
    return folder


def line(text=PLAIN, start=9, end=29, **more):
    span = {"id": "s1", "element": "voice", "start": start, "end": end, "speaker": "child", "person": "Kai", "expression": ["wish"]}
    span |= {"channel": "spoken", "verbatim": False, "via": "parent", "challenge": False, "themes": ["home"]}
    return json.dumps({"note_id": "r1", "text": text, "spans": [span | more]}) + "\n"


def test_indicators(cli, run_folder):
    answer = cli("indicators", "run", "--by", "child_id")
    assert answer.code == 0 and answer.out.startswith("2 rows, ")
    rows = {row["child_id"]: row for row in pq.read_table("run/indicators.parquet").to_pylist()}
    assert rows["c1"]["notes"] == 2 and rows["c2"]["notes"] == 1
    assert (run_folder / "indicators.dictionary.json").is_file()


def test_a_run_of_lines_counts_the_same(cli, archive, run_folder):
    assert cli("tag", archive, "--out", "lines", "--format", "jsonl").code == 0
    for folder in ("run", "lines"):
        assert cli("indicators", folder, "--format", "csv").code == 0
    assert Path("run/indicators.csv").read_bytes() == Path("lines/indicators.csv").read_bytes()


@pytest.mark.parametrize("content", [None, "", "[]", "null", "{", "\udce9"])
def test_folder_without_a_finished_run(refused, tmp_path, a_return, content):
    folder = tmp_path / "broken"
    folder.mkdir()
    if content is not None:
        (folder / "run.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    said = "broken: holds no finished run (run.json is missing or can't be read)"
    assert refused("indicators", "broken") == said
    assert refused("attach", "broken", "--to", "ssda903:return", "--out", "linked") == said
    assert not (tmp_path / "linked").exists() and not (folder / "audit.log").exists()


def test_run_with_a_table_lost_cut_or_of_another_run(cli, refused, run_folder, tmp_path):
    shutil.copytree("run", "lost")
    (tmp_path / "lost" / "notes.parquet").unlink()
    assert refused("indicators", "lost").startswith(str(Path("lost", "notes.parquet")))
    shutil.copytree("run", "cut")
    whole = (run_folder / "spans.parquet").read_bytes()
    (tmp_path / "cut" / "spans.parquet").write_bytes(whole[: len(whole) // 2])
    assert refused("indicators", "cut") == f"{Path('cut', 'spans.parquet')}: not a Parquet file, or cut short"
    (tmp_path / "two.csv").write_text("note_id,text\nother,Kai said he wants to go home.\n")
    assert cli("tag", "two.csv", "--out", "other").code == 0
    shutil.copy("other/spans.parquet", "cut/spans.parquet")
    assert "belong to a note that is not among the notes" in refused("indicators", "cut")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--by", "colour"), "by: 'colour' is neither one of child_id"),
        (("--format", "xml"), "--format: 'xml' is none of parquet, csv, jsonl"),
        (("--children", "none.csv"), "none.csv: no such file or folder"),
        (("--children", "archive.csv"), "children, row 3, column 'child_id': this child_id stands there twice"),
        (("--out", "archive.csv"), "archive.csv: is a file, not a folder"),
        (("--out", "archive.csv/x"), f"{Path('archive.csv', 'x')}: can't be made"),
    ],
)
def test_indicators_refused(refused, run_folder, arguments, message):
    assert refused("indicators", "run", *arguments).startswith(message)
    assert not (run_folder / "indicators.parquet").exists()


def test_attach_keeps_every_row(cli, run_folder, a_return, tmp_path):
    answer = cli("attach", "run", "--to", "ssda903:return", "--out", "linked")
    assert answer.code == 0 and answer.out.endswith("written to linked\n")
    with (tmp_path / "linked" / "header.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["CHILD"], row["DOB"], row["voice_link"]) for row in rows] == [
        ("c1", "02/03/2012", "linked"),
        ("c9", "05/06/2013", "child not in the notes"),
    ]
    assert {"reviews.csv", "coverage.csv", "unlinked.csv", "dictionary.csv"} <= {path.name for path in (tmp_path / "linked").iterdir()}
    assert cli("audit", "verify", "--audit", "run/audit.log").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "return"), "--to: 'return' must be ssda903:FOLDER"),
        (("--to", "cin:x.xml"), "x.xml: no such file"),
        (("--to", "ssda903:none"), "none: no such folder"),
        (("--to", "ssda903:C:\\returns"), "C:\\returns: no such folder"),
        (("--to", "ssda903:return", "--format", "ods"), "--format: 'ods' is none of csv, parquet, xlsx"),
        (("--to", "ssda903:return", "--review-window", "six"), "--review-window: 'six' must be two numbers of days, as 183,28"),
        (("--to", "ssda903:return", "--review-window", "-1,3"), "a window reaches 0 to 36525 days"),
    ],
)
def test_attach_refused(refused, run_folder, a_return, tmp_path, arguments, message):
    assert refused("attach", "run", *arguments, "--out", "linked").startswith(message)
    assert not (tmp_path / "linked").exists()


def test_attach_never_writes_over_the_return(refused, run_folder, a_return):
    before = (a_return / "header.csv").read_bytes()
    assert "return's own folder" in refused("attach", "run", "--to", "ssda903:return", "--out", "return")
    assert (a_return / "header.csv").read_bytes() == before


def test_nothing_is_counted_where_the_log_is_broken(refused, run_folder, a_return, tmp_path):
    log = run_folder / "audit.log"
    log.write_bytes(log.read_bytes().replace(b'"notes":3', b'"notes":4'))
    assert "the last line was changed" in refused("attach", "run", "--to", "ssda903:return", "--out", "linked", code=3)
    assert "the last line was changed" in refused("indicators", "run", code=3)
    assert not (tmp_path / "linked").exists() and not (run_folder / "indicators.parquet").exists()


def test_evaluate_a_model(cli, gold, tmp_path):
    answer = cli("evaluate", "gold", "--model", "rules", "--bootstrap", "0", "--json", "figures.json")
    assert answer.code == 0 and "voice" in answer.out and json.loads((tmp_path / "figures.json").read_text())


def test_evaluate_predictions_whose_spans_cross(cli, gold, tmp_path):
    # the scheme's spans nest, a model's may cross, and can be measured all the same
    row = json.loads(line())
    row["spans"].append(
        {"id": "s2", "element": "space", "start": 4, "end": 12, "speaker": "child", "person": "Kai", "given": True, "how": "seen"}
    )
    (tmp_path / "pred.jsonl").write_text(json.dumps(row) + "\n")
    assert cli("evaluate", "gold", "--pred", "pred.jsonl", "--bootstrap", "0").code == 0
    assert cli("agree", "pred.jsonl", "pred.jsonl").code == 0


def test_evaluate_refused(cli, refused, gold, tmp_path):
    assert refused("evaluate", "gold") == "give either --model or --pred"
    assert refused("evaluate", "gold", "--model", "rules", "--pred", "gold") == "give either --model or --pred"
    assert refused("evaluate", "none", "--model", "rules") == "none: no such file or folder"
    assert refused("evaluate", "gold", "--pred", "none") == "none: no such file or folder"
    assert "no record has it" in refused("evaluate", "gold", "--model", "rules", "--by", "colour", "--bootstrap", "0")
    (tmp_path / "other.jsonl").write_text(line(text="Dad SECRET said Kai wants to go home.", start=5, end=9))
    assert "gold and prediction are of different texts" in refused("evaluate", "gold", "--pred", "other.jsonl")
    (tmp_path / "beyond.jsonl").write_text(line(end=99))
    assert refused("evaluate", "gold", "--pred", "beyond.jsonl").startswith("beyond.jsonl, record 'r1', row 1")
    (tmp_path / "half.jsonl").write_text(line()[:40])
    assert "not JSON" in refused("evaluate", "gold", "--pred", "half.jsonl")


def test_evaluate_needs_the_text_of_a_run(cli, refused, gold, run_folder):
    assert (
        refused("evaluate", "gold", "--pred", "run")
        == "run: a run in Parquet keeps no text to hold against the gold records; tag with --format jsonl"
    )


def test_evaluate_the_lines_of_a_run(cli, gold, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "r1.txt").write_text(PLAIN)
    assert cli("tag", "raw", "--out", "run", "--format", "jsonl").code == 0
    assert cli("evaluate", "gold", "--pred", "run", "--bootstrap", "0").code == 0


def test_agree_with_oneself(cli, gold, tmp_path):
    assert cli("agree", "gold", "gold", "--json", "agreement.json").code == 0
    figures = json.loads((tmp_path / "agreement.json").read_text())
    assert figures["scores"]["spans"]["voice"]["exact"]["f1"] == 1 and figures["kinds"] == {}


def test_agree_refused(refused, gold):
    assert refused("agree", "gold", "none") == "none: no such file or folder"


@pytest.mark.parametrize("form", ["inline", "jsonl", "label-studio", "inception", "brat", "doccano", "spacy"])
def test_convert_there_and_back(cli, gold, tmp_path, form):
    if form == "inception":
        pytest.importorskip("cassis")
    there = cli("convert", "gold", "there", "--from", "inline", "--to", form)
    assert there.code == 0 and there.out.startswith("1 records, 1 spans written to there\n")
    assert cli("convert", "there", "back.jsonl", "--from", form, "--to", "jsonl").code == 0
    (row,) = (json.loads(one) for one in (tmp_path / "back.jsonl").read_text().splitlines())
    (span,) = row["spans"]
    assert row["text"] == PLAIN and (span["element"], span["start"], span["end"], span["speaker"]) == ("voice", 9, 29, "child")


def test_convert_refused(refused, gold, archive):
    assert refused("convert", "gold", "x", "--from", "paper", "--to", "jsonl").startswith("unknown form of annotations 'paper'")
    assert refused("convert", "none", "x", "--from", "inline", "--to", "jsonl") == "none: no such file or folder"
    assert refused("convert", "archive.csv", "x", "--from", "jsonl", "--to", "inline").startswith("archive.csv, row 1: not JSON")
    assert "archive.csv" in refused("convert", "gold", "archive.csv/x", "--from", "inline", "--to", "jsonl")


def test_audit_of_a_changed_log(cli, run_folder, tmp_path):
    assert cli("audit", "checkpoint", "--audit", "run/audit.log", "--out", "kept").code == 0
    whole = cli("audit", "verify", "--audit", "run/audit.log", "--checkpoint", "kept")
    assert whole.code == 0 and "unbroken" in whole.out
    log = run_folder / "audit.log"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + lines[1].replace(b"archive.csv", b"anothr.csv") + b"".join(lines[2:]))
    answer = cli("audit", "verify", "--audit", "run/audit.log")
    assert answer.code == 3 and "line 2: edited" in answer.err and answer.out == ""
    log.write_bytes(b"".join(lines[:-1]))
    assert cli("audit", "verify", "--audit", "run/audit.log").code == 0  # a chain alone can't show what was cut off
    assert cli("audit", "verify", "--audit", "run/audit.log", "--checkpoint", "kept").code == 3


def test_audit_log_in_words(cli, run_folder):
    answer = cli("audit", "log", "--audit", "run/audit.log", "--last", "1")
    assert answer.code == 0 and "ended the run" in answer.out and len(answer.out.splitlines()) == 1


def test_audit_refused(refused):
    assert refused("audit", "verify", "--audit", "none", code=3).startswith("none: no audit log that can be read")
    assert refused("audit", "log", "--last", "-1").startswith("Invalid value for '--last'")


def test_models(cli):
    assert "neural (default)" in cli("models").out
