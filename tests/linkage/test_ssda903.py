import datetime as dt

import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.linkage import WindowSettings, read_ssda903
from voicenlp.linkage.returns import read_date

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
EPISODES = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
REVIEWS = "CHILD,DOB,REVIEW,REVIEW_CODE\n"


def found(returned, *, kind=None):
    return [(f["table"], f["row"], f["column"], f["finding"]) for f in returned.findings.to_pylist() if kind in (None, f["kind"])]


def episode(child, start, end):
    return f"{child},{start},S,C2,N1,U1,PR1,{end},,,,,\n"


def test_every_value_stays_as_it_stood(make_return):
    folder = make_return(header=HEADER + '007,1, 02/03/2010,WBRI,"A ""x"", y",,\n1e5,nan,NULL,,0012.0,-,\u2019\n')
    table = read_ssda903(folder).tables["header"]
    assert table.to_pylist() == [
        {"CHILD": "007", "SEX": "1", "DOB": " 02/03/2010", "ETHNIC": "WBRI", "UPN": 'A "x", y', "MOTHER": "", "MC_DOB": ""},
        {"CHILD": "1e5", "SEX": "nan", "DOB": "NULL", "ETHNIC": "", "UPN": "0012.0", "MOTHER": "-", "MC_DOB": "\u2019"},
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("header", "header"), ("Header", "header"), ("SSDA903_2025_episodes", "episodes"), ("social_worker", "sw_episodes"),
        ("SWEpisodes", "sw_episodes"), ("DoLo", "dolo"),
        ("placed_for_adoption", "placed_for_adoption"), ("PlacedAdoption", "placed_for_adoption"),
        ("PrevPerm", "previous_permanence"), ("reviews_2026", "reviews"), ("OC2", "oc2"), ("oc3", "oc3"), ("AD1", "ad1"), ("UASC", "uasc"),
        ("missing", "missing"), ("visits", ""),
    ],
)  # fmt: skip
def test_tables_are_known_by_their_file_names(make_return, name, kind):
    folder = make_return(header=HEADER) if not kind else make_return()
    (folder / f"{name}.CSV").write_text("CHILD,X\nA,1\n")
    returned = read_ssda903(folder)
    assert returned.parts[name].kind == kind
    assert returned.tables[name].to_pylist() == [{"CHILD": "A", "X": "1"}]


def test_a_table_is_known_by_its_columns_where_the_name_says_nothing(make_return):
    assert read_ssda903(make_return(extract=REVIEWS + "A,01/01/2010,02/01/2025,PN1\n")).parts["extract"].kind == "reviews"


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbfchild,dob,Review,review_code\r\nZo\xc3\xab,01/01/2010,02/01/2025,PN1\r\n",
        b"child,dob,Review,review_code\nZo\xeb,01/01/2010,02/01/2025,PN1",
        "\ufeffchild\tdob\tReview\treview_code\r\nZoë\t01/01/2010\t02/01/2025\tPN1\r\n\r\n".encode("utf-16-le"),
        "child;dob;Review;review_code\nZoë;01/01/2010;02/01/2025;PN1\n".encode(),
    ],
)
def test_encodings_delimiters_and_the_case_of_columns(make_return, raw):
    returned = read_ssda903(make_return(reviews=raw))
    assert returned.tables["reviews"].to_pylist() == [{"child": "Zoë", "dob": "01/01/2010", "Review": "02/01/2025", "review_code": "PN1"}]
    assert returned.windows("reviews", WindowSettings(0, 0))[0].start == dt.date(2025, 1, 2)


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("02/01/2025", dt.date(2025, 1, 2)), ("2/1/2025", dt.date(2025, 1, 2)), ("2025-01-02", dt.date(2025, 1, 2)),
        (" 2025-01-02T00:00:00 ", dt.date(2025, 1, 2)), ("02/01/2025 00:00", dt.date(2025, 1, 2)), ("29/02/2024", dt.date(2024, 2, 29)),
        ("02/01/20251", None), ("31/02/2025", None), ("02/13/2025", None), ("02/01/25", None),
        ("2025/01/02", None), ("", None), ("NULL", None),
        ("02/01/0025", None), ("45678", None), ("\u0662/01/2025", dt.date(2025, 1, 2)),
    ],
)  # fmt: skip
def test_dates(value, date):
    assert read_date(value) == date


