"""What a training run is told: a TOML file, checked whole before anything starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicenlp.errors import InputError
from voicenlp.taggers.folders import model_folder

__all__ = ["TrainSettings", "read_train_settings"]


class TrainSettings(BaseModel):
    """Settings of a training run.

    Attributes
    ----------
    name : str
        Name of the model.
    train, dev : list of Path
        Folders or files of annotated records; dev decides when to stop and which state is kept.
    encoder : Path
        What to start from: the folder of a pretrained encoder (``config.json``, ``model.safetensors``, ``tokenizer.json``), or a model of
        voicenlp that is to learn on: its folder (known by its ``manifest.json``), or its name if it comes with the package. The run then
        begins with that model's heads too, so that a few dozen records are enough.
    epochs, patience : int
        At most so many passes; stop after so many without a better dev figure.
    batch : int
        Windows a step.
    rate, head_rate : float
        Highest learning rate of the encoder and of everything else.
    roster_share : float
        Share of the examples that are told the people of the record.
    seed : int
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    train: Annotated[list[Path], Field(min_length=1)]
    dev: Annotated[list[Path], Field(min_length=1)]
    encoder: Path
    epochs: Annotated[int, Field(ge=1, le=200)] = 8
    patience: Annotated[int, Field(ge=1)] = 3
    batch: Annotated[int, Field(ge=1, le=256)] = 8
    rate: Annotated[float, Field(gt=0, lt=1)] = 3e-4
    head_rate: Annotated[float, Field(gt=0, lt=1)] = 1.5e-3
    roster_share: Annotated[float, Field(ge=0, le=1)] = 0.4
    seed: int = 0


def read_train_settings(path: str | Path) -> TrainSettings:
    """Read the settings of a training run; paths in the file are taken from its folder.

    An ``encoder`` that is no folder there may be the name of a model that comes with the package.

    Raises
    ------
    InputError
        All faults of the file at once, a line each.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"can't be read as TOML ({type(error).__name__})", source=path) from None
    try:
        settings = TrainSettings(**data)
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise InputError("\n".join(lines)) from None
    at = path.resolve().parent
    moved = {name: [at / one for one in getattr(settings, name)] for name in ("train", "dev")}
    encoder = at / settings.encoder
    if not encoder.is_dir():
        encoder = model_folder(settings.encoder) or encoder
    return settings.model_copy(update={**moved, "encoder": encoder})
