"""Whatever the text: no crash, no span outside it, none empty, none over another of its element, and time in proportion to length."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicenlp.records import Note, Person
from voicenlp.scheme import default_scheme
from voicenlp.taggers.rules import RuleTagger

TAGGER = RuleTagger()
PIECES = [
    "Tia ",
    "Mum ",
    "said ",
    "said she ",
    "wants to ",
    "is scared",
    "doesn't ",
    "not ",
    "if ",
    "he ",
    "she ",
    "I ",
    "you told me ",
    "and ",
    "that ",
    ". ",
    "? ",
    "! ",
    "…",
    "... ",
    ", ",
    ": ",
    "; ",
    " - ",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\u00a0",
    "\u200b",
    "\t",
    "    ",
    " | ",
    '"',
    "“",
    "”",
    "'",
    "’",
    "«",
    "(",
    ")",
    "[",
    "]",
    "YP: ",
    "SW: ",
    "Child's views:",
    "N/A",
    "Analysis\n",
    "House of worries",
    "From: Karen\n",
    "[12/03/24, 10:15] ",
    "12/03/2024 - ",
    "seen alone",
    "asleep",
    "declined to speak",
    "I asked ",
    "shared ",
    "agreed to ask",
    "refused",
    "👍",
    "👩‍👧",
    "e\u0301",
    "ﬁ",
    "İ",
    "ß",
    "<b>",
    "</p>",
    "&amp;",
    "&#39;",
    "{\\rtf1 ",
    "\\par ",
    "cried ",
    "drew ",
    "FC ",
    "HV",
    "A",
    "x" * 30,
    "1",
    "\ud800",
    "\x00",
    "لا",
    "你好",
]
ROSTER = [Person("c", "p1", "Tia Webb", role="child"), Person("c", "p2", "Karen", ("mum",), "mother"), Person("c", "p3", "", role="?")]


def hold(text, roster=()):
    spans, present, empty = TAGGER.tag(Note("n", text), roster)
    ends = {}
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end].strip()
        assert span.start >= ends.get(span.element, 0)
        ends[span.element] = span.end
        assert default_scheme().faults(span.as_dict()) == []
        assert span.tagger.startswith("rules:")
    ids = [s.span_id for s in spans]
    assert len(set(ids)) == len(ids) and all(set(s.of) <= set(ids) for s in spans)
    assert set(empty) <= set(present)
    return spans


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_pieces_of_notes_in_any_order(text):
    hold(text)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_with_a_roster(text):
    assert {s.person_id for s in hold(text, ROSTER)} <= {"", "p1", "p2", "p3"}


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_unicode(text):
    hold(text)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_same_text_gives_the_same_spans(text):
    assert TAGGER.tag(Note("n", text)) == RuleTagger().tag(Note("n", text))


NOTE = (
    "Visited at 4pm. Tia was seen alone. Tia said she doesn't want to go on Saturday. Mum told me that Leo feels sad after contact.\n"
    'I asked Tia what she would change. "I want my own room", she said. Agreed with TM to ask about it.\n\n'
    "Parent's views:\nDad thinks it is unfair.\n\n"
)


def test_a_hundred_thousand_words_take_as_long_as_ten_times_ten_thousand():
    small, large = NOTE * 200, NOTE * 2000
    assert len(large.split()) > 100_000
    TAGGER.tag(Note("n", NOTE))
    began = time.process_time()
    few = TAGGER.tag(Note("n", small))[0]
    middle = time.process_time()
    many = TAGGER.tag(Note("n", large))[0]
    took = time.process_time() - middle
    assert len(many) > 10_000 and abs(len(many) - 10 * len(few)) <= 20  # the first and last copies stand at an edge
    assert took < 30 * (middle - began) and took < 40


RUNS = [
    " ",
    ".",
    "?",
    "!",
    "…",
    "-",
    "_",
    "*",
    "=",
    ">",
    "|",
    "#",
    '"',
    "'",
    "“",
    "”",
    "‘",
    "’",
    "(",
    ")",
    "[",
    "]",
    "<",
    "&",
    "{",
    "\\",
    "/",
    "a",
    "A",
    "é",
    "1",
    "1 ",
    "A ",
    "Ab ",
    "Tia ",
    "Tia-",
    "T'",
    "A.",
    ". ",
    "? ",
    " .",
    " - ",
    " | ",
    ": ",
    "1:",
    "12/12 ",
    "12:30 ",
    "\n",
    "\r",
    "\t",
    "\u00a0",
    "😀",
    "e\u0301",
    "<a ",
    "<!--",
    "&a",
    "\\par",
    "{\\*",
    "he ",
    "not ",
    "and ",
    "very ",
    "was ",
    "I ",
    '"a" ',
    "(a) ",
    "a?",
    "a\n",
    "Aa:\n",
    "- a\n",
    "children ",
    "the ",
    "asked Tia ",
]


@pytest.mark.parametrize("lead", ["", "Tia said she wants ", "Child's views:\n", "I asked "])
def test_long_runs_of_anything(lead):
    for run in RUNS:
        text = lead + run * (20_000 // len(run)) + "x"
        began = time.process_time()
        TAGGER.tag(Note("n", text))
        assert time.process_time() - began < 3, (lead, run)
