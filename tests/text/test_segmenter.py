"""What form question a line answers, who has the turn, what was pasted from where."""

import pytest

from voicenlp.text.headings import Catalogue, catalogue
from voicenlp.text.segmenter import segment


def rows(note, *names):
    names = names or ("kind", "asks", "label")
    return [(*(getattr(s, n) for n in names), note[s.start : s.end]) for s in segment(note).segments]


@pytest.mark.parametrize(
    ("heading", "asks"),
    [
        ("Child's views", "child"),
        ("CHILD’S VIEWS:", "child"),
        ("3. Wishes and feelings (own words)", "child"),
        ("Kai's views", "child"),
        ("Voice of the child", "child"),
        ("Child&#39;s views", "child"),
        ("A day in the life of Kai", "child"),
        ("What would you change?", "child"),
        ("House of worries", "child"),
        ("Summary of the Discussion with the Child/Young Person, including his/her wishes and feelings", "child"),
        ("Mother's views", "parent"),
        ("Views of parents", "parent"),
        ("Views of foster carer", "carer"),
        ("Summary of any Discussion with the Carer", "carer"),
        ("Views of family and network", "family"),
        ("Professional views", "professional"),
        ("School's views:", "professional"),
        ("Analysis", "worker"),
        ("So what?", "worker"),
        ("How is the child/young person presenting?", "worker"),
        ("Management oversight", "manager"),
        ("Manager's decision:", "manager"),
        ("What are we worried about?", "mixed"),
        ("Next steps", "nobody"),
        ("Purpose of visit", "nobody"),
    ],
)
def test_whose_voice_a_heading_asks_for(heading, asks):
    note = f"{heading}\nSomething stands here."
    first = segment(note).segments[0]
    assert (first.kind, first.asks) == ("heading", asks)


def test_an_authority_can_bring_its_own_headings():
    own = Catalogue({"kids_corner": {"label": "Kids' corner", "asks": "child", "forms": ["kids corner", "~ in my words"]}})
    assert segment("Kids corner:\nfine", own).segments[1].asks == "child"
    assert own.find("Leo in my words").id == "kids_corner"
    assert own.find("Child's views") is None


def test_label_of_a_heading_holds_no_name():
    assert catalogue().find("Kaiden's views").label == "Child's views"


def test_answers_beside_and_under_headings():
    note = "Child's views: wants to stay\nParents' views:\nMum agrees.\n\nDad does not.\nAnalysis\nFine."
    assert rows(note, "kind", "asks") == [
        ("heading", "child", "Child's views:"),
        ("answer", "child", "wants to stay"),
        ("heading", "parent", "Parents' views:"),
        ("answer", "parent", "Mum agrees."),
        ("answer", "parent", "Dad does not."),
        ("heading", "worker", "Analysis"),
        ("answer", "worker", "Fine."),
    ]


def test_an_answer_beside_its_heading_ends_with_the_paragraph():
    note = "Child's views: wants to stay\n\nI then left."
    assert rows(note, "kind", "asks")[-1] == ("prose", "", "I then left.")


@pytest.mark.parametrize(
    ("note", "empty"),
    [
        ("Child's views:\n\nAnalysis:\nFine.", ["Child's views"]),
        ("Child's views: N/A\nAnalysis: fine", ["Child's views"]),
        ("Wishes and feelings\nto be obtained\nAnalysis\nNone of it is safe.", ["Wishes and feelings"]),
        ("Child's views:", ["Child's views"]),
        ("Child's views: none of it is fair", []),
    ],
)
def test_empty_headings(note, empty):
    assert segment(note).empty == empty


def test_present_headings_once_each_in_order():
    note = "Analysis\nFine.\nChild's views\nok\nAnalysis\nStill fine."
    assert segment(note).present == ["Analysis", "Child's views"]


def test_bullets_of_many_kinds():
    note = "- one\n* two\n• three\n1. four\n(b) five\n☑ six"
    assert rows(note, "kind") == [("bullet", w) for w in ("one", "two", "three", "four", "five", "six")]


