"""A training run from settings to an exported model."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError, UsageError
from voicenlp.io.annotations import Record, read_annotations
from voicenlp.records import Person
from voicenlp.scheme import default_scheme
from voicenlp.taggers.certainty import Decoding
from voicenlp.taggers.choices import spans_from
from voicenlp.taggers.folders import model_folder
from voicenlp.taggers.heads import Heads
from voicenlp.taggers.neural import NeuralTagger
from voicenlp.taggers.rules import RuleTagger
from voicenlp.training.settings import TrainSettings

if TYPE_CHECKING:
    from voicenlp.training.examples import Example
    from voicenlp.training.tuning import Pairs

__all__ = ["run_training"]


def run_training(
    settings: TrainSettings,
    out: Path,
    judge: Callable[[list[Record], list[Record]], tuple[float, float]],
    pairs: Pairs,
    roster_of: Callable[[Any], list[Person]],
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train a model and write it into a folder.

    A run that was stopped goes on from its last epoch when it is started again with the same settings into the same folder.

    Parameters
    ----------
    settings : TrainSettings
    out : Path
        The model's files (`voicenlp.training.export`) and ``history.json`` are written here.
    judge : callable
        Predicted and annotated records to the F1 of voice spans without and with the speaker.
    pairs : callable
        Annotated and predicted spans of a record to the pairs that count as the same span.
    roster_of : callable
        The metadata of a record to its people.
    say : callable
        Told what goes on, a line at a time.

    Returns
    -------
    dict
        The history of the run: an entry an epoch, and the best.

    Raises
    ------
    InputError
        If records or encoder can't be read.
    ModelError
        If the model to start from can't be trained further.
    UsageError
        If what training needs is not installed, or the model would be written over the one it starts from.
    """
    try:
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoConfig, AutoModel
    except ImportError as error:
        raise UsageError(f'training needs {error.name}: pip install "voicenlp[train]"') from None
    from voicenlp.training.examples import example_of
    from voicenlp.training.export import export, keep_decoding
    from voicenlp.training.network import Network
    from voicenlp.training.shipped import shipped_network
    from voicenlp.training.trainer import predictions, train
    from voicenlp.training.tuning import tuned

    base = model_folder(settings.encoder)
    if base and base.resolve() == out.resolve():
        raise UsageError(f"{out}: holds the model that training starts from; name another folder for the new one")
    start = shipped_network(base) if base else None
    tokenizer_file = start.tokenizer if start else settings.encoder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
        config = None if start else AutoConfig.from_pretrained(str(settings.encoder), local_files_only=True)
    except Exception as error:  # these libraries raise whatever comes to hand
        raise InputError(f"holds no encoder that can be read ({type(error).__name__})", source=settings.encoder) from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    special = start.special if start else _special(tokenizer, tokenizer_file)
    heads = Heads(default_scheme())
    rules = RuleTagger()
    parts = {"train": _records(settings.train), "dev": _records(settings.dev)}
    examples = {
        name: [example_of(record, tokenizer, rules, roster_of(record.meta)) for record in records] for name, records in parts.items()
    }
    say(f"{len(parts['train'])} records to learn from, {len(parts['dev'])} to judge by")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    torch.manual_seed(settings.seed)
    if start:
        network = start.network
        say(f"starts from the model {start.manifest['name']}")
    else:
        encoder = AutoModel.from_pretrained(str(settings.encoder), config=config, local_files_only=True, add_pooling_layer=False)
        network = Network(encoder, heads.width)
    out.mkdir(parents=True, exist_ok=True)
    fingerprint = _fingerprint(settings, parts.values(), _sha256(base / "model.onnx") if base else "")
    state = out / f"training-{fingerprint[:12]}.pt"
    history = train(network, examples["train"], examples["dev"], heads, special, settings, state, judge, say, start is not None)
    about: dict[str, Any] = {"corpus_sha256": fingerprint, "epoch": history.best_epoch + 1}
    if start and base:
        about["encoder_sha256"] = start.manifest.get("encoder_sha256", "")
        about["started_from"] = {key: start.manifest.get(key, "") for key in ("name", "corpus_sha256")}
        about["started_from"]["model_sha256"] = _sha256(base / "model.onnx")
    else:
        about["encoder_sha256"] = _sha256(settings.encoder / "model.safetensors")
    about["settings"] = {key: value for key, value in settings.model_dump(mode="json").items() if key not in ("train", "dev", "encoder")}
    export(network, tokenizer_file, out, heads, special, name=settings.name, about=about, examples=examples["train"])
    figures = {"as trained": judge(predictions(network, examples["dev"], heads, special), parts["dev"])}
    tagger = NeuralTagger(out)
    figures["as exported"] = judge(_read(tagger, examples["dev"]), parts["dev"])
    tagger.decoding = tuned(tagger, examples["dev"], pairs)
    if start and not tagger.decoding.span:
        tagger.decoding = Decoding.read(start.manifest.get("decoding", {}))  # too few records to calibrate by: the first model's is nearer
    keep_decoding(out, tagger.decoding)
    figures["as tuned"] = judge(_read(tagger, examples["dev"]), parts["dev"])
    for name, (span, speaker) in figures.items():
        say(f"{name}: dev span F1 {span:.3f}, with speaker {speaker:.3f}")
    told = {"epochs": history.epochs, "best": history.best, "best_epoch": history.best_epoch + 1, "dev": figures}
    (out / "history.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    state.unlink(missing_ok=True)
    say(f"best after epoch {history.best_epoch + 1}; exported to {out}")
    return told


def _read(tagger: NeuralTagger, examples: Sequence[Example]) -> list[Record]:
    """Return the records of examples as the exported model reads them."""
    answers = tagger.answers([example.plain for example in examples])
    return [
        Record(
            one.record.note_id, one.record.text,
            tuple(spans_from(told, one.plain, tagger.heads, one.cast, tagger.name, tagger.decoding) if len(told) else ()), one.record.meta,
        )
        for one, told in zip(examples, answers, strict=True)
    ]  # fmt: skip


def _special(tokenizer: Any, source: Path) -> dict[str, int]:
    names = {"cls": ("<s>", "[CLS]"), "sep": ("</s>", "[SEP]"), "pad": ("<pad>", "[PAD]")}
    found = {name: next(filter(None.__ne__, map(tokenizer.token_to_id, tokens)), None) for name, tokens in names.items()}
    special = {name: number for name, number in found.items() if number is not None}
    if len(special) < len(found):
        raise InputError("its tokeniser lacks [CLS], [SEP] or [PAD]", source=source)
    return special


def _records(places: Iterable[Path]) -> list[Record]:
    records = [record for place in places for record in read_annotations(place)]
    if not records:
        raise InputError("hold no annotated records", source=", ".join(str(place) for place in places))
    return records


def _fingerprint(settings: TrainSettings, parts: Iterable[list[Record]], start: str = "") -> str:
    """Return a hash of what the run learns from and how: another corpus, setting or model to start from is another run."""
    digest = hashlib.sha256(settings.model_dump_json(exclude={"train", "dev", "encoder"}).encode())
    digest.update(start.encode())
    for records in parts:
        for record in records:
            digest.update(record.text.encode("utf-8", "surrogatepass"))
            digest.update(json.dumps([span.as_dict() for span in record.spans], sort_keys=True).encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
