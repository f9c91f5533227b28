"""The model that comes with the package: what it reads, where it says so, and what it must not be moved by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import voicenlp as vn
from voicenlp.evaluation import evaluate
from voicenlp.evaluation.predictions import predict
from voicenlp.io.annotations import read_annotations
from voicenlp.records import Note, Person
from voicenlp.taggers.folders import model_folder
from voicenlp.taggers.models import DEFAULT_MODEL, open_tagger
from voicenlp.taggers.neural import WINDOW

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def tagger():
    return open_tagger("neural")


def voices(tagger, text, roster=()):
    spans, _, _ = tagger.tag(Note("n", text), roster)
    return [span for span in spans if span.element == "voice"]


def test_it_is_the_default(monkeypatch):
    monkeypatch.delenv("VOICENLP_MODEL")
    assert DEFAULT_MODEL == "neural"
    doc = vn.load()("Kai told me he wants to live with his nan. Mum is worried about that.")
    assert [(span._.speaker, "nan" in span.text) for span in doc.spans["voice"]] == [("child", True), ("parent", False)]
    assert {span._.tagger for span in doc.spans["voice"]} == {"neural"}


def test_who_a_pronoun_is_and_whose_wish_it_is(tagger):
    text = "TC from Karen Webb (mum). She wants him to stay at Elm Road, he told her on Sunday that he is scared of the older boys."
    found = {span.speaker: text[span.start : span.end] for span in voices(tagger, text)}
    assert "stay at Elm Road" in found["parent"] and "scared" in found["child"]


def test_siblings_voices_go_to_the_right_child(tagger):
    text = (
        "Joint visit to Leila (9) and Sami (6). Leila said she wants to see dad every week. Sami said he does not want to go to dad's flat "
        "because the dog bites."
    )
    roster = [Person("c1", "p1", "Leila Haddad", ("Leila",), "child"), Person("c1", "p2", "Sami Haddad", ("Sami",), "brother")]
    found = {span.person_id: text[span.start : span.end] for span in voices(tagger, text, roster) if span.speaker == "child"}
    assert "every week" in found["p1"] and "flat" in found["p2"]


def test_a_record_that_speaks_to_the_child(tagger):
    text = (
        "Dear Ruby,\nThank you for talking to me. You told me that you feel left out when the others go swimming, and you asked if you "
        "could have your own room. Your carer Jo said she would like that too."
    )
    found = voices(tagger, text)
    assert [text[span.start : span.end] for span in found if span.speaker == "child" and "left out" in text[span.start : span.end]]
    assert any(span.speaker == "carer" for span in found)


def test_offsets_hold_beyond_emojis_and_entities(tagger):
    plain = "Text from Mia: I hate it here, I want to come home."
    told = "\U0001f62d\U0001f468\u200d\U0001f469\u200d\U0001f467 &amp; <b>Text</b> from Mia: I hate it here \U0001f62d\U0001f62d, I want "
    told += "to come home \U0001f3e0"
    for text in (plain, told):
        found = [text[span.start : span.end] for span in voices(tagger, text) if span.speaker == "child"]
        assert any(words.endswith("come home") for words in found), found


def test_nothing_is_cut_off_a_long_note(tagger):
    filler = "The visit took place at the family home and the kitchen was tidy. "
    said = "Tia said she wants to go back to her old school."
    text = said + " " + filler * 120 + said
    found = [span for span in voices(tagger, text) if span.speaker == "child"]
    assert len(tagger.tokenizer.encode(text).ids) > 2 * WINDOW
    assert any(span.end <= len(said) for span in found) and any(span.start >= len(text) - len(said) for span in found)


def test_the_same_note_reads_the_same(tagger):
    text = "Jade said she is fed up with meetings. Her nan feels nobody listens."
    assert voices(tagger, text) == voices(tagger, text)


def test_its_figures_on_dev_are_those_of_its_history():
    told = json.loads((model_folder("neural") / "history.json").read_text(encoding="utf-8"))["dev"]["as tuned"]
    gold = read_annotations(ROOT / "eval" / "corpus" / "dev")
    figures = {(row.part, row.name, row.measure): row.value for row in evaluate(predict(gold, "neural"), gold, bootstrap=0).table()}
    # one note at a time here, many there: int8 steps are laid out anew for each batch
    assert figures["spans", "voice", "iou"] == pytest.approx(told[0], abs=0.01)
    assert figures["spans", "voice", "speaker"] == pytest.approx(told[1], abs=0.01)
