"""The word that a tagger hangs on comes out as the one that drove the span; offsets hold in long notes; no message quotes a note."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from voicenlp.errors import ModelError, UsageError
from voicenlp.io.annotations import Record, parse_inline
from voicenlp.records import Note, Person, Span
from voicenlp.scheme import default_scheme
from voicenlp.taggers.certainty import Decoding
from voicenlp.taggers.decoding import TAGS
from voicenlp.taggers.explain import Explanation, explain, explanations
from voicenlp.taggers.heads import Heads
from voicenlp.taggers.linear import fit_linear
from voicenlp.taggers.neural import NeuralTagger
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.reading import read

MASKS = ("[MASK]", "<mask>", "[UNK]")
TOP = 5.0
"""Score of a tag or speaker that the stub is sure of, where all others have 0."""


class Stub(NeuralTagger):
    """Sees a voice in "go home": surely with "said" and "wants" before it, less with one of them; it is the child's if there is "Kai"."""

    def __init__(self, text, masks=MASKS, layer="voice"):
        self.places = [(match.start(), match.start(1)) for match in re.finditer("go (home)", text)]
        words = ["[PAD]", *masks, "said", "wants", "kai"]
        self.ids = {word: at for at, word in enumerate(words)}
        self.tokenizer = Tokenizer(
            models.WordLevel({**self.ids, **({} if "[UNK]" in masks else {"?": 99})}, unk_token="[UNK]" if "[UNK]" in masks else "?")
        )
        self.tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        self.tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self.heads, self.rules, self.decoding = Heads(default_scheme()), RuleTagger(), Decoding()
        self.special, self.name, self.layer = {"pad": 0, "cls": 0, "sep": 0}, "stub", layer
        self.asked = []

    def answers(self, notes, batch=8):
        self.asked += notes
        return [self.answer(note) for note in notes]

    def answer(self, note):
        out = np.zeros((len(note.ids), self.heads.width), dtype=np.float32)
        there = {word for word, number in self.ids.items() if (note.ids == number).any()}
        sure = TOP * (("said" in there) + 0.5 * ("wants" in there)) / 1.5
        tags = self.heads.slices[f"tags.{self.layer}"].start
        for layer in ("space", "audience", "influence"):
            out[:, self.heads.slices[f"tags.{layer}"].start] = TOP
        out[:, tags] = TOP
        for place in self.places:
            for start, tag in zip(place, "BE", strict=True):
                out[note.offsets[:, 0] == start, tags] = 0
                out[note.offsets[:, 0] == start, tags + TAGS.index(tag)] = sure
        child = self.heads.slices["speaker"].start + self.heads.values["speaker"].index("child")
        out[:, child] = TOP if "kai" in there else 0.0
        return out


def chance(score, others):
    return score - math.log(math.exp(score) + others)


def span_in(text, words="go home", **more):
    start = text.index(words)
    return Span("voice", start, start + len(words), "child", **more)


def by_word(text, words):
    return {text[start:end].lower(): weight for start, end, weight in words}


TEXT = "Visit at noon. 🙂 Kai said he wants to go home."


def test_the_words_that_a_tagger_hangs_on_weigh_what_they_take_away():
    stub = Stub(TEXT)
    note = Note("n", TEXT)
    (span,) = (one for one in stub.tag(note)[0] if one.element == "voice")
    assert (TEXT[span.start : span.end], span.speaker) == ("go home", "child")
    told = explain(note, span, stub)
    weights = by_word(TEXT, told.words)
    assert set(weights) == {"visit", "at", "noon", ".", "🙂", "kai", "said", "he", "wants", "to", "go", "home"}
    assert weights["said"] == pytest.approx(2 * (chance(TOP, 4) - chance(TOP / 3, 4)), abs=1e-4)
    assert weights["wants"] == pytest.approx(2 * (chance(TOP, 4) - chance(TOP * 2 / 3, 4)), abs=1e-4)
    assert [weights[word] for word in ("visit", "at", "🙂", "kai", "he", "to")] == pytest.approx([0] * 6, abs=1e-4)
    whose = by_word(TEXT, told.speaker_words)
    assert whose.pop("kai") == pytest.approx(chance(TOP, 7) - math.log(1 / 8), abs=1e-4)
    assert list(whose.values()) == pytest.approx([0] * len(whose), abs=1e-4)


def test_a_word_against_weighs_below_nothing():
    text = "Kai did not go home."
    stub = Stub(text)
    told = explain(Note("n", text), Span("space", text.index("go"), 19, "child", given=True, how="seen"), stub)
    # the stub is sure that no word is of a chance, hidden or not, and has no speaker of one
    assert by_word(text, told.words)["kai"] == pytest.approx(0, abs=1e-6)
    parent = explain(Note("n", text), Span("voice", text.index("go"), 19, "parent"), stub)
    assert by_word(text, parent.speaker_words)["kai"] == pytest.approx(chance(0, 7 - 1 + math.exp(TOP)) + math.log(8), abs=1e-4)
    assert "against that: Kai (at 0) -" in parent.plain(text)


