"""The rules on small pieces of notes; what is expected is written in the inline form (ANNOTATION.md, section 5).

Only the attributes that a case writes out are compared, so that a case says one thing.
"""

import re

import pytest

from voicenlp.io.annotations import parse_inline
from voicenlp.records import Note, Person
from voicenlp.taggers.rules import RuleTagger

NAMES = {"s": "speaker", "p": "person", "e": "expression", "c": "channel", "q": "verbatim", "via": "via", "ch": "challenge", "t": "themes"}
NAMES |= {"g": "given", "how": "how", "o": "outcome"}
TAGGER = RuleTagger()


def check(marked, elements="voice space audience influence", roster=(), **about):
    """Tag the text of a marked piece and compare the spans with the marks."""
    text, wanted = parse_inline(marked)
    spans = [s for s in TAGGER.tag(Note("n", text, **about), roster)[0] if s.element in elements.split()]
    tags = re.findall(r"<[vsai]\s([^<>]*)>", marked)
    assert [(s.element, text[s.start : s.end]) for s in spans] == [(s.element, text[s.start : s.end]) for s in wanted]
    for got, expected, tag in zip(spans, wanted, tags, strict=True):
        written = {NAMES[key] for key in re.findall(r"(\w+)=", tag) if key in NAMES}
        assert {key: getattr(got, key) for key in written} == {key: getattr(expected, key) for key in written}
    return spans


@pytest.mark.parametrize(
    "marked",
    [
        'Tia said she <v s="child" p="Tia" q="no" via="" e="wish">doesn\'t want to go on Saturday</v>.',
        'Tia told me that she is <v s="child" p="Tia" e="feeling" t="safety">scared of the dark</v>.',
        'Mum feels <v s="parent" p="Mum" e="view">it is too early</v>.',
        'Mum <v s="parent" e="view" ch="yes">disagrees with the plan</v>.',
        'Nan thinks <v s="family" p="Nan" e="view">he should live with her</v>.',
        'Leo <v s="child" p="Leo" e="wish">wants to stay with his nan</v>.',
        'She said she\'d <v s="child" e="wish">rather go swimming</v>.',
        'Mrs Khan (FC) said <v s="carer" p="Mrs Khan" via="">he has settled well</v>.',
        'IRO said <v s="professional" p="IRO">the plan should be reviewed</v>.',
        'Conference chair felt <v s="manager" e="view">the threshold is met</v>.',
        'Mum <v s="parent" e="feeling">feels let down by the council</v>, Dad thinks <v s="parent" p="Dad" e="view">the plan is fine</v>.',
        'Mum said <v s="parent" p="Mum">nobody asked her</v>, she said.',
        'Tia told SW that <v s="child">nothing has changed</v>.',
    ],
)
def test_indirect_speech(marked):
    check(marked, "voice")


@pytest.mark.parametrize(
    "marked",
    [
        'Tia <v s="child" e="wish">does not want to move</v>.',
        'Mum <v s="parent" e="view" ch="yes">does not agree with the plan</v>.',
        'Dad <v s="parent" e="feeling">isn\'t happy about the delay</v>.',
        'Leo said he <v s="child">won\'t go back to school</v>.',
        'Tia <v s="child">doesn\'t like the new flat</v>.',
    ],
)
def test_negation_stays_in_the_span(marked):
    start = check(marked, "voice")[0].start
    assert re.match(r"(?:does not|doesn't|isn't|won't)", parse_inline(marked)[0][start:])


@pytest.mark.parametrize(
    "marked",
    [
        'Tia said: "<v s="child" p="Tia" q="yes" e="wish">I want to stay with Nan</v>."',
        '“<v s="child" p="Leo" q="yes">I don\'t want to go</v>,” said Leo.',
        'Leo said \'<v s="child" p="Leo" q="yes" e="feeling">I hate it here</v>\' and left.',
        'Tia said «<v s="child" q="yes">no way José</v>».',
        'Tia said “<v s="child" q="yes">no way at all</v>',
        'Tia asked “<v s="child" q="yes">can I go home</v>?”',
        'Tia said: <v s="child" p="Tia" q="yes">I want to go home</v>',
        'Mum told me:\n<v s="parent" p="Mum" q="yes">I want him home</v>.',
    ],
)
def test_direct_speech(marked):
    text, wanted = parse_inline(marked)
    voices = [s for s in TAGGER.tag(Note("n", text))[0] if s.verbatim]
    assert [text[s.start : s.end] for s in voices] == [text[s.start : s.end] for s in wanted]
    assert [s.speaker for s in voices] == [s.speaker for s in wanted]


