import pytest

from voicenlp.errors import InputError
from voicenlp.linkage import Crosswalk, attach, read_crosswalk, read_ssda903


@pytest.fixture
def crosswalk(tmp_path):
    def make(text, name="ids.csv"):
        (tmp_path / name).write_text(text)
        return read_crosswalk(tmp_path / name)

    return make


@pytest.fixture
def returned(make_return):
    def make(*children):
        return read_ssda903(make_return(header="CHILD,SEX\n" + "".join(f"{child},1\n" for child in children)))

    return make


def column(linked, name):
    return linked.tables["header"].column(name).to_pylist()


def said(linked):
    return [(f["row"], f["column"], f["finding"]) for f in linked.findings.to_pylist() if f["table"] == "(crosswalk)"]


def test_ids_that_differ_are_joined(crosswalk, returned, make_run):
    ids = crosswalk("notes_id,Return ID\nX-9, 0012\nx-7,B\n")
    linked = attach(make_run(("n1", "X-9", "2025-01-01", 2), ("n2", "X-7 ", "2025-01-01", 4)), returned("12", "B", "C"), crosswalk=ids)
    assert column(linked, "voice_link") == ["linked by the crosswalk", "linked by the crosswalk", "child not in the notes"]
    assert column(linked, "voice_voices_child") == [2, 4, None]
    coverage = [(r["table"], r["outcome"], r["reason"], r["rows"]) for r in linked.coverage.to_pylist()]
    assert ("header", "linked", "by the crosswalk", 2) in coverage and ("header", "linked", "", 0) in coverage
    assert ("(notes)", "linked", "", 2) in coverage


def test_an_id_in_the_crosswalk_is_no_longer_what_it_looks_like(crosswalk, returned, make_run):
    """Child 7 of the return is A1 of the notes, whose child 7 is somebody else."""
    ids = crosswalk("return_id,notes_id\n7,A1\n8,7\n")
    linked = attach(make_run(("n1", "A1", "2025-01-01", 2), ("n2", "7", "2025-01-01", 4)), returned("7", "8"), crosswalk=ids)
    assert column(linked, "voice_voices_child") == [2, 4]
    gone = crosswalk("return_id,notes_id\n7,A9\n", "gone.csv")
    linked = attach(make_run(("n2", "7", "2025-01-01", 4)), returned("7"), crosswalk=gone)
    assert column(linked, "voice_link") == ["child not in the notes"]
    assert said(linked) == [(2, "notes_id", "not in the notes")]


def test_a_child_with_several_ids_in_the_notes(crosswalk, returned, make_run):
    ids = crosswalk("return_id,notes_id\n7,A1\n7,B2\n")
    run = make_run(("n1", "A1", "2025-01-01", 2), ("n2", "B2", "2025-01-01", 4), ("n3", "C3", "2025-01-01", 8))
    linked = attach(run, returned("7"), crosswalk=ids)
    assert column(linked, "voice_voices_child") == [6]
    notes = {r["reason"]: (r["rows"], r["children"]) for r in linked.coverage.to_pylist() if r["table"] == "(notes)"}
    assert notes == {"": (2, 1), "child not in the return": (1, 1)}


def test_an_id_given_to_two_children_is_used_for_neither(crosswalk, returned, make_run):
    ids = crosswalk("return_id,notes_id\n7,A1\n8,a1\n9,\n,A2\nZ,A2\n")
    linked = attach(make_run(("n1", "A1", "2025-01-01", 2), ("n2", "8", "2025-01-01", 4)), returned("7", "8", "A1"), crosswalk=ids)
    assert column(linked, "voice_link") == ["child's id can't be told from another"] * 2 + ["child not in the notes"]
    assert said(linked)[:4] == [
        (2, "notes_id", "given to several ids of the return; used for none"),
        (3, "notes_id", "given to several ids of the return; used for none"),
        (4, "notes_id", "empty"),
        (5, "return_id", "empty"),
    ]


def test_rows_stay_once_and_in_order(crosswalk, returned, make_run):
    to = returned("12", "12", "B", "", "12")
    linked = attach(make_run(("n1", "X", "2025-01-01", 2)), to, crosswalk=crosswalk("return_id,notes_id\n12,X\n12,X\n"))
    assert linked.tables["header"].select(["CHILD", "SEX"]).equals(to.tables["header"])
    assert column(linked, "voice_voices_child") == [2, 2, None, None, 2]


def test_what_is_no_crosswalk(crosswalk, tmp_path):
    with pytest.raises(InputError, match="'notes_id'"):
        crosswalk("return_id,other\n1,2\n")
    with pytest.raises(InputError, match="no such file"):
        read_crosswalk(tmp_path / "none.csv")
    assert crosswalk("return_id,notes_id\n") == Crosswalk(())
