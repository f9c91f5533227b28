"""Proves that the corpus is sound: ``python -m eval.corpus.check``.

Every record is read, its tags taken off and put on again (it must come back byte for byte), every attribute held against the scheme; every
record has its line of metadata; no writer stands in two splits; and no two records of different splits share a run of words that is too
long to be chance.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from voicenlp.errors import VoiceError
from voicenlp.io.annotations import format_inline, parse_inline
from voicenlp.records import Span

ROOT = Path(__file__).parent
SPLITS = ("train", "dev", "test")
SHINGLE = 12
"""Words of a run that two splits must not share. Shorter ones are stock phrases of the trade ("said that she does not want to")."""
ALLOWED = 1
"""Shared runs that one record may have: quoted law and forms repeat."""
NEEDED = ("record_type", "author_role", "people")


def writers() -> Iterator[tuple[str, Path]]:
    """Yield split and folder of each writer."""
    for split in SPLITS:
        for folder in sorted((ROOT / split).iterdir()):
            if folder.is_dir():
                yield split, folder


def records(folder: Path) -> list[Path]:
    """Return the annotated files of a writer."""
    return sorted(folder.glob("*.txt"))


def metadata(folder: Path) -> dict[str, dict]:
    """Return the metadata of a writer's records by id."""
    lines = (folder / "people.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry for entry in map(json.loads, filter(str.strip, lines))}


def check_record(path: Path) -> tuple[str, tuple[Span, ...], list[str]]:
    """Return the text and spans of a record, and what is wrong with it."""
    annotated = path.read_bytes().decode("utf-8")
    try:
        text, spans = parse_inline(annotated, source=path.name)
        again = format_inline(text, spans)
    except VoiceError as error:
        return "", (), [str(error)]
    faults = []
    if _plain(again) != _plain(annotated):
        faults.append("the tags do not come back as they were")
    if re.sub(r"</?[vsai](?:\s+[a-z]+=\"[^\"<>]*\")*\s*>", "", annotated) != text:
        faults.append("the tags do not come off to leave the record")
    for span in spans:
        if span.element == "voice" and not (span.expression and span.themes):
            faults.append(f"voice at {span.start} lacks an expression or a theme")
        if len(span.expression) > 2 or len(span.themes) > 2:
            faults.append(f"voice at {span.start} has more than two expressions or themes")
        if "\n" in text[span.start : span.end]:
            faults.append(f"{span.element} at {span.start} runs over a line end")
    return text, tuple(spans), faults


def _plain(annotated: str) -> str:
    """Leave out attributes that say what holds without them; they may be written or not."""
    return re.sub(r'\s(?:c="spoken"|(?:q|ch)="no"|(?:via|of|p|how)="")', "", annotated)


def shared_runs(texts: dict[tuple[str, str], str]) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Return, for each record, the records of other splits with which it shares more than `ALLOWED` runs of `SHINGLE` words."""
    seen: dict[tuple[str, ...], set[tuple[str, str]]] = defaultdict(set)
    for key, text in texts.items():
        words = re.findall(r"\w+", text.lower())
        for at in range(len(words) - SHINGLE + 1):
            seen[tuple(words[at : at + SHINGLE])].add(key)
    pairs: Counter[tuple[tuple[str, str], tuple[str, str]]] = Counter()
    for keys in seen.values():
        for one in keys:
            for other in keys:
                if one < other and one[0] != other[0]:
                    pairs[one, other] += 1
    out: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for (one, other), count in pairs.items():
        if count > ALLOWED:
            out[one].add(other)
    return out


def check_double(gold: dict[str, str]) -> list[str]:
    """Return what is wrong with the two independent annotations: they must be sound too, of the same records, with the gold's text."""
    faults: list[str] = []
    found: dict[str, set[str]] = {}
    for side in ("a", "b"):
        files = sorted((ROOT / "double" / side).glob("*/*.txt"))
        found[side] = {f"{path.parent.name}/{path.stem}" for path in files}
        for path in files:
            where = f"{path.parent.name}/{path.stem}"
            text, _, wrong = check_record(path)
            faults += [f"double/{side}/{where}: {fault}" for fault in wrong]
            if text.rstrip("\n") != gold.get(where, "").rstrip("\n"):
                faults.append(f"double/{side}/{where}: its text is not that of the gold")
    faults += [f"double: {where} stands on one side only" for where in sorted(found["a"] ^ found["b"])]
    return faults


def check() -> tuple[list[str], dict[str, Counter[str]]]:
    """Return all faults, and counts by split."""
    faults: list[str] = []
    counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    texts: dict[tuple[str, str], str] = {}
    homes: dict[str, str] = {}
    for split, folder in writers():
        if homes.setdefault(folder.name, split) != split:
            faults.append(f"{folder.name}: stands in {homes[folder.name]} and in {split}")
        known = metadata(folder)
        found = records(folder)
        faults += [f"{split}/{folder.name}/{id_}: metadata without a record" for id_ in sorted(known.keys() - {p.stem for p in found})]
        for path in found:
            where = f"{split}/{folder.name}/{path.stem}"
            text, spans, wrong = check_record(path)
            faults += [f"{where}: {fault}" for fault in wrong]
            entry = known.get(path.stem)
            if entry is None:
                faults.append(f"{where}: no metadata")
            else:
                faults += [f"{where}: metadata lacks {name}" for name in NEEDED if name not in entry]
            texts[split, where] = text
            counts[split]["passages" if folder.name.startswith("p") else "records"] += 1
            counts[split]["words"] += len(text.split())
            counts[split].update(span.element for span in spans)
    faults += check_double({key.split("/", 1)[1]: text for (_, key), text in texts.items()})
    for (_, one), others in sorted(shared_runs(texts).items()):
        faults += [f"{one}: shares runs of {SHINGLE} words with {other}" for _, other in sorted(others)]
    return faults, counts


def main() -> int:
    """Print faults and counts."""
    faults, counts = check()
    columns = ("records", "passages", "words", "voice", "space", "audience", "influence")
    print(f"{'split':8}" + "".join(f"{name:>11}" for name in columns))
    for split in SPLITS:
        print(f"{split:8}" + "".join(f"{counts[split][name]:>11,}" for name in columns))
    total = sum(counts.values(), Counter())
    print(f"{'all':8}" + "".join(f"{total[name]:>11,}" for name in columns))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
