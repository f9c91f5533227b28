"""Notes in: every kind of source, to the letter, and what is said of bad input."""

import datetime as dt
import hashlib
import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicenlp.errors import InputError, UsageError
from voicenlp.io.notes import read_notes
from voicenlp.records import Note

HOSTILE = 'He said "no"\r\nthen;\tleft|\xa0<p>&nbsp;</p>\n\n’…“ 😀\u200d \x00 {\\rtf1} \r end, '


def notes(source, **options):
    return [note for batch in read_notes(source, **options).batches() for note in batch]


def message(source, **options):
    with pytest.raises(InputError) as caught:
        read_notes(source, **options).check()
    text = str(caught.value)
    assert "\n" not in text
    return text


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


# --- CSV ---


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_text_comes_to_the_letter(tmp_path, delimiter, end, encoding):
    rows = [["note_id", "child_id", "date", "text"], ["n1", " 007 ", "09/03/2026", quoted(HOSTILE)], ["n2", "", "", quoted("  plain  ")]]
    path = tmp_path / "notes.csv"
    path.write_bytes((end.join(delimiter.join(row) for row in rows) + end).encode(encoding))
    first, second = notes(path)
    assert first == Note("n1", HOSTILE, "007", dt.date(2026, 3, 9))
    assert second == Note("n2", "  plain  ")
    assert read_notes(path).check() == 2


def test_csv_in_cp1252(tmp_path):
    path = write(tmp_path / "n.csv", "note_id,text\n1,Zoë said “I’m fine” – twice\n".encode("cp1252"))
    assert notes(path)[0].text == "Zoë said “I’m fine” – twice"


def test_csv_in_utf_16_from_excel(tmp_path):
    path = write(tmp_path / "n.csv", "note_id\ttext\r\n1,\tZoë 😀\r\n".encode("utf-16"))
    assert notes(path)[0] == Note("1,", "Zoë 😀")


def test_excel_s_sep_line(tmp_path):
    path = write(tmp_path / "n.csv", "sep=;\r\nnote_id;text\r\n1;a,b,c\r\n1;d\r\n")
    assert notes(path)[0].text == "a,b,c"
    assert "row 4, column 'note_id': '1' comes twice, first in row 3" in message(path)


def test_a_comma_in_every_text_does_not_win_over_the_semicolon(tmp_path):
    path = write(tmp_path / "n.csv", "note_id;text\n" + "".join(f"{i};one, two, three\n" for i in range(9)))
    assert notes(path)[8] == Note("8", "one, two, three")


def test_header_names_are_taken_loosely_and_blank_lines_passed_over(tmp_path):
    path = write(tmp_path / "n.csv", "\n Note ID ,TEXT,Author-Role\n\n1,a,SW\n\n")
    assert notes(path) == [Note("1", "a", author_role="SW")]


def test_a_cell_of_five_megabytes(tmp_path):
    long = "word 😀 " * 750_000
    path = write(tmp_path / "n.csv", f'note_id,text\n1,"{long}"\n2,short\n')
    assert [len(note.text) for note in notes(path)] == [len(long), 5]


def test_a_note_over_the_limit_is_rejected_and_the_rest_goes_on(tmp_path):
    source = read_notes(write(tmp_path / "n.csv", "note_id,text\n1,abcdef\n2,abcde\n"), limit_chars=5)
    for _ in range(2):  # a second pass starts afresh
        assert [note.note_id for batch in source.batches() for note in batch] == ["2"]
        assert [(reject.note_id, reject.stage) for reject in source.rejects] == [("1", "read")]
        assert "abc" not in source.rejects[0].reason
    assert source.check() == 2


def test_rows_are_counted_by_lines_of_the_file(tmp_path):
    path = write(tmp_path / "n.csv", 'note_id,text,date\r\n1,"two\r\nlines",\r\n\r\n2,x,31/02/2026\r\n')
    assert message(path) == f"{path}, row 5, column 'date': not a date in UK order (day, month, year): '31/02/2026'"


