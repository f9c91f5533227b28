"""Measuring a model on records of another data set, and writing the figures down: numbers only, never text."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import voicenlp
from eval.ladder.results import read_results, replace_between, write_json
from voicenlp.audit import versions
from voicenlp.errors import VoiceError
from voicenlp.evaluation import evaluate
from voicenlp.evaluation.predictions import predict
from voicenlp.io.annotations import Record
from voicenlp.records import Span

__all__ = ["Comparison", "compare", "run", "table", "tagged", "voices"]

EVAL = Path(__file__).parents[1]
RESULTS, PAGE = EVAL / "results" / "external.json", EVAL / "README.md"
MEASURES = ("exact", "iou", "characters")

Comparison = tuple[str, Sequence[Record], Sequence[Record]]
"""What is compared, in words; the predicted records; the gold ones."""


def tagged(records: Sequence[Record], model: str) -> list[Record]:
    """Return what a model sees in the texts, voices alone: no other data set has the other elements."""
    return voices(predict(records, model), lambda span: True)


def voices(records: Iterable[Record], wanted: Callable[[Span], bool]) -> list[Record]:
    """Return records with those of their voices that are wanted."""
    return [replace(one, spans=tuple(span for span in one.spans if span.element == "voice" and wanted(span))) for one in records]


def compare(comparisons: Iterable[Comparison], bootstrap: int = 1000) -> list[dict[str, Any]]:
    """Return, for each comparison, the scores of spans by exact edges, by overlap and by characters, and how often the person is right.

    Speakers are not measured: no other data set has these roles.
    """
    out = []
    for what, pred, gold in comparisons:
        data = evaluate(pred, gold, bootstrap=bootstrap).to_dict()["scores"]
        person = data["attributes"].get("person", {}).get("same person")
        out.append({"what": what, **{name: data["spans"]["voice"][name] for name in MEASURES}, "person": person})
    return out


def table(results: Mapping[str, Any]) -> str:
    """Return the figures of all data sets in Markdown."""
    lines = [
        "| data set, model | what is compared | F1: exact | IoU ≥ 0.5 | characters | precision, recall (IoU ≥ 0.5) |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted(results):
        for key in sorted(results[name]):
            entry = results[name][key]
            for row in entry["comparisons"]:
                cells = [_figure(row[measure]) for measure in MEASURES]
                both = ", ".join("–" if row["iou"][one] is None else f"{row['iou'][one]:.3f}" for one in ("precision", "recall"))
                lines.append(f"| {name}, `{entry['model']}` | {row['what']} | {' | '.join(cells)} | {both} |")
    lines.append("")
    for name in sorted(results):
        for key in sorted(results[name]):
            entry = results[name][key]
            lines.append(
                f"{name}: {entry['records']:,} texts, {entry['spans']:,} spans, version `{entry['version'] or 'not given'}`, by "
                f"`{entry['command']}` on {entry['date']}."
            )
    return "\n".join(lines)


def run(
    naming: Callable[[Path], str],
    module: str,
    read: Callable[[Path], list[Record]],
    pairs: Callable[[list[Record], str], list[Comparison]],
    remarks: str,
    arguments: Sequence[str] | None = None,
) -> int:
    """Run the command line of a data set; return 0, or 1 after one line on what is wrong.

    Parameters
    ----------
    naming : callable
        From the folder to the name of the data set.
    module : str
        The one that reads it.
    read : callable
        From the folder to gold records.
    pairs : callable
        From gold records and the name of a model to what is compared.
    remarks : str
        What is and is not comparable, printed below the figures.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m eval.external.{module}", description="Measure a model on a data set that you have fetched."
    )
    parser.add_argument("folder", type=Path, help="where you have put the data")
    parser.add_argument("--model", default="rules", help="name or folder")
    parser.add_argument("--version", default="", help="commit or release of the data, to be written with the figures")
    parser.add_argument("--write", action="store_true", help="write the figures into eval/results/external.json and eval/README.md")
    chosen = parser.parse_args(arguments)
    try:
        gold, name = read(chosen.folder), naming(chosen.folder)
        rows = compare(pairs(gold, chosen.model))
    except VoiceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    entry = {
        "model": Path(chosen.model).name,
        "version": chosen.version,
        "command": f"python -m eval.external.{module} FOLDER --model {Path(chosen.model).name}",
        "date": dt.date.today().isoformat(),
        "records": len(gold),
        "spans": sum(len(record.spans) for record in gold),
        "versions": {**versions("numpy"), "voicenlp": voicenlp.__version__},
        "comparisons": rows,
    }
    print(f"{name}: {entry['records']:,} texts, {entry['spans']:,} spans; model {entry['model']}")
    for row in rows:
        print(f"  {row['what']}")
        for measure in MEASURES:
            score = row[measure]
            print(f"    {measure:11} precision {_bare(score['precision'])}  recall {_bare(score['recall'])}  F1 {_figure(score)}")
        if row["person"]:
            print(f"    the person's name is that of the gold on {row['person']['value']:.3f} of {row['person']['of']:,} spans found")
    print(remarks)
    if chosen.write:
        results = read_results(RESULTS)
        results.setdefault(name, {})[entry["model"]] = entry
        write_json(results, RESULTS)
        PAGE.write_text(replace_between(PAGE.read_text(encoding="utf-8"), "external", table(results)), encoding="utf-8")
        print(f"written to {RESULTS} and {PAGE}")
    return 0


def _bare(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _figure(score: Mapping[str, Any]) -> str:
    bounds = score["interval"]
    return _bare(score["f1"]) + (f" ({bounds[0]:.3f}–{bounds[1]:.3f})" if bounds and score["f1"] is not None else "")