@pytest.mark.parametrize(
    "line",
    [
        "Tia | wants to stay | mum agrees",
        "| Tia | wants to stay | mum agrees |",
        "Tia\twants to stay\tmum agrees",
        "Tia     wants to stay     mum agrees",
    ],
)
def test_table_like_lines(line):
    assert rows(line, "kind") == [("cell", "Tia"), ("cell", "wants to stay"), ("cell", "mum agrees")]


def test_blanked_out_debris_is_no_table():
    note = "Tia wants&nbsp;to <b>stay</b>&nbsp;here"
    assert rows(note, "kind") == [("prose", note)]


def test_turns():
    note = "YP: I want to stay\nSW: why?\nMrs Khan (FC): he is fine\nT: dunno"
    assert rows(note, "kind", "label") == [
        ("turn", "YP", "I want to stay"),
        ("turn", "SW", "why?"),
        ("turn", "Mrs Khan (FC)", "he is fine"),
        ("turn", "T", "dunno"),
    ]


@pytest.mark.parametrize("line", ["Visit at 12:30 went well.", "See https://example.org/x for more.", "Ratio 3:1 today."])
def test_a_colon_in_prose_is_no_label(line):
    assert rows(line, "kind") == [("prose", line)]


def test_a_sentence_with_a_verb_of_saying_before_its_colon_is_no_label():
    assert rows("Tia wrote: I want to go home", "kind", "label") == [("prose", "", "Tia wrote: I want to go home")]
    assert rows("Mum told me:\nI want him home.", "kind") == [("prose", "Mum told me:\nI want him home.")]


def test_pasted_email():
    note = "Email in:\nFrom: Karen Webb <k@example.org>\nSent: 03/04/2024 10:12\nTo: Tom Birch\nSubject: Tia\n\nI am not happy.\n"
    cut = segment(note).segments
    assert [s.kind for s in cut] == ["heading", "header", "header", "header", "header", "prose"]
    assert cut[-1].author == "Karen Webb <k@example.org>"


def test_the_second_email_of_a_thread_has_its_own_author():
    note = "From: Karen\nSubject: Tia\n\nNot happy.\n\nFrom: Tom\nSubject: Re: Tia\n\nSorry."
    assert [(s.author, note[s.start : s.end]) for s in segment(note).segments if s.kind == "prose"] == [
        ("Karen", "Not happy."),
        ("Tom", "Sorry."),
    ]


def test_message_threads():
    note = "[12/03/2024, 10:15] Mum: I want him home\n12/03/24, 10:16 - Tom Birch: I know\n10:17 Mum: ok"
    assert rows(note, "kind", "label") == [
        ("message", "Mum", "I want him home"),
        ("message", "Tom Birch", "I know"),
        ("message", "Mum", "ok"),
    ]


def test_chronology():
    note = "12/03/2024 - TC from mum.\n14/03/24 10:30 Visit. Seen.\n15 March 2024: Strategy meeting\nMon 3/4: DNA"
    assert rows(note, "kind") == [("entry", "TC from mum."), ("entry", "Visit. Seen."), ("entry", "Strategy meeting"), ("entry", "DNA")]
    assert len({s.block for s in segment(note).segments}) == 4


def test_hard_wrapped_paragraphs_are_one():
    note = "This is a long line of a paragraph that some system has wrapped\nand that goes on here. Next one."
    only = segment(note).segments
    assert len(only) == 1 and len(only[0].sentences) == 2


def test_line_ends_of_windows_and_html():
    assert rows("Child's views\r\n- wants to stay\r\n", "kind", "asks") == [
        ("heading", "child", "Child's views"),
        ("bullet", "child", "wants to stay"),
    ]
    note = "<p>Child's views:</p><p>wants to stay</p>"
    assert rows(note, "kind", "asks") == [("heading", "child", "Child's views:"), ("answer", "child", "wants to stay")]
    note = "{\\rtf1\\ansi Child's views:\\par wants to stay\\par}"
    assert rows(note, "kind", "asks") == [("heading", "child", "Child's views:"), ("answer", "child", "wants to stay")]


def test_nothing_makes_nothing():
    assert segment("").segments == [] and segment(" \n\t\r\n \u00a0").segments == []