@pytest.mark.parametrize(
    "marked",
    [
        'Mum said Ava <v s="child" p="Ava" e="wish" via="parent">wants to live with her dad</v>.',
        'Mum told me that Ava <v s="child" p="Ava" e="feeling" via="parent">feels sad after contact</v>.',
        'School said Ava told them <v s="child" p="Ava" via="professional">she is hungry at night</v>.',
        'Mum said that Leo told Nan that he <v s="child" p="Leo" via="parent">hates the new flat</v>.',
        'FC said Tia is <v s="child" p="Tia" via="carer">worried about the move</v>.',
        'Dad said Leo told him <v s="child" p="Leo" via="parent">he is bullied</v>.',
    ],
)
def test_nested_speech_belongs_to_whose_it_is_in_the_end(marked):
    assert check(marked, "voice")[0].tagger.startswith("rules:nested.")


def test_first_hand_speech_has_no_via():
    check('Ava said she <v s="child" via="">wants to live with her dad</v>.', "voice")


@pytest.mark.parametrize(
    "text",
    [
        "I asked if she wanted to see Dad.",
        "Does Tia want to see Dad?",
        "What does he want?",
        "If he says he wants to, we can go.",
        "Whether Mum wants this is not known.",
        "Should Mum say she wants more time, review the plan.",
        "Tia did not say that she was unhappy.",
        "Mum has never said he hates school.",
        "She said nothing.",
        "Tia did not say anything.",
        "Mum said the appointment is on Tuesday.",
        "HT reported attendance of 84 %.",
        "The home was clean. Leo was playing with bricks.",
        "I visited at 4pm with a colleague.",
        "We read the book 'Owl Babies'.",
        "Children have a right to be heard.",
        "",
        " \n\t",
        "...",
    ],
)
def test_what_is_no_voice(text):
    assert [s for s in TAGGER.tag(Note("n", text))[0] if s.element == "voice"] == []


def test_after_a_hypothetical_the_next_clause_counts_again():
    check('Tia did not say that she was unhappy, but said she <v s="child">misses Nan</v>.', "voice")


@pytest.mark.parametrize(
    "marked",
    [
        'Tia texted me "<v s="child" c="written" q="yes">can i see mum x</v>"',
        'Tia wrote: <v s="child" c="written" q="yes">I want to go home</v>',
        '10:15 Mum: <v s="parent" c="written" q="yes">I want him home now</v>',
        'From: Karen Webb\nSubject: Tia\n\n<v s="parent" p="Karen Webb" c="written" q="yes" ch="yes">I am not happy with the plan</v>.\n\n'
        "Karen Webb (mum)",
        'Baby Leo <v s="child" p="Leo" c="behaviour" e="feeling">smiled and reached out his arms when Mum came in</v>.',
        'Tia drew a picture of her house with no door and said <v s="child" c="spoken">that\'s how it feels</v>.',
        'Tia signed that <v s="child" c="spoken">nobody asks her</v>.',
    ],
)
def test_channels(marked):
    check(marked, "voice")


def test_own_letter_of_a_child():
    text = "My name is Kai. I live with my nan and I like my bed. I miss my mum. I want my dog. I hate it when I go."
    spans = TAGGER.tag(Note("n", text))[0]
    assert {(s.speaker, s.channel, s.verbatim) for s in spans} == {("child", "written", True)}


def test_turns_of_a_transcript():
    check(
        'YP: <v s="child" q="yes" e="wish">I want to stay</v>\nSW: why is that?\nYP: <v s="child" q="yes">cos its nice</v>\n'
        'Mum: <v s="parent" q="yes">I think he should come home</v>',
        "voice",
    )


@pytest.mark.parametrize(
    "marked",
    [
        '<s s="child" p="Tia" g="yes" how="seen_alone">Tia was seen alone</s> in her bedroom.',
        '<s s="child" p="Tia" g="no" how="declined">Tia declined to speak to me</s>.',
        '<s s="child" p="Tia" g="no" how="declined">Tia did not want to talk about it</s>.',
        '<s s="child" p="Tia" g="no" how="not_asked">Tia was asleep throughout</s>.',
        '<s s="child" p="Leo" g="yes" how="asked">I asked Leo what he would change</s>.',
        '<s s="child" p="" g="yes" how="asked">I asked if she wanted to see Dad</s>.',
        'Wishes and feelings: <s s="child" g="no" how="declined">Declined to give a view</s>.',
        'Child\'s views: <s s="child" g="no" how="too_young">Too young to express a view</s>.',
        'Child\'s views: <s s="child" g="no" how="left_blank">N/A</s>\nAnalysis: Visit was short.',
        'Parents\' views: <s s="parent" g="no" how="left_blank">to be obtained</s>',
        '<s s="child" g="no" how="left_blank">Child\'s views:</s>\n\nActions:\nNone.',
    ],
)
def test_space(marked):
    check(marked)


