"""Who is who in a note."""

import pytest

from voicenlp.records import Note, Person
from voicenlp.text.reading import read


def people(text, roster=(), **about):
    return {a.name: a.speaker for a in read(Note("n", text, **about), roster).cast.actors if a.count}


@pytest.mark.parametrize(
    ("text", "name", "speaker"),
    [
        ("Karen (mum) rang.", "Karen", "parent"),
        ("Met mum Karen today.", "Karen", "parent"),
        ("Mother, Shilan Karim, was in.", "Shilan Karim", "parent"),
        ("Spoke to Mrs Khan (FC).", "Mrs Khan", "carer"),
        ("Mr Shah, the head teacher, rang.", "Mr Shah", "professional"),
        ("PC Dale attended.", "PC Dale", "professional"),
        ("Dr Osei was there.", "Dr Osei", "professional"),
        ("HHJ Marsh decided.", "HHJ Marsh", "manager"),
        ("SW Tom Birch visited.", "Tom Birch", "practitioner"),
        ("Seen with Dilan (10) today.", "Dilan", "child"),
        ("Child: Ava Webb", "Ava Webb", "child"),
        ("I met Leo. Leo was fine.", "Leo", "child"),
        ("Nan said no.", "Nan", "family"),
        ("IRO told.", "IRO", "professional"),
        ("His brother Sam came.", "Sam", "child"),
    ],
)
def test_introductions(text, name, speaker):
    assert people(text).get(name) == speaker


@pytest.mark.parametrize("text", ["Hill Primary School rang.", "Visited Oak Road today.", "Seen on Monday in March.", "He speaks Polish."])
def test_places_days_and_languages_are_no_people(text):
    assert not set(people(text)) - {"School", "school"}


def test_a_name_and_its_fuller_form_are_one_person():
    assert people("Tia was in. I told Tia Webb (10) that Tia could stay.") == {"Tia Webb": "child"}


@pytest.mark.parametrize(
    ("text", "word", "counted"),
    [
        ("HV said she is well.", "HV", True),
        ("Next HV due on the 3rd.", "HV", False),
        ("PA feels he is ready.", "PA", True),
        ("Concerns about PA and neglect.", "PA", False),
        ("CG: the plan is not safe", "CG", True),
        ("CG minutes sent.", "CG", False),
        ("SM agreed the request.", "SM", True),
        ("History of SM and DV.", "SM", False),
        ("Spoke to EP about him.", "EP", True),
        ("M: 14, F: 3 months.", "M", True),
    ],
)
def test_ambiguous_abbreviations_count_where_they_act_as_a_person(text, word, counted):
    assert (word in people(text)) is counted


def test_an_ambiguous_abbreviation_is_marked_as_unsure():
    actors = read(Note("n", "PA feels he is ready. FC agrees."), ()).cast.actors
    assert {a.name: a.sure for a in actors} == {"PA": False, "FC": True}


ROSTER = [
    Person("c1", "p1", "Tia Webb", role="child"),
    Person("c1", "p2", "Karen Webb", also=("Kaz", "mum"), role="mother"),
    Person("c1", "p3", "Joe Webb", role="father"),
    Person("c1", "p4", "Sue Khan", role="foster carer"),
    Person("c1", "p5", "Tom Birch", role="social worker"),
]


@pytest.mark.parametrize(
    ("text", "person_id"),
    [
        ("Karen was in.", "p2"),
        ("Kaz was in.", "p2"),
        ("Karen Webb was in.", "p2"),
        ("Mum was in.", "p2"),
        ("Mrs Webb was in.", "p2"),
        ("Mr Webb was in.", "p3"),
        ("Dad was in.", "p3"),
        ("Mrs Khan was in.", "p4"),
        ("I saw Tia.", "p1"),
        ("TW was in.", "p1"),
    ],
)
def test_roster(text, person_id):
    assert [a.person_id for a in read(Note("n", text), ROSTER).cast.actors if a.count] == [person_id]


def test_the_roster_is_stronger_than_a_guess():
    roster = [Person("c1", "p9", "Leo", role="maternal uncle")]
    assert people("I met Leo. Leo was fine.", roster) == {"Leo": "family"}


def test_a_roster_with_blanks_does_no_harm():
    assert people("Mum was in.", [Person("c1", "p1", "", role=""), Person("c1", "p2", "  ", also=("",), role="??")]) == {"Mum": "parent"}


@pytest.mark.parametrize(
    ("text", "focus"),
    [
        ("Dear Kai\nYou said you like football. You want to live with nan. Your brother Leo was out.", "Kai"),
        ("You told me you hate school. I asked why.", "You"),
        ("You told me you want to see your brother. You said you felt sad.", "You"),
    ],
)
def test_records_written_to_the_child(text, focus):
    cast = read(Note("n", text)).cast
    assert cast.addressed and cast.focus.name == focus and cast.focus.speaker == "child"


def test_the_child_who_is_written_to_may_stand_on_the_roster_alone():
    cast = read(Note("n", "You told me you hate school. I asked why."), ROSTER).cast
    assert cast.focus.person_id == "p1"


@pytest.mark.parametrize("text", ["I told mum that you said no.", "You told me you would ring and you did not."])
def test_a_you_is_not_always_the_child(text):
    assert not read(Note("n", text)).cast.addressed


@pytest.mark.parametrize(
    ("about", "speaker"),
    [
        ({"author_role": "Foster carer"}, "carer"),
        ({"author_role": "Health visitor"}, "professional"),
        ({"author_role": "Team manager"}, "manager"),
        ({"title": "Management oversight"}, "manager"),
        ({"note_type": "CPOMS"}, "professional"),
        ({}, "practitioner"),
    ],
)
def test_author(about, speaker):
    assert read(Note("n", "Seen at home.", **about)).cast.author.speaker == speaker


def test_a_child_who_writes_is_the_author():
    text = "My name is Kai. I live with my nan and I like my bed. I miss my mum. I want my dog. I hate it when I go."
    assert read(Note("n", text)).cast.author.speaker == "child"