def test_duplicate_far_down(tmp_path):
    body = "".join(f'{i},"a\nb"\n' for i in range(3000))
    path = write(tmp_path / "n.csv", "note_id,text\n" + body + "17,again\n")
    assert "row 6002, column 'note_id': '17' comes twice, first in row 36" in message(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("note_id,text\n", "holds no notes"),
        ("note_id,words\n1,a\n", "column 'text': is missing; the columns there are: note_id, words"),
        ("note_id,text,Text \n1,a,b\n", None),
        ("note_id,text,text\n1,a,b\n", "column 'text': there are 2 columns of this name"),
        ("1017,secret\n1018,b\n", "column 'note_id': is missing; the first row holds data, not the names of columns"),
        ("words," + "secret " * 20 + "\n1,b\n", "there are: words, (not shown)"),
        ("id,note_id,text\n1,a secret,x\n2,a secret,y\n", "row 3, column 'note_id': the same value comes twice, first in row 2"),
        ("note_id,text\n1,a\n2\n", "row 3: has 1 cells where the header has 2"),
        ("note_id,text\n1,a\n2,secret,left\n", "row 3: has 3 cells where the header has 2"),
        ('note_id,text\n1,a\n2,"secret" left\n', "row 3: a quote is not closed"),
        ('note_id,text\n1,"secret\n2,b\n3,c\n', "row 2: a quote is not closed"),
        ("note_id,text\n1,a\n ,b\n", "row 3, column 'note_id': is empty"),
        ("note_id,text,date\n1,a,secret words 1\n", "row 2, column 'date': not a date in UK order (day, month, year) (value not shown)"),
        ("note_id,text,date\n1,a,03/13/2026\n", "row 2, column 'date'"),
    ],
)
def test_bad_csv_is_one_line_without_the_note(tmp_path, data, said):
    path = write(tmp_path / "notes.csv", data)
    if said is None:  # "text" is there to the letter, so "Text " is just another column
        assert notes(path)[0].text == "a"
        return
    text = message(path)
    assert text.startswith(str(path)) and said in text and "secret" not in text


def test_bytes_that_are_no_text_name_line_and_place(tmp_path):
    path = write(tmp_path / "n.csv", b"note_id,text\n1,caf\xe9\n2,\x81\n")
    assert message(path) == f"{path}, row 3: neither UTF-8 nor cp1252 at byte 23: save the file as UTF-8"


def test_utf8_with_one_broken_byte_is_not_taken_for_cp1252(tmp_path):
    path = write(tmp_path / "n.csv", "note_id,text\n1,Zoë’s “day”\n2,".encode() + b"\x92s\n")
    assert "row 3: damaged or mixed UTF-8 at byte" in message(path)


def test_utf8_cut_inside_a_character(tmp_path):
    path = write(tmp_path / "n.csv", "note_id,text\n1,Zoë é ’".encode()[:-1])
    assert "damaged or mixed UTF-8" in message(path)


def test_bytes_across_a_block_border(tmp_path):
    text = "a" * ((1 << 20) - 16) + "’" * 20
    assert notes(write(tmp_path / "n.csv", f"note_id,text\n1,{text}\n"))[0].text == text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5))
