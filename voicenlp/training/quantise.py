"""From a float32 graph to int8, so that what it answers hardly changes.

The plain way (each multiplication's inputs on one grid of 256 steps, laid out anew for each batch) costs a large encoder a tenth of its
accuracy: a few channels are fifty times larger than the rest and take all the steps. So the channels of each multiplication are evened out
first: inputs are divided, and weights multiplied, by one factor a channel (Xiao et al. 2023, *SmoothQuant*). How far to go is chosen for
each multiplication by what is left of its output, measured on a few records. Where that is still too little, only the weights are kept as
int8, and the multiplication is done in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["DATA", "SMOOTH", "quantise"]

SMOOTH = "_smooth"
"""Ends the name of what a multiplication's input is multiplied by."""
POWERS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""How much of the unevenness goes over to the weights."""
TOKENS = 3000
"""Tokens that the outputs are compared on."""
DATA, LARGE = "model.onnx.data", 4_000_000
"""File beside the graph for its largest weights, and from how many bytes on a weight goes there: hosts of files refuse single ones that are
too large."""
CLEAN = 32.0
"""Decibels by which a multiplication's output must stand above what int8 changes of it."""


def quantise(full: Path, target: Path, samples: Sequence[dict[str, np.ndarray]]) -> dict[str, str]:
    """Write an int8 graph.

    Parameters
    ----------
    full : Path
        The float32 graph.
    target : Path
    samples : sequence of dict
        Inputs of the graph, one window each; none evens out nothing.

    Returns
    -------
    dict
        Name of a weight to the name of what its input is multiplied by, where it was evened out.
    """
    import onnx
    from onnx import helper, numpy_helper
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph_file = onnx.load(str(full))
    graph = graph_file.graph
    weights = {one.name: one for one in graph.initializer}
    multiplications = [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in weights]
    seen = _inputs(graph_file, [node.input[0] for node in multiplications], full.with_suffix(".seen.onnx"), samples) if samples else {}
    factors: dict[str, str] = {}
    nodes: list[Any] = []
    chosen = {node.name for node in multiplications}
    exact: dict[str, str] = {}
    for node in graph.node:
        if node.name in chosen and (values := seen.get(node.input[0])) is not None:
            weight = numpy_helper.to_array(weights[node.input[1]])
            scale, clean = _scale(values, weight)
            if clean < CLEAN:
                exact[node.name] = node.input[1]
            elif scale is not None:
                weights[node.input[1]].CopyFrom(numpy_helper.from_array(weight * scale[:, None], node.input[1]))
                name = factors[node.input[1]] = node.input[1] + SMOOTH
                graph.initializer.append(numpy_helper.from_array(1 / scale, name))
                nodes.append(helper.make_node("Mul", [node.input[0], name], [node.name + SMOOTH], name=node.name + "/smooth"))
                node.input[0] = node.name + SMOOTH
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    even = full.with_suffix(".even.onnx")
    onnx.save(graph_file, str(even))
    quantize_dynamic(str(even), str(target), weight_type=QuantType.QInt8, per_channel=True, nodes_to_exclude=list(exact))
    even.unlink()
    whole = onnx.load(str(target))
    _store_as_int8(whole.graph, list(exact.values()))
    kept = {"location": DATA, "size_threshold": LARGE, "all_tensors_to_one_file": True, "convert_attribute": False}
    onnx.save_model(whole, str(target), save_as_external_data=True, **kept)
    return factors


def _store_as_int8(graph: Any, names: list[str]) -> None:
    """Keep float32 weights of a graph as int8, read back when they are used: a quarter of the size."""
    from onnx import helper, numpy_helper

    for name in names:
        held = next(one for one in graph.initializer if one.name == name)
        weight = numpy_helper.to_array(held)
        step = (np.abs(weight).max(0).clip(1e-12) / 127).astype(np.float32)
        graph.initializer.remove(held)
        # the names that the quantiser gives, so that both kinds are read back alike
        graph.initializer.extend(
            [
                numpy_helper.from_array(np.round(weight / step).astype(np.int8), f"{name}_quantized"),
                numpy_helper.from_array(step, f"{name}_scale"),
                numpy_helper.from_array(np.zeros(len(step), dtype=np.int8), f"{name}_zero_point"),
            ]
        )
        parts = [f"{name}_{part}" for part in ("quantized", "scale", "zero_point")]
        graph.node.insert(0, helper.make_node("DequantizeLinear", parts, [name], name=f"{name}/exact", axis=1))


def _inputs(graph_file: Any, names: list[str], path: Path, samples: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return what comes to each multiplication, shape (tokens, channels)."""
    import onnx
    import onnxruntime
    from onnx import helper

    told = onnx.ModelProto()
    told.CopyFrom(graph_file)
    wanted = list(dict.fromkeys(names))
    told.graph.output.extend([helper.make_empty_tensor_value_info(name) for name in wanted])
    onnx.save(told, str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    count = 0
    for sample in samples:
        for name, values in zip(wanted, session.run(wanted, sample), strict=True):
            found[name].append(values.reshape(-1, values.shape[-1]))
        count += sample["ids"].size
        if count >= TOKENS:
            break
    path.unlink()
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _scale(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray | None, float]:
    """Return the factor of each channel that leaves most of the output, None if it is best as it is; and how clean that is, in decibels."""
    exact = values @ weight
    most, largest = np.abs(values).max(0).clip(1e-4), np.abs(weight).max(1).clip(1e-4)
    best, least = None, float(np.square(exact - _grid(values) @ _steps(weight)).sum())
    for power in POWERS:
        scale = most**power / largest ** (1 - power)
        scale = (scale / np.exp(np.log(scale).mean())).astype(np.float32)
        lost = float(np.square(exact - _grid(values / scale) @ _steps(weight * scale[:, None])).sum())
        if lost < least:
            best, least = scale, lost
    return best, 10 * float(np.log10(np.square(exact).sum() / max(least, 1e-12) + 1e-12))


def _grid(values: np.ndarray) -> np.ndarray:
    """Return values as uint8 on one grid would hold them."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    step = (high - low) / 255 or 1.0
    zero = np.round(-low / step)
    return (np.clip(np.round(values / step) + zero, 0, 255) - zero) * step


def _steps(weight: np.ndarray) -> np.ndarray:
    """Return weights as int8 with a scale for each output would hold them."""
    step = np.abs(weight).max(0, keepdims=True).clip(1e-12) / 127
    return np.round(weight / step) * step
