"""Train and measure every rung, and write down the results.

    python -m eval.ladder [--rungs quotes,rules] [--neural DIR] [--quick]

Trains on the train split, sets what has to be set on dev, measures once on test. Figures go to ``eval/results/ladder.json`` and from there
into the table of ``eval/README.md``. Rungs that are not run keep the figures that they have, as long as the corpus is the same.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import voicenlp
from eval.ladder.results import corpus_hash, figures, machine, read_results, replace_between, table, write_json
from eval.ladder.rungs import RUNGS, Material
from voicenlp.audit import versions
from voicenlp.errors import UsageError, VoiceError
from voicenlp.evaluation import evaluate
from voicenlp.io.annotations import Record, read_annotations
from voicenlp.records import Note
from voicenlp.scheme import default_scheme
from voicenlp.taggers.base import Tagger

__all__ = ["main", "measure"]

EVAL = Path(__file__).parents[1]
CORPUS, RESULTS, PAGE = EVAL / "corpus", EVAL / "results" / "ladder.json", EVAL / "README.md"
QUICK = {"train": 60, "dev": 15, "test": 15}
"""Records of each split with ``--quick``: the first of the first writer of the split."""
BOOTSTRAP = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ladder; return 0, or 1 after one line on what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m eval.ladder", description="Train and measure the baselines on the corpus.")
    parser.add_argument("--rungs", default="", help=f"some of {','.join(RUNGS)}; all without it")
    parser.add_argument("--neural", default="neural", metavar="DIR", help="another neural model, for the rung of that name")
    parser.add_argument("--quick", action="store_true", help="a few records and steps, to see that it runs; writes nothing without --out")
    parser.add_argument("--out", type=Path, help="write ladder.json and README.md into this folder instead")
    chosen = parser.parse_args(arguments)
    try:
        names = _names(chosen.rungs, chosen.neural)
        splits = {name: _records(name, chosen.quick) for name in QUICK}
        results = _run(names, splits, chosen)
    except VoiceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(table(results))
    if chosen.quick and chosen.out is None:
        print("quick: nothing written")
        return 0
    file = chosen.out / "ladder.json" if chosen.out else RESULTS
    page = chosen.out / "README.md" if chosen.out else PAGE
    write_json(results, file)
    page.write_text(replace_between(PAGE.read_text(encoding="utf-8"), "ladder", table(results)), encoding="utf-8")
    print(f"written to {file} and {page}")
    return 0


def _names(wanted: str, neural: str) -> list[str]:
    names = [name.strip() for name in wanted.split(",") if name.strip()] or [name for name in RUNGS if name != "neural" or neural]
    strange = [name for name in names if name not in RUNGS]
    if strange:
        raise UsageError(f"no rung called {', '.join(strange)}: there are {', '.join(RUNGS)}")
    if "neural" in names and not neural:
        raise UsageError("the rung neural needs --neural DIR")
    return names


def _records(split: str, quick: bool) -> list[Record]:
    if not quick:
        return read_annotations(CORPUS / split)
    folder = min(path for path in (CORPUS / split).iterdir() if path.is_dir())
    return read_annotations(folder)[: QUICK[split]]


def _run(names: Sequence[str], splits: dict[str, list[Record]], chosen: argparse.Namespace) -> dict[str, Any]:
    """Make and measure the rungs, and return the results with those of earlier runs on the same corpus."""
    digest = "quick" if chosen.quick else corpus_hash(CORPUS)
    earlier = read_results(RESULTS) if not chosen.quick else {}
    scheme = default_scheme().version
    kept = earlier.get("rungs", {}) if (earlier.get("corpus", {}).get("sha256"), earlier.get("scheme")) == (digest, scheme) else {}
    for name, rung in kept.items():
        if name not in names:
            print(f"{name}: kept from {rung['date']}")
    rungs: dict[str, Any] = dict(kept)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            rung = RUNGS[name]
            print(f"{name}: {rung.what} …", flush=True)
            began = time.perf_counter()
            material = Material(splits["train"], splits["dev"], Path(folder) / name, chosen.quick, chosen.neural)
            tagger = rung.make(material)
            spent = time.perf_counter() - began
            entry = measure(tagger, splits["test"], 100 if chosen.quick else BOOTSTRAP)
            rungs[name] = {
                "what": rung.what,
                "trained": rung.trained,
                "train_seconds": round(spent, 1),
                **entry,
                "date": dt.date.today().isoformat(),
                "versions": {**versions("numpy", *rung.packages), "voicenlp": voicenlp.__version__},
            }
            best = rungs[name]["figures"]["spans"]["voice"]
            print(f"{name}: {spent:,.1f} s to make, {entry['tag_seconds']:,.1f} s to tag; ", end="")
            print(f"voices {_f1(best['iou'])}, with speaker {_f1(best['speaker'])}", flush=True)
    ordered = {name: rungs[name] for name in RUNGS if name in rungs}
    return {
        "what": "python -m eval.ladder: trained on train, set on dev, measured on test",
        "corpus": {"sha256": digest, **{name: len(records) for name, records in splits.items()}},
        "scheme": scheme,
        "bootstrap": BOOTSTRAP,
        "machine": machine(),
        "seconds": round(sum(rung["train_seconds"] + rung["tag_seconds"] for rung in ordered.values()), 1),
        "rungs": ordered,
    }


def measure(tagger: Tagger, gold: Sequence[Record], bootstrap: int = BOOTSTRAP) -> dict[str, Any]:
    """Tag the texts of annotated records (the text alone, without people) and measure what comes of it.

    Returns
    -------
    dict
        ``tag_seconds``, ``words_per_second`` and ``figures``.
    """
    began = time.perf_counter()
    found = [Record(record.note_id, record.text, tuple(tagger.tag(Note(record.note_id, record.text))[0])) for record in gold]
    spent = time.perf_counter() - began
    words = sum(len(record.text.split()) for record in gold)
    result = evaluate(found, gold, bootstrap=bootstrap)
    return {"tag_seconds": round(spent, 2), "words_per_second": round(words / spent), "figures": figures(result)}


def _f1(score: dict[str, Any]) -> str:
    return "–" if score["f1"] is None else f"{score['f1']:.3f}"


if __name__ == "__main__":
    sys.exit(main())
