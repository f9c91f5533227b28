"""``voicenlp attach`` for every kind of return."""

import csv
import json
import sqlite3
from pathlib import Path

import openpyxl
import pytest

CENSUS = """<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year></CollectionDetails></Header><Children>
<Child><ChildIdentifiers><LAchildID>C1</LAchildID></ChildIdentifiers>
<CINdetails><CINreferralDate>2025-04-01</CINreferralDate></CINdetails></Child></Children></Message>
"""


def rows(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_cin(cli, run_folder):
    Path("census.xml").write_text(CENSUS)
    answer = cli("attach", "run", "--to", "cin:census.xml", "--out", "linked")
    assert answer.code == 0 and "cin_details" in answer.out
    assert Path("linked/census.xml").read_text() == CENSUS
    assert [row["voice_notes"] for row in rows("linked/children.csv") + rows("linked/cin_details.csv")] == ["2", "2"]


def test_ssda903_xml(cli, run_folder):
    Path("903.xml").write_text("<EXPSSDA903><CHILD><HEADER><CHILDID>c2</CHILDID></HEADER></CHILD></EXPSSDA903>")
    assert cli("attach", "run", "--to", "ssda903:903.xml", "--out", "linked", "--format", "parquet").code == 0
    assert {"header.parquet", "903.xml"} <= {path.name for path in Path("linked").iterdir()}


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_annex_a(cli, run_folder, format):
    book = openpyxl.Workbook()
    book.active.title = "List 1"
    for row in (["Child Unique ID", "Gender", "Date of Contact"], ["c1", "F", "01/04/2025"], ["zz", "F", "=1+1"]):
        book.active.append(row)
    book.save("annex.xlsx")
    assert cli("attach", "run", "--to", "annex-a:annex.xlsx", "--out", "linked", "--format", format).code == 0
    if format == "csv":
        assert [row["voice_link"] for row in rows("linked/List 1.csv")] == ["linked", "child not in the notes"]
    else:
        assert openpyxl.load_workbook("linked/return-with-voice.xlsx")["List 1"].max_row == 3
    logged = [json.loads(line) for line in Path("run/audit.log").read_text().splitlines()]
    (attached,) = [event for event in logged if event.get("event") == "return.attached"]
    assert attached["data"]["counts"] == {"List_1": 2}
    assert cli("audit", "verify", "--audit", "run/audit.log").code == 0


def test_ssd(cli, run_folder, tmp_path):
    with sqlite3.connect("ssd.db") as connection:
        connection.executescript("CREATE TABLE ssd_person (pers_person_id TEXT); INSERT INTO ssd_person VALUES ('c1'), ('zz')")
    assert cli("attach", "run", "--to", "ssd:sqlite:///ssd.db", "--out", "linked").code == 0
    assert [row["voic_notes"] for row in rows("linked/ssd_voice.csv")] == ["2", ""]
    with sqlite3.connect("ssd.db") as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)  # nothing is written unasked
    assert cli("attach", "run", "--to", "ssd:sqlite:///ssd.db", "--out", "linked", "--write-back").code == 0
    with sqlite3.connect("ssd.db") as connection:
        assert connection.execute("SELECT voic_person_id, voic_notes FROM ssd_voice").fetchall() == [("c1", 2), ("zz", None)]


def test_any_table_with_a_crosswalk(cli, run_folder):
    Path("visits.csv").write_text("who,when\n77,02/04/2025\nc2,01/05/2025\n")
    Path("ids.csv").write_text("return_id,notes_id\n77,c1\n")
    arguments = ("--columns", "child_id=who,date=when", "--crosswalk", "ids.csv", "--review-window", "0,0")
    assert cli("attach", "run", "--to", "table:visits.csv", "--out", "linked", *arguments).code == 0
    assert [(row["voice_link"], row["voice_notes"]) for row in rows("linked/visits.csv")] == [
        ("linked by the crosswalk", "1"),
        ("linked", "1"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "cin:none.xml"), "none.xml: no such file or folder"),
        (("--to", "annex-a:archive.csv"), "archive.csv: is broken"),
        (("--to", "ssd:sqlite:///none.db"), "sqlite:///none.db: no such database file"),
        (("--to", "ssd:postgresql://me:SECRET@host/db", "--columns", "child_id=x"), "--columns goes with table:FILE only"),
        (("--to", "postgresql://me:SECRET@host/db"), "--to must be ssda903:FOLDER"),
        (("--to", "cin:x.xml", "--schema", "dbo"), "--schema goes with ssd:URL only"),
        (("--to", "cin:x.xml", "--write-back"), "--write-back goes with ssd:URL only"),
        (("--to", "table:archive.csv", "--columns", "child=x"), "columns: 'child' is none of child_id, date, start, end, note_id"),
        (("--to", "table:archive.csv", "--crosswalk", "none.csv"), "none.csv: no such file or folder"),
        (("--to", "csv:archive.csv"), "--to: 'csv:archive.csv' must be ssda903:FOLDER"),
    ],
)
def test_refused(refused, run_folder, arguments, message):
    assert refused("attach", "run", *arguments, "--out", "linked").startswith(message)
    assert not Path("linked").exists()
