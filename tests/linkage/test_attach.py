import datetime as dt
from importlib.resources import files

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.indicators import indicators
from voicenlp.linkage import attach, read_ssda903

HEADER = "CHILD,SEX,DOB\n"
EPISODES = "CHILD,DECOM,DEC\n"
REVIEWS = "CHILD,DOB,REVIEW,REVIEW_CODE\n"


@pytest.fixture
def returned(make_return):
    return read_ssda903(
        make_return(
            header=HEADER + "007,1,02/01/2010\nB,2,02/01/2011\nA,1,x\n,1,02/01/2010\n007,1,02/01/2010\n",
            episodes=EPISODES + "007,01/01/2025,01/03/2025\n007,01/03/2025,\nA,01/01/2030,\nB,02/01/20251,\n",
            reviews=REVIEWS + "007,,10/06/2025,PN1\n007,,01/01/2020,PN7\nB,,10/06/2025,PN1\n",
        )
    )


@pytest.fixture
def run(make_run):
    return make_run(
        ("n1", "7", "2025-01-01", 2), ("n2", "7", "2025-02-28", 1), ("n3", "7", "2025-03-01", 4), ("n4", "7", "2025-06-20", 0),
        ("n5", "7", None, 8), ("n6", "A", "2025-01-01", 1), ("n7", "X", "2025-01-01", 1), ("n8", None, "2025-07-01", 1),
    )  # fmt: skip


def column(linked, table, name):
    return linked.tables[table].column(name).to_pylist()


def test_all_rows_once_in_order_with_nothing_changed(returned, run):
    linked = attach(run, returned)
    assert list(linked.tables) == ["header", "episodes", "reviews"]
    for name, table in linked.tables.items():
        original = returned.tables[name]
        assert table.select(original.column_names).equals(original)
        assert all(column.startswith("voice_") for column in table.column_names[original.num_columns :])


def test_per_child(returned, run):
    linked = attach(run, returned)
    assert column(linked, "header", "voice_link") == ["linked", "child not in the notes", "linked", "no child id", "linked"]
    assert column(linked, "header", "voice_notes") == [5, None, 1, None, 5]
    assert column(linked, "header", "voice_voices_child") == [15, None, 1, None, 15]
    assert column(linked, "header", "voice_status") == ["unreviewed", None, "unreviewed", None, "unreviewed"]
    year = (dt.date(2025, 3, 1), dt.date(2026, 2, 28))
    assert column(attach(run, returned, period=year), "header", "voice_notes") == [2, None, 0, None, 2]


def test_per_episode(returned, run):
    linked = attach(run, returned)
    assert column(linked, "episodes", "voice_link") == ["linked", "linked", "no notes in the window", "child not in the notes"]
    assert column(linked, "episodes", "voice_voices_child") == [3, 4, 0, None]
    assert column(linked, "episodes", "voice_window_end")[:3] == [dt.date(2025, 2, 28), dt.date(2025, 7, 1), dt.date(2030, 1, 1)]
    assert column(linked, "episodes", "voice_child_share") == [1.0, 1.0, None, None]
    assert column(linked, "episodes", "voice_days_since_heard")[:2] == [0, 122]


def test_a_bad_date_is_told_where_the_child_is_known(make_return, make_run):
    linked = attach(make_run(("n", "B", "2025-01-01", 1)), read_ssda903(make_return(episodes=EPISODES + "B,02/01/20251,\n")))
    assert column(linked, "episodes", "voice_link") == ["bad date"]
    assert column(linked, "episodes", "voice_notes") == [None]


def test_per_review(returned, run):
    linked = attach(run, returned)
    assert column(linked, "reviews", "voice_window_start")[0] == dt.date(2024, 12, 9)
    assert column(linked, "reviews", "voice_window_end")[0] == dt.date(2025, 7, 8)
    assert column(linked, "reviews", "voice_notes") == [4, 0, None]
    narrow = attach(run, returned, review_window=(0, 10))
    assert column(narrow, "reviews", "voice_notes") == [1, 0, None]
    assert column(attach(run, returned, review_window=(0, 9)), "reviews", "voice_notes") == [0, 0, None]


