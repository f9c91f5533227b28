import pytest

from voicenlp.disclosure.identifiers import find_identifiers, nhs_number, presidio_identifiers, upn


def kinds(text, **options):
    return [(text[start:end], kind) for start, end, kind in find_identifiers(text, **options)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("943 476 5919", "NHS number"), ("9434765919", "NHS number"), ("943-476-5919", "NHS number"),
        ("AB123456C", "National Insurance number"), ("ab 12 34 56 c", "National Insurance number"), ("JG 10-37-59 A",
        "National Insurance number"),
        ("LS1 4AP", "postcode"), ("sw1a 1aa", "postcode"), ("M60 1NW", "postcode"), ("B338TH", "postcode"),
        ("07700 900123", "phone"), ("07700900123", "phone"), ("07700-900-123", "phone"), ("+44 7700 900123", "phone"),
        ("+44 (0)113 496 0999", "phone"), ("(0113) 496 0999", "phone"), ("020 7946 0018", "phone"), ("+48 22 123 45 67", "phone"),
        ("k.webb@northshire.gov.uk", "email"), ("o'brien-k+2@x.co.uk", "email"), ("https://x.org/a?b=c", "web address"), ("www.x.org",
        "web address"),
        ("northshire.gov.uk/tia", "web address"), ("B801200005001", "UPN"), ("@tia_w04", "username"), ("14 Hill Top Road", "address"),
        ("Flat 2, 7 Elm Close", "address"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "Told {}, and left.", "see ({}) for it"])
def test_found(text, kind, around):
    found = kinds(around.format(text))
    assert [one for _, one in found] == [kind]
    assert text.strip("()") in found[0][0] or found[0][0] == text


@pytest.mark.parametrize(
    "text",
    [
        "on 01.02.2024 10:30", "on 01/02/2024", "01-02-2024 1100", "2024-01-02 10:30", "from 09.15 to 10.45", "10.30-11.15 13/04",
        "E2 1st and N1 2nd",
        "1234567890", "9434765918", "DN123456C", "AB123456E", "Y7 2pm", "7.1.24 0900hrs", "the 3 of them", "A801200005001", "£1,140 pw",
        "year 10 b",
        "he is 10 11 in May", "Room 101", "Part 2 Section 17", "Section 47", "Child 1 and Child 2", "3 x 2 pm", "email me",
        "7 Close friends",
    ],
)  # fmt: skip
def test_not_found(text):
    assert kinds(text) == []


def test_what_is_said_of_a_number_counts():
    assert kinds("NHS no: 123 456 7890") == [("123 456 7890", "NHS number")]
    assert kinds("NI number QQ 12 34 56 C") == [("QQ 12 34 56 C", "National Insurance number")]
    assert kinds("case id 07700900123") == [("07700900123", "reference")]
    assert kinds("crime ref 13/45678/24") == [("13/45678/24", "reference")]
    assert kinds("DOB 12/03/2011, born 3 May 2009") == [("12/03/2011", "date of birth"), ("3 May 2009", "date of birth")]
    assert kinds("tel: 496 0999") == [("496 0999", "phone")]


def test_known_ids():
    assert kinds("Child 20771 (ours: 20771)", ids=["20771", "7"]) == [("20771", "reference"), ("20771", "reference")]


def test_check_digits():
    assert nhs_number("4010232137") and not nhs_number("4010232138") and not nhs_number("401023213") and not nhs_number("40102321３7"[:10])
    assert upn("B801200005001") and not upn("B801200005002") and not upn("B80120000500")


def test_presidio_finds_the_same_where_it_is_installed():
    pytest.importorskip("presidio_analyzer")
    text = "NHS 943 476 5919, AB123456C, LS1 4AP, 0113 496 0999"
    assert {one for _, _, one in presidio_identifiers(text)} == {"NHS number", "National Insurance number", "postcode", "phone"}


def test_no_pattern_takes_long_on_hostile_text():
    for piece in ("0" * 30_000, "1 " * 15_000, "a." * 15_000, "A" * 30_000, "(0" * 15_000, "+44 " * 8_000, "1 Aa " * 6_000, "ref " * 8_000):
        find_identifiers(piece)
