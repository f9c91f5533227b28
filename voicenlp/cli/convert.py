"""``voicenlp convert``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "convert"
HELP = "Move annotations between inline, jsonl, label-studio, inception, brat, doccano and spacy."


def command(
    source: Annotated[Path, typer.Argument(metavar="IN")],
    target: Annotated[Path, typer.Argument(metavar="OUT")],
    from_: Annotated[str, typer.Option("--from", help="Format of IN.")],
    to: Annotated[str, typer.Option("--to", help="Format of OUT.")],
) -> int:
    """Convert, and say what the target format can't hold."""
    from voicenlp.io.formats import convert

    done = convert(source, target, from_, to)
    typer.echo(f"{done.records:,} records, {done.spans:,} spans written to {target}")
    for loss in done.loses:
        typer.echo(f"{to} can't hold: {loss}")
    return 0
