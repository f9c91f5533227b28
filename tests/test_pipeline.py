"""The spaCy pipeline gives what the tagger gives, to the character."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicenlp.errors import ModelError
from voicenlp.pipeline import ELEMENTS, load, spans_of
from voicenlp.records import Note, Person
from voicenlp.taggers.rules import RuleTagger

NLP = load()
TAGGER = RuleTagger()
NOTES = [
    "Tia said she'd rather go swimming. Mum feels she is settled.",
    "Mum said Ava wants to live with her dad.",
    "Child's views:\r\nYP: dunno!!\r\nParent's views: N/A",
    "Seen at home.Tia said she wants\u00a0her dog/cat-thing(now)👍👍",
    "<p>Tia said she <b>wants</b> to&nbsp;stay.</p>",
    "Tia wants to go swimming. Agreed with TM to look for a session. I shared Tia's letter with the IRO.",
    "\n\n  Tia was asleep throughout.  ",
    "Tia said she wants to go )... ",
    "",
    "👍",
]
PIECES = [
    "Tia",
    " ",
    "said she",
    "wants",
    "'d like",
    "to go",
    ".",
    "\u00a0",
    "\u200b",
    "😀",
    "e\u0301",
    "\n",
    "\r\n",
    '"',
    "’",
    "/",
    "-",
    "Mum: ",
    "seen alone",
    "I asked Tia ",
    "&nbsp;",
    "x",
]


@pytest.mark.parametrize("text", NOTES)
def test_same_spans_as_the_direct_path(text):
    assert spans_of(NLP(text)) == TAGGER.tag(Note("n", text))[0]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_same_spans_whatever_the_text(text):
    doc = NLP(text)
    expected = TAGGER.tag(Note("n", text))[0]
    assert doc.text == text
    assert spans_of(doc) == expected
    for element in ELEMENTS:
        edges = [(s.start_char, s.end_char) for s in doc.spans[element]]
        assert edges == [(s.start, s.end) for s in expected if s.element == element]


def test_edges_inside_a_token_split_it():
    doc = NLP("Tia said she'd rather go swimming/climbing.Mum wasn't in.")
    span = doc.spans["voice"][0]
    assert span.text == "rather go swimming/climbing"
    assert (span.label_, span._.speaker, span._.person, span._.channel) == ("child", "child", "Tia", "spoken")


def test_metadata_and_roster():
    doc = NLP.make_doc("Mum said she is tired. I like the plan and I think it is good.")
    doc._.note = Note("n7", doc.text, author_role="Foster carer")
    doc._.roster = [Person("c1", "p2", "Karen Webb", role="mother")]
    rows = spans_of(NLP(doc))
    assert rows == TAGGER.tag(doc._.note, doc._.roster)[0]
    assert rows[0].person_id == "p2" and doc.spans["voice"][0]._.person_id == "p2"


def test_a_note_whose_text_is_another_does_no_harm():
    doc = NLP.make_doc("Tia wants to stay.")
    doc._.note = Note("n7", "Something else entirely, and much longer. Mum wants to move.")
    assert spans_of(NLP(doc)) == TAGGER.tag(Note("", "Tia wants to stay."))[0]


def test_corrections_reach_the_rows():
    doc = NLP("Tia wants to stay.")
    doc.spans["voice"][0]._.themes = ("home",)
    assert spans_of(doc)[0].themes == ("home",)
    with pytest.raises(ValueError, match="not made by voicenlp"):
        doc[0:1]._.speaker = "parent"


def test_groups_stand_for_every_element():
    assert {name: len(NLP("Hello")[:0].doc.spans[name]) for name in ELEMENTS} == dict.fromkeys(ELEMENTS, 0)


def test_pipe_gives_the_same_as_one_by_one():
    assert [spans_of(doc) for doc in NLP.pipe(NOTES)] == [spans_of(NLP(text)) for text in NOTES]


def test_works_in_a_pipeline_of_ones_own():
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("voice_tagger", config={"model": "rules"})
    doc = nlp("Tia wants to stay.")
    assert [s.text for s in doc.spans["voice"]] == ["wants to stay"]


def test_no_such_model():
    with pytest.raises(ModelError, match="nosuch"):
        load("nosuch")


def test_long_documents():
    text = "Tia said she doesn't want to go. Mum told me that Leo feels sad after contact.\n" * 3000
    began = time.perf_counter()
    doc = NLP(text)
    assert time.perf_counter() - began < 25
    assert len(doc.spans["voice"]) == 6000
