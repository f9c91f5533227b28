"""``voicenlp evaluate``"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicenlp.cli.results import show_rows
from voicenlp.errors import UsageError

if TYPE_CHECKING:
    from voicenlp.evaluation.results import Row
    from voicenlp.io.annotations import Record

NAME = "evaluate"
HELP = "Measure a model, or somebody's predictions, against annotated records."


def command(
    gold: Annotated[Path, typer.Argument(help="Annotated records: a folder of inline files, or JSON Lines.")],
    model: Annotated[str | None, typer.Option("--model", help="Name of a model, or a folder.")] = None,
    pred: Annotated[
        Path | None, typer.Option("--pred", help="Predictions: JSON Lines, inline files, or the folder of a run with --format jsonl.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Columns of the records' metadata, parted by commas: record_type, age_band …")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures to a file.")] = None,
    bootstrap: Annotated[int, typer.Option("--bootstrap", help="Samples for the intervals; 0 for none.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Of the samples.")] = 0,
    with_people: Annotated[bool, typer.Option("--with-people", help="Give the model the people of each record as a roster.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Print every figure, not only the main ones.")] = False,
    errors: Annotated[bool, typer.Option("--errors", help="Count the mistakes by kind.")] = False,
) -> int:
    """Print the figures."""
    from voicenlp.evaluation import evaluate
    from voicenlp.evaluation.predictions import predict
    from voicenlp.io.annotations import read_annotations
    from voicenlp.io.tables import replacing

    if (model is None) == (pred is None):
        raise UsageError("give either --model or --pred")
    golden = read_annotations(gold)
    predicted = _predictions(pred) if pred is not None else predict(golden, str(model), with_people=with_people)
    result = evaluate(predicted, golden, by=[name.strip() for name in by.split(",") if name.strip()], bootstrap=bootstrap, seed=seed)
    show_rows(result.table() if every or by else [row for row in result.table() if _main(row)])
    for remark in result.remarks():
        typer.echo(remark)
    if errors:
        for kind, count in sorted(result.kinds.items(), key=lambda pair: -pair[1]):
            typer.echo(f"{count:6,} {kind}")
    if json_file is not None:
        with replacing(json_file) as file:
            file.write(result.to_json().encode("utf-8"))
    return 0


def _predictions(path: Path) -> list[Record]:
    from voicenlp.io.annotations import read_annotations

    if (path / "spans.parquet").is_file() and not (path / "spans.jsonl").is_file():
        raise UsageError(f"{path}: a run in Parquet keeps no text to hold against the gold records; tag with --format jsonl")
    return read_annotations(path, crossing=True)  # a model's spans may cross; the scheme's may not


def _main(row: Row) -> bool:
    """Whether a row is one of the main figures."""
    if row.part == "spans":
        return row.measure in ("exact", "iou", "speaker")
    if row.part == "speakers":
        return row.name == "voice"
    return not str(row.measure).startswith("label ")
