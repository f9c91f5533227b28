import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.indicators import indicators, roll_up
from voicenlp.records import Note, Span, notes_schema, spans_schema, spans_table


def day(text):
    return dt.date.fromisoformat(text)


def run(*rows, words=100):
    """Make the tables of a run from (note_id, child_id, date, *spans)."""
    made, notes = [], []
    for note_id, child_id, date, *spans in rows:
        note = Note(note_id, "", child_id=child_id or "", date=day(date) if date else None)
        made.append((note, spans))
        notes.append({"note_id": note_id, "child_id": child_id, "date": note.date, "note_type": "Visit", "words": words})
    return spans_table(made), pa.Table.from_pylist(notes, schema=notes_schema())


def voice(speaker="child", span_id="", **rest):
    return Span("voice", 0, 5, speaker, span_id=span_id, **rest)


def space(how, given=True, speaker="child"):
    return Span("space", 0, 5, speaker, given=given, how=how)


def one(table):
    assert table.num_rows == 1
    return table.to_pylist()[0]


def windows(*rows, **more):
    children, starts, ends = zip(*rows, strict=True)
    dates = {"start": starts, "end": ends}
    columns = {name: pa.array([day(value) if value else None for value in values], pa.date32()) for name, values in dates.items()}
    return pa.table({"child_id": pa.array(children, pa.string()), **columns, **more})


