"""Quotation marks of every make, balanced or not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicenlp.taggers.quotes import quoted


def inside(note):
    return [note[a:b] for a, b in quoted(note, 0, len(note))]


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ('He said "I am off".', ["I am off"]),
        ("He said “I am off”.", ["I am off"]),
        ("He said «I am off».", ["I am off"]),
        ("He said „I am off“.", ["I am off"]),
        ("He said 'I am off'.", ["I am off"]),
        ("He said ‘I’m off’.", ["I’m off"]),
        ('He said "I am off', ["I am off"]),
        ('I am off" he said', ["I am off"]),
        ("I want to go” she said", ["I want to go"]),
        ('He is 5" taller now', []),
        ('"no way" and "not now" she said', ["no way", "not now"]),
        ("the boys' room and the girls' room", []),
        ("It wasn't Tia's and it isn't Leo's", []),
        ("the so-called 'plan' is late", []),
        ('reading "Owl Babies" together', []),
        ('He said ""', []),
        ('"', []),
        ("", []),
    ],
)
def test_quotes(note, expected):
    assert inside(note) == expected


@given(st.text(st.sampled_from("\"'“”‘’„«»` .,!?a"), max_size=60))
def test_never_outside_never_empty(note):
    spans = quoted(note, 0, len(note))
    assert all(0 <= a < b <= len(note) and note[a:b].strip() for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
