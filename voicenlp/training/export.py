"""From a trained network to the files that the plain install runs: ONNX, quantised to int8, with tokeniser and manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from voicenlp.audit import versions
from voicenlp.io.tables import replacing
from voicenlp.taggers.certainty import Decoding
from voicenlp.taggers.features import FEATURES
from voicenlp.taggers.heads import Heads
from voicenlp.taggers.neural import WINDOW
from voicenlp.training.examples import Example, Window, collate
from voicenlp.training.network import Network
from voicenlp.training.quantise import DATA, quantise
from voicenlp.training.shipped import ENCODER, PARTS, config_of, parts_of, weights_of

__all__ = ["export", "keep_decoding"]

SAMPLES = 12
"""Records that are enough to see which channels are large."""


def export(
    network: Network,
    tokenizer: Path,
    folder: Path,
    heads: Heads,
    special: dict[str, int],
    *,
    name: str,
    about: dict[str, Any],
    examples: Sequence[Example] = (),
) -> Path:
    """Write a model's folder.

    ``model.onnx`` (int8) and ``tokenizer.json`` are what the plain install runs; ``parts.json`` and ``encoder.json`` tell how to make a
    network of it again (`voicenlp.training.shipped`); ``manifest.json`` names them all with their SHA-256.

    Parameters
    ----------
    network : Network
    tokenizer : Path
        The encoder's ``tokenizer.json``.
    folder : Path
    heads : Heads
    special : dict
        Ids of ``cls``, ``sep`` and ``pad``.
    name : str
    about : dict
        What else the manifest says: corpus hash, settings, encoder.
    examples : sequence of Example
        Records that the network has learnt from; the first of them show how to make int8 lose least.

    Raises
    ------
    ModelError
        If the file would not hold all of the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DATA).unlink(missing_ok=True)
    full = folder / "model.fp32.onnx"
    network.cpu().eval()
    size = 16
    sample = (
        torch.full((2, size), special["pad"], dtype=torch.int64),
        torch.ones((2, size), dtype=torch.int64),
        torch.zeros((2, size, len(FEATURES)), dtype=torch.int64),
    )
    axes = {0: "notes", 1: "tokens"}
    torch.onnx.export(
        network, sample, str(full), input_names=["ids", "mask", "features"], output_names=["scores"],
        dynamic_axes={"ids": axes, "mask": axes, "features": axes, "scores": axes}, opset_version=17, dynamo=False,
    )  # fmt: skip
    parts = parts_of(network, full)
    spread = examples[:: max(1, len(examples) // SAMPLES)]
    windows = [collate([(Window(one, 0, min(WINDOW, len(one.plain.ids))), False)], special) for one in spread if len(one.plain.ids)]
    samples = [{"ids": one.ids, "mask": one.mask, "features": one.features} for one in windows]
    for weight, factor in quantise(full, folder / "model.onnx", samples).items():
        for held in parts.values():
            if held["name"] == weight:
                held["factor"] = factor
    weights_of(folder, parts)  # what could not be trained further is no model to ship
    full.unlink()
    for part, told in ((PARTS, parts), (ENCODER, config_of(network.encoder))):
        with replacing(folder / part) as file:
            file.write(json.dumps(told, indent=1, sort_keys=True).encode("utf-8") + b"\n")
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    files = {part: _sha256(folder / part) for part in ("model.onnx", DATA, "tokenizer.json", PARTS, ENCODER) if (folder / part).is_file()}
    manifest = {
        "kind": "neural",
        "name": name,
        "special": special,
        "files": files,
        "versions": versions("voicenlp", "torch", "transformers", "onnxruntime"),
    }
    with replacing(folder / "manifest.json") as file:
        file.write(json.dumps({**manifest, **heads.manifest(), **about}, indent=2, sort_keys=True).encode("utf-8") + b"\n")
    return folder


def keep_decoding(folder: Path, decoding: Decoding) -> None:
    """Write into a model's manifest how its answers are read."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    with replacing(folder / "manifest.json") as file:
        file.write(json.dumps({**manifest, "decoding": decoding.manifest()}, indent=2, sort_keys=True).encode("utf-8") + b"\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
