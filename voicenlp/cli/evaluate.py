"""``voicenlp evaluate``"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicenlp.cli.results import show_rows
from voicenlp.errors import UsageError

if TYPE_CHECKING:
    from voicenlp.evaluation.results import Evaluation, Row
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
    card: Annotated[
        str | None, typer.Option("--card", help="Write the result into the model's card, under this name of a data set.")
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Count the mistakes by kind.")] = False,
) -> int:
    """Print the figures."""
    from voicenlp.evaluation import evaluate
    from voicenlp.evaluation.predictions import predict
    from voicenlp.io.annotations import read_annotations
    from voicenlp.io.tables import replacing

    if (model is None) == (pred is None):
        raise UsageError("give either --model or --pred")
    if card is not None and model is None:
        raise UsageError("--card needs --model: predictions have no card")
    golden = read_annotations(gold)
    began = time.perf_counter()
    predicted = _predictions(pred) if pred is not None else predict(golden, str(model), with_people=with_people)
    seconds = time.perf_counter() - began
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
    if card is not None:
        from voicenlp.taggers.cards import add_result

        path = add_result(
            str(model), card, _entry(result, golden, seconds, f"voicenlp evaluate {gold.name} --model {Path(str(model)).name}")
        )
        typer.echo(f"written into the card {path.name} as {card}")
    return 0


def _entry(result: Evaluation, golden: list[Record], seconds: float, command: str) -> dict[str, Any]:
    """Return what a card keeps of a result."""
    import datetime as dt
    import hashlib

    figures = {(row.part, row.name, row.measure): row for row in result.table()}
    texts = hashlib.sha256("".join(record.text for record in golden).encode("utf-8", "surrogatepass")).hexdigest()
    words = sum(len(record.text.split()) for record in golden)

    def figure(part: str, name: str, measure: str) -> dict[str, float | None] | None:
        row = figures.get((part, name, measure))
        if row is None or row.value is None:
            return None
        rounded = {"low": row.low, "high": row.high}
        return {"value": round(row.value, 4), **{side: None if edge is None else round(edge, 4) for side, edge in rounded.items()}}

    speakers = [measure for part, name, measure in figures if (part, name) == ("speakers", "voice")]

    return {
        "command": command,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "records": len(golden),
        "words": words,
        "texts_sha256": texts,
        "words_per_second": round(words / max(seconds, 1e-9)),
        "f1_span": round(figures["spans", "voice", "iou"].value or 0.0, 3),
        "f1_span_speaker": round(figures["spans", "voice", "speaker"].value or 0.0, 3),
        "elements": {name: figure("spans", name, "iou") for name in ("voice", "space", "audience", "influence")},
        "speakers": {name: figure("speakers", "voice", name) for name in speakers},
        "attributes": {f"{row.name}: {row.measure}": figure(*key) for key, row in figures.items() if key[0] == "attributes"},
    }


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
