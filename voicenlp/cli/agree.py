"""``voicenlp agree``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicenlp.cli.results import show_rows

NAME = "agree"
HELP = "Compare two annotators of the same records."


def command(
    a: Annotated[Path, typer.Argument(help="One annotator's records.")],
    b: Annotated[Path, typer.Argument(help="The other's.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures to a file.")] = None,
) -> int:
    """Print span agreement and Krippendorff's alpha, and the disagreements by kind."""
    from voicenlp.evaluation import agree
    from voicenlp.io.annotations import read_annotations
    from voicenlp.io.tables import replacing

    result = agree(read_annotations(a, crossing=True), read_annotations(b, crossing=True))
    show_rows(result.table())
    for remark in result.remarks():
        typer.echo(remark)
    for kind, count in sorted(result.kinds.items(), key=lambda pair: -pair[1]):
        typer.echo(f"{count:6,} {kind}")
    if json_file is not None:
        with replacing(json_file) as file:
            file.write(result.to_json().encode("utf-8"))
    return 0