def test_coverage_counts_every_row_and_every_note(returned, run):
    linked = attach(run, returned)
    rows = [(r["table"], r["outcome"], r["reason"], r["rows"], r["children"]) for r in linked.coverage.to_pylist()]
    assert rows == [
        ("header", "linked", "", 3, 2),
        ("header", "not linked", "child not in the notes", 1, 1),
        ("header", "not linked", "no child id", 1, 0),
        ("episodes", "linked", "", 2, 1),
        ("episodes", "not linked", "no notes in the window", 1, 1),
        ("episodes", "not linked", "child not in the notes", 1, 1),
        ("reviews", "linked", "", 1, 1),
        ("reviews", "not linked", "no notes in the window", 1, 1),
        ("reviews", "not linked", "child not in the notes", 1, 1),
        ("(notes)", "linked", "", 6, 2),
        ("(notes)", "not linked", "child not in the return", 1, 1),
        ("(notes)", "not linked", "no child id", 1, 0),
        ("(notes)", "not linked", "no date: counted only where a row's window is open on both sides", 1, 0),
    ]
    unlinked = [(r["table"], r["row"], r["child_id"]) for r in linked.unlinked.to_pylist()]
    assert unlinked == [
        ("header", 3, "B"), ("header", 5, ""), ("episodes", 4, "A"), ("episodes", 5, "B"), ("reviews", 3, "007"), ("reviews", 4, "B"),
        ("(notes)", None, "X"),
    ]  # fmt: skip


def test_ids_that_can_not_be_told_apart_are_not_joined(make_return, make_run):
    linked = attach(
        make_run(("n1", "07", "2025-01-01", 1), ("n2", "007", "2025-01-01", 5)), read_ssda903(make_return(header=HEADER + "7,1,\n07,1,\n"))
    )
    assert column(linked, "header", "voice_link") == ["child's id can't be told from another", "linked"]
    assert column(linked, "header", "voice_voices") == [None, 1]
    said = [f["finding"] for f in linked.findings.to_pylist() if f["table"] == "(notes)"]
    assert said == ["2 ids differ only by spaces, case or leading zeros; not merged"]


def test_from_a_folder_and_from_a_run(returned, run, tmp_path):
    spans, notes = run
    pq.write_table(spans, tmp_path / "spans.parquet")
    pq.write_table(notes, tmp_path / "notes.parquet")

    class Run:
        pass

    Run.spans, Run.notes = run
    wanted = attach(run, returned).tables
    for other in (Run(), tmp_path, str(tmp_path)):
        assert {name: table.equals(wanted[name]) for name, table in attach(other, returned).tables.items()} == dict.fromkeys(wanted, True)


def test_from_an_indicator_table_only_whole_periods_count(returned, run):
    table = indicators(*run, by=("child_id", "month"))
    linked = attach(table, returned)
    assert column(linked, "header", "voice_voices_child") == [15, None, 1, None, 15]
    assert column(linked, "episodes", "voice_voices_child") == [3, 4, 0, None]
    assert column(linked, "reviews", "voice_voices_child") == [7, 0, None]
    quarters = attach(indicators(*run), returned)
    assert column(quarters, "episodes", "voice_voices_child") == [0, 0, 0, None]  # the change in March cuts the quarter


def test_the_dictionary_explains_every_column(returned, run):
    linked = attach(run, returned, review_window=(90, 7))
    resources = {one["name"]: one for one in linked.dictionary["resources"]}
    for name, table in {**linked.tables, "coverage": linked.coverage, "unlinked": linked.unlinked, "findings": linked.findings}.items():
        fields = resources[name]["schema"]["fields"]
        assert [field["name"] for field in fields] == table.column_names
        assert all(field["description"] and "As handed in" not in field["description"] for field in fields)
    window = next(f for f in resources["reviews"]["schema"]["fields"] if f["name"] == "voice_window_start")
    assert "90 days before to 7 days after REVIEW" in window["description"]


def test_notes_of_nobody_in_the_return(make_return, make_run):
    linked = attach(make_run(), read_ssda903(make_return(header=HEADER + "A,1,\n", reviews=REVIEWS)))
    assert column(linked, "header", "voice_link") == ["child not in the notes"]
    assert linked.tables["reviews"].num_rows == 0
    assert "voice_voices" in linked.tables["reviews"].column_names


def test_what_can_not_be_attached(returned, run, make_return):
    with pytest.raises(InputError, match="header, column 'Voice_notes'"):
        attach(run, read_ssda903(make_return(header="CHILD,Voice_notes\nA,1\n")))
    with pytest.raises(UsageError, match="spans, notes"):
        attach(run[0], returned)
    with pytest.raises(InputError):
        attach(pa.table({"child_id": ["A"]}), returned)
    with pytest.raises(UsageError):
        attach(run, returned, review_window=(-1, 0))


def test_the_bundled_return_is_sound():
    demo = read_ssda903(str(files("voicenlp").joinpath("resources/demo/return")))
    assert demo.findings.num_rows == 0
    assert set(demo.tables) == {"header", "episodes", "reviews", "uasc", "oc2", "oc3", "missing"}
    assert demo.parts["header"].column("CHILD") == [f"DEMO000{number}" for number in range(1, 6)]