def test_any_text_survives_csv_jsonl_and_parquet(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("any")
    write(folder / "n.csv", "note_id,text\r\n" + "".join(f"{i},{quoted(text)}\r\n" for i, text in enumerate(texts)))
    write(folder / "n.jsonl", "".join(json.dumps({"note_id": i, "text": text}) + "\n" for i, text in enumerate(texts)))
    pq.write_table(pa.table({"note_id": range(len(texts)), "text": texts}), folder / "n.parquet")
    for name in ("n.csv", "n.jsonl", "n.parquet"):
        assert [note.text for note in notes(folder / name)] == texts, name


# --- JSON Lines ---


def test_json_lines(tmp_path):
    lines = [{"note_id": 1, "text": HOSTILE, "spans": []}, {"note_id": "b", "text": None}, {"note_id": 3.0, "author": "JT", "text": "x"}]
    path = write(tmp_path / "n.jsonl", "\ufeff" + "\r\n\r\n".join(json.dumps(line) for line in lines))
    assert notes(path) == [Note("1", HOSTILE), Note("b", ""), Note("3", "x", author="JT")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b'{"note_id": 1, "text": "a"}\nsecret\n', "row 2: not a line of JSON"),
        (b'{"note_id": 1, "text": "a"}\n[1]\n', "row 2: not a JSON object"),
        (b'{"note_id": 1, "text": "a"}\n{"note_id": 2, "text": "\xe9"}\n', "row 2: not UTF-8 at byte 25 of the line"),
        (b'{"note_id": 1, "text": ["secret"]}\n', "row 1, column 'text': holds list, not text"),
        (b'{"id": 1}\n', "column 'note_id': is missing; the columns there are: id"),
        (b'{"note_id": null, "text": "a"}\n', "row 1, column 'note_id': is empty"),
        (b"[" * 100_000, "row 1: not a line of JSON"),
    ],
)
def test_bad_json_lines(tmp_path, data, said):
    text = message(write(tmp_path / "n.jsonl", data))
    assert said in text and "secret" not in text


def test_half_a_character_is_rejected(tmp_path):
    source = read_notes(write(tmp_path / "n.jsonl", '{"note_id": 1, "text": "ab\\ud83d"}\n{"note_id": 2, "text": "\\ud83d\\ude00"}\n'))
    assert [note.text for batch in source.batches() for note in batch] == ["😀"]
    assert source.rejects[0].note_id == "1" and "half a character" in source.rejects[0].reason


# --- Parquet and tables ---


def test_parquet(tmp_path):
    table = pa.table(
        {
            "NoteID": [1.0, 2.0],
            "text": pa.array([HOSTILE, None]).dictionary_encode(),
            "date": pa.array([dt.datetime(2026, 3, 9, 23, 59, 59), None], pa.timestamp("ns")),
            "other": [[1], [2]],
        }
    )
    pq.write_table(table, tmp_path / "n.parquet")
    assert notes(tmp_path / "n.parquet") == [Note("1", HOSTILE, date=dt.date(2026, 3, 9)), Note("2", "")]


def test_bad_parquet(tmp_path):
    path = tmp_path / "n.parquet"
    pq.write_table(pa.table({"note_id": ["a", "b", "a"], "text": ["x", "y", "z"]}), path)
    assert "row 3, column 'note_id': 'a' comes twice, first in row 1" in message(path)
    write(path, path.read_bytes()[:-20])
    assert message(path) == f"{path}: not a Parquet file, or cut short"
    write(path, b"")
    assert "not a Parquet file" in message(path)
    pq.write_table(pa.table({"note_id": ["a"], "text": [b"x"]}), path)
    assert "column 'text': holds binary" in message(path)


ROWS = {"note_id": [1, 2, 3], "text": ["one\r\n", "", "3 😀"], "child_id": ["c", None, "d"], "date": [dt.date(2026, 1, 2)] * 3}
EXPECTED = [
    Note("1", "one\r\n", "c", dt.date(2026, 1, 2)),
    Note("2", "", "", dt.date(2026, 1, 2)),
    Note("3", "3 😀", "d", dt.date(2026, 1, 2)),
]


