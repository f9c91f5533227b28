"""What the words of a voice tell about it."""

import pytest

from voicenlp.scheme import default_scheme
from voicenlp.taggers.attributes import _themes, challenge_of, channel_of, expression_of, themes_of


@pytest.mark.parametrize(
    ("words", "expression"),
    [
        ("wants to see his dad", ("wish",)),
        ("please can I stay", ("wish",)),
        ("don't make me go", ("wish",)),
        ("scared of the dark", ("feeling",)),
        ("it's unfair", ("view",)),
        ("he shouts at night when he has been drinking", ("experience",)),
        ("has been sleeping every night", ("experience",)),
        ("the most important thing is my sister", ("priority",)),
    ],
)
def test_expression(words, expression):
    assert expression_of(words) == expression


def test_what_the_cue_told_comes_first():
    assert expression_of("scared she will move", "view")[0] == "view"


def test_at_most_two_and_none_twice():
    words = "the main thing is he wants to stay and is scared, he hit me, it's unfair"
    found = expression_of(words, "wish")
    assert len(found) == len(set(found)) == 2


@pytest.mark.parametrize(
    ("words", "theme"),
    [
        ("hates maths at school", "education"),
        ("wants contact with dad at the centre", "family_time"),
        ("loves football and xbox", "leisure"),
        ("wants a mosque near by", "identity"),
        ("the social worker never comes", "services"),
        ("rent and bills", "independence"),
    ],
)
def test_themes(words, theme):
    assert theme in themes_of(words)


def test_themes_without_a_clue_are_none_and_the_scheme_knows_them_all():
    assert themes_of("mm") == ()
    assert set(_themes()[1].values()) == set(default_scheme().themes)


@pytest.mark.parametrize(
    ("words", "challenge"),
    [
        ("disagrees with the plan", True),
        ("nobody told me about the move", True),
        ("you lot never listen", True),
        ("refused to sign the plan", True),
        ("wants a different social worker", True),
        ("wants to see nan", False),
        ("happy with the plan", False),
    ],
)
def test_challenge(words, challenge):
    assert challenge_of(words, expression_of(words), "parent") is challenge


def test_those_who_decide_do_not_challenge():
    assert challenge_of("disagrees with the plan", ("view",), "manager") is False


@pytest.mark.parametrize(("words", "channel"), [("drew a house", "creative"), ("said so", "spoken")])
def test_channel(words, channel):
    assert channel_of(words) == channel