def test_hidden_is_the_mask_with_nothing_known_of_it():
    for masks, hiding in ((MASKS, "[MASK]"), (("<mask>", "[UNK]"), "<mask>"), (("[UNK]",), "[UNK]")):
        stub = Stub(TEXT, masks)
        explain(Note("n", TEXT), span_in(TEXT), stub)
        whole, *others = stub.asked
        assert whole.features.any(1).all()
        for other in others:
            changed = (other.features != whole.features).any(1)
            assert changed.any() and (other.ids[changed] == stub.ids[hiding]).all() and not other.features[changed].any()
            assert (other.ids[~changed] == whole.ids[~changed]).all()
    with pytest.raises(ModelError, match="neither a mask nor"):
        explain(Note("n", TEXT), span_in(TEXT), Stub(TEXT, ("other",)))


def test_a_voice_inside_a_voice_has_tags_of_its_own():
    told = explain(Note("n", TEXT), span_in(TEXT), Stub(TEXT, layer="inner"))
    assert max(told.words, key=lambda word: word[2])[:2] == re.search("said", TEXT).span()


@pytest.mark.parametrize("before", [0, 700, 5000])
def test_long_notes(before):
    text = "Ünïcode 🙂 and so on. " * before + "Kai said, I think, that he wants to go home. " + "Other things then. " * 400
    stub = Stub(text)
    note = Note("n", text)
    told = explain(note, span_in(text), stub)
    strongest = sorted(told.words, key=lambda word: -word[2])
    assert [text[start:end] for start, end, _ in strongest[:2]] == ["said", "wants"]
    assert strongest[1][2] > 0.2 and strongest[2][2] == pytest.approx(0, abs=1e-4)
    assert text[slice(*max(told.speaker_words, key=lambda word: word[2])[:2])] == "Kai"
    assert list(told.words) == sorted(told.words) and all(0 <= start < end <= len(text) for start, end, _ in told.words)
    at = text.index("go home")
    assert len(re.findall(r"\w+|[^\w\s]+", text[told.words[0][0] : at])) == min(60, len(re.findall(r"\w+|[^\w\s]+", text[:at])))
    assert sum(len(one.ids) for one in stub.asked) < 25_000  # some seconds of a large encoder on two cores
    assert max(len(one.ids) for one in stub.asked) <= 200


def test_a_word_far_off_is_told_from_its_neighbours():
    text = "Visit at noon. Kai, " + "so it goes on and on, " * 6 + "he said he wants to go home. " + "Other things then. " * 30
    told = explain(Note("n", text), span_in(text), Stub(text))
    (driven,) = [(start, end) for start, end, weight in told.speaker_words if abs(weight) > 1e-4]
    assert text[slice(*driven)] == "Kai"


def test_words_in_reach_only():
    told = explain(Note("n", TEXT), span_in(TEXT), Stub(TEXT), reach=2)
    assert [TEXT[start:end] for start, end, _ in told.words] == ["wants", "to", "go", "home", "."]
    assert [TEXT[start:end] for start, end, _ in explain(Note("n", TEXT), span_in(TEXT), Stub(TEXT), reach=0).words] == ["go", "home"]


def test_a_long_span_is_explained_too():
    text = "Kai said: go " + "on and " * 400 + "home."
    stub = Stub(text)
    told = explain(Note("n", text), Span("voice", 10, len(text) - 1, "child"), stub)
    assert len(told.words) == 3 + 802 + 1 and len(stub.asked) < 250


def test_several_spans_of_a_note_are_each_explained():
    text = TEXT + " " + "Nothing more. " * 100 + "Ava said she wants to go home."
    stub = Stub(text)
    reading = read(Note("n", text))
    spans = [span for span in stub.tag_reading(reading) if span.element == "voice"]
    assert len(spans) == 2
    for span, told in zip(spans, explanations(reading, spans, stub), strict=True):
        start, end, _ = max(told.words, key=lambda word: word[2])
        assert text[start:end] == "said" and abs(start - span.start) < 30


def test_rules_that_overlap_are_named_those_that_agree_first():
    text = "I asked Kai if he wants to go home. Mum said he hates school."
    spans, _, _ = RuleTagger().tag(Note("n", text))
    stub = Stub(text)
    told = explain(Note("n", text), Span("voice", text.index("hates"), len(text) - 1, "parent"), stub)
    assert [rule.tagger.partition(":")[0] for rule in told.rules] == ["rules"] * len(told.rules)
    assert {(rule.start, rule.end) for rule in told.rules} == {(s.start, s.end) for s in spans if s.end > text.index("hates")}
    agreeing = [told.agrees(rule) for rule in told.rules]
    assert agreeing == sorted(agreeing, reverse=True)
    assert explain(Note("n", "Nothing of note."), Span("voice", 0, 7, "child"), stub).rules == ()


