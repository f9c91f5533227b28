"""Where sentences of practitioners' prose end."""

import time

import pytest

from voicenlp.text.sentences import sentences


def cut(note):
    return [note[a:b] for a, b in sentences(note)]


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("Seen at home. Mum was in.", ["Seen at home.", "Mum was in."]),
        ("Met Dr. Shah and Mrs. Khan. Fine.", ["Met Dr. Shah and Mrs. Khan.", "Fine."]),
        ("Arrived 3.30 p.m. with FC.", ["Arrived 3.30 p.m. with FC."]),
        ("Tia left.She cried", ["Tia left.", "She cried"]),
        ("went home. mum was out.", ["went home.", "mum was out."]),
        ("Why? Because!", ["Why?", "Because!"]),
        ("He said “stop!” and ran.", ["He said “stop!” and ran."]),
        ("He said “stop.” She ran.", ["He said “stop.”", "She ran."]),
        ("Well... maybe. OK", ["Well... maybe.", "OK"]),
        ("Met J. Birch today.", ["Met J. Birch today."]),
        ("👍", ["👍"]),
        ("  ... !! ", []),
        ("", []),
    ],
)
def test_edges(note, expected):
    assert cut(note) == expected


@pytest.mark.parametrize("run", ["?", ".", "!", "…", '."', ".)", "?!", ". ", ".\u201d", "a."])
def test_runs_of_marks_take_no_time(run):
    began = time.perf_counter()
    sentences(run * 30_000)
    assert time.perf_counter() - began < 2  # a second look at every mark takes minutes
