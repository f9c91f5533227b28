"""The measured part of a model's card: one entry for each data set it was measured on, with the command that measured it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from voicenlp.errors import ModelError
from voicenlp.taggers.folders import model_folder

__all__ = ["add_result", "card_file", "read_card"]


def card_file(model: str | Path) -> Path:
    """Return where a model's card lies: in its folder, or beside the package's resources for one that comes with it."""
    folder = model_folder(model) or Path(model)
    if folder.is_dir():
        return folder / "card.json"
    return Path(str(files("voicenlp"))) / "resources" / f"{model}_card.json"


def read_card(model: str | Path) -> dict[str, Any]:
    """Return a model's card; empty where it has none.

    Raises
    ------
    ModelError
        If it can't be read.
    """
    path = card_file(model)
    if not path.is_file():
        return {}
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path.name}: the model's card can't be read ({type(error).__name__})") from None
    if not isinstance(card, dict):
        raise ModelError(f"{path.name}: the model's card is no table of names and values")
    return card


def add_result(model: str | Path, data_set: str, entry: dict[str, Any]) -> Path:
    """Write what was measured on a data set into a model's card, in place of what stood there for it, and return the card's path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = add_result(folder, "test", {"f1_span_speaker": 0.5})
    ...     read_card(folder)["results"]["test"]
    {'f1_span_speaker': 0.5}
    """
    from voicenlp.io.tables import replacing

    card = read_card(model)
    card.setdefault("results", {})[data_set] = entry
    path = card_file(model)
    with replacing(path) as file:
        file.write(json.dumps(card, indent=2, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n")
    return path