def test_rules_and_linear_tagger_are_explained_by_rules():
    text = "Mum said Ava wants to live with her dad."
    roster = [Person("c1", "p1", "Ava", (), "child")]
    (span,) = RuleTagger().tag(Note("n", text), roster)[0]
    for model in (
        "rules",
        RuleTagger(),
        fit_linear([Record(f"n{at}", *parse_inline(f'Mum said <v s="parent">{"so" * at}x</v>.')) for at in range(9)]),
    ):
        told = explain(Note("n", text), span, model, roster)
        assert told.words == told.speaker_words == ()
        assert [rule.tagger for rule in told.rules] == [span.tagger] and told.agrees(told.rules[0])
    assert span.tagger in told.plain(text) and span.tagger in told.html(text)


@pytest.mark.parametrize(
    ("span", "more"),
    [
        (Span("voice", 4, 400, "child"), {}),
        (Span("voice", 9, 9, "child"), {}),
        (Span("voice", -3, 9, "child"), {}),
        (Span("voice", 10, 11, "child"), {}),
        (Span("voice", 4, 9, "ghost"), {}),
        (Span("song", 4, 9, "child"), {}),
        (Span("voice", 4, 9, "child"), {"reach": -1}),
    ],
)
def test_what_can_not_be_explained_is_refused_without_a_word_of_the_note(span, more):
    text = "SECRET is" + "  " + "SECRET"
    with pytest.raises(UsageError) as error:
        explain(Note("n", text), span, Stub(text), **more)
    assert "SECRET" not in str(error.value) and len(str(error.value).splitlines()) == 1


def test_as_plain_text():
    text = "Mum said she is <b>tired</b> &\x1b[31m\nso on."
    told = Explanation(
        Span("voice", 13, 37, "parent"),
        ((0, 3, 0.02), (4, 8, 2.314), (9, 12, 0.5), (32, 35, -0.7)),
        ((0, 3, 3.0),),
        (Span("voice", 13, 20, "parent", tagger="rules:indirect.said"), Span("voice", 13, 20, "child", tagger="rules:turn.label")),
    )
    assert told.plain(text).splitlines() == [
        "voice, parent, 13 to 37: is <b>tired</b> &\ufffd[31m s",
        "  drawn from: said (at 4) 2.31, she (at 9) 0.50",
        "  against it: 31m (at 32) -0.70",
        "  whose it is from: Mum (at 0) 3.00",
        "  rules:indirect.said agrees: voice, parent, 13 to 20",
        "  rules:turn.label sees something else: voice, child, 13 to 20",
    ]
    assert "drawn from: said (at 4) 2.31\n" in told.plain(text, most=1)


def test_as_html_and_not_with_another_text():
    from xml.etree import ElementTree

    text = "Mum said she is <b>tired</b> &\x1b[31m\nso on."
    told = Explanation(Span("voice", 13, 28, "parent"), ((0, 3, 0.02), (4, 8, 2.0), (16, 17, 1.0), (19, 24, -0.5)), ((0, 3, 3.0),))
    tree = ElementTree.fromstring(told.html(text))
    assert [(mark.text, mark.get("class")) for mark in tree.iter("mark")] == [
        ("said", "for"), ("<", "for"), ("tired", "against"), ("Mum", "for"),
    ]  # fmt: skip
    assert "rgba(255,190,0,1.00)" in next(tree.iter("mark")).get("style")
    assert ["".join(one.itertext()) for one in tree.iter("u")] == ["is <b>tired</b>"] * 2
    for text in ("Mum", ""):
        for way in (told.plain, told.html):
            with pytest.raises(UsageError, match="not that of the note"):
                way(text)


def test_an_exported_network_is_explained(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import trainers

    from voicenlp.training.export import export
    from voicenlp.training.network import Network

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        [TEXT], trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    torch.manual_seed(1)
    config = transformers.BertConfig(vocab_size=200, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    heads = Heads(default_scheme())
    network = Network(transformers.BertModel(config, add_pooling_layer=False), heads.width)
    folder = export(network, tmp_path / "tokenizer.json", tmp_path / "tiny", heads, {"pad": 0, "cls": 2, "sep": 3}, name="tiny", about={})
    text = TEXT + " Other things then." * 300
    told = explain(Note("n", text), span_in(text), folder)
    assert len(told.words) == len(told.speaker_words) == 12 + 60
    weights = np.array([weight for *_, weight in told.words])
    assert np.isfinite(weights).all() and (weights != 0).all()
    again = explain(Note("n", text), span_in(text), NeuralTagger(folder))
    assert again == told
