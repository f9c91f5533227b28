"""Where a model lies."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["model_folder"]


def model_folder(name: str | Path) -> Path | None:
    """Return the folder of a model that comes with the package, or of one of somebody's own; None for the rules and for what is none.

    In an installed package the models lie inside it, in a checkout in its folder ``models``.
    """
    package = Path(str(files("voicenlp")))
    places = [Path(name)] if Path(name).is_dir() else []
    if Path(name).name == str(name):
        places = [package / "shipped" / name, package.parent / "models" / name, *places]
    return next((place for place in places if (place / "manifest.json").is_file()), None)
