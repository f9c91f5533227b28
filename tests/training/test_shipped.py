"""A shipped model learns on: what the int8 file holds comes back as the network that was exported, and training starts where it stood."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import onnxruntime  # noqa: E402

from voicenlp.errors import InputError, ModelError, UsageError  # noqa: E402
from voicenlp.io.annotations import Record, parse_inline, write_annotations  # noqa: E402
from voicenlp.records import Note  # noqa: E402
from voicenlp.scheme import default_scheme  # noqa: E402
from voicenlp.taggers.features import FEATURES  # noqa: E402
from voicenlp.taggers.heads import Heads  # noqa: E402
from voicenlp.taggers.neural import NeuralTagger  # noqa: E402
from voicenlp.taggers.rules import RuleTagger  # noqa: E402
from voicenlp.training.examples import Window, collate, example_of  # noqa: E402
from voicenlp.training.export import export  # noqa: E402
from voicenlp.training.network import Network  # noqa: E402
from voicenlp.training.objective import objective  # noqa: E402
from voicenlp.training.run import run_training  # noqa: E402
from voicenlp.training.settings import TrainSettings, read_train_settings  # noqa: E402
from voicenlp.training.shipped import parts_of, shipped_network, weights_of  # noqa: E402
from voicenlp.training.trainer import train  # noqa: E402

INLINE = [
    'Tia said <v s="child" p="Tia" e="wish" t="home">she wants to stay</v>. Mum <v s="parent" p="Mum" e="view" t="home">thinks not</v>.',
    'Kai <v s="child" p="Kai" e="feeling" t="education">hates school</v>. <s s="child" p="Kai" g="yes" how="seen_alone">Seen alone</s>.',
    "Visited at 4pm. No answer, card left.",
]
RECORDS = [Record(f"r{n}", *parse_inline(text)) for n, text in enumerate(INLINE)]
SPECIAL = {"pad": 1, "cls": 2, "sep": 3}
HEADS = Heads(default_scheme())
SHAPE = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def encoder_of(kind):
    if kind == "bert":
        return transformers.BertModel(transformers.BertConfig(**SHAPE, max_position_embeddings=512), add_pooling_layer=False)
    return transformers.MPNetModel(transformers.MPNetConfig(**SHAPE, max_position_embeddings=514), add_pooling_layer=False)


def network_of(kind, seed=1):
    torch.manual_seed(seed)
    return Network(encoder_of(kind), HEADS.width)


def later_is_better():
    """A judge for whom each state is better than the one before."""
    count = itertools.count(1)
    return lambda predicted, annotated: (0.0, float(next(count)))


def no_pairs(annotated, predicted):
    """A referee for whom no span is ever right."""
    return []


def inputs(notes, tokens, seed=0):
    draw = np.random.default_rng(seed)
    mask = np.ones((notes, tokens), dtype=np.int64)
    mask[-1, tokens - 3 :] = 0
    features = np.stack([draw.integers(0, count, (notes, tokens)) for count in FEATURES.values()], -1)
    return {"ids": draw.integers(4, 300, (notes, tokens)), "mask": mask, "features": features}


def by_torch(network, given):
    network.eval()
    with torch.no_grad():
        return network(*(torch.from_numpy(given[name]) for name in ("ids", "mask", "features"))).numpy()


def by_onnx(path, given):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, given)[0]


def loss_of(network, examples):
    made = collate([(Window(example, 0, len(example.plain.ids)), False) for example in examples], SPECIAL)
    network.eval()
    with torch.no_grad():
        return objective(network(*(torch.from_numpy(part) for part in (made.ids, made.mask, made.features))), made, HEADS).item()


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[UNK]", "[PAD]", "[CLS]", "[SEP]"])
    tokenizer.train_from_iterator([record.text for record in RECORDS], trainer)
    path = tmp_path_factory.mktemp("encoder") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture(scope="module")
def examples(tokenizer_file):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    return [example_of(record, tokenizer, RuleTagger(), []) for record in RECORDS]


@pytest.fixture(scope="module", params=["bert", "mpnet"])
def trained(request, tmp_path_factory, tokenizer_file, examples):
    """A network that knows the examples, and the folder that it was exported to."""
    place = tmp_path_factory.mktemp(request.param)
    network = network_of(request.param)
    settings = TrainSettings(
        name="tiny", train=[Path("a")], dev=[Path("a")], encoder=Path("e"), rate=2e-3, head_rate=5e-3, batch=4, epochs=50, patience=99
    )
    train(network, examples, examples, HEADS, SPECIAL, settings, place / "state.pt", later_is_better())
    return network, export(network, tokenizer_file, place / "tiny", HEADS, SPECIAL, name="tiny", about={"encoder_sha256": "e"})


@pytest.fixture
def copied(trained, tmp_path):
    return Path(shutil.copytree(trained[1], tmp_path / "copied"))


def rewrite(folder, name, told):
    """Put another file into a model's folder, with its hash."""
    (folder / name).write_text(json.dumps(told))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_the_manifest_names_all_files_and_no_place(trained, tokenizer_file):
    folder = trained[1]
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert set(files) == {"model.onnx", "tokenizer.json", "parts.json", "encoder.json"}
    for name, wanted in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == wanted
    assert {path.name for path in folder.iterdir()} == {*files, "manifest.json"}
    assert "_name_or_path" not in (folder / "encoder.json").read_text()


