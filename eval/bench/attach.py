"""Seconds and peak memory of ``voicenlp attach`` on a made-up return of 20,000 children and a run of a million spans.

    python -m eval.bench.attach [--spans 1000000] [--children 20000]

Return (header, two episodes and four reviews a child) and run (four spans a note) are made by a seeded draw; no record is read. What is
measured is the work of a process of its own: reading the run and the return, counting, and writing the tables.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.bench.tagging import _machine, _Watch
from voicenlp.audit import versions
from voicenlp.io.tables import replacing

__all__ = ["main", "make_return", "make_run", "measure"]

OUT = Path(__file__).parents[1] / "results" / "bench_attach.json"
SPANS_A_NOTE = 4
FIRST = dt.date(2023, 4, 1)
DAYS = 1095
_ATTACH = """
import sys, time
from voicenlp.linkage import attach, read_ssda903, write
began = time.perf_counter()
linked = attach(sys.argv[1], read_ssda903(sys.argv[2]))
write(linked, sys.argv[3])
print(time.perf_counter() - began, sum(table.num_rows for table in linked.tables.values()))
"""


def make_return(folder: Path, children: int, seed: int = 0) -> int:
    """Write a return of so many children and give the number of its rows."""
    draw = random.Random(seed)  # noqa: S311

    def day(number: int) -> str:
        return (FIRST + dt.timedelta(number)).strftime("%d/%m/%Y")

    def header() -> Iterator[list[str]]:
        yield ["CHILD", "SEX", "DOB", "ETHNIC"]
        for child in range(children):
            yield [f"{child:07}", draw.choice("MFU"), "01/01/2012", "WBRI"]

    def episodes() -> Iterator[list[str]]:
        yield ["CHILD", "DECOM", "DEC"]
        for child in range(children):
            start, change = draw.randrange(300), draw.randrange(300, 900)
            yield [f"{child:07}", day(start), day(change)]
            yield [f"{child:07}", day(change), ""]

    def reviews() -> Iterator[list[str]]:
        yield ["CHILD", "DOB", "REVIEW", "REVIEW_CODE"]
        for child in range(children):
            for at in sorted(draw.sample(range(300, DAYS), 4)):
                yield [f"{child:07}", "01/01/2012", day(at), f"PN{draw.randrange(1, 8)}"]

    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for name, rows in (("header", header()), ("episodes", episodes()), ("reviews", reviews())):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            written = [writer.writerow(row) for row in rows]
        total += len(written) - 1  # without the header
    return total


def make_run(folder: Path, spans: int, children: int, seed: int = 0) -> int:
    """Write ``spans.parquet`` and ``notes.parquet`` of a run and give the number of notes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from voicenlp.records import notes_schema, spans_schema
    from voicenlp.scheme import default_scheme

    draw = np.random.default_rng(seed)
    scheme = default_scheme()
    notes = max(1, spans // SPANS_A_NOTE)
    ids = np.array([f"n{number:07}" for number in range(notes)])
    child = np.array([f"{number}" for number in draw.integers(0, children, notes)])  # without the return's zeros
    dates = np.datetime64(FIRST) + draw.integers(0, DAYS, notes)
    empty = {field.name: pa.nulls(notes, field.type) for field in notes_schema()}
    made = empty | {
        "note_id": pa.array(ids),
        "child_id": pa.array(child),
        "date": pa.array(dates),
        "words": pa.array([120] * notes, pa.int32()),
    }
    of = np.sort(draw.integers(0, notes, spans))
    speakers = np.array(list(scheme.speakers))
    wishes = pa.array([["wish"], ["feeling"], ["view"], ["experience"]]).take(pa.array(draw.integers(0, 4, spans)))
    themes = pa.array([["home"], [], ["school"]]).take(pa.array(draw.integers(0, 3, spans)))
    columns = {field.name: pa.nulls(spans, field.type) for field in spans_schema()} | {
        "note_id": pa.array(ids[of]), "child_id": pa.array(child[of]), "date": pa.array(dates[of]),
        "span_id": pa.array([f"s{number}" for number in range(spans)]), "element": pa.array(["voice"] * spans),
        "start": pa.array(np.arange(spans)), "end": pa.array(np.arange(spans) + 9),
        "speaker": pa.array(speakers[draw.integers(0, len(speakers), spans)]), "expression": wishes, "themes": themes,
        "channel": pa.array(["spoken"] * spans), "verbatim": pa.array(draw.random(spans) < 0.3), "via": pa.array([""] * spans),
        "challenge": pa.array([False] * spans), "score": pa.array(draw.random(spans), pa.float32()),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, table, schema in (("notes", made, notes_schema()), ("spans", columns, spans_schema())):
        pq.write_table(pa.table(table).select(schema.names).cast(schema), folder / f"{name}.parquet")
    return notes


def measure(spans: int, children: int, seed: int = 0) -> dict[str, Any]:
    """Make a return and a run, attach one to the other, and return the seconds, the rows and the peak memory in MiB."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows = make_return(folder / "return", children, seed)
        notes = make_run(folder / "run", spans, children, seed)
        command = [sys.executable, "-c", _ATTACH, str(folder / "run"), str(folder / "return"), str(folder / "out")]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watch = _Watch(process.pid)
        watch.start()
        said, told = process.communicate()
        whole = time.perf_counter() - began
        watch.stop()
    if process.returncode:
        raise SystemExit(f"attach ended with {process.returncode}: {told.strip().splitlines()[-1:]}")
    seconds, out = said.splitlines()[-1].split()
    if int(out) != rows:
        raise SystemExit(f"{rows} rows went in and {out} came out")
    return {
        "spans": spans, "notes": notes, "children": children, "rows": rows, "seconds": round(float(seconds), 2),
        "seconds_whole": round(whole, 2), "peak_mib": None if watch.peak is None else round(watch.peak / 2**20, 1),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a line and write the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.attach", description="Seconds and peak memory of attaching.")
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--children", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT, help="file for the figures")
    chosen = parser.parse_args(arguments)
    row = measure(chosen.spans, chosen.children, chosen.seed)
    figures = {
        "what": "attach: reading run and return, counting, writing; both made by a seeded draw",
        "seed": chosen.seed,
        "date": dt.date.today().isoformat(),
        "machine": _machine(),
        "versions": versions("pyarrow", "duckdb", "numpy"),
        "attached": row,
    }
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(chosen.out) as file:
        file.write(json.dumps(figures, indent=2).encode("utf-8") + b"\n")
    asked = f"{row['spans']:,} spans to {row['rows']:,} rows of {row['children']:,} children"
    print(f"{asked}: {row['seconds']:.1f} s, {row['peak_mib'] or '-'} MiB")
    print(f"written to {chosen.out}")


if __name__ == "__main__":
    main()
