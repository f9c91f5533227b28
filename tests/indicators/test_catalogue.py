import datetime as dt

import pyarrow as pa
import pytest

from voicenlp.errors import SchemeError
from voicenlp.indicators import catalogue_faults, indicators, load_catalogue
from voicenlp.records import Note, Span, notes_schema, spans_table
from voicenlp.scheme import default_scheme

OWN = """
version = "north-1"

[[fact]]
id = "long_note"
definition = "The note has three spans or more."
sql = "count(*) >= 3"

[[indicator]]
id = "child_tells_of_school"
label = "School"
definition = "Voices of a child about education."
unit = "spans"
type = "integer"
sql = "count(*) FILTER (element = 'voice' AND speaker = 'child' AND list_contains(themes, 'education'))"

[[indicator]]
id = "long_notes"
label = "Long notes"
definition = "Notes with three spans or more."
unit = "notes"
type = "integer"
sql = "count(*) FILTER (element = 'note' AND long_note)"

[[indicator]]
id = "notes"
label = "Entries"
definition = "Number of entries."
unit = "entries"
type = "integer"
sql = "2 * count(*) FILTER (element = 'note')"
"""


def tables():
    note = Note("n1", "", child_id="A", date=dt.date(2026, 1, 10))
    spans = [Span("voice", 0, 5, "child", themes=("education",)), Span("voice", 0, 5, "nurse"), Span("voice", 0, 5, "parent")]
    notes = [{"note_id": name, "child_id": "A", "date": note.date} for name in ("n1", "n2")]
    return spans_table([(note, spans)]), pa.Table.from_pylist(notes, schema=notes_schema())


def write(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_entry_of_ours_runs_and_explains_itself():
    catalogue = load_catalogue()
    assert catalogue_faults(catalogue) == []
    assert len(set(catalogue.ids)) == len(catalogue.ids)
    for one in catalogue.indicators:
        assert one.definition.endswith(".") and one.label and one.unit, one.id
        assert "{" not in one.id + one.label + one.definition


def test_every_value_of_the_scheme_has_its_indicator():
    ids, scheme = set(load_catalogue().ids), default_scheme()
    for stem, values in {
        "voices_": scheme.speakers, "child_expression_": scheme.expressions, "child_theme_": scheme.themes,
        "child_channel_": scheme.channels,
        "chances_given_": scheme.given, "chances_missed_": scheme.missed, "child_influence_": scheme.outcomes,
    }.items():  # fmt: skip
        assert {stem + value for value in values} <= ids


def test_own_entries_are_added_and_take_the_place_of_ours(tmp_path):
    catalogue = load_catalogue(write(tmp_path, OWN))
    row = indicators(*tables(), catalogue=catalogue).to_pylist()[0]
    assert (row["child_tells_of_school"], row["long_notes"], row["notes"]) == (1, 1, 4)
    assert catalogue.version.endswith("+north-1")
    assert catalogue.ids.count("notes") == 1


def test_a_value_that_an_authority_adds_to_the_scheme_gets_its_column(tmp_path):
    path = write(tmp_path, '[speakers]\nnurse = "a nurse"\n')
    catalogue = load_catalogue(scheme=default_scheme().extended(path))
    assert indicators(*tables(), catalogue=catalogue).column("voices_nurse").to_pylist() == [1]


ENTRY = 'label = "L"\ndefinition = "D."\nunit = "u"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[indicator]]\nid = 'x'\n", "definition is missing"),
        (f"[[indicator]]\nid = 'x'\ntype = 'colour'\nsql = '1'\n{ENTRY}", "type 'colour'"),
        (f"[[indicator]]\nid = 'X y'\ntype = 'integer'\nsql = '1'\n{ENTRY}", "can't name a column"),
        (f"[[indicator]]\nid = 'speaker'\ntype = 'integer'\nsql = '1'\n{ENTRY}", "already have"),
        (f"[[indicator]]\nid = 'x'\ntype = 'integer'\nsql = '1; 2'\n{ENTRY}", "one expression"),
        (f"[[indicator]]\nid = 'x'\ntype = 'integer'\nsql = 3\n{ENTRY}", "sql must be text"),
        (f"[[indicator]]\nid = 'x_{{value}}'\neach = 'moods'\ntype = 'integer'\nsql = '1'\n{ENTRY}", "each 'moods'"),
        (f"[[indicator]]\nid = 'x'\neach = 'themes'\ntype = 'integer'\nsql = '1'\n{ENTRY}", "needs {value}"),
        (f"[[indicator]]\nid = 'child_seen'\ntype = 'integer'\nsql = '1'\n{ENTRY}", "both a fact and an indicator"),
        ("[colours]\nred = 1\n", r"\[colours\] is not known"),
        ("not toml", "not a readable TOML file"),
    ],
)
def test_faults_of_an_own_file_are_explained(tmp_path, text, said):
    with pytest.raises(SchemeError, match=said):
        load_catalogue(write(tmp_path, text))


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(SchemeError, match=r"indicator x: .*indicator y: "):
        load_catalogue(write(tmp_path, "[[indicator]]\nid = 'x'\n[[indicator]]\nid = 'y'\n"))


@pytest.mark.parametrize(
    "sql",
    ["count(*) FILTER (mood = 'good')", "(SELECT count(*) FROM read_csv('/etc/hosts'))", "sum(speaker)", "1) FROM joined --"],
)
def test_sql_that_fails_names_its_entry_and_reaches_no_file(tmp_path, sql):
    catalogue = load_catalogue(write(tmp_path, f'[[indicator]]\nid = "own"\ntype = "integer"\nsql = "{sql}"\n{ENTRY}'))
    with pytest.raises(SchemeError, match="indicator own: "):
        indicators(*tables(), catalogue=catalogue)


def test_a_fact_that_fails_is_named(tmp_path):
    catalogue = load_catalogue(write(tmp_path, '[[fact]]\nid = "odd"\ndefinition = "D."\nsql = "bool_or(mood)"\n'))
    with pytest.raises(SchemeError, match="fact odd: "):
        indicators(*tables(), catalogue=catalogue)


def test_select_keeps_the_order_and_knows_what_there_is():
    catalogue = load_catalogue().select(["voices", "notes"])
    assert catalogue.ids == ("notes", "voices")
    assert indicators(*tables(), catalogue=catalogue).column_names == [
        "child_id", "quarter", "period_start", "period_end", "notes", "voices", "status",
    ]  # fmt: skip
    with pytest.raises(SchemeError, match="moons"):
        load_catalogue().select(["moons"])
