import datetime as dt
from io import BytesIO

import pyarrow as pa
import pytest

from voicenlp.io.tables import harmless, write_table


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "\uff1d1", "\uff20x", "=cmd|' /C calc'!A0"],
)
def test_text_that_a_spreadsheet_would_run(cell):
    assert harmless(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "Tia - 7", "a=b", "[child] said", "'=1", " ", -7, -0.5, None, True, dt.date(2026, 3, 1)])
def test_everything_else_is_left(cell):
    assert harmless(cell) is cell


def test_in_csv_numbers_stay_numbers(tmp_path):
    path = write_table(pa.table({"n": [-7], "=x": [" =1"]}), tmp_path / "t", "csv")
    assert path.read_text() == "n,'=x\n-7,' =1\n"


def test_in_excel_it_is_no_formula():
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append([harmless("=1+1"), harmless(-7)])
    file = BytesIO()
    book.save(file)
    text, number = openpyxl.load_workbook(file).active[1]
    assert text.data_type == "s" and text.value == "'=1+1" and number.value == -7