def test_a_section_with_questions_below_is_not_blank():
    assert TAGGER.tag(Note("n", "Child's views\nWhat makes you happy?\nmy dog"))[0][0].element == "voice"


def test_a_space_of_its_own_begins_and_ends_with_whole_words():
    text = "Your brother Leo was asleep. Leo wasn't asked about this."
    spans = [text[s.start : s.end] for s in TAGGER.tag(Note("n", text))[0] if s.element == "space"]
    assert spans == ["Leo was asleep", "wasn't asked about this"]


def test_audience_and_influence():
    check('<a s="child" p="Tia">I shared Tia\'s letter with the IRO</a>.')
    spans = check(
        'Tia <v s="child" e="wish">wants to go swimming</v>. '
        '<i s="child" p="Tia" o="planned" of="1">Agreed with TM to look for a swimming session</i>.'
    )
    assert spans[1].of == (spans[0].span_id,)


def test_an_action_that_answers_nobody_is_no_influence():
    check("Agreed with TM to look for a swimming session.", "influence")


@pytest.mark.parametrize(
    "marked",
    [
        'Dad rang. He is <v s="parent" p="Dad">fuming that nobody had told him about the move</v>.',
        'Visited Leo. He <v s="child" p="Leo">wants to see his dad</v>.',
        'T/C from Nan. She said <v s="family" p="Nan">he is fine</v>.',
        'He <v s="child">wants to see his dad</v>.',
    ],
)
def test_pronouns(marked):
    check(marked, "voice")


def test_records_written_to_the_child():
    check(
        'You told me <v s="child" p="You">you hate school</v>. <s s="child" g="yes" how="asked">I asked why</s>.',
    )
    check(
        'Dear Kai\nYou said <v s="child" p="Kai">you like football</v>. You <v s="child" p="Kai">want to live with your nan</v>. '
        "Your mum was out.",
        "voice",
    )


def test_person_ids_of_the_roster():
    roster = [Person("c1", "p1", "Tia Webb", role="child"), Person("c1", "p2", "Karen Webb", role="mother")]
    text = "Mum said she is tired. Tia wants to go home. Karen feels it is unfair. Tia was seen alone."
    spans = TAGGER.tag(Note("n", text), roster)[0]
    assert [(s.element, s.person, s.person_id) for s in spans] == [
        ("voice", "Karen Webb", "p2"),
        ("voice", "Tia Webb", "p1"),
        ("voice", "Karen Webb", "p2"),
        ("space", "Tia Webb", "p1"),
    ]


@pytest.mark.parametrize(
    "marked",
    [
        "👍",
        'Tia replied <v s="child">👍❤️</v>',
        'Tia <v s="child">wants a cafe\u0301 trip 🙂</v>.',
        "Tia doesn’t go.",
        'Tia <v s="child">doesn’t want to go</v>.',
        'Tia said she <v s="child">wants\xa0her dog</v>',
        'Tia <v s="child">wants to stay</v>\r\nMum <v s="parent">hopes to move</v>\r\n',
        'Tia <v s="child">wants to&nbsp;go home &amp; play</v>.',
        'Tia <v s="child">wants to stay</v>',
        'Tia: """',
    ],
)
def test_odd_text(marked):
    check(marked, "voice")


def test_every_span_names_its_rule_heading_and_id():
    text = (
        "Child's views:\nYP: I want to stay\nAnalysis\nI am worried about the plan. Tia was seen alone. I shared Tia's letter with the IRO."
    )
    spans = TAGGER.tag(Note("n", text))[0]
    assert {s.element for s in spans} == {"voice", "space", "audience"}
    assert all(re.fullmatch(r"rules:[a-z_]+(?:\.[a-z_]+)*", s.tagger) for s in spans)
    assert [s.span_id for s in spans] == [f"s{n}" for n in range(1, len(spans) + 1)]
    assert [s.heading for s in spans] == ["Child's views", "Analysis", "Analysis", "Analysis"]
    assert all(0 < s.score <= 1 for s in spans)


def test_headings_present_and_empty_come_with_the_spans():
    assert TAGGER.tag(Note("n", "Child's views:\n\nAnalysis\nFine."))[1:] == (["Child's views", "Analysis"], ["Child's views"])
