"""Which words call people, and the speaker that each stands for."""

import pytest

from voicenlp.scheme import default_scheme
from voicenlp.text.lexicon import lexicon

# The abbreviations of records that name a person, by the speaker of the scheme; those with a question mark have other readings.
ABBREVIATIONS = {
    "practitioner": "SW ASW SSW NQSW ASYE AYSE ISW DSW FSW FP? PA? LP? LW?",
    "manager": "TM ATM DTM SM? HOS PM? PS? AD? DCS ADM CPC CPA?",
    "professional": "IRO LADO DO? CG? HV? SN? GP MW CPN OT SALT SLT? EP? HT DHT CT? DSL DDSL SENCo SENCO EWO VSH VS DT? "
    "YOT YOS YJS IDVA ISVA IV NYAS CAFCASS PC PO?",
    "carer": "FC F/C MFC FFC KC SG? RSW KW?",
    "child": "YP CYP CIC? CLA? LAC? CfC? UASC CL Sib? HS?",
    "parent": "MoC MOC FoC FOC M? F? BM BF? BPs SF? NRP? MP?",
    "family": "MGM MGF PGM PGF MGPs PGPs MA? MU PU NOK",
}
CASES = [(form.rstrip("?"), speaker, form.endswith("?")) for speaker, forms in ABBREVIATIONS.items() for form in forms.split()]


@pytest.mark.parametrize(("form", "speaker", "unsure"), CASES)
def test_abbreviations(form, speaker, unsure):
    role = lexicon().role(form)
    assert role is not None and (role.speaker, role.unsure) == (speaker, unsure)
    assert [m[0] for m in lexicon().find(f"Seen with {form} today.")] == [form]


NOBODY = (
    "PR MST FFT CSC EH CIN CP CPP S17 S47 ICPC RCPC STRAT PLO LPM EPO PPO ICO SGO CAO FGM TAC TAF PEP EHCP SEN IHA RHA SDQ DLA NEET "
    "RHI NFA MARAC MAPPA CSE DA DV DASH MH SARC ABE ASD ADHD LD DOB TC SA DNA WNB VM SoS"
)


@pytest.mark.parametrize("form", NOBODY.split())
def test_abbreviations_that_name_nobody(form):
    assert lexicon().role(form) is None


@pytest.mark.parametrize(
    ("words", "speaker"),
    [
        ("mum", "parent"),
        ("Step-dad", "parent"),
        ("mum's partner", "parent"),
        ("nan", "family"),
        ("Maternal Grandmother", "family"),
        ("family friend", "family"),
        ("younger brother", "child"),
        ("special guardian", "carer"),
        ("prospective adopters", "carer"),
        ("residential worker", "carer"),
        ("supported lodgings host", "carer"),
        ("supervising social worker", "practitioner"),
        ("family time supervisor", "practitioner"),
        ("personal adviser", "practitioner"),
        ("conference chair", "manager"),
        ("legal adviser", "manager"),
        ("judge", "manager"),
        ("independent reviewing officer", "professional"),
        ("children's guardian", "professional"),
        ("ed psych", "professional"),
        ("interpreter", "professional"),
        ("anonymous referrer", "other"),
    ],
)
def test_words_in_any_case(words, speaker):
    assert lexicon().speaker_of(words) == lexicon().speaker_of(words.upper()) == speaker


def test_capitals_matter_for_abbreviations_only():
    found = [m[0] for m in lexicon().find("It is hard; m was here. FC and Mum came. The pa system, SW1A and SWIMMING.")]
    assert found == ["FC", "Mum"]


def test_the_longest_word_wins():
    assert [m[0] for m in lexicon().find("The foster carer and mum's partner met.")] == ["foster carer", "mum's partner"]


def test_every_speaker_is_in_the_scheme():
    words = lexicon()
    speakers = {role.speaker for role in (*words.words.values(), *words.abbreviations.values())} | {speaker for speaker, _ in words.authors}
    assert speakers <= set(default_scheme().speakers)


@pytest.mark.parametrize(
    ("clue", "speaker"),
    [
        ("Foster carer's daily log", "carer"),
        ("Management oversight", "manager"),
        ("CPOMS entry", "professional"),
        ("Letter from child", "child"),
        ("Complaint from mother", "parent"),
        ("Statutory visit", "practitioner"),
        ("", "practitioner"),
    ],
)
def test_who_writes(clue, speaker):
    assert lexicon().author(clue) == speaker
