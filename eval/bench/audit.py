"""What the audit log costs ``voicenlp.tag``: the same archive tagged with the log and without, in turns.

    python -m eval.bench.audit NOTES… [--model rules] [--size 2000] [--rounds 5]

NOTES are folders of records (``.txt``), dealt into an archive as `eval.bench.tagging` does it. Two figures are given: the share of the time
of a run that is spent in the calls that write the log, its keys and its hashes (measured inside the run with the log, so that it does not
hang on how busy the machine is); and the difference between the processor times of runs with and without, which on a busy machine says
less.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import voicenlp as vn
from eval.bench.tagging import _machine, archive, texts_of
from voicenlp.audit import AuditLog, versions
from voicenlp.engines import tagging
from voicenlp.engines.counting import Counting
from voicenlp.io.tables import replacing

__all__ = ["main", "measure"]

OUT = Path(__file__).parents[1] / "results" / "bench_audit.json"
BUDGET = 0.03


class _Timed:
    """Adds up the time of the calls in which the log is written; calls inside such a call are not counted twice."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self._inside = False

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            if self._inside:
                return function(*args, **options)
            self._inside, wall, cpu = True, time.perf_counter(), time.process_time()
            try:
                return function(*args, **options)
            finally:
                self._inside = False
                self.wall += time.perf_counter() - wall
                self.cpu += time.process_time() - cpu

        return timed


@contextlib.contextmanager
def _without_log() -> Iterator[None]:
    with mock.patch.object(tagging, "_log", lambda *_: None):
        yield


@contextlib.contextmanager
def _timed_log(timed: _Timed) -> Iterator[None]:
    calls = [
        (AuditLog, "append"),
        (Counting, "flush"),
        (Counting, "_handed_out"),
        (Counting, "came_out"),
        (tagging, "_log"),
        (tagging, "_card"),
    ]
    with contextlib.ExitStack() as stack:
        for owner, name in calls:
            stack.enter_context(mock.patch.object(owner, name, timed(getattr(owner, name))))
        stack.enter_context(mock.patch.object(tagging.FileRef, "of", timed(tagging.FileRef.of)))
        yield


def measure(notes: Path, folder: Path, model: str) -> dict[str, float]:
    """Tag an archive once without the log and once with it, in an order that changes with the folder's number.

    Returns
    -------
    dict
        Seconds of wall clock and of the processor, ``with`` and ``without``; ``log_seconds`` and ``log_cpu_seconds`` of the calls that log.
    """
    row: dict[str, float] = {}
    timed = _Timed()
    both = [("without", _without_log()), ("with", _timed_log(timed))]
    for name, how in both if int(folder.name) % 2 else reversed(both):  # whichever goes first has the colder caches
        with how:
            wall, cpu = time.perf_counter(), time.process_time()
            vn.tag(notes, folder / name, model=model, purpose="benchmark")
            row[f"{name}_seconds"], row[f"{name}_cpu_seconds"] = time.perf_counter() - wall, time.process_time() - cpu
    return {**row, "log_seconds": timed.wall, "log_cpu_seconds": timed.cpu}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.audit", description="What the audit log costs voicenlp.tag.")
    parser.add_argument("notes", nargs="+", type=Path, help="folders of .txt records")
    parser.add_argument("--model", default="rules")
    parser.add_argument("--size", type=int, default=2_000, help="notes in the archive")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT, help="file for the figures")
    chosen = parser.parse_args(arguments)
    texts = texts_of(chosen.notes)
    if not texts:
        parser.error(f"no .txt records in {', '.join(map(str, chosen.notes))}")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "notes.csv")
        dealt = archive(texts, chosen.size, path)
        vn.tag(path, Path(place, "warm"), model=chosen.model, purpose="benchmark")  # what is loaded once counts for neither
        rows = [measure(path, Path(place, str(number)), chosen.model) for number in range(chosen.rounds)]
    share = statistics.median(row["log_cpu_seconds"] / row["with_cpu_seconds"] for row in rows)
    share_wall = statistics.median(row["log_seconds"] / row["with_seconds"] for row in rows)
    apart = statistics.median(row["with_cpu_seconds"] / row["without_cpu_seconds"] for row in rows) - 1
    figures = {
        "what": "share of the audit log in the time of voicenlp.tag, one process, medians of rounds",
        **dealt,
        "model": chosen.model,
        "rounds": chosen.rounds,
        "log_share_cpu": round(share, 4),
        "log_share_wall": round(share_wall, 4),
        "with_against_without_cpu": round(apart, 4),
        "budget": BUDGET,
        "date": dt.date.today().isoformat(),
        "machine": _machine(),
        "versions": versions("spacy", "pyarrow", "cryptography"),
        "each_round": [{name: round(value, 3) for name, value in row.items()} for row in rows],
    }
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(chosen.out) as file:
        file.write(json.dumps(figures, indent=2).encode("utf-8") + b"\n")
    print(f"{chosen.model}, {dealt['notes']:,} notes, {dealt['words']:,} words, {chosen.rounds} rounds")
    print(f"time spent in the log: {share:.2%} of the processor's, {share_wall:.2%} of the clock's (budget {BUDGET:.0%})")
    print(f"with the log against without, processor time: {apart:+.2%}")
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
