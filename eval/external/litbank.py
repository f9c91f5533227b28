"""LitBank's quotations, by their speakers, in a hundred English novels (Sims and Bamman 2020; CC BY 4.0).

    git clone https://github.com/dbamman/litbank        (you fetch it; it is not kept here)
    python -m eval.external.litbank litbank --model rules

``quotations/tsv`` holds a pair of files a novel: ``NAME.txt``, a sentence a line, tokens parted by blanks; and ``NAME.ann``, lines parted
by tabs: ``QUOTE id sentence token sentence token words`` (first and last token of the quotation, its marks included, counted from 0) and
``ATTRIB id person-number``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.external.measuring import Comparison, run, tagged, voices
from voicenlp.errors import InputError
from voicenlp.io.annotations import Record
from voicenlp.io.formats.files import read_text
from voicenlp.records import Span
from voicenlp.taggers.clauses import trim

__all__ = ["main", "pairs", "read_litbank"]

REMARKS = """\
What is comparable: whether direct speech is found, and its edges. A quotation is cut here as the scheme cuts it: one span a sentence,
without quotation marks and the stop at the end. No published figures stand beside ours: none that we know are of spans cut so.
What is not comparable: LitBank marks direct speech alone, so reported speech, wishes and feelings that a tagger rightly finds count as
wrong in the first comparison; the second keeps only what it calls verbatim. LitBank's speakers are characters, not roles. Texts come as
tokens parted by blanks ("do n't"), which no record looks like. Nothing was tuned on it."""


def read_litbank(folder: Path) -> list[Record]:
    """Read the quotations of a copy of LitBank.

    Parameters
    ----------
    folder : Path
        The copy, or its ``quotations/tsv``.

    Returns
    -------
    list of Record
        One a novel; of each quotation one voice for each sentence, speaker ``other``, with the character's name.

    Raises
    ------
    InputError
        If there are no annotations, or one does not fit its text; with file and line.
    """
    inner = folder / "quotations" / "tsv"
    paths = sorted((inner if inner.is_dir() else folder).glob("*.ann"))
    if not paths:
        raise InputError("no .ann files, nor quotations/tsv, in this folder", source=folder)
    return [_read(path) for path in paths]


def _read(path: Path) -> Record:
    text = read_text(path.with_suffix(".txt"))
    tokens: list[list[tuple[int, int]]] = []
    begin = 0
    for line in text.split("\n"):
        tokens.append([(begin + match.start(), begin + match.end()) for match in re.finditer(r"\S+", line)])
        begin += len(line) + 1
    quotes: dict[str, list[tuple[int, int]]] = {}
    people: dict[str, str] = {}
    for row, line in enumerate(read_text(path).split("\n"), 1):
        fields = line.rstrip("\r").split("\t")
        if fields[0] == "QUOTE":
            try:
                first, at, last, end = (int(one) for one in fields[2:6])
                quotes[fields[1]] = _cut(text, tokens, first, at, last, end)
            except (ValueError, IndexError):
                raise InputError("this quotation does not fit the text", source=path, row=row) from None
        elif fields[0] == "ATTRIB" and len(fields) > 2:
            people[fields[1]] = re.sub(r"-\d+$", "", fields[2]).replace("_", " ")
        elif line.strip():
            raise InputError("neither QUOTE nor ATTRIB", source=path, row=row)
    spans = [
        Span("voice", start, end, "other", people.get(name, ""), verbatim=True, span_id=f"{name}.{at}")
        for name, pieces in quotes.items()
        for at, (start, end) in enumerate(pieces)
    ]
    return Record(path.stem, text, tuple(spans))


def _cut(text: str, tokens: list[list[tuple[int, int]]], first: int, at: int, last: int, end: int) -> list[tuple[int, int]]:
    """Return the piece of a quotation in each of its sentences, trimmed; a piece without a letter or figure is none."""
    if min(first, at, last, end) < 0 or (last, end) < (first, at):
        raise ValueError
    out = []
    for sentence in range(first, last + 1):
        own = tokens[sentence]
        start = own[at][0] if sentence == first else own[0][0]
        stop = own[end][1] if sentence == last else own[-1][1]
        a, b = trim(text, start, stop)
        if re.search(r"\w", text[a:b]):
            out.append((a, b))
    return out


def pairs(gold: list[Record], model: str) -> list[Comparison]:
    """Return all voices, and those alone that are verbatim, against the quotations."""
    found = tagged(gold, model)
    return [
        ("all voices found, against the sentences of quotations", found, gold),
        ("verbatim voices found, against the same", voices(found, lambda span: span.verbatim), gold),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    return run(lambda _: "LitBank quotations", "litbank", read_litbank, pairs, REMARKS, arguments)


if __name__ == "__main__":
    sys.exit(main())
