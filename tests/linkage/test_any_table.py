import datetime as dt

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.linkage import WindowSettings, attach, read_any_table, write
from voicenlp.linkage.any_table import parse_columns

VISITS = 'Person ID,Seen on,Note\n007,03/02/2025,"a ""b"""\n7,x,\n,03/02/2025,\nB,,\n'


def table(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def column(linked, name, of="visits"):
    return linked.tables[of].column(name).to_pylist()


def test_events(tmp_path, make_run):
    returned = read_any_table(table(tmp_path, "visits.csv", VISITS), "child_id=Person ID,date=Seen on")
    assert returned.tables["visits"].to_pylist()[0] == {"Person ID": "007", "Seen on": "03/02/2025", "Note": 'a "b"'}
    linked = attach(make_run(("n1", "007", "2025-02-01", 2), ("n2", "007", "2025-03-20", 4)), returned, review_window=(5, 5))
    assert column(linked, "voice_link") == ["linked", "child's id can't be told from another", "no child id", "child not in the notes"]
    assert column(linked, "voice_voices_child") == [2, None, None, None]
    said = [(f["row"], f["column"], f["kind"]) for f in returned.findings.to_pylist()]
    assert {(3, "Seen on", "date"), (4, "Person ID", "id"), (5, "Seen on", "date"), (2, "Person ID", "id")} <= set(said)


def test_intervals_children_and_notes(tmp_path, make_run):
    run = make_run(("n1", "A", "2025-02-01", 2), ("n2", "A", "2025-03-20", 4), ("n3", "A", None, 8))
    spells = table(tmp_path, "spells.csv", "id,from,to\nA,2025-02-01,2025-02-28\nA,2025-03-01,\n")
    linked = attach(run, read_any_table(spells, {"child_id": "id", "start": "from", "end": "to"}))
    assert column(linked, "voice_voices_child", "spells") == [2, 4]
    whole = table(tmp_path, "children.csv", "child_id,team\nA,x\n")
    assert column(attach(run, read_any_table(whole)), "voice_voices_child", "children") == [14]
    forms = table(tmp_path, "forms.csv", "note_id\nn2\nn9\n n3 \n")
    linked = attach(run, read_any_table(forms))
    assert column(linked, "voice_link", "forms") == ["linked by the note's id", "no child id", "linked by the note's id"]
    assert column(linked, "voice_voices_child", "forms") == [4, None, 8]


def test_types_of_parquet_stay(tmp_path, make_run):
    path = tmp_path / "visits.parquet"
    made = pa.table({"child_id": [7, 8], "date": pa.array([dt.date(2025, 2, 3), None]), "tags": [["a"], []], "share": [0.5, None]})
    pq.write_table(made, path)
    linked = attach(make_run(("n1", "007", "2025-02-01", 2)), read_any_table(path))
    assert linked.tables["visits"].select(made.column_names).equals(made)
    assert column(linked, "voice_voices_child") == [2, None]
    assert pq.read_table(write(linked, tmp_path / "out", "parquet")["visits"]).equals(linked.tables["visits"])


def test_excel(tmp_path, make_run):
    book = openpyxl.Workbook()
    for row in (["child_id", "date", None], [7, dt.datetime(2025, 2, 3), "=1+1"]):
        book.active.append(row)
    book.save(tmp_path / "visits.xlsx")
    returned = read_any_table(tmp_path / "visits.xlsx")
    assert returned.tables["visits"].to_pylist() == [{"child_id": "7", "date": "2025-02-03", "column_3": "=1+1"}]
    assert [(f["row"], f["column"], f["kind"]) for f in returned.findings.to_pylist()] == [(2, "column_3", "formula")]
    assert returned.windows("visits", WindowSettings(1, 1))[0].start == dt.date(2025, 2, 2)


def test_columns_as_they_are_called(tmp_path):
    path = table(tmp_path, "a.csv", "ID,id,When\nx,A,2025-01-01\n")
    assert read_any_table(path, "child_id=id,date=When").children("a") == ["A"]
    assert read_any_table(path, "child_id=ID,date=When").children("a") == ["x"]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ("child_id=None here,date=Seen on", InputError, "None here"),
        ("date=Seen on", InputError, "child_id"),
        ("person=Person ID", UsageError, "'person' is none of child_id, date, start, end, note_id"),
        ("child_id", UsageError, "given no column"),
        ("child_id=a,child_id=b", UsageError, "twice"),
        ("child_id=Person ID,date=Seen on,start=Note", UsageError, "not both"),
    ],
)
def test_columns_that_can_not_be(tmp_path, columns, error, message):
    with pytest.raises(error, match=message):
        read_any_table(table(tmp_path, "visits.csv", VISITS), columns)


def test_names_with_commas_and_equals_signs():
    assert parse_columns("child_id=ID, of the child,date=When = seen") == {"child_id": "ID, of the child", "date": "When = seen"}


def test_no_table(tmp_path):
    for name, content in (("a.csv", ""), ("b.txt", "x"), ("c.parquet", "x")):
        with pytest.raises((InputError, UsageError)):
            read_any_table(table(tmp_path, name, content), "child_id=x")


def test_the_table_is_never_written_over(tmp_path, make_run):
    linked = attach(make_run(), read_any_table(table(tmp_path, "visits.csv", VISITS), "child_id=Person ID"))
    with pytest.raises(UsageError, match="would be overwritten"):
        write(linked, tmp_path)
    assert (tmp_path / "visits.csv").read_text() == VISITS
