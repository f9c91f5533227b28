"""``voicenlp train``"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicenlp.io.annotations import Record
    from voicenlp.records import Span

NAME = "train"
HELP = "Train a model on annotated records of your own; goes on where it was stopped."


def command(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="name, train, dev, encoder; epochs, batch, rate … as you like.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the model.")],
) -> int:
    """Train, export, and measure on the dev records."""
    from voicenlp.evaluation.predictions import roster_of
    from voicenlp.training.run import run_training
    from voicenlp.training.settings import read_train_settings

    run_training(read_train_settings(config), out, _judge, _pairs, roster_of, typer.echo)
    return 0


def _judge(predicted: list[Record], annotated: list[Record]) -> tuple[float, float]:
    from voicenlp.evaluation import evaluate

    figures = {(row.part, row.name, row.measure): row.value or 0.0 for row in evaluate(predicted, annotated, bootstrap=0).table()}
    return figures["spans", "voice", "iou"], figures["spans", "voice", "speaker"]


def _pairs(annotated: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[int, int]]:
    from voicenlp.evaluation.matching import match_spans

    return [(match.gold, match.pred) for match in match_spans(annotated, predicted)]