def test_malformed_dates_codes_and_scores_are_listed_with_row_and_column(make_return):
    folder = make_return(
        header=HEADER + "A,3,02/01/2010,XXX,U,0,02/01/20251\nB,f,02/01/2010,WBRI,U,,\n",
        sw_episodes="CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON\nA,02/01/2010,S,,,SWLAZY\n",
        oc2="CHILD,DOB,SDQ_SCORE\nA,02/01/2010,41\nB,02/01/2010,40\n",
    )
    code = "not a code of this column in any year from 2017 to 2027"
    returned = read_ssda903(folder)
    assert found(returned, kind="code") == [
        ("header", 2, "SEX", code),
        ("header", 2, "ETHNIC", code),
        ("sw_episodes", 2, "SW_REASON", code),
    ]
    assert found(returned, kind="date") == [("header", 2, "MC_DOB", "not a date"), ("sw_episodes", 2, "SW_DECOM", "empty")]
    assert found(returned, kind="number") == [("oc2", 2, "SDQ_SCORE", "not a whole number from 0 to 40")]
    assert ("oc2", None, "SDQ_REASON", "no such column") in found(returned, kind="table")


def test_no_finding_holds_the_value(make_return):
    folder = make_return(header=HEADER + "SECRETCHILD,SECRETSEX,SECRETDATE,,,,\nSECRETCHILD,1,,,,,\n")
    assert found(read_ssda903(folder))
    assert not any("SECRET" in f["finding"] for f in read_ssda903(folder).findings.to_pylist())


def test_repeated_children_and_ids_that_look_alike(make_return):
    folder = make_return(
        header=HEADER + "".join(f"{child},1,02/01/2010,,,,\n" for child in ("A1", "a1", "B", "B", "", "TOOLONGFORANID", " C"))
    )
    assert found(read_ssda903(folder), kind="id") == [
        ("header", 2, "CHILD", "differs from another id only by spaces, case or leading zeros; not merged"),
        ("header", 3, "CHILD", "differs from another id only by spaces, case or leading zeros; not merged"),
        ("header", 5, "CHILD", "the child stands in row 4 already"),
        ("header", 6, "CHILD", "empty"),
        ("header", 7, "CHILD", "not one to ten letters and digits"),
        ("header", 8, "CHILD", "spaces around the id"),
    ]


def test_overlapping_episodes_and_reviews_outside_them(make_return):
    folder = make_return(
        header=HEADER + "A,1,02/01/2010,,,,\nB,1,02/01/2010,,,,\n",
        episodes=EPISODES
        + episode("A", "01/01/2025", "01/03/2025")
        + episode("A", "01/03/2025", "01/05/2025")  # begins on the day on which the last ended: as it should be
        + episode("A", "30/04/2025", "")
        + episode("B", "01/02/2025", "01/01/2025")
        + episode("C", "01/02/2025", "03/02/2025"),
        reviews=REVIEWS
        + "A,02/01/2010,31/12/2024,PN1\nA,02/01/2010,01/01/2025,PN1\nA,02/01/2010,01/01/2030,PN1\n"
        + "A,02/01/2010,01/01/2025,PN2\nC,,04/02/2025,\n",
    )
    returned = read_ssda903(folder)
    assert found(returned, kind="interval") == [("episodes", 4, "", "overlaps with row 3"), ("episodes", 5, "", "ends before it begins")]
    outside = "no episode of the child on this day"
    assert found(returned, kind="date") == [("reviews", 2, "REVIEW", outside), ("reviews", 6, "REVIEW", outside)]
    assert ("reviews", 5, "CHILD", "the child and date stand in row 3 already") in found(returned)
    assert ("episodes", 6, "CHILD", "not in the header") in found(returned)


