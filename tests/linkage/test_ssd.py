import datetime as dt
import sqlite3

import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.linkage import WindowSettings, attach, read_ssd
from voicenlp.linkage.ssd import with_voice_table, write_voice_table

TABLES = """
CREATE TABLE ssd_person (pers_person_id TEXT PRIMARY KEY, pers_sex TEXT, pers_dob TEXT);
INSERT INTO ssd_person VALUES ('12', 'F', '2012-01-02 00:00:00'), ('7', 'M', NULL), ('007x', 'M', '02/01/20251');
CREATE TABLE ssd_cin_visits (cinv_cin_visit_id TEXT, cinv_person_id TEXT, cinv_cin_visit_date TEXT, cinv_cin_visit_seen_alone TEXT);
INSERT INTO ssd_cin_visits VALUES ('n2', '12', '2025-02-01', 'Y'), ('n3', '7', '2025-02-01', 'N'),
  ('v9', '12', '2025-03-05 00:00:00.000000', 'Y'),  ('77.12', '12', '2025-02-03', 'Y'), ('n1', '999', '2025-01-01', 'N');
CREATE TABLE ssd_cla_episodes (clae_cla_episode_id TEXT, clae_person_id TEXT, clae_cla_id TEXT, clae_cla_episode_start_date TEXT,
  clae_cla_episode_ceased TEXT);
INSERT INTO ssd_cla_episodes VALUES ('e1', '12', 'c1', '2025-01-01', '2025-03-01'), ('e2', '12', 'c1', '2025-03-01', NULL);
CREATE TABLE ssd_cla_reviews (clar_cla_review_id TEXT, clar_cla_id TEXT, clar_cla_review_date TEXT, clar_cla_review_participation TEXT);
INSERT INTO ssd_cla_reviews VALUES ('r1', 'c1', '2025-02-10', 'PN7'), ('r2', 'zz', '2025-02-10', 'PN1'), ('r3', 'c1', '2025-02-10', 'PNX');
CREATE TABLE ssd_voice_of_child (voch_table_id TEXT, voch_person_id TEXT);
CREATE TABLE ssd_professionals (prof_professional_id TEXT, prof_name TEXT);
INSERT INTO ssd_professionals VALUES ('p1', 'SECRET');
CREATE TABLE ssd_pets (pets_id TEXT, pets_person_id TEXT);
INSERT INTO ssd_pets VALUES ('1', '12');
CREATE TABLE other (x TEXT);
"""


@pytest.fixture
def url(tmp_path):
    with sqlite3.connect(tmp_path / "ssd.db") as connection:
        connection.executescript(TABLES)
    return f"sqlite:///{tmp_path / 'ssd.db'}"


@pytest.fixture
def run(make_run):
    return make_run(
        ("n1", "12", "2025-01-20", 1), ("n2", "12", "2025-02-01", 2), ("n3", "12", "2025-02-05", 4), ("n4", "12", "2025-03-05", 8),
        ("77", "12", "2025-04-01", 16),
    )  # fmt: skip


def column(linked, table, name):
    return linked.tables[table].column(name).to_pylist()


def test_the_tables_about_children_are_read(url):
    returned = read_ssd(url)
    assert set(returned.tables) == {"ssd_person", "ssd_cin_visits", "ssd_cla_episodes", "ssd_cla_reviews", "ssd_voice_of_child", "ssd_pets"}
    assert returned.tables["ssd_person"].to_pylist()[1] == {"pers_person_id": "12", "pers_sex": "F", "pers_dob": "2012-01-02 00:00:00"}
    assert returned.children("ssd_cla_reviews") == ["12", "", "12"]  # through the episodes
    assert returned.children("ssd_pets") == ["12"]
    said = [(f["table"], f["column"], f["finding"]) for f in returned.findings.to_pylist()]
    assert ("ssd_professionals", "", "names no child; left out") in said
    assert ("ssd_cla_reviews", "clar_cla_review_participation", "not a code of this column") in said
    assert "SECRET" not in str(said)
    assert returned.source == url


def test_windows(url):
    returned = read_ssd(url)
    visits = returned.windows("ssd_cin_visits", WindowSettings())
    assert {(one.note, one.start, one.end) for one in visits} >= {("n2", dt.date(2025, 2, 1), dt.date(2025, 2, 1))}
    episodes = returned.windows("ssd_cla_episodes", WindowSettings())
    assert [(one.start, one.end) for one in episodes] == [(dt.date(2025, 1, 1), dt.date(2025, 2, 28)), (dt.date(2025, 3, 1), None)]