def test_every_weight_comes_back_within_a_step_of_its_quantisation(trained):
    network, folder = trained
    weights = weights_of(folder, json.loads((folder / "parts.json").read_text()))
    own = network.state_dict()
    assert weights.keys() == own.keys()
    for name, tensor in own.items():
        assert weights[name].dtype == torch.float32 and weights[name].shape == tensor.shape
        step = tensor.abs().max().item() / 127
        assert (weights[name] - tensor).abs().max().item() <= 1.01 * step, name
        if name.endswith("bias") or "norm" in name.lower():
            assert torch.equal(weights[name], tensor), name
    if any("relative" in name for name in own):
        assert own["encoder.encoder.relative_attention_bias.weight"].shape == (32, 2)


@pytest.mark.parametrize("per_channel", [False, True])
def test_weights_are_found_however_they_were_quantised(trained, tmp_path, per_channel):
    from onnxruntime.quantization import QuantType, quantize_dynamic

    network = trained[0]
    sample = tuple(torch.from_numpy(part) for part in inputs(2, 16).values())
    torch.onnx.export(network, sample, str(tmp_path / "full.onnx"), input_names=["ids", "mask", "features"], opset_version=17, dynamo=False)
    parts = parts_of(network, tmp_path / "full.onnx")
    quantize_dynamic(str(tmp_path / "full.onnx"), str(tmp_path / "model.onnx"), weight_type=QuantType.QUInt8, per_channel=per_channel)
    weights = weights_of(tmp_path, parts)
    for name, tensor in network.state_dict().items():
        step = (tensor.max() - tensor.min()).item() / 255
        assert (weights[name] - tensor).abs().max().item() <= 1.01 * step, name


@pytest.mark.parametrize("tokens", [7, 200])
def test_the_graph_answers_as_the_network_at_any_length(trained, tmp_path, tokens):
    network, folder = trained
    given = inputs(3, tokens)
    back = shipped_network(folder)
    wanted, found, quick = by_torch(network, given), by_torch(back.network, given), by_onnx(folder / "model.onnx", given)
    spread = wanted.std()
    assert np.abs(found - wanted).mean() < 0.01 * spread
    assert np.abs(found - quick).mean() < 0.01 * spread
    assert np.abs(found - quick).max() < 0.1 * spread
    assert back.special == SPECIAL and back.tokenizer == folder / "tokenizer.json" and back.manifest["name"] == "tiny"


def test_learning_goes_on_from_where_the_model_stands(trained, examples):
    network, folder = trained
    kind = network.encoder.config.model_type
    learned = loss_of(network, examples)
    begun = loss_of(shipped_network(folder).network, examples)
    untrained = loss_of(network_of(kind, seed=2), examples)
    assert learned < 0.3 * untrained
    assert begun < learned + 0.1 * (untrained - learned)
    assert all(weight.requires_grad for weight in shipped_network(folder).network.parameters())


