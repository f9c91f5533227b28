"""PolNeAR: who says what by which words, in US political news of 2016 (Newell, Margolin and Ruths 2018).

    git clone https://github.com/networkdynamics/PolNeAR        (you fetch it: it has no licence; nothing of it is kept here but figures)
    python -m eval.external.polnear PolNeAR/data/test --model rules

``text`` holds the articles, ``attributions`` for each of them ``ARTICLE_annotator.ann``: lines ``T1<tab>Content 120 211<tab>words``
(``Source``, ``Cue`` and ``Content``; several stretches parted by ``;``) and ``E1<tab>Attribution:T4 Content:T3 Cue:T2 Source:T1``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.external.measuring import Comparison, run, tagged
from voicenlp.errors import InputError
from voicenlp.io.annotations import Record
from voicenlp.io.formats.files import read_text
from voicenlp.records import Span
from voicenlp.taggers.clauses import trim

__all__ = ["main", "pairs", "read_polnear", "trimmed"]

REMARKS = """\
Published on PolNeAR test, exact F1: trained on it (CofeNet: Wang et al. 2022, COLING): source .832, cue .753, content .729. Never trained
on it: content .28 to .46.
What is comparable: exact F1 of contents, with the figures of those never trained on it; these taggers were not, nor tuned on it. But the
contents keep quotation marks, the stop and "that", which the scheme leaves out, and run over several sentences, which its spans never do:
the first comparison takes both as they are, the second trims the edges of both. PolNeAR also marks what somebody does with words
("mocked", "called for"); the scheme does not.
What is not comparable: sources and cues are not tagged as spans (a voice names its person, a rule its cue), so there is no figure for them.
Where several people annotated an article the first annotation is taken, and a content in several stretches is one span for each; the
published figures may have done otherwise."""
_LINE = re.compile(r"(?P<id>[TE]\d+)\t(?P<rest>.*)")
_THAT = re.compile(r"(?:that|whether|if)\s+", re.I)


def read_polnear(folder: Path) -> list[Record]:
    """Read the attributions of one of PolNeAR's folders (``data/test``).

    Returns
    -------
    list of Record
        One an article; each stretch of content is a voice, speaker ``other``, the source's words as person.

    Raises
    ------
    InputError
        If there are no annotations, or one does not fit its article; with file and line.
    """
    folder = _split(folder)
    paths = sorted((folder / "attributions").glob("*.ann"))
    if not paths:
        raise InputError("no attributions/*.ann in this folder", source=folder)
    first: dict[str, Path] = {}
    for path in paths:
        first.setdefault(path.stem.rpartition("_")[0], path)
    return [_read(name, folder / "text" / f"{name}.txt", path) for name, path in first.items()]


def _split(folder: Path) -> Path:
    """Return the folder itself, or that of the test split in a whole copy."""
    inner = folder / "data" / "test"
    return inner if inner.is_dir() else folder


def _read(name: str, article: Path, path: Path) -> Record:
    text = read_text(article)
    parts: dict[str, list[tuple[int, int]]] = {}
    spans: list[Span] = []
    relations: list[tuple[int, str]] = []
    for row, line in enumerate(read_text(path).split("\n"), 1):
        match = _LINE.match(line)
        if match is None:
            continue  # the words of an annotation may hold line ends
        if match["id"].startswith("E"):
            relations.append((row, match["rest"]))
            continue
        stretches = re.match(r"\S+ (\d+ \d+(?:;\d+ \d+)*)(?:\t|$)", match["rest"])
        if stretches is None:
            raise InputError("no offsets", source=path, row=row)
        parts[match["id"]] = [(int(a), int(b)) for a, b in (one.split() for one in stretches[1].split(";"))]
        if any(not 0 <= a < b <= len(text) for a, b in parts[match["id"]]):
            raise InputError(f"offsets outside the article of {len(text):,} characters", source=path, row=row)
    for row, relation in relations:
        roles = [one.partition(":")[::2] for one in relation.split()]
        if any(part not in parts for _, part in roles):
            raise InputError("it names an annotation that is not there", source=path, row=row)
        source = next((" ".join(text[a:b] for a, b in parts[part]) for role, part in roles if role == "Source"), "")
        for role, part in roles:
            if role.rstrip("0123456789") == "Content":
                spans += [Span("voice", a, b, "other", source) for a, b in _joined(text, parts[part])]
    spans = [replace(span, span_id=f"s{at}") for at, span in enumerate(spans)]
    return Record(name, text, tuple(spans))


def _joined(text: str, stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join stretches between which there is nothing but blanks."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if out and not text[out[-1][1] : start].strip():
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def trimmed(records: Sequence[Record]) -> list[Record]:
    """Return records whose spans have lost "that" in front, quotation marks, and stops at the end."""
    out = []
    for record in records:
        spans = []
        for span in record.spans:
            start, end = trim(record.text, span.start, span.end)
            that = _THAT.match(record.text, start, end)
            start, end = trim(record.text, that.end(), end) if that else (start, end)
            if start < end:
                spans.append(replace(span, start=start, end=end))
        out.append(replace(record, spans=tuple(spans)))
    return out


def pairs(gold: list[Record], model: str) -> list[Comparison]:
    """Return voices against contents, as they are and with their edges trimmed."""
    found = tagged(gold, model)
    return [
        ("voices found, against contents as annotated", found, gold),
        ("the same, the edges of both trimmed", trimmed(found), trimmed(gold)),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    return run(lambda folder: f"PolNeAR {_split(folder).name}", "polnear", read_polnear, pairs, REMARKS, arguments)


if __name__ == "__main__":
    sys.exit(main())