@pytest.mark.parametrize(
    "make",
    [
        pa.table,
        pd.DataFrame,
        pl.DataFrame,
        lambda data: pa.table(data).to_reader(),
        lambda data: pa.table(data).to_batches()[0],
        lambda data: pl.DataFrame(data).to_dicts(),
        lambda data: iter(EXPECTED),
        lambda data: EXPECTED,
    ],
    ids=["arrow", "pandas", "polars", "reader", "batch", "dicts", "generator", "notes"],
)
def test_tables_of_every_library(make):
    source = read_notes(make(ROWS))
    assert source.check() == 3
    assert list(source.batches(size=2)) == [EXPECTED[:2], EXPECTED[2:]]
    assert list(source.batches(size=2)) == [EXPECTED[:2], EXPECTED[2:]]
    assert source.extracted is False


def test_the_same_table_has_the_same_hash_in_every_library():
    hashes = {json.dumps([(one["sha256"], one["bytes"]) for one in read_notes(make(ROWS)).inputs]) for make in (pa.table, pl.DataFrame)}
    assert len(hashes) == 1
    other = {**ROWS, "text": ["one\n", "", "3 😀"]}
    assert read_notes(pa.table(other)).inputs[0]["sha256"] not in hashes.pop()


def test_pandas_with_mixed_kinds_nan_ids_and_an_index():
    frame = pd.DataFrame({"note_id": [1, "b"], "text": ["x", float("nan")], "child_id": [7.0, float("nan")]}, index=[5, 9])
    assert notes(frame) == [Note("1", "x", "7"), Note("b", "")]
    assert notes(frame.assign(date=pd.to_datetime(["2026-03-09 10:00", None])))[0].date == dt.date(2026, 3, 9)


@pytest.mark.parametrize("source", [[], iter([]), pa.table({"note_id": pa.array([], pa.string()), "text": pa.array([], pa.string())})])
def test_nothing_in_a_table(source):
    assert "holds no notes" in message(source)


def test_what_is_no_source():
    for source in (7, None, b"note_id,text", {"note_id": [1]}):
        with pytest.raises(UsageError):
            read_notes(source)
    assert "row 2: is a int" in message([Note("1", "a"), 7])


# --- files in general ---


def test_files_that_are_not_there_or_not_read(tmp_path):
    assert message(tmp_path / "no.csv") == f"{tmp_path / 'no.csv'}: no such file or folder"
    assert "no such file" in message(str(tmp_path / "no"))
    assert "save it as .xlsx" in message(write(tmp_path / "a.xls", b"x"))
    assert ".bin is not read" in message(write(tmp_path / "a.bin", b"x"))


def test_mapping(tmp_path):
    path = write(tmp_path / "n.csv", "ID,Note text, in full\n".replace(" text, in full", "Text") + "1,a\n")
    assert (
        notes(path, columns="note_id=ID,text=NoteText") == notes(path, columns={"note_id": "id", "text": "Note Text"}) == [Note("1", "a")]
    )
    assert "column 'Ref': is missing; the columns there are: ID, NoteText" in message(path, columns="note_id=Ref,text=NoteText")
    for wrong in ("note=ID", "note_id", "note_id=", "note_id=ID,note_id=ID"):
        with pytest.raises(UsageError):
            read_notes(path, columns=wrong)


def test_inputs_of_a_file(tmp_path):
    path = write(tmp_path / "n.csv", "note_id,text\n1,a\n")
    assert read_notes(path).inputs == [{"name": "n.csv", "sha256": hashlib.sha256(b"note_id,text\n1,a\n").hexdigest(), "bytes": 17}]


def test_batches_are_read_as_they_are_asked_for(tmp_path):
    path = write(tmp_path / "n.csv", "note_id,text\n" + "1,a\n" * 1000 + "broken\n")
    batches = read_notes(path).batches(size=500)
    assert len(next(batches)) == 500 and len(next(batches)) == 500
    with pytest.raises(InputError, match="row 1002"):
        next(batches)
    with pytest.raises(UsageError):
        read_notes(path).batches(size=0)


def test_a_record_in_place_of_a_header_is_not_shown(tmp_path):
    path = write(tmp_path / "notes.csv", b"n1,Kai said he is afraid\nn2,nothing\n")
    assert "afraid" not in message(path)
