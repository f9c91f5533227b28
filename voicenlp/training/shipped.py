"""A shipped model as a network that learns on: its weights are read back from the int8 file that the plain install runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from voicenlp.errors import ModelError
from voicenlp.taggers.neural import NeuralTagger
from voicenlp.training.network import Network

__all__ = ["ENCODER", "PARTS", "Shipped", "config_of", "parts_of", "shipped_network", "weights_of"]

PARTS, ENCODER = "parts.json", "encoder.json"
"""Files of a model's folder: where the graph holds each weight, and the shape of the encoder."""


class Shipped(NamedTuple):
    """A shipped model, ready to learn on.

    Attributes
    ----------
    network : Network
        With the weights of the int8 file, as float32.
    tokenizer : Path
        Its ``tokenizer.json``.
    special : dict of str to int
        Ids of ``cls``, ``sep`` and ``pad``.
    manifest : dict
        What its manifest says.
    """

    network: Network
    tokenizer: Path
    special: dict[str, int]
    manifest: dict[str, Any]


def config_of(encoder: Any) -> dict[str, Any]:
    """Return the configuration of a ``transformers`` model, from which one like it can be built, without the place it was read from."""
    config = encoder.config.to_diff_dict()
    return {key: value for key, value in config.items() if key != "_name_or_path"} | {"model_type": encoder.config.model_type}


def parts_of(network: Network, onnx_path: str | Path) -> dict[str, dict[str, Any]]:
    """Return where a graph holds each weight of the network that it was exported from.

    The exporter renames and transposes what is multiplied, so weights are found by their values.

    Parameters
    ----------
    network : Network
    onnx_path : str or Path
        The float32 graph.

    Returns
    -------
    dict
        Name in the network's ``state_dict`` to the ``name`` in the graph and whether it is ``transposed`` there.

    Raises
    ------
    ModelError
        If the graph lacks a weight.
    """
    held: dict[tuple[Any, ...], str] = {}
    for name, array in _arrays(Path(onnx_path)).items():
        held.setdefault(_mark(array), name)
    parts: dict[str, dict[str, Any]] = {}
    for name, tensor in network.state_dict().items():
        array = tensor.detach().cpu().numpy()
        mark = _mark(array)
        turned = mark not in held
        if turned:
            mark = _mark(array.T)
        if mark not in held:
            raise ModelError(f"{onnx_path}: the exported graph holds {name} nowhere, so that the model could not be trained further")
        parts[name] = {"name": held[mark], "transposed": turned}
    return parts


def weights_of(folder: str | Path, parts: Mapping[str, Mapping[str, Any]]) -> dict[str, torch.Tensor]:
    """Return the weights that the quantised graph of a folder holds, as float32.

    Parameters
    ----------
    folder : str or Path
        Holds ``model.onnx``.
    parts : mapping
        As `parts_of` returns it.

    Raises
    ------
    ModelError
        If the graph can't be read or lacks a weight.
    """
    path = Path(folder) / "model.onnx"
    arrays = _arrays(path)
    weights: dict[str, torch.Tensor] = {}
    for name, part in parts.items():
        held = part["name"]
        try:
            if held in arrays:
                array = arrays[held]
            else:
                steps, scale, zero = (arrays[f"{held}_{kind}"] for kind in ("quantized", "scale", "zero_point"))
                # a scale for each channel is one for each output of a multiplication, which is the last axis
                array = (steps.astype(np.float32) - zero.astype(np.float32)) * scale
            if "factor" in part:  # its input is multiplied by this
                array = array * arrays[part["factor"]][:, None]
        except KeyError:
            raise ModelError(f"{path}: lacks {held}, which {PARTS} names") from None
        weights[name] = torch.from_numpy(np.array(array.T if part["transposed"] else array, order="C"))
    return weights


def shipped_network(folder: str | Path) -> Shipped:
    """Return the network of a model's folder, to be trained further.

    It answers as the int8 file does, but for what that file rounds on its way.

    Parameters
    ----------
    folder : str or Path
        Holds ``model.onnx``, ``tokenizer.json``, ``manifest.json``, ``parts.json`` and ``encoder.json``.

    Raises
    ------
    ModelError
        If it is no neural model, was made for another scheme, a file is missing or not the one that the manifest names, or its parts are
        not those of a network.
    """
    from transformers import AutoConfig, AutoModel

    folder = Path(folder)
    manifest = _read(folder, "manifest.json")
    if manifest.get("kind") != "neural":
        raise ModelError(f"{folder}: only a neural model can be trained further, and its manifest says {manifest.get('kind')!r}")
    for name in (PARTS, ENCODER):
        if not (folder / name).is_file():
            raise ModelError(f"{folder}: {name} is missing, so that the model can be used but not trained further")
    tagger = NeuralTagger(folder)  # refuses other schemes and files that are not the manifest's
    parts, config = _read(folder, PARTS), _read(folder, ENCODER)
    try:
        encoder = AutoModel.from_config(AutoConfig.for_model(**config), add_pooling_layer=False)
        network = Network(encoder, tagger.heads.width)
        network.load_state_dict(weights_of(folder, parts))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: {PARTS} and {ENCODER} don't make a network ({type(error).__name__})") from None
    return Shipped(network.eval(), folder / "tokenizer.json", dict(tagger.special), manifest)


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        told = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict):
        raise ModelError(f"{folder}: {name} is missing or can't be read")
    return told


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the constants of a graph by name."""
    import onnx
    from onnx.numpy_helper import to_array

    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # the parser's own errors are no public type
        raise ModelError(f"{path}: is no ONNX file that can be read ({type(error).__name__})") from None
    arrays = {one.name: to_array(one) for one in graph.initializer}
    for node in graph.node:
        for one in node.attribute:
            if node.op_type == "Constant" and one.name == "value":
                arrays[node.output[0]] = to_array(one.t)
    return arrays


def _mark(array: np.ndarray) -> tuple[Any, ...]:
    """Return what two arrays share if they hold the same."""
    return array.shape, str(array.dtype), hashlib.sha256(array.tobytes()).digest()
