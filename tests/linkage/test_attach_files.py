import csv
import json

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicenlp.errors import UsageError
from voicenlp.linkage import attach, read_ssda903, write

HEADER = "CHILD,SEX,UPN\n"


def cells(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def linked(make_return, make_run):
    folder = make_return(header=HEADER + 'A,1,=1+1\nB,2,"x, ""y"""\n')
    return attach(make_run(("n1", "A", "2025-01-01", 2)), read_ssda903(folder))


def test_csv_files(linked, tmp_path):
    paths = write(linked, tmp_path / "new" / "out")
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == [
        "coverage.csv", "dictionary.csv", "dictionary.json", "findings.csv", "header.csv", "unlinked.csv",
    ]  # fmt: skip
    rows = cells(paths["header"])
    assert [row[:3] for row in rows] == [["CHILD", "SEX", "UPN"], ["A", "1", "=1+1"], ["B", "2", 'x, "y"']]
    at = {name: place for place, name in enumerate(rows[0])}
    assert [row[at["voice_voices_child"]] for row in rows[1:]] == ["2", ""]
    assert [row[at["voice_date_last_heard"]] for row in rows[1:]] == ["2025-01-01", ""]


def test_both_dictionaries_say_the_same(linked, tmp_path):
    paths = write(linked, tmp_path / "out")
    package = json.loads(paths["dictionary.json"].read_text(encoding="utf-8"))
    said = [(one["name"], field["name"], field["description"]) for one in package["resources"] for field in one["schema"]["fields"]]
    head, *rows = cells(paths["dictionary"])
    assert [(row[head.index("table")], row[head.index("name")], row[head.index("description")]) for row in rows] == said
    for one in package["resources"]:
        assert cells(tmp_path / "out" / one["path"])[0] == [field["name"] for field in one["schema"]["fields"]]


def test_parquet_files(linked, tmp_path):
    paths = write(linked, tmp_path / "out", "parquet")
    assert pq.read_table(paths["header"]).equals(linked.tables["header"])
    assert paths["dictionary"].suffix == ".parquet"
    assert paths["dictionary.json"].exists()


def test_old_files_stay_where_a_new_one_fails(linked, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(linked, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("voicenlp.linkage.writing._parquet", fail)
    monkeypatch.setattr("voicenlp.linkage.writing._csv", fail)
    with pytest.raises(UsageError, match="No space left"):
        write(linked, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_what_can_not_be_written(linked, make_return, make_run, tmp_path):
    with pytest.raises(UsageError, match="xml"):
        write(linked, tmp_path / "out", "xml")
    with pytest.raises(UsageError, match="the return's own folder"):
        write(linked, tmp_path / "return" / ".." / "return")
    folder = make_return(header=HEADER, Coverage="CHILD\nA\n")
    with pytest.raises(UsageError, match="coverage"):
        write(attach(make_run(), read_ssda903(folder)), tmp_path / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="can't be made"):
        write(linked, tmp_path / "file" / "out")


values = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.tuples(values, values, values), max_size=5))
def test_any_value_comes_back_to_the_letter(make_run, tmp_path, rows):
    folder = tmp_path / "return"
    folder.mkdir(exist_ok=True)
    with (folder / "header.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("CHILD", "SEX", "UPN"), *rows])
    paths = write(attach(make_run(("n1", "A", "2025-01-01", 1)), read_ssda903(folder)), tmp_path / "out")
    assert [row[:3] for row in cells(paths["header"])[1:]] == [list(row) for row in rows]
