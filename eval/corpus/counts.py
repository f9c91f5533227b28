"""What the corpus holds, counted: ``python -m eval.corpus.counts`` prints the tables that stand in the datasheet (README.md).

With ``--write`` they are written there, and the agreement of the two annotators with them.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator

from eval.corpus.check import ROOT, SPLITS, check_record, metadata, records, writers
from eval.corpus.groups import GROUPS, groups_of
from voicenlp.evaluation import agree
from voicenlp.io.annotations import Record, read_annotations

KINDS = {
    "visits": r"visit|contact \(|session at home|home visit",
    "direct work and sessions": r"direct work|session|life story|three houses|transcript|interview(?! form)|debrief|observation",
    "telephone calls and contacts": r"phone|\bcall|duty|contact (?:record|log|note)|edt|mash|voicemail|screening",
    "emails": r"e-?mail",
    "messages": r"whatsapp|text (?:message|thread)|texts|messages|\btext\b",
    "carers' and homes' logs": r"log\b|diary|daily|shift|handover|overnight|keyworker|key work",
    "minutes and meetings": r"minutes|meeting|conference|core group|panel|taf|team around|strategy|discussion",
    "reviews": r"review",
    "assessments": r"assess|viability|analysis|needs|pre-birth",
    "chronologies and summaries": r"chronolog|summary|transfer",
    "letters and own forms": r"letter|form\b|booklet|consultation|statement|questionnaire|sheet",
    "family time": r"family time|contact super|supervised contact|contact sheet",
    "return home interviews": r"return home|rhi\b|missing",
    "management and supervision": r"management|supervision|oversight|manager|decision",
    "schools and nurseries": r"school|cpoms|nursery|pep\b|education|attendance|exclusion|ehcp",
    "police, health and courts": r"police|health|midwi|camhs|hospital|court|guardian|youth justice|therap|ppn|psr",
    "advocacy and complaints": r"advoca|complaint|independent visitor|participation",
    "pathway and leaving care": r"pathway|leaving care|personal advis|\bpa\b|care leaver",
}
AGES = ((0, 4, "0 to 4"), (5, 9, "5 to 9"), (10, 15, "10 to 15"), (16, 17, "16 and 17"), (18, 25, "18 to 24"))


def entries() -> Iterator[tuple[str, str, dict, str, int, bool]]:
    """Yield split, writer, metadata, text, words, and whether a child's voice is in it, for each whole record or passage."""
    for split, folder in writers():
        known = metadata(folder)
        for path in records(folder):
            text, spans, _ = check_record(path)
            child = any(span.element == "voice" and span.speaker == "child" for span in spans)
            yield split, folder.name, known[path.stem], text, len(text.split()), child


def table(title: str, rows: list[tuple[str, Counter]]) -> str:
    """Return a Markdown table with one column a split."""
    lines = [f"| {title} | {' | '.join(SPLITS)} | all |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(f'{counter[split]:,}' for split in SPLITS)} | {sum(counter.values()):,} |" for name, counter in rows]
    return "\n".join(lines) + "\n"


def agreement() -> str:
    """Return the agreement of the two annotators as a Markdown table."""
    first, second = read_annotations(ROOT / "double" / "a"), read_annotations(ROOT / "double" / "b")
    result = agree(first, second)
    figures = {(row.part, row.name, row.measure): row.value for row in result.table()}
    lines = ["| element | exact F1 | IoU ≥ 0.5 | characters | and speaker |", "|---|---|---|---|---|"]
    for name in ("voice", "space", "audience", "influence", "all"):
        lines.append(
            f"| {name} | " + " | ".join(f"{figures['spans', name, m]:.3f}" for m in ("exact", "iou", "characters", "speaker")) + " |"
        )
    alphas = [("speaker", "alpha"), ("expression", "mean of labels"), ("themes", "mean of labels")]
    alphas += [(name, "alpha") for name in ("channel", "verbatim", "via", "challenge", "given", "how", "outcome")]
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(result.kinds.items(), key=lambda pair: -pair[1]))
    lines += ["", "Alpha: " + ", ".join(f"{name} {figures['alpha', name, measure]:.3f}" for name, measure in alphas) + "."]
    lines += ["", f"{len(first)} records. Disagreements by kind: {kinds}.", ""]
    return "\n".join(lines)


def write(counts: str, agreed: str) -> None:
    """Write counts and agreement between their marks in the datasheet."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    for mark, content in (("counts", counts), ("agreement", agreed)):
        text = re.sub(
            rf"(<!-- {mark}: [^>]*-->\n).*?(<!-- /{mark} -->)", lambda m, c=content: m[1] + "\n" + c + "\n" + m[2], text, flags=re.S
        )
    path.write_text(text, encoding="utf-8")


def tables() -> str:
    """Return all tables."""
    names = ("writers", "whole records", "passages", "words", "without a child's voice", "second person")
    size: dict[str, Counter] = {name: Counter() for name in names}
    kinds: dict[str, Counter] = {name: Counter() for name in [*KINDS, "other"]}
    ages: dict[str, Counter] = {name: Counter() for name in [*(band for _, _, band in AGES), "several children or not told"]}
    groups: dict[str, Counter] = {name: Counter() for name in GROUPS}
    roles: Counter = Counter()
    seen = set()
    for split, writer, meta, text, words, child in entries():
        if writer not in seen:
            seen.add(writer)
            size["writers"][split] += 1
        size["passages" if writer.startswith("p") else "whole records"][split] += 1
        size["words"][split] += words
        size["without a child's voice"][split] += not child
        kind = str(meta["record_type"]).lower()
        kinds[next((name for name, pattern in KINDS.items() if re.search(pattern, kind)), "other")][split] += 1
        focus = meta.get("focus_child") if isinstance(meta.get("focus_child"), dict) else {}
        age = focus.get("age")
        bands = [name for low, high, name in AGES if isinstance(age, int | float) and low <= age < high + 1]
        band = bands[0] if bands else "several children or not told"
        ages[band][split] += 1
        for name in groups_of(Record("", text, (), meta)):
            (size if name == "second person" else groups)[name][split] += 1
        roles[str(meta["author_role"]).lower().split(",")[0].split("(")[0].strip()] += 1
    made = [
        table("what", list(size.items())),
        table("kind of record", sorted(kinds.items(), key=lambda pair: -sum(pair[1].values()))),
        table("age of the child in focus", list(ages.items())),
        table("the child in focus, as the metadata say", list(groups.items())),
        "Authors' roles, the most frequent: " + ", ".join(f"{name} ({count})" for name, count in roles.most_common(25)) + ".\n",
    ]
    return "\n".join(made)


def main() -> None:
    """Print or write all tables."""
    parser = argparse.ArgumentParser(prog="python -m eval.corpus.counts", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write them into the datasheet, and the agreement too")
    made = tables()
    if parser.parse_args().write:
        write(made, agreement())
    else:
        print(made)


if __name__ == "__main__":
    main()