def test_a_run_starts_from_a_model_by_its_folder(trained, examples, tmp_path):
    folder = trained[1]
    write_annotations(RECORDS, tmp_path / "records.jsonl")
    config = tmp_path / "train.toml"
    config.write_text(
        f"name = 'ours'\ntrain = ['records.jsonl']\ndev = ['records.jsonl']\nencoder = '{folder.as_posix()}'\n"
        "epochs = 2\nrate = 1e-4\nhead_rate = 1e-4\nbatch = 4\nroster_share = 0.0\n"
    )
    settings = read_train_settings(config)
    assert settings.encoder == folder
    lines: list[str] = []
    told = run_training(settings, tmp_path / "ours", later_is_better(), no_pairs, lambda meta: [], lines.append)
    assert any("starts from the model tiny" in line for line in lines)
    assert told["epochs"][0]["loss"] < 0.5 * loss_of(network_of(trained[0].encoder.config.model_type, seed=2), examples)
    manifest = json.loads((tmp_path / "ours" / "manifest.json").read_text())
    assert manifest["encoder_sha256"] == "e" and manifest["started_from"]["name"] == "tiny"
    assert manifest["started_from"]["model_sha256"] == hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert str(folder) not in (tmp_path / "ours" / "manifest.json").read_text()
    assert NeuralTagger(tmp_path / "ours").tag(Note("n", RECORDS[0].text))[0]
    assert shipped_network(tmp_path / "ours").manifest["name"] == "ours"
    with pytest.raises(UsageError, match="starts from"):
        run_training(settings, folder, later_is_better(), no_pairs, lambda meta: [])


def test_an_encoder_may_be_a_name_that_comes_with_the_package(tmp_path, monkeypatch):
    config = tmp_path / "train.toml"
    config.write_text('name = "ours"\ntrain = ["a"]\ndev = ["a"]\nencoder = "default"\n')
    asked = []
    monkeypatch.setattr("voicenlp.training.settings.model_folder", lambda name: asked.append(str(name)) or tmp_path / "shipped")
    assert read_train_settings(config).encoder == tmp_path / "shipped" and asked == ["default"]
    (tmp_path / "default").mkdir()
    assert read_train_settings(config).encoder == tmp_path / "default"


@pytest.mark.parametrize("name", ["parts.json", "encoder.json"])
def test_a_model_without_its_parts_is_refused_in_one_line(copied, name):
    (copied / name).unlink()
    with pytest.raises(ModelError, match=rf"copied: {name} is missing, so that the model can be used but not trained further") as error:
        shipped_network(copied)
    assert "\n" not in str(error.value)


def test_what_makes_no_network_is_refused_in_one_line(copied):
    parts = json.loads((copied / "parts.json").read_text())
    rewrite(copied, "parts.json", {name: part for name, part in parts.items() if name != "heads.weight"})
    with pytest.raises(ModelError, match="make a network") as error:
        shipped_network(copied)
    assert "\n" not in str(error.value)
    rewrite(copied, "parts.json", {**parts, "heads.weight": {"name": "nothing", "transposed": False}})
    with pytest.raises(ModelError, match="lacks nothing"):
        shipped_network(copied)
    rewrite(copied, "parts.json", ["heads.weight"])
    with pytest.raises(ModelError, match=r"parts\.json is missing or can't be read"):
        shipped_network(copied)
    rewrite(copied, "parts.json", parts)
    rewrite(copied, "encoder.json", {"model_type": "no such encoder"})
    with pytest.raises(ModelError, match="make a network"):
        shipped_network(copied)
    (copied / "manifest.json").write_text(json.dumps({"kind": "linear"}))
    with pytest.raises(ModelError, match="only a neural model"):
        shipped_network(copied)


def test_a_changed_file_is_refused(copied):
    (copied / "encoder.json").write_text("{}")
    with pytest.raises(ModelError, match=r"encoder\.json is not the file"):
        shipped_network(copied)


def test_a_graph_that_lacks_a_weight_is_refused(trained, tmp_path):
    network, folder = trained
    with pytest.raises(ModelError, match=r"holds .* nowhere"):
        parts_of(network, folder / "model.onnx")
    (tmp_path / "no.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match="no ONNX file"):
        parts_of(network, tmp_path / "no.onnx")


def test_a_folder_that_holds_neither_encoder_nor_model_is_named(tmp_path):
    settings = TrainSettings(name="ours", train=[tmp_path], dev=[tmp_path], encoder=tmp_path / "nothing")
    with pytest.raises(InputError, match="nothing: holds no encoder"):
        run_training(settings, tmp_path / "out", later_is_better(), no_pairs, lambda meta: [])
