"""How many names still stand in screened records: ``python -m eval.bench.screening [--split dev]``.

A name stands if a word of a person's name, as the record's metadata has it, is still in the screened text; initials count as words, and
words of four letters or more in any case. Words for roles ("mum", "SW") and ordinary words ("Middle one", "Next door") are no names.
Measured without a roster, and with one made of the same metadata; what an authority knows of its own cases lies between the two. The
records are fictional, so the figures say how well such writing is screened and are no measure of the field.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from eval.corpus.check import ROOT, SPLITS, check_record, metadata, records
from voicenlp.disclosure.screening import screen
from voicenlp.io.tables import replacing
from voicenlp.records import Note, Person
from voicenlp.text.lexicon import lexicon
from voicenlp.text.reading import read

__all__ = ["main", "measure", "names_of", "occurrences"]

OUT = Path(__file__).parents[1] / "results" / "bench_screening.json"
_TITLE = re.compile(r"^(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|PC|DC|DS|DI|Sgt|Cllr|Nurse|Sister|Judge|HHJ)\.?$")
_WORD = re.compile(r"[A-ZÀ-Þ][\w'’]*(?:-[\w'’]+)*")


def names_of(meta: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield role and each word of each name of a record's people: words with a capital that are no title, role or abbreviation of one."""
    words, ordinary = lexicon(), _ordinary()
    people = [*meta.get("people", ()), *([{**meta["focus_child"], "role": "focus child"}] if meta.get("focus_child") else [])]
    for person in people:
        for name in (person.get("name", ""), *person.get("also", ())):
            if words.role(name.strip()) is not None:
                continue
            for found in _WORD.findall(re.sub(r"\([^)]*\)", "", name)):
                word = re.sub(r"['’](?:s|$)$|['’]$", "", found)
                if not _TITLE.match(word) and words.role(word) is None and word.lower() not in ordinary:
                    yield person.get("role", ""), word


@cache
def _ordinary() -> frozenset[str]:
    """Ordinary words ("Middle one", "Next door" call people, and are no names)."""
    data = tomllib.loads(files("voicenlp").joinpath("resources/words.toml").read_text(encoding="utf-8"))
    return frozenset(f"{data['not_names']} {data['common']} i you the a".split())


def occurrences(text: str, word: str) -> list[tuple[int, int]]:
    """Return where a word of a name stands in a text: as it is written, or in any case if it has four letters or more."""
    flags = re.I if len(word) > 3 else 0
    edge = r"[\w/&-]" if len(word) < 3 else r"\w"  # "K/W", "T-shirt"
    return [m.span() for m in re.finditer(rf"(?<!{edge}){re.escape(word)}(?!{edge})", text, flags)]


def roster_of(meta: dict[str, Any]) -> list[Person]:
    """Make a roster of a record's metadata: names and other names that are names."""
    words = lexicon()
    out = []
    for n, person in enumerate(meta.get("people", ())):
        if any(char.isupper() for char in person["name"]) and words.role(person["name"]) is None:
            also = tuple(name for name in person.get("also", ()) if name[:1].isupper() and words.role(name) is None and name != "I")
            out.append(Person("", f"p{n}", person["name"], also, person.get("role", "").split(",")[0]))
    return out


def measure(split: str, with_roster: bool) -> dict[str, Any]:
    """Screen a split and count.

    Returns
    -------
    dict
        ``records``; ``names`` (occurrences of a word of a name, in the text) and ``left`` (of them, not within anything replaced);
        ``recall``; ``records_clean`` (records without one left); ``words_replaced`` (share of all words that went).
    """
    total = left = clean = count = replaced = words = 0
    missed: dict[str, int] = {}
    for folder in sorted(path for path in (ROOT / split).iterdir() if path.is_dir()):
        known = metadata(folder)
        for path in records(folder):
            text, _, _ = check_record(path)
            meta = known[path.stem]
            roster = roster_of(meta) if with_roster else []
            screened = screen(text, roster or read(Note(path.stem, text)))
            spans = {span for _, word in names_of(meta) for span in occurrences(text, word)}
            still = [span for span in spans if not any(a <= span[0] and span[1] <= b for a, b, _ in screened.replaced)]
            total, left, count = total + len(spans), left + len(still), count + 1
            clean += not still
            words += len(text.split())
            replaced += sum(len(text[a:b].split()) for a, b, _ in screened.replaced)
            for a, b in still:
                missed[text[a:b]] = missed.get(text[a:b], 0) + 1
    return {
        "records": count, "names": total, "left": left, "recall": round(1 - left / total, 4) if total else None, "records_clean": clean,
        "words_replaced": round(replaced / words, 4), "missed": dict(sorted(missed.items(), key=lambda item: -item[1])),
    }  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures and write them to ``eval/results/bench_screening.json``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=SPLITS, default="dev")
    parser.add_argument("--missed", action="store_true", help="print the names that were missed (the corpus is fictional)")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(argv)
    results = {name: measure(options.split, name == "roster") for name in ("no_roster", "roster")}
    for name, result in results.items():
        missed = result.pop("missed")
        print(f"{options.split}, {name}: {json.dumps(result)}")
        if options.missed:
            print("   ", ", ".join(f"{word} {n}" for word, n in missed.items()))
    with replacing(options.out) as file:
        file.write(json.dumps({"split": options.split, **results}, indent=2).encode() + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
