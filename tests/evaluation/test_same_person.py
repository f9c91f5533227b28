import pytest

from voicenlp.evaluation.people import fold_name, same_person
from voicenlp.records import Span

PEOPLE = [
    {"name": "Lyndsey Hargrave", "also": ["mum", "Lyndsey"], "role": "mother"},
    {"name": "Corey Hargrave", "also": ["Corey", "he"], "role": "child"},
    {"name": "Mr Hall", "also": ["he"], "role": "teacher"},
]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Mum", "MUM", True),
        ("Mum", "mum's", True),
        ("the social worker", "Social Worker", True),
        ("O’Neil", "O'Neil", True),
        ("Mum", "Lyndsey", True),
        ("Lyndsey Hargrave", "Mum", True),
        ("Corey", "Lyndsey", False),
        ("he", "Corey", True),
        ("he", "Mr Hall", True),
        ("Corey", "Mr Hall", False),
        ("Hargrave", "Corey Hargrave", True),
        ("Mr Smith", "Mrs Smith", False),
        ("Jo", "Joanna", False),
        ("Jo", "Jo Bloggs", True),
        ("", "Jo", False),
        ("", "", True),
    ],
)
def test_same_person(one, other, same):
    first, second = (Span("voice", 0, 1, person=name) for name in (one, other))
    assert same_person(first, second, PEOPLE) is same
    assert same_person(second, first, PEOPLE) is same


def test_person_ids_decide_where_both_have_one():
    one = Span("voice", 0, 1, person="Mum", person_id="p1")
    assert not same_person(one, Span("voice", 0, 1, person="Mum", person_id="p2"))
    assert same_person(one, Span("voice", 0, 1, person="Lyn", person_id="p1"))
    assert same_person(one, Span("voice", 0, 1, person="Mum"))


def test_odd_people_do_no_harm():
    assert not same_person(Span("voice", 0, 1, person="A"), Span("voice", 0, 1, person="B"), [None, {"name": None}, {"also": "B"}])


def test_names_that_fold_to_nothing():
    assert fold_name("???") == ""
