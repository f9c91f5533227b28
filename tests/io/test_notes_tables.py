"""Tables out and in."""

import datetime as dt
import json
import math

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.io.tables import read_table, replacing, write_table

TABLE = pa.table(
    {
        "child_id": ["007", "=1+1", None],
        "days": pa.array([-3, None, 5], pa.int32()),
        "share": [-0.5, math.nan, 1.0],
        "date": pa.array([dt.date(2026, 3, 9), None, dt.date(2026, 3, 10)]),
        "expression": [["wish", "-x"], [], None],
        "seen": [True, False, None],
    }
)


def test_csv_is_harmless_and_numbers_untouched(tmp_path):
    path = write_table(TABLE, tmp_path / "t", "csv")
    assert path == tmp_path / "t.csv"
    assert path.read_text().splitlines() == [
        "child_id,days,share,date,expression,seen",
        "007,-3,-0.5,2026-03-09,wish;-x,true",
        "'=1+1,,,,,false",
        ",5,1.0,2026-03-10,,",
    ]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\ta", "\ra", "-"])
def test_every_risky_beginning(tmp_path, cell):
    assert read_table(write_table(pa.table({"a": [cell, "x" + cell]}), tmp_path / "t", "csv")).to_pydict() == {
        "a": ["'" + cell, "x" + cell]
    }


def test_json_lines(tmp_path):
    path = write_table(TABLE, tmp_path / "t.jsonl", "jsonl")
    first, second, _ = (json.loads(line) for line in path.read_text().splitlines())
    assert first == {"child_id": "007", "days": -3, "share": -0.5, "date": "2026-03-09", "expression": ["wish", "-x"], "seen": True}
    assert second["share"] is None and second["child_id"] == "=1+1"


def test_parquet_comes_back_as_it_was(tmp_path):
    path = write_table(TABLE.to_reader(), tmp_path / "v1.2")
    assert path.name == "v1.2.parquet"
    back = read_table(path)
    assert back.schema == TABLE.schema and back.drop_columns(["share"]) == TABLE.drop_columns(["share"])


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_tables_of_other_libraries(tmp_path, make):
    assert read_table(write_table(make({"a": ["x"]}), tmp_path / "t")).to_pydict() == {"a": ["x"]}


def test_a_failure_leaves_nothing_and_spoils_nothing(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


def test_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="none of parquet, csv, jsonl"):
        write_table(TABLE, tmp_path / "t", "xlsx")
    with pytest.raises(UsageError, match="can't be written"):
        write_table(TABLE, tmp_path / "absent" / "t")


def test_csv_is_read_as_text(tmp_path):
    path = tmp_path / "episodes.csv"
    path.write_bytes("CHILD;DECOM;UPN\r\n007;01/04/2025;A012\r\n8;;Zoë\r\n".encode("cp1252"))
    assert read_table(path).to_pydict() == {"CHILD": ["007", "8"], "DECOM": ["01/04/2025", None], "UPN": ["A012", "Zoë"]}
    path.write_text("a,b,a\n1,2,3\n")
    with pytest.raises(InputError, match="column 'a': comes twice"):
        read_table(path)


def test_excel_and_json_lines_of_mixed_kinds_become_text(tmp_path):
    book = openpyxl.Workbook()
    for row in (["id", "n"], ["x", 1], [7, 2]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    assert read_table(tmp_path / "t.xlsx").to_pydict() == {"id": ["x", "7"], "n": [1, 2]}
    (tmp_path / "t.jsonl").write_text('{"a": 1}\n{"a": "x", "b": ["y"]}\n')
    assert read_table(tmp_path / "t.jsonl").to_pydict() == {"a": ["1", "x"], "b": [None, ["y"]]}
