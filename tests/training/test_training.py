"""A tiny network learns something, goes on after a kill, comes out as ONNX and reads notes without torch."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from voicenlp.engines.tagging import tag  # noqa: E402
from voicenlp.errors import InputError, ModelError  # noqa: E402
from voicenlp.io.annotations import Record, parse_inline  # noqa: E402
from voicenlp.records import Note, Person  # noqa: E402
from voicenlp.scheme import default_scheme  # noqa: E402
from voicenlp.taggers.heads import Heads  # noqa: E402
from voicenlp.taggers.models import describe_model, open_tagger  # noqa: E402
from voicenlp.taggers.neural import NeuralTagger  # noqa: E402
from voicenlp.taggers.rules import RuleTagger  # noqa: E402
from voicenlp.training.examples import Window as Stretch  # noqa: E402
from voicenlp.training.examples import collate, example_of  # noqa: E402
from voicenlp.training.export import export  # noqa: E402
from voicenlp.training.network import Network  # noqa: E402
from voicenlp.training.settings import TrainSettings, read_train_settings  # noqa: E402
from voicenlp.training.trainer import train  # noqa: E402

INLINE = [
    'Tia said <v s="child" p="Tia" e="wish" t="home">she wants to stay</v>. Mum <v s="parent" p="Mum" e="view" t="home">thinks not</v>.',
    'Kai <v s="child" p="Kai" e="feeling" t="education">hates school</v>. <s s="child" p="Kai" g="yes" how="seen_alone">Seen alone</s>.',
    'Dad <v s="parent" p="Dad" e="wish" t="family_time">wants to see Ava</v>. <i s="parent" o="planned" of="1">I will ring the centre</i>.',
    "Visited at 4pm. No answer, card left.",
]
SPECIAL = {"pad": 0, "cls": 2, "sep": 3}
HEADS = Heads(default_scheme())


@pytest.fixture(scope="module")
def records():
    return [Record(f"r{n}", *parse_inline(text)) for n, text in enumerate(INLINE)]


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory, records):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.train_from_iterator([record.text for record in records], trainer)
    path = tmp_path_factory.mktemp("encoder") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture(scope="module")
def examples(records, tokenizer_file):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    roster = [Person("", "p1", "Tia", ("T",), "child")]
    return [example_of(record, tokenizer, RuleTagger(), roster) for record in records]


def network():
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=512
    )
    return Network(transformers.BertModel(config, add_pooling_layer=False), HEADS.width)


def settings(**more):
    base = {"name": "tiny", "train": [Path("a")], "dev": [Path("a")], "encoder": Path("e"), "rate": 2e-3, "head_rate": 5e-3, "batch": 4}
    return TrainSettings(**{**base, "epochs": 6, "patience": 99, **more})


def judge(pred, gold):
    wanted = {(record.note_id, span.start, span.end) for record in gold for span in record.spans if span.element == "voice"}
    found = {(record.note_id, span.start, span.end) for record in pred for span in record.spans if span.element == "voice"}
    right = len(wanted & found)
    return 2 * right / max(1, len(wanted) + len(found)), right / max(1, len(wanted))


def test_spans_stand_on_their_tokens(examples, records):
    for example, record in zip(examples, records, strict=True):
        for _, first, last, span in example.spans:
            start, end = example.plain.offsets[first, 0], example.plain.offsets[last, 1]
            assert record.text[start:end] == record.text[span.start : span.end]
    made = collate([(Stretch(examples[0], 0, len(examples[0].plain.ids)), True)], SPECIAL)
    assert made.ids.shape == made.mask.shape == made.tags.shape[:2] and (made.tags[0, 0] == -100).all()
    assert (examples[0].told.features != examples[0].plain.features).any()


def test_it_learns_and_goes_on_after_a_kill_as_if_nothing_had_happened(examples, tmp_path):
    lines: list[str] = []
    whole = network()
    history = train(whole, examples, examples, HEADS, SPECIAL, settings(), tmp_path / "whole.pt", judge, lines.append)
    assert len(lines) == 6 and history.epochs[-1]["loss"] < 0.7 * history.epochs[0]["loss"]

    class Killed(Exception):
        pass

    def stop_after_three(line: str) -> None:
        if line.startswith("epoch 4"):
            raise Killed

    broken = network()
    with pytest.raises(Killed):
        train(broken, examples, examples, HEADS, SPECIAL, settings(), tmp_path / "broken.pt", judge, stop_after_three)
    again = network()
    resumed = train(again, examples, examples, HEADS, SPECIAL, settings(), tmp_path / "broken.pt", judge)
    assert [entry["loss"] for entry in resumed.epochs] == pytest.approx([entry["loss"] for entry in history.epochs], abs=1e-4)


def test_it_comes_out_as_onnx_and_reads_without_torch(examples, records, tokenizer_file, tmp_path):
    trained = network()
    train(trained, examples, examples, HEADS, SPECIAL, settings(epochs=40), tmp_path / "state.pt", judge)
    folder = export(trained, tokenizer_file, tmp_path / "tiny", HEADS, SPECIAL, name="tiny", about={"corpus": "test"})
    tagger = NeuralTagger(folder)
    spans, _, _ = tagger.tag(Note("n", records[0].text))
    assert spans and all(0 <= span.start < span.end <= len(records[0].text) and 0 <= span.score <= 1 for span in spans)
    assert {span.tagger for span in spans} == {"tiny"}
    long = records[0].text + " " + "Nothing else was said. " * 400 + records[1].text
    spread, _, _ = tagger.tag(Note("n", long))
    assert any(span.start > len(long) - len(records[1].text) for span in spread)
    assert describe_model(str(folder)).kind == "neural" and open_tagger(folder).name == "tiny"
    run = tag([{"note_id": "n", "text": records[0].text}], model=str(folder))
    assert run.spans.num_rows == len(spans) and run.info["model"]["name"] == "tiny"
    (folder / "model.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match="not the file"):
        NeuralTagger(folder)


def test_a_model_for_another_scheme_is_refused():
    manifest = HEADS.manifest()
    HEADS.check(manifest, "ours")
    with pytest.raises(ModelError, match="scheme"):
        HEADS.check({**manifest, "scheme": "0.1"}, "old")
    with pytest.raises(ModelError, match="features"):
        HEADS.check({**manifest, "features": {}}, "old")


def test_faults_of_the_settings_come_all_at_once(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text('name = "ours"\ntrain = ["a"]\ndev = []\nencoder = "e"\nepochs = 0\ncolour = "red"\n')
    with pytest.raises(InputError) as error:
        read_train_settings(path)
    told = str(error.value)
    assert all(word in told for word in ("dev", "epochs", "colour")) and len(told.splitlines()) == 3
