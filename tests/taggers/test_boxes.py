"""Whether a child was seen, and alone, as forms and prose say it; the question is never the answer."""

from __future__ import annotations

import pytest

from voicenlp.records import Note, Person
from voicenlp.taggers.rules import RuleTagger

TAGGER = RuleTagger()
ROSTER = [Person("c", "p1", "Esme Hollier", ("Esme", "E"), "child"), Person("c", "p2", "Lynne Purdew", ("Lynne",), "foster carer")]


def chances(text, roster=()):
    return [(span.given, span.how) for span in TAGGER.tag(Note("n", text, "c"), roster)[0] if span.element == "space"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Was the child seen alone?\nNo", [(False, "not_alone")]),
        ("Seen alone: No, mum stayed", [(False, "not_alone")]),
        ("Seen alone? N", [(False, "not_alone")]),
        ("Was the child spoken to alone? No", [(False, "not_alone")]),
        ("Was the child seen alone?\nYes, bedroom", [(True, "seen_alone")]),
        ("Child seen alone - Yes, in bedroom", [(True, "seen_alone")]),
        ("Was the child seen?\nYes\n\nWas the child seen alone?\nNo", [(True, "seen"), (False, "not_alone")]),
        ("Was the child seen?\nNo\n\nWas the child seen alone?\nN/A", [(False, "not_seen")]),
        ("Was the child seen alone?\n", []),
        ("Seen on her own in the garden for about 20 mins.", [(True, "seen_alone")]),
        ("Not seen alone as aunt stayed throughout.", [(False, "not_alone")]),
        ("Saw Esme at Lynne and Geoff's.", [(True, "seen")]),
        ("Interpreter booked for the visit but did not attend.", [(False, "no_support")]),
        ("Not possible to ascertain wishes and feelings at this visit.", [(False, "not_asked")]),
    ],
)
def test_what_a_record_says_of_being_seen(text, expected):
    assert chances(text) == expected


def test_being_seen_is_about_the_child_whoever_was_named_last():
    text = "Saw Esme at Lynne's. Lynne says she eats well. Seen on her own in the garden."
    spans = [span for span in TAGGER.tag(Note("n", text, "c"), ROSTER)[0] if span.how == "seen_alone"]
    assert [(span.speaker, span.person_id) for span in spans] == [("child", "p1")]


def test_with_a_roster_a_note_invents_nobody():
    text = (
        "Recommend Lynne is asked. Tell Lynne. Attendees: Esme, Lynne.\nThrough Mr Aziz: he does not sleep.\nEsme\nLynne said she is fine."
    )
    people = {span.person for span in TAGGER.tag(Note("n", text, "c"), ROSTER)[0]}
    assert not people & {"Recommend", "Tell Lynne", "Attendees", "Through Mr Aziz", "Esme Lynne"}
