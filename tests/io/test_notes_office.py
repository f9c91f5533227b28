"""Notes from Excel workbooks and databases."""

import datetime as dt
import hashlib
import sqlite3
import zipfile

import openpyxl
import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.io.notes import read_notes
from voicenlp.records import Note


def notes(source, **options):
    return [note for batch in read_notes(source, **options).batches() for note in batch]


def book(path, rows, title="Sheet"):
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


def test_workbook(tmp_path):
    rows = [
        [],
        ["Note ID", "Text", "Date", "child id", None],
        [1001, "one_x000D_\ntwo\xa0😀 =x", dt.datetime(2026, 3, 9, 14, 0), 7.0],
        [],
        [1002, None, 46090, "007", "stray"],
        [1003, 12, "9 Mar 2026"],
    ]
    path = book(tmp_path / "n.xlsx", rows)
    assert notes(path) == [
        Note("1001", "one\r\ntwo\xa0😀 =x", "7", dt.date(2026, 3, 9)),
        Note("1002", "", "007", dt.date(2026, 3, 9)),
        Note("1003", "12", "", dt.date(2026, 3, 9)),
    ]
    assert read_notes(path).check() == 3


def test_rows_are_counted_as_excel_does(tmp_path):
    path = book(tmp_path / "n.xlsx", [["note_id", "text", "date"], [1, "a"], [], [2, "b", "31/02/2026"]])
    with pytest.raises(InputError, match="row 4, column 'date': not a date"):
        read_notes(path).check()


def test_only_the_first_visible_sheet_is_read(tmp_path):
    made = openpyxl.Workbook()
    made.active.append(["lookup"])
    made.active.sheet_state = "hidden"
    sheet = made.create_sheet("Notes")
    sheet.append(["note_id", "text"])
    sheet.append(["a", "b"])
    made.save(tmp_path / "n.xlsx")
    assert notes(tmp_path / "n.xlsx") == [Note("a", "b")]


def test_bad_workbooks(tmp_path):
    path = tmp_path / "n.xlsx"

    def said():
        with pytest.raises(InputError) as caught:
            read_notes(path).check()
        assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
        return str(caught.value)

    path.write_bytes(b"note_id,text\n1,a\n")
    assert "not a readable Office file" in said()
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "locked with a password" in said()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    assert "not a readable workbook" in said()
    book(path, [])
    assert "is empty" in said()
    book(path, [["note_id", "text"]])
    assert "holds no notes" in said()
    whole = book(path, [["note_id", "text"], [1, "a"]]).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "not a readable Office file" in said()


@pytest.fixture
def database(tmp_path):
    with sqlite3.connect(tmp_path / "cms.db") as connection:
        connection.execute(
            "create table case_notes (id integer, person_id integer, note_type text, created_on text, created_by text, note text)"
        )
        rows = [(1, 7, "Visit", "2026-03-09 10:00:00", "JT", "a\r\nb"), (2, 8, "Call", "2026-03-10", "JT", None)]
        connection.executemany("insert into case_notes values (?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{tmp_path / 'cms.db'}"


def test_database(database):
    query = (
        "select id as note_id, note as text, person_id as child_id, created_on as date from case_notes where note_type <> ':x' order by id"
    )
    source = read_notes(database, query=query)
    assert source.check() == 2
    for _ in range(2):
        assert list(source.batches()) == [[Note("1", "a\r\nb", "7", dt.date(2026, 3, 9)), Note("2", "", "8", dt.date(2026, 3, 10))]]
    sent, rows = source.inputs
    assert sent["sha256"] == hashlib.sha256(query.encode()).hexdigest() and sent["bytes"] == len(query)
    assert rows == source.inputs[1] and rows["bytes"] > 0


def test_database_known_by_its_columns(database):
    assert notes(database, query="select * from case_notes where id = 1") == [
        Note("1", "a\r\nb", "7", dt.date(2026, 3, 9), author="JT", note_type="Visit")
    ]


def test_bad_database(database, tmp_path):
    with pytest.raises(UsageError, match="needs a query"):
        read_notes(database)
    with pytest.raises(UsageError, match="goes with a database URL only"):
        read_notes(tmp_path / "n.csv", query="select 1")
    with pytest.raises(InputError, match="no such table: absent"):
        read_notes(database, query="select * from absent")
    with pytest.raises(InputError, match="no such database file"):
        read_notes(f"sqlite:///{tmp_path / 'absent.db'}", query="select 1")
    assert not (tmp_path / "absent.db").exists()
    with pytest.raises(InputError, match="holds no notes"):
        read_notes(database, query="select id as note_id, note as text from case_notes where id = 9").check()
    with pytest.raises(InputError, match="row 2, column 'note_id': '1' comes twice"):
        read_notes(database, query="select 1 as note_id, note as text from case_notes").check()
    with pytest.raises(UsageError, match="URL"):
        read_notes("sqlite://[", query="select 1")


def test_a_database_s_own_words_are_cut_before_what_they_quote(database, tmp_path):
    with sqlite3.connect(tmp_path / "cms.db") as connection:
        connection.execute("update case_notes set note = cast(x'736563726574ff' as text) where id = 2")
    connection.close()
    with pytest.raises(InputError) as caught:
        read_notes(database, query="select id as note_id, note as text from case_notes").check()
    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown():
    with pytest.raises((InputError, UsageError)) as caught:
        read_notes("postgresql://me:hush@/db?host=/nowhere", query="select 1")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("missing", ["openpyxl", "sqlalchemy"])
def test_without_the_extra(tmp_path, monkeypatch, missing):
    import voicenlp.io.documents as documents

    monkeypatch.setattr(documents, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'pip install "voicenlp\[office\]"'):
        if missing == "openpyxl":
            read_notes(book(tmp_path / "n.xlsx", [["note_id", "text"]]))
        else:
            read_notes("sqlite:///x.db", query="select 1")
