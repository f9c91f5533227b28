import datetime as dt

import openpyxl
import pytest

from voicenlp.errors import InputError
from voicenlp.linkage import WindowSettings, attach, read_annex_a, write
from voicenlp.linkage.annex_a import seen_alone

PERSON = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age"]
CONTACTS = [*PERSON, "Date of Contact", "Contact Source"]
PLANS = [
    *PERSON, "Does the Child have a Disability", "Child Protection Plan Start Date", "Initial Category of Abuse",
    "Latest Category of Abuse",
    "Date of the Last Statutory Visit", "Was the Child Seen Alone?", "Date of latest review conference", "Child Protection Plan End Date",
    "Subject to Emergency Protection Order or Protected Under Police Powers in Last Six Months (Y/N)",
    "Number of Previous Child Protection Plans", "Allocated Team", "Allocated Worker",
]  # fmt: skip


def contact(child, date, source="q) 6: Police"):
    return [child, "b) Female", "a) WBRI", dt.datetime(2015, 1, 25), 6.5, date, source]


def plan(child, start, end, alone):
    return [child, "a) Male", "a) WBRI", None, 9, "b) No", start, "NEG", "NEG", None, alone, None, end, "b) No", 0, "Team\u00a01", "#N/A"]


@pytest.fixture
def book(tmp_path):
    """Write a workbook of sheets given as rows by title, and give its path."""

    def make(sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append(row)
        made.save(tmp_path / "annex.xlsx")
        return tmp_path / "annex.xlsx"

    return make


def found(returned, kind=None):
    return [(f["table"], f["row"], f["column"], f["finding"]) for f in returned.findings.to_pylist() if kind in (None, f["kind"])]


def test_cells_come_as_they_stand(book):
    returned = read_annex_a(
        book(
            {
                "List 1": [
                    CONTACTS,
                    contact(9212044, dt.datetime(2025, 9, 16)),
                    contact("0012 ", "16/09/2025", "x\x0by".replace("\x0b", " ")),
                ]
            }
        )
    )
    assert returned.tables["List 1"].to_pylist() == [
        dict(zip(CONTACTS, ["9212044", "b) Female", "a) WBRI", "2015-01-25", "6.5", "2025-09-16", "q) 6: Police"], strict=True)),
        dict(zip(CONTACTS, ["0012 ", "b) Female", "a) WBRI", "2015-01-25", "6.5", "16/09/2025", "x y"], strict=True)),
    ]


def test_the_header_is_found_below_titles_and_empty_rows(book):
    rows = [
        ["Annex A"],
        [],
        ["Date of extract", dt.datetime(2025, 1, 1)],
        [],
        CONTACTS,
        contact("A", dt.datetime(2025, 1, 2)),
        [],
        contact("B", None),
    ]
    returned = read_annex_a(book({"List 1 - Contacts": rows}))
    assert returned.tables["List 1 - Contacts"].column("Child Unique ID").to_pylist() == ["A", "B"]
    assert returned.lines["List 1 - Contacts"] == [6, 8]
    assert ("List 1 - Contacts", 5, "", "2 rows above the header; left out") in found(returned)
    assert ("List 1 - Contacts", 8, "Date of Contact", "empty") in found(returned)


@pytest.mark.parametrize(
    ("title", "kind"), [("List 1", "list_1"), ("list_01 Contacts", "list_1"), ("Contacts", "list_1"), ("LIST 7 CPP", "list_7")]
)
def test_a_list_is_known_by_its_name_or_its_columns(book, title, kind):
    rows = [[name.upper() for name in CONTACTS], contact("A", None)] if kind == "list_1" else [PLANS, plan("A", None, None, None)]
    assert read_annex_a(book({title: rows})).parts[title].kind == kind


def test_sheets_that_are_no_list(book):
    returned = read_annex_a(
        book(
            {
                "Guidance": [["Please fill in all lists"]],
                "Empty": [],
                "List 1": [CONTACTS],
                "Pets": [["Child Unique ID", "Gender", "Ethnicity", "Pet"], ["A", "x", "y", "dog"]],
            }
        )
    )
    assert set(returned.tables) == {"List 1", "Pets"}
    assert returned.tables["List 1"].num_rows == 0
    assert ("Guidance", None, "", "no row with the columns of a list; left out") in found(returned)
    assert ("Empty", None, "", "the sheet is empty; left out") in found(returned)
    assert returned.children("Pets") == ["A"]


def test_formulas_and_errors_are_text_and_listed(book, tmp_path, make_run):
    path = book({"List 1": [CONTACTS, contact("=1+1", "=F2+5"), contact("A", dt.datetime(2025, 1, 2), "#N/A")]})
    returned = read_annex_a(path)
    assert returned.tables["List 1"].column("Date of Contact").to_pylist() == ["=F2+5", "2025-01-02"]
    assert found(returned, "formula") == [
        ("List 1", 2, "Child Unique ID", "a formula; taken as text"),
        ("List 1", 2, "Date of Contact", "a formula; taken as text"),
        ("List 1", 3, "Contact Source", "an error of the spreadsheet; taken as text"),
    ]
    linked = attach(make_run(("n", "A", "2025-01-20", 2)), returned)
    out = write(linked, tmp_path / "out", "xlsx")["List 1"]
    sheet = openpyxl.load_workbook(out)["List 1"]
    assert [[cell.value for cell in row[:7]] for row in sheet.iter_rows(min_row=2)] == [
        ["=1+1", "b) Female", "a) WBRI", "2015-01-25", "6.5", "=F2+5", "q) 6: Police"],
        ["A", "b) Female", "a) WBRI", "2015-01-25", "6.5", "2025-01-02", "#N/A"],
    ]
    assert {cell.data_type for row in sheet.iter_rows(max_col=7) for cell in row} == {"s"}
    head = [cell.value for cell in sheet[1]]
    assert sheet.cell(3, head.index("voice_voices_child") + 1).value == 2
    assert {"coverage", "unlinked", "findings", "dictionary"} <= set(openpyxl.load_workbook(out).sheetnames)


def test_windows(book):
    returned = read_annex_a(
        book(
            {
                "List 1": [CONTACTS, contact("A", dt.datetime(2025, 1, 2)), contact("A", "02/01/20251")],
                "List 7": [PLANS, plan("A", dt.datetime(2025, 1, 2), None, "Y"), plan("A", "03/01/2024", "03/02/2024", "N")],
                "List 11": [
                    ["Individual adopter identifier", "Family identifier", "Gender", "Date enquiry received"],
                    ["7", "8", "x", None],
                ],
            }
        )
    )
    first, second = returned.windows("List 1", WindowSettings())
    assert (first.start, first.end, second.fault) == (dt.date(2025, 1, 2), dt.date(2025, 1, 30), "bad date")
    plans = returned.windows("List 7", WindowSettings())
    assert [(one.start, one.end) for one in plans] == [(dt.date(2025, 1, 2), None), (dt.date(2024, 1, 3), dt.date(2024, 2, 3))]
    assert returned.children("List 11") == [""]  # an adult's id is no child's


def test_dirty_answers_are_accepted_and_others_listed(book):
    answers = [
        "a) Yes",
        "1 - Yes",
        "Child seen",
        "Seen alone ",
        "Yes-See care notes for details",
        "No Visit - new in last month",
        "maybe",
        None,
        "#N/A",
    ]
    returned = read_annex_a(book({"List 7": [PLANS, *(plan(str(n), dt.datetime(2025, 1, 2), None, one) for n, one in enumerate(answers))]}))
    assert [row for _, row, column, _ in found(returned, "code") if column == "Was the Child Seen Alone?"] == [8, 10]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a) Yes", "alone"), ("1 - Yes", "alone"), ("TRUE", "alone"), ("\u00a0Y ", "alone"), ("Child seen alone", "alone"),
        ("b) No", "not alone"), ("0 - No", "not alone"), ("Not seen alone", "not alone"), ("False", "not alone"),
        ("Child seen", "seen"), ("Seen", "seen"), ("Yes-See care notes for details", "seen"), ("Not  seen", "not seen"),
        ("Child not seen", "not seen"),
        ("c) Unknown", "unknown"), ("No Visit - new in last month", "unknown"), ("", ""), ("  ", ""),
        ("perhaps", "other"), ("=A1", "other"),
    ],
)  # fmt: skip
def test_seen_alone_is_not_the_same_as_seen(value, said):
    assert seen_alone(value) == said


def test_rows_and_order_come_back(book, make_run, tmp_path):
    rows = [contact(str(n % 3), dt.datetime(2025, 1, 1 + n)) for n in range(20)]
    returned = read_annex_a(book({"List 1": [CONTACTS, *rows], "List: 2/x".replace(":", "").replace("/", " "): [CONTACTS, *rows]}))
    linked = attach(make_run(("n", "1", "2025-01-20", 2)), returned)
    for name, table in linked.tables.items():
        assert table.select(returned.tables[name].column_names).equals(returned.tables[name])
        assert table.num_rows == 20


def test_what_is_no_annex_a(book, tmp_path):
    with pytest.raises(InputError, match="no list of Annex A"):
        read_annex_a(book({"Sheet": [["a", "b"], [1, 2]]}))
    (tmp_path / "x.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match=r"x\.xlsx: is broken"):
        read_annex_a(tmp_path / "x.xlsx")
    with pytest.raises(InputError, match="no such file"):
        read_annex_a(tmp_path / "none.xlsx")