def test_rows_of_odd_length_are_kept_whole_and_listed(make_return):
    returned = read_ssda903(make_return(reviews=REVIEWS + 'A,02/01/2010\n\nB,,,,one,more\n"C\nD",,,\nE,,,\n'))
    table = returned.tables["reviews"]
    assert table.column_names == ["CHILD", "DOB", "REVIEW", "REVIEW_CODE", "extra_1", "extra_2"]
    assert table.column("CHILD").to_pylist() == ["A", "B", "C\nD", "E"]
    assert table.column("extra_2").to_pylist() == ["", "more", "", ""]
    assert returned.lines["reviews"] == [2, 4, 5, 7]
    assert found(returned, kind="row") == [
        ("reviews", 2, "", "fewer values than columns"),
        ("reviews", 4, "", "more values than columns"),
        ("reviews", 5, "", "a line break inside a value"),
    ]


def test_a_table_without_child_or_with_a_column_twice_is_kept(make_return):
    returned = read_ssda903(make_return(header="ID,DOB,DOB\nA,1,2\n", empty=""))
    assert returned.tables["header"].num_rows == 1
    assert ("header", None, "CHILD", "no such column") in found(returned)
    assert ("header", 1, "DOB", "two columns have this name") in found(returned)
    assert ("empty", None, "", "the file is empty; left out") in found(returned)


def test_what_is_no_return(tmp_path, make_return):
    with pytest.raises(InputError, match="no such folder"):
        read_ssda903(tmp_path / "none")
    with pytest.raises(InputError, match="no CSV file of an SSDA903 return"):
        read_ssda903(make_return(shopping="item\nmilk\n"))
    with pytest.raises(InputError, match=r"reviews\.csv"):
        read_ssda903(make_return(reviews=b"CHILD\n\x81\x8d"))


def test_windows_of_episodes(make_return):
    folder = make_return(
        episodes=EPISODES
        + episode("A", "01/01/2025", "01/03/2025")
        + episode("A", "01/03/2025", "01/05/2025")
        + episode("A", "01/05/2025", "01/05/2025")
        + episode("A", "02/06/2025", "")
        + episode("B", "01/03/2025", "02/01/20251")
        + episode("B", "", "01/03/2025")
        + episode("B", "02/03/2025", "01/03/2025")
    )
    rows = read_ssda903(folder).windows("episodes", WindowSettings())
    dates = [(row.start, row.end) for row in rows[:4]]
    assert dates == [
        (dt.date(2025, 1, 1), dt.date(2025, 2, 28)),  # the day of the change belongs to the next episode
        (dt.date(2025, 3, 1), dt.date(2025, 4, 30)),
        (dt.date(2025, 5, 1), dt.date(2025, 5, 1)),
        (dt.date(2025, 6, 2), None),
    ]
    assert [row.fault for row in rows] == ["", "", "", "", "bad date", "bad date", "bad date"]


def test_windows_of_reviews_and_of_children(make_return):
    returned = read_ssda903(make_return(header=HEADER + "A,1,,,,,\n", reviews=REVIEWS + "A,,10/01/2025,PN1\nA,,,PN1\n"))
    rows = returned.windows("reviews", WindowSettings(10, 5))
    assert (rows[0].start, rows[0].end) == (dt.date(2024, 12, 31), dt.date(2025, 1, 15))
    assert rows[1].fault == "bad date"
    assert returned.windows("header", WindowSettings())[0].start is None
    year = (dt.date(2025, 4, 1), dt.date(2026, 3, 31))
    assert returned.windows("header", WindowSettings(period=year))[0].end == year[1]


def test_windows_that_make_no_sense():
    with pytest.raises(UsageError):
        WindowSettings(-1, 3)
    with pytest.raises(UsageError):
        WindowSettings(10**9, 3)
    with pytest.raises(UsageError):
        WindowSettings(period=(dt.date(2026, 1, 2), dt.date(2026, 1, 1)))
