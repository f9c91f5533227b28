import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicenlp.linkage.keys import match_keys, tidy_key


@pytest.mark.parametrize(
    ("raw", "tidy"),
    [
        ("12", "12"),
        (" 0012 ", "12"),
        ("Ab 12", "ab12"),
        ("\ufeff\u00a0AB\u200b", "ab"),
        ("0", "0"),
        ("000", "0"),
        ("", ""),
        ("  ", ""),
        (None, ""),
    ],
)
def test_tidy_key(raw, tidy):
    assert tidy_key(raw) == tidy


def test_ids_that_differ_in_case_spaces_or_zeros_are_found():
    assert match_keys(["0012", "AB1", "x"], ["12", " ab1", "y"]).pairs == {"0012": "12", "AB1": " ab1"}


def test_two_ids_of_the_notes_with_one_key_are_not_merged():
    match = match_keys(["12"], ["012", "0012"])
    assert (match.pairs, match.unclear) == ({}, {"12"})
    assert [(clash.side, clash.ids) for clash in match.clashes] == [("notes", ("0012", "012"))]


def test_an_id_written_alike_on_both_sides_is_joined_in_spite_of_a_clash():
    match = match_keys(["12", "012"], ["012"])
    assert (match.pairs, match.unclear) == ({"012": "012"}, {"12"})
    assert [clash.side for clash in match.clashes] == ["return"]


def test_no_id_is_never_joined_with_no_id():
    match = match_keys(["", " "], ["", " ", "\u00a0"])
    assert (match.pairs, match.clashes, match.unclear) == ({}, (), frozenset())


ids = st.lists(st.text(alphabet="0aA1 ", max_size=4), max_size=8)


@given(ids, ids)
def test_no_two_ids_of_the_return_ever_share_notes(in_return, in_notes):
    match = match_keys(in_return, in_notes)
    assert len(set(match.pairs.values())) == len(match.pairs)
    for here, there in match.pairs.items():
        assert here in in_return and there in in_notes
        assert here.replace(" ", "").lower().lstrip("0") == there.replace(" ", "").lower().lstrip("0")
    assert not match.unclear & match.pairs.keys()
