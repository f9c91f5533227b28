import pyarrow as pa
import pytest

from voicenlp.disclosure.differencing import compare_releases
from voicenlp.disclosure.tables import protect
from voicenlp.errors import InputError, UsageError

CLA, CIN = "dfe-looked-after", "dfe-children-in-need"


def table(*cells):
    return pa.table({"age": ["young", "old", "Total"], "n": list(cells)})


def found(first, second, policy=CLA, **options):
    options = {"dimensions": ["age"], "counts": ["n"], **options}
    return {(one.where, one.group["age"]): (one.least, one.most) for one in compare_releases(first, second, policy, **options)}


def test_a_subgroup_of_two_left_out():
    assert found(table("23", "38", "61"), table("21", "38", "59")) == {("difference", "young"): (2, 2), ("difference", "Total"): (2, 2)}


def test_a_cell_hidden_in_one_release_and_shown_by_the_other():
    assert found(table("c", "c", "61"), table("c", "58", "c"), relation="same") == {("first", "young"): (3, 3), ("second", "young"): (3, 3)}


def test_hidden_cells_do_not_hide_a_change_of_their_total():
    assert found(table("c", "c", "61"), table("c", "c", "60")) == {("difference", "Total"): (1, 1)}


def test_rounding_hides_what_lies_between():
    assert found(table("20", "40", "60"), table("20", "40", "60"), CIN) == {}
    assert found(table("20", "40", "60"), table("20", "40", "60"), CLA) == {}


def test_two_dates():
    assert found(table("23", "38", "61"), table("25", "32", "57"), relation="dates") == {
        ("difference", "young"): (-2, -2),
        ("difference", "Total"): (4, 4),
    }
    assert found(table("23", "38", "61"), table("43", "18", "61"), relation="dates") == {}


def test_releases_made_by_protect_from_two_states():
    def release(*cells):
        return protect(table(*cells), CLA, dimensions=["age"], counts=["n"]).table

    assert found(release(30, 3, 33), release(29, 3, 32)) == {("difference", "Total"): (1, 1)}
    assert found(release(30, 3, 33), release(20, 3, 23)) == {}


def test_groups_left_out_by_a_table_are_no_contradiction():
    assert found(table("10", "20", "33"), table("10", "20", "33")) == {}


def test_nearly_zero_and_missing_are_read():
    assert found(table("x", "38", "61"), table("x", "38", "61")) == {}


def test_contradiction_bad_cells_and_wrong_use():
    with pytest.raises(UsageError, match="contradict"):
        found(table("23", "38", "61"), table("25", "38", "63"))
    with pytest.raises(InputError, match="row 2, column 'n'") as fault:
        found(table("Tia", "38", "61"), table("25", "38", "63"))
    assert "Tia" not in str(fault.value)
    with pytest.raises(UsageError, match="relation"):
        found(table("1", "1", "1"), table("1", "1", "1"), relation="near")
