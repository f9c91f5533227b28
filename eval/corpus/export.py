"""The corpus in forms that other tools load: ``python -m eval.corpus.export OUT``.

Writes ``train.jsonl``, ``dev.jsonl``, ``test.jsonl`` (the JSON Lines form of the command line, with the metadata of each record) for
``datasets.load_dataset("json", data_files=…)``, and ``train.spacy`` … for spaCy's ``DocBin``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from eval.corpus.check import ROOT, SPLITS
from voicenlp.io.annotations import Record, read_annotations
from voicenlp.io.formats import format_module

COLUMNS = ("record_type", "author_role", "region", "author_style", "second_person")


def lines_of(records: list[Record]) -> list[str]:
    """Return one JSON line a record; every line has the same columns, so that Arrow can infer them."""
    out = []
    for record in records:
        meta = record.meta
        focus = meta.get("focus_child") if isinstance(meta.get("focus_child"), dict) else {}
        row = {"note_id": record.note_id, "text": record.text, "writer": record.note_id.split("/")[0]}
        row |= {name: str(meta.get(name) or "") for name in COLUMNS}
        row |= {"child": str(focus.get("name") or ""), "age": str(focus.get("age") if focus.get("age") is not None else "")}
        row |= {"child_groups": [str(group) for group in meta.get("child_groups") or []]}
        people = meta.get("people") or []
        row["people"] = [{"name": one["name"], "also": list(one.get("also") or []), "role": one.get("role", "")} for one in people]
        row["spans"] = [_all_keys(span.as_dict()) for span in record.spans]
        out.append(json.dumps(row, ensure_ascii=False))
    return out


def _all_keys(span: dict) -> dict:
    voice = {"expression": [], "channel": "", "verbatim": False, "via": "", "challenge": False, "themes": []}
    return {**voice, "given": None, "how": "", "outcome": "", "of": [], **span}


def export(out: Path) -> dict[str, int]:
    """Write all splits and return the records of each."""
    out.mkdir(parents=True, exist_ok=True)
    counts = {}
    for split in SPLITS:
        records = read_annotations(ROOT / split)
        (out / f"{split}.jsonl").write_text("\n".join(lines_of(records)) + "\n", encoding="utf-8")
        format_module("spacy").write(records, out / f"{split}.spacy")
        counts[split] = len(records)
    return counts


def main() -> None:
    """Write the files and say how many records each holds."""
    parser = argparse.ArgumentParser(prog="python -m eval.corpus.export", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    for split, count in export(parser.parse_args().out).items():
        print(f"{split}: {count:,} records")


if __name__ == "__main__":
    main()