def test_every_kind_of_figure_of_one_child_and_quarter():
    tables = run(
        (
            "n1", "A", "2026-01-10",
            space("seen_alone"), space("asked"), space("declined", given=False), space("seen", speaker="parent"),
            voice(span_id="s1", expression=("wish", "feeling"), themes=("home",), verbatim=True, person="Ava"),
            voice(span_id="s2", expression=("wish",), channel="written", challenge=True, person="Ava"),
            voice(span_id="s3", expression=("view",), via="parent", person="ava"),
            voice("parent", span_id="s4", challenge=True, person="Mum"),
            Span("influence", 0, 5, "child", outcome="planned", of=("s1",), span_id="s5"),
            Span("audience", 0, 5, "child", span_id="s6"),
        ),
        ("n2", "A", "2026-02-01", voice("professional"),
         Span("audience", 0, 5, "parent"), Span("influence", 0, 5, "parent", outcome="none")),
        ("n3", "A", "2026-03-01", space("not_alone", given=False)),
        ("n4", "A", "2026-03-02", voice(via="carer"), space("invited")),
    )  # fmt: skip
    row = one(indicators(*tables))
    expected = {
        "child_id": "A", "quarter": "2026-Q1", "period_start": day("2026-01-01"), "period_end": day("2026-03-31"), "children": 1,
        "notes": 4, "words": 400, "contacts": 2, "seen": 2, "seen_alone": 1, "notes_child_voice": 2, "notes_no_child_voice": 2,
        "chances_given": 3, "chances_given_seen_alone": 1, "chances_given_asked": 1, "chances_given_invited": 1, "chances_given_seen": 0,
        "chances_missed": 2, "chances_missed_declined": 1, "chances_missed_not_alone": 1,
        "voices": 6, "voices_child": 4, "voices_parent": 1, "voices_professional": 1, "voices_carer": 0, "people_heard": 2,
        "child_expression_wish": 2, "child_expression_feeling": 1, "child_expression_view": 1, "child_expression_priority": 0,
        "child_theme_home": 1, "child_theme_safety": 0, "child_channel_spoken": 3, "child_channel_written": 1,
        "child_own_words": 1, "child_first_hand": 2, "child_relayed": 2, "challenges": 2, "child_challenges": 1,
        "date_last_heard": day("2026-03-02"), "days_since_heard": 0, "audience": 2, "child_audience": 1, "influence": 2,
        "child_influence": 1, "child_influence_planned": 1, "child_influence_none": 0,
        "child_wishes_answered": 1, "child_wishes_unanswered": 1, "status": "unreviewed",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["child_share"] == pytest.approx(4 / 6)


def test_an_answer_counts_only_inside_its_own_note():
    tables = run(
        ("n1", "A", "2026-01-10", voice(span_id="s1", expression=("wish",))),
        ("n2", "A", "2026-01-11", Span("influence", 0, 5, "child", outcome="done", of=("s1",), span_id="s9")),
    )
    row = one(indicators(*tables))
    assert (row["child_wishes_answered"], row["child_wishes_unanswered"]) == (0, 1)


def test_two_answers_to_one_wish_count_it_once():
    answers = [Span("influence", 0, 5, "child", outcome=outcome, of=("s1",), span_id=outcome) for outcome in ("done", "explained")]
    row = one(indicators(*run(("n1", "A", "2026-01-10", voice(span_id="s1", expression=("wish",)), *answers))))
    assert (row["voices"], row["child_wishes_answered"]) == (1, 1)


@pytest.mark.parametrize(
    ("period", "names"),
    [
        ("month", ["2026-03", "2026-04"]),
        ("quarter", ["2026-Q1", "2026-Q2"]),
        ("financial_year", ["2025-26", "2026-27"]),
        ("ssda903_year", [2026, 2027]),
    ],
)
def test_the_year_of_returns_turns_on_the_first_of_april(period, names):
    table = indicators(*run(("n1", "A", "2026-03-31"), ("n2", "A", "2026-04-01")), by=("child_id", period))
    assert table.column(period).to_pylist() == names
    assert table.column("period_end").to_pylist()[0] == day("2026-03-31")
    assert table.column("period_start").to_pylist()[1] == day("2026-04-01")


def test_the_century_turns_in_a_financial_year():
    assert indicators(*run(("n1", "A", "1999-12-31")), by="financial_year").column("financial_year").to_pylist() == ["1999-00"]


def test_two_periods_together_bound_each_other():
    row = one(indicators(*run(("n1", "A", "2026-02-05")), by=("year", "month")))
    assert (row["year"], row["month"]) == (2026, "2026-02")
    assert (row["period_start"], row["period_end"]) == (day("2026-02-01"), day("2026-02-28"))


def test_days_since_heard_look_back_before_the_period_and_stop_at_the_last_note():
    tables = run(("n1", "A", "2026-01-10", voice()), ("n2", "A", "2026-05-20"), ("n3", "B", "2026-08-01"))
    rows = {(r["child_id"], r["quarter"]): r for r in indicators(*tables).to_pylist()}
    assert rows["A", "2026-Q2"]["days_since_heard"] == 171  # 10 January to 30 June
    assert rows["A", "2026-Q1"]["days_since_heard"] == 80
    assert rows["B", "2026-Q3"]["days_since_heard"] is None
    later = indicators(*tables, by="child_id").to_pylist()
    assert [r["days_since_heard"] for r in later] == [203, None]  # to 1 August, the last note of the run
    assert indicators(*tables, by="child_id", until=day("2026-01-12")).to_pylist()[0]["days_since_heard"] == 2


def test_last_heard_is_empty_where_a_row_has_many_children():
    assert one(indicators(*run(("n1", "A", "2026-01-10", voice())), by="quarter"))["date_last_heard"] is None


def test_notes_without_a_child_or_a_date_make_their_own_groups():
    table = indicators(*run(("n1", "A", "2026-01-10"), ("n2", None, "2026-01-11"), ("n3", "A", None), ("n4", None, None), ("n5", "", None)))
    got = {(r["child_id"], r["quarter"]): (r["notes"], r["children"]) for r in table.to_pylist()}
    assert got == {("A", "2026-Q1"): (1, 1), ("A", None): (1, 1), (None, "2026-Q1"): (1, 0), (None, None): (2, 0)}
    assert table.column("child_id").to_pylist()[-1] is None  # empty ones come last


def test_people_with_the_same_name_in_two_families_are_two():
    tables = run(("n1", "A", "2026-01-10", voice("parent", person="Mum")), ("n2", "B", "2026-01-10", voice("parent", person="mum ")))
    assert one(indicators(*tables, by="quarter"))["people_heard"] == 2


def test_one_person_under_two_names_is_told_by_the_id():
    spans = [voice("parent", person="Mum", person_id="p1"), voice("parent", person="Karen", person_id="p1"), voice("parent")]
    assert one(indicators(*run(("n1", "A", "2026-01-10", *spans))))["people_heard"] == 1


def test_attributes_of_children_group_and_silent_children_get_a_row():
    children = pa.table({"child_id": ["A", "B", "C"], "sex": ["F", "M", "F"]})
    tables = run(("n1", "A", "2026-01-10", voice()), ("n2", "B", "2026-01-11"), ("n3", "X", "2026-01-11"))
    by_child = indicators(*tables, by=("child_id", "sex"), children=children).to_pylist()
    assert [(r["child_id"], r["sex"], r["notes"], r["child_share"]) for r in by_child] == [
        ("A", "F", 1, 1.0), ("B", "M", 1, None), ("C", "F", 0, None), ("X", None, 1, None),
    ]  # fmt: skip
    by_sex = indicators(*tables, by=("sex",), children=children).to_pylist()
    assert [(r["sex"], r["notes"]) for r in by_sex] == [("F", 1), ("M", 1), (None, 1)]


def test_windows_come_back_in_order_with_their_own_columns_and_zeros():
    tables = run(("n1", "A", "2026-01-10", voice()), ("n2", "A", "2026-01-20"), ("n3", "A", None, voice()), ("n4", None, "2026-01-10"))
    asked = windows(
        ("A", "2026-01-20", "2026-02-01"), ("Z", None, None), ("A", "2026-01-10", "2026-01-10"), ("A", None, None),
        ("A", None, "2026-01-15"),
        ("A", "2026-01-11", None), ("A", "2027-01-01", "2027-02-01"), (None, None, None),
        episode=["a", "b", "c", "d", "e", "f", "g", "h"],
    )  # fmt: skip
    table = indicators(*tables, windows=asked)
    assert table.column("episode").to_pylist() == ["a", "b", "c", "d", "e", "f", "g", "h"]
    assert table.column("notes").to_pylist() == [1, 0, 1, 3, 1, 1, 0, 0]
    assert table.column("voices_child").to_pylist() == [0, 0, 1, 2, 1, 0, 0, 0]
    assert table.column("child_share").to_pylist() == [None, None, 1.0, 1.0, 1.0, None, None, None]
    assert table.column("days_since_heard").to_pylist() == [10, None, 0, 10, 5, 10, 10, None]
    assert set(table.column("status").to_pylist()) == {"unreviewed"}


def test_overlapping_windows_each_count_the_note():
    asked = windows(("A", "2026-01-01", "2026-01-31"), ("A", "2026-01-05", "2026-01-15"))
    assert indicators(*run(("n1", "A", "2026-01-10")), windows=asked).column("notes").to_pylist() == [1, 1]


def test_many_windows_go_through_in_portions(monkeypatch):
    monkeypatch.setattr("voicenlp.indicators.counts.CELLS_AT_ONCE", 2)
    asked = windows(*[("A", "2026-01-01", f"2026-01-{last:02d}") for last in range(8, 13)])
    assert indicators(*run(("n1", "A", "2026-01-10")), windows=asked).column("notes").to_pylist() == [0, 0, 1, 1, 1]


def test_no_notes_and_no_windows():
    empty = spans_schema().empty_table(), notes_schema().empty_table()
    table = indicators(*empty)
    assert table.num_rows == 0
    assert {"child_id", "quarter", "voices", "status"} <= set(table.column_names)
    assert indicators(*empty, windows=windows(("A", None, None))).column("voices").to_pylist() == [0]
    assert indicators(*run(("n1", "A", "2026-01-10")), windows=windows(("A", None, None)).slice(0, 0)).num_rows == 0


def test_the_same_from_a_folder_and_from_a_run(tmp_path):
    spans, notes = run(("n1", "A", "2026-01-10", voice()))
    pq.write_table(spans, tmp_path / "spans.parquet")
    pq.write_table(notes, tmp_path / "notes.parquet")

    class Run:
        pass

    Run.spans, Run.notes = spans, notes
    assert indicators(tmp_path).equals(indicators(Run()))
    assert indicators(str(tmp_path)).equals(indicators(spans, notes))


def test_the_package_itself_can_be_called():
    import voicenlp.indicators as package

    assert package(*run(("n1", "A", "2026-01-10"))).num_rows == 1


def test_tables_of_pandas_and_polars():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    spans, notes = run(("n1", "A", "2026-01-10", voice()))
    children = pandas.DataFrame({"child_id": ["A", "B"], "team": ["North", "South"]})
    assert indicators(spans, notes, by="child_id,team", children=children).column("team").to_pylist() == ["North", "South"]
    asked = polars.DataFrame({"child_id": ["A"], "start": [day("2026-01-01")], "end": [day("2026-02-01")]})
    assert one(indicators(polars.from_arrow(spans), polars.from_arrow(notes), windows=asked))["voices"] == 1


@pytest.mark.parametrize("by", [("child_id", "moon"), (), ("child_id", "child_id"), ("voices",), ("notes; DROP TABLE note",)])
def test_what_can_not_be_grouped_by(by):
    with pytest.raises(UsageError):
        indicators(*run(("n1", "A", "2026-01-10")), by=by)


def test_a_column_name_with_a_quote_in_it_is_only_a_name():
    name = 'team" FROM note; --'
    children = pa.table({"child_id": ["A"], name: ["North"]})
    assert one(indicators(*run(("n1", "A", "2026-01-10")), by=(name,), children=children))[name] == "North"


def test_bad_tables_are_told_by_table_and_column(tmp_path):
    spans, notes = run(("n1", "A", "2026-01-10", voice()))
    with pytest.raises(InputError, match="notes, column 'date'"):
        indicators(spans, notes.drop_columns(["date"]))
    with pytest.raises(InputError, match="spans, column 'themes'"):
        indicators(spans.drop_columns(["themes"]).append_column("themes", pa.array(["home"])), notes)
    with pytest.raises(InputError, match="1 rows repeat a note_id"):
        indicators(spans, pa.concat_tables([notes, notes]))
    with pytest.raises(InputError, match="1 spans belong to a note that is not among the notes"):
        indicators(spans, notes.slice(0, 0))
    with pytest.raises(InputError, match="children, row 3, column 'child_id'"):
        indicators(spans, notes, children=pa.table({"child_id": ["A", "A"]}))
    with pytest.raises(InputError, match="windows, column 'end'"):
        indicators(spans, notes, windows=pa.table({"child_id": ["A"], "start": [day("2026-01-01")]}))
    with pytest.raises(InputError, match="no such folder"):
        indicators(tmp_path / "none")
    with pytest.raises(InputError, match=r"spans\.parquet: no such file"):
        indicators(tmp_path)
    (tmp_path / "spans.parquet").write_text("no parquet")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        indicators(tmp_path)
    with pytest.raises(UsageError):
        indicators(spans)


def test_roll_up_takes_only_periods_wholly_inside():
    tables = run(
        ("n1", "A", "2026-01-10", voice(), voice("parent")),
        ("n2", "A", "2026-04-10", voice("parent"), voice("parent")),
        ("n3", "A", "2026-07-10"),
    )
    by_quarter = indicators(*tables)
    asked = windows(("A", "2026-01-01", "2026-06-30"), ("A", "2026-01-02", "2026-06-30"), ("A", None, None), ("B", None, None))
    rows = roll_up(by_quarter, asked).to_pylist()
    assert [(r["notes"], r["voices"], r["voices_child"]) for r in rows] == [(2, 4, 1), (1, 2, 0), (3, 4, 1), (0, 0, 0)]
    assert [r["child_share"] for r in rows] == [0.25, 0.0, 0.25, None]
    assert [r["days_since_heard"] for r in rows] == [171, 171, 181, None]  # a quarter's row looks back itself
    assert rows[0]["people_heard"] is None


def test_roll_up_needs_an_indicator_table_by_child():
    with pytest.raises(InputError):
        roll_up(pa.table({"quarter": ["2026-Q1"], "voices": [1]}), windows(("A", None, None)))
