"""The roster."""

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voicenlp.errors import InputError
from voicenlp.io.people import read_people
from voicenlp.records import Person

EXPECTED = {
    "7": [Person("7", "p1", "Karen Holt", ("Kaz", "Mum"), "mother"), Person("7", "p2", "Tia Holt", (), "child")],
    "": [Person("", "w1", "Jo Ash", (), "social worker")],
}
ROWS = [
    ["Child ID", "person_id", "Name", "also", "role"],
    [7, "p1", " Karen Holt", "Kaz; Mum;;Kaz", "mother"],
    [None, "w1", "Jo Ash", None, "social worker"],
]
ROWS.append([7, "p2", "Tia Holt", "", "child"])


def make(kind, folder):
    path = folder / f"people.{kind}"
    if kind == "xlsx":
        book = openpyxl.Workbook()
        for row in ROWS:
            book.active.append(row)
        book.save(path)
    elif kind == "csv":
        path.write_text("".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in ROWS), encoding="utf-8-sig")
    else:
        pq.write_table(pa.table(dict(zip(ROWS[0], zip(*ROWS[1:], strict=True), strict=True))), path)
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_roster(tmp_path, kind):
    assert read_people(make(kind, tmp_path)) == EXPECTED


def test_only_names_are_needed():
    assert read_people([{"name": "Jo"}, {"name": "Al", "also": ["A", "B"]}]) == {
        "": [Person("", "", "Jo"), Person("", "", "Al", ("A", "B"))]
    }


def test_bad_rosters(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("child_id,person\n1,x\n")
    with pytest.raises(InputError, match="column 'name': is missing; the columns there are: child_id, person"):
        read_people(path)
    path.write_text("child_id,name\n1,x\n2,\n")
    with pytest.raises(InputError, match="row 3, column 'name': is empty"):
        read_people(path)
    with pytest.raises(InputError, match="no such file"):
        read_people(tmp_path / "absent.csv")
