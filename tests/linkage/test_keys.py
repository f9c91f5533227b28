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


LONG = "RND000215205141"


def test_an_id_cut_at_ten_characters_is_found_on_either_side():
    match = match_keys(["RND0002152", "B"], [LONG, "b"])
    assert (match.pairs, match.cut) == ({"RND0002152": LONG, "B": "b"}, {"RND0002152"})
    match = match_keys([LONG], ["rnd0002152"])
    assert (match.pairs, match.cut) == ({LONG: "rnd0002152"}, {LONG})


@pytest.mark.parametrize(
    ("in_return", "in_notes"),
    [
        (["RND000215"], [LONG]),  # nine characters: not cut
        (["RND0002152", "ABCDEFGHIJKL"], [LONG]),  # that side has longer ids, so that it does not cut
        (["RND0002152"], ["RND0002152", LONG]),  # written alike is the same, and the longer one is somebody else
        (["0002152051"], [LONG]),  # must begin it
    ],
)
def test_what_was_not_cut_is_not_joined(in_return, in_notes):
    assert not match_keys(in_return, in_notes).cut
    assert LONG not in match_keys(in_return, in_notes).pairs.values()


def test_ten_characters_that_begin_two_ids_are_not_joined():
    match = match_keys(["RND0002152"], [LONG, "RND000215299999"])
    assert (match.pairs, match.unclear) == ({}, {"RND0002152"})
    assert [(clash.side, clash.ids, clash.cut) for clash in match.clashes] == [("notes", (LONG, "RND000215299999"), True)]
    turned = match_keys([LONG, "RND000215299999"], ["RND0002152"])
    assert (turned.pairs, turned.unclear) == ({}, {LONG, "RND000215299999"})


def test_an_id_that_is_joined_is_not_unclear_too():
    match = match_keys(["00000000012"], ["12", "0000000001"])
    assert (match.pairs, match.unclear) == ({"00000000012": "12"}, frozenset())


def test_a_crosswalk_comes_before_looks():
    match = match_keys(["7", "8"], ["7", "A"], {"7": "A"})
    assert (match.pairs, match.crossed) == ({"7": "A"}, {"7"})
    assert match_keys(["7"], ["7"], {"7": ""}).unclear == {"7"}
    assert match_keys(["7"], ["7"], nobodys=["7"]).pairs == {}


long_ids = st.lists(st.text(alphabet="aA0 ", min_size=9, max_size=12), max_size=6)


@given(long_ids, long_ids)
def test_no_two_long_ids_ever_share_notes(in_return, in_notes):
    match = match_keys(in_return, in_notes)
    assert len(set(match.pairs.values())) == len(match.pairs)
    for here, there in match.pairs.items():
        one, other = here.replace(" ", "").lower(), there.replace(" ", "").lower()
        assert one.lstrip("0") == other.lstrip("0") or (here in match.cut and one[:10] == other[:10] and len(one) != len(other))
    assert not match.unclear & match.pairs.keys()