def test_a_visit_is_its_note_and_not_another_childs(url, run):
    linked = attach(run, read_ssd(url))
    rows = dict(zip(column(linked, "ssd_cin_visits", "cinv_cin_visit_id"), linked.tables["ssd_cin_visits"].to_pylist(), strict=True))
    shown = {visit: (row["voice_link"], row["voice_voices_child"], row["voice_notes"]) for visit, row in rows.items()}
    assert shown == {
        "n2": ("linked by the note's id", 2, 1),
        "n3": ("the note of that id is another child's", None, None),
        "v9": ("linked", 8, 1),  # no such note: what was written on the day
        "77.12": ("linked by the note's id", 16, 1),  # one form for several children
        "n1": ("the note of that id is another child's", None, None),
    }
    assert column(linked, "ssd_cla_reviews", "voice_link") == ["linked", "no child id", "linked"]
    assert column(linked, "ssd_cla_reviews", "voice_voices_child") == [15, None, 15]
    coverage = [(r["outcome"], r["reason"], r["rows"]) for r in linked.coverage.to_pylist() if r["table"] == "ssd_cin_visits"]
    assert coverage == [
        ("linked", "", 1), ("linked", "by the note's id", 2), ("not linked", "the note of that id is another child's", 2)
    ]  # fmt: skip


def test_ssd_voice_stands_beside_in_the_database(url, run, tmp_path):
    returned = read_ssd(url)
    linked = with_voice_table(attach(run, returned), returned)
    table = linked.tables["ssd_voice"]
    assert table.num_rows == sum(one.num_rows for one in returned.tables.values()) == 14
    assert write_voice_table(table, returned) == 14
    assert write_voice_table(table, returned) == 14  # again: in the place of our own
    with sqlite3.connect(tmp_path / "ssd.db") as connection:
        rows = connection.execute(
            "SELECT voic_source_id, voic_person_id, voic_voices_child, voic_link FROM ssd_voice "
            "WHERE voic_source_table = 'ssd_cin_visits' ORDER BY voic_source_id"
        ).fetchall()
        assert connection.execute("SELECT count(*) FROM ssd_person").fetchone() == (3,)
    assert rows[2:4] == [("n2", "12", 2, "linked by the note's id"), ("n3", "7", None, "the note of that id is another child's")]
    assert "ssd_voice" not in read_ssd(url).tables
    fields = next(one for one in linked.dictionary["resources"] if one["name"] == "ssd_voice")["schema"]["fields"]
    assert [field["name"] for field in fields] == table.column_names
    assert all(field["description"] and "As handed in" not in field["description"] for field in fields)


def test_a_table_of_that_name_that_is_not_ours_is_not_touched(url, run, tmp_path):
    with sqlite3.connect(tmp_path / "ssd.db") as connection:
        connection.executescript("CREATE TABLE ssd_voice (x TEXT); INSERT INTO ssd_voice VALUES ('keep')")
    returned = read_ssd(url)
    linked = with_voice_table(attach(run, returned), returned)
    with pytest.raises(UsageError, match="not of voicenlp"):
        write_voice_table(linked.tables["ssd_voice"], returned)
    with sqlite3.connect(tmp_path / "ssd.db") as connection:
        assert connection.execute("SELECT x FROM ssd_voice").fetchall() == [("keep",)]


def test_what_can_not_be_read(tmp_path):
    with pytest.raises(InputError, match="no such database file"):
        read_ssd(f"sqlite:///{tmp_path / 'none.db'}")
    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE x (y TEXT)")
    with pytest.raises(InputError, match="no table of the Standard Safeguarding Dataset"):
        read_ssd(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(UsageError, match="not of the form"):
        read_ssd("no url")
    with pytest.raises(UsageError) as caught:
        read_ssd("klingon://me:SECRET@host/db")
    assert "SECRET" not in str(caught.value)
    (tmp_path / "text.db").write_text("not a database at all, but some words " * 100)
    with pytest.raises(InputError, match="the database refuses"):
        read_ssd(f"sqlite:///{tmp_path / 'text.db'}")
