"""Words a second and peak memory of ``voicenlp tag`` on archives of 1,000 and 50,000 notes.

    python -m eval.bench.tagging NOTES… [--model rules] [--workers 1]

NOTES are folders of records (``.txt``; tags of the inline form are taken out). They are dealt into archives by a seeded draw, each note as
long as it came, and tagged by the command line in a process of its own: what is measured is what a user gets, reading and writing included.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voicenlp.audit import versions
from voicenlp.io.tables import replacing

__all__ = ["archive", "main", "measure", "texts_of"]

SIZES = (1_000, 50_000)
CHILDREN = 20  # notes of one child in an archive, on average
OUT = Path(__file__).parents[1] / "results" / "bench_tagging.json"
_TAG = re.compile(r"</?[vsai](?: [a-z]+=\"[^\"]*\")*>")


def texts_of(folders: Sequence[Path]) -> list[str]:
    """Return the texts of all records in some folders, in the order of their paths, without the tags of the inline form."""
    paths = sorted(path for folder in folders for path in folder.rglob("*.txt"))
    return [text for path in paths if (text := _TAG.sub("", path.read_bytes().decode("utf-8"))).strip()]


def archive(texts: Sequence[str], size: int, path: Path, seed: int = 0) -> dict[str, int]:
    """Deal an archive of `size` notes into a CSV: each record as often as any other, in a seeded order, with children and dates.

    Returns
    -------
    dict of str to int
        ``notes``, ``words`` (parted by white space) and ``bytes`` of the file.
    """
    draw = random.Random(seed)  # noqa: S311
    order = [texts[n % len(texts)] for n in range(size)]
    draw.shuffle(order)
    first = dt.date(2024, 4, 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["note_id", "child_id", "date", "text"])
        for n, text in enumerate(order):
            day = first + dt.timedelta(days=draw.randrange(730))
            writer.writerow([f"n{n:06}", f"c{draw.randrange(max(1, size // CHILDREN)):05}", day.isoformat(), text])
    return {"notes": size, "words": sum(len(text.split()) for text in order), "bytes": path.stat().st_size}


def measure(notes: Path, out: Path, model: str, workers: int) -> dict[str, Any]:
    """Tag an archive by the command line and return the seconds it took as a whole, those of tagging, and its peak memory.

    Returns
    -------
    dict
        ``seconds`` from start to end of the process; ``tagging_seconds`` and ``words`` as the run reports them; ``peak_mib``, the most
        memory that the process and its workers held together (resident; pages shared by them count in each).
    """
    command = [sys.executable, "-m", "voicenlp", "tag", str(notes), "--out", str(out), "--model", model, "--workers", str(workers)]
    command += ["--purpose", "benchmark"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    watch = _Watch(process.pid)
    watch.start()
    _, told = process.communicate()
    seconds = time.perf_counter() - began
    watch.stop()
    if process.returncode not in (0, 2):
        raise SystemExit(f"voicenlp tag ended with {process.returncode}: {told.strip().splitlines()[-1:]}")
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return {
        "seconds": round(seconds, 2),
        "tagging_seconds": run["seconds"],
        "words": run["counts"]["words"],
        "rejects": run["counts"]["rejects"],
        "voices": run["counts"]["voice"],
        "words_per_second": round(run["counts"]["words"] / run["seconds"]),
        "words_per_second_whole": round(run["counts"]["words"] / seconds),
        "peak_mib": None if watch.peak is None else round(watch.peak / 2**20, 1),
    }


class _Watch(threading.Thread):
    """Looks at the memory of a process and its children ten times a second; what `getrusage` gives holds all earlier children too."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak: int | None = None
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.1):
            held = sum(_held(pid) for pid in [self.pid, *_below(self.pid)])
            if held:
                self.peak = max(self.peak or 0, held)

    def stop(self) -> None:
        self._done.set()
        self.join()


def _held(pid: int) -> int:
    """Return the resident bytes of a process, 0 where the system does not tell in ``/proc``."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _below(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_below(child)]
    return found


def _machine() -> dict[str, Any]:
    name = platform.processor() or platform.machine()
    try:
        info = Path("/proc/cpuinfo").read_text()
        name = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), name)
    except OSError:
        pass
    return {"processor": name, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and write the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.tagging", description="Words a second and peak memory of voicenlp tag.")
    parser.add_argument("notes", nargs="+", type=Path, help="folders of .txt records")
    parser.add_argument("--model", default="rules")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="notes in each archive")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT, help="file for the figures")
    chosen = parser.parse_args(arguments)
    texts = texts_of(chosen.notes)
    if not texts:
        parser.error(f"no .txt records in {', '.join(map(str, chosen.notes))}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in chosen.sizes:
            path = Path(folder, f"notes-{size}.csv")
            dealt = archive(texts, size, path, chosen.seed)
            rows.append({**dealt, **measure(path, Path(folder, f"run-{size}"), chosen.model, chosen.workers)})
            path.unlink()
    figures = {
        "what": "voicenlp tag, archives dealt from records by a seeded draw",
        "records": len(texts),
        "seed": chosen.seed,
        "model": chosen.model,
        "workers": chosen.workers,
        "date": dt.date.today().isoformat(),
        "machine": _machine(),
        "versions": versions("spacy", "pyarrow", "numpy"),
        "archives": rows,
    }
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(chosen.out) as file:
        file.write(json.dumps(figures, indent=2).encode("utf-8") + b"\n")
    print(f"{chosen.model}, {chosen.workers} worker(s), {figures['machine']['processor']}, {figures['machine']['cores']} cores")
    print(f"{'notes':>8} {'words':>11} {'words/s':>9} {'with start':>11} {'seconds':>8} {'peak MiB':>9}")
    for row in rows:
        print(
            f"{row['notes']:>8,} {row['words']:>11,} {row['words_per_second']:>9,} {row['words_per_second_whole']:>11,} "
            f"{row['seconds']:>8,.1f} {row['peak_mib'] or '-':>9}"
        )
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
