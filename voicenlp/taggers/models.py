"""The models at hand, by name or folder, and how each is opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from voicenlp.errors import ModelError
from voicenlp.taggers.base import Tagger
from voicenlp.taggers.cards import read_card
from voicenlp.taggers.folders import model_folder

__all__ = ["DEFAULT_MODEL", "ModelInfo", "describe_model", "models", "open_tagger"]

SHIPPED = ("neural", "rules")
"""Models that come with the package, the default first."""
DEFAULT_MODEL = SHIPPED[0]

_PARTS = {"linear": ("manifest.json", "model.skops"), "neural": ("manifest.json", "model.onnx", "model.onnx.data", "tokenizer.json")}
_ABOUT = {"linear": "linear models over words and what is known of them", "neural": "a small encoder with a head for each attribute"}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model: its name, kind, version and the hash of what it is made of.

    ``measured`` holds the results of its card by data set: what was measured, by which command.
    """

    name: str
    kind: str
    version: str
    sha256: str
    description: str
    measured: dict[str, Any]


def models() -> list[ModelInfo]:
    """Return the models that come with the package.

    Examples
    --------
    >>> [m.name for m in models()]
    ['neural', 'rules']
    """
    return [describe_model(name) for name in SHIPPED if name == "rules" or model_folder(name)]


@cache
def describe_model(name: str) -> ModelInfo:
    """Return what is known of a model.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    folder = None if name == "rules" else model_folder(name)
    kind = _kind(folder) if folder else ""
    if folder and kind in _PARTS:
        digest = hashlib.sha256()
        for part in _PARTS[kind]:
            file = folder / part
            digest.update(file.read_bytes() if file.is_file() else b"")
        called = folder.resolve().name  # where it lies is nobody's business, least of all the audit log's
        return ModelInfo(called, kind, "1", digest.hexdigest(), _ABOUT[kind], read_card(folder).get("results", {}))
    if name != "rules":
        raise ModelError(f"no model called {name!r}: there are {', '.join(SHIPPED)}; or give the folder of one")
    resources = files("voicenlp").joinpath("resources")
    digest = hashlib.sha256()
    for part in ("chances.toml", "cues.toml", "headings.toml", "roles.toml", "themes.toml", "words.toml"):
        digest.update(resources.joinpath(part).read_bytes())
    for module in ("rules", "cues", "quotes", "chances", "attributes", "clauses", "kinds", "boxes", "turns", "overlaps"):
        digest.update(files("voicenlp").joinpath(f"taggers/{module}.py").read_bytes())
    return ModelInfo("rules", "rules", "1", digest.hexdigest(), "transparent rules; the baseline", read_card("rules").get("results", {}))


def open_tagger(name: str | Path = DEFAULT_MODEL, *, threads: int = 0) -> Tagger:
    """Open a model by name or folder.

    Parameters
    ----------
    name : str or Path
    threads : int
        Threads of a neural model; 0 for as many as there are cores.

    Raises
    ------
    ModelError
        If there is no such model, or the folder's was made for another version of the scheme or can't be read.

    Examples
    --------
    >>> open_tagger("rules").name
    'rules'
    """
    if str(name) == "rules":
        from voicenlp.taggers.rules import RuleTagger

        return RuleTagger()
    folder = model_folder(name)
    kind = _kind(folder) if folder else ""
    if folder and kind == "linear":
        from voicenlp.taggers.linear import LinearTagger

        return LinearTagger.load(folder)
    if folder and kind == "neural":
        from voicenlp.taggers.neural import NeuralTagger

        return NeuralTagger(folder, threads)
    describe_model(str(name))
    raise ModelError(f"no model called {str(name)!r}")


def _kind(folder: Path) -> str:
    """Return the kind that the manifest of a model's folder names; empty where there is none."""
    import json

    try:
        return str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["kind"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
