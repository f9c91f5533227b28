"""The rung of spaCy's own span categoriser, trained from scratch on the train split by ``spancat.cfg``.

The categoriser judges candidates; which there are is told by the words at which spans of the train split begin and end.
"""

from __future__ import annotations

import bisect
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.evaluation import evaluate
from voicenlp.io.annotations import Record
from voicenlp.records import Note, Person, Span
from voicenlp.taggers.base import numbered
from voicenlp.text.reading import Reading

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["SpancatTagger", "candidates", "edges_of", "train_spancat"]

CONFIG = Path(__file__).with_name("spancat.cfg")
KEY = "sc"
STEPS = 5000
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Of these the one is taken with which spans and speakers of dev come out best."""
LONGEST = 40
"""Tokens of a candidate."""
SHARE, LEAST = 0.05, 3
"""A word is an edge where this share of its places is one, and so many of them."""
Edges = dict[str, set[str]]


class SpancatTagger:
    """Tags with a spaCy pipeline whose span categoriser was trained on labels ``element.speaker``.

    Of candidates of one element that overlap only the likeliest is kept.
    """

    name = "spancat"

    def __init__(self, folder: Path) -> None:
        import spacy

        _register()
        self.nlp = spacy.load(folder)
        self.nlp.get_pipe("spancat").cfg["threshold"] = self.threshold = THRESHOLDS[0]

    def tag(self, note: Note, roster: Iterable[Person] = ()) -> tuple[list[Span], list[str], list[str]]:
        """Return the spans of a note; it knows no headings and no roster."""
        doc = self.nlp(note.text)  # a group of spans does not keep its Doc
        group = doc.spans[KEY]
        scores = group.attrs.get("scores")
        found = [(float(scores[at]), span) for at, span in enumerate(group) if scores[at] >= self.threshold]
        kept: list[Span] = []
        for score, span in sorted(found, key=lambda pair: -pair[0]):
            element, _, speaker = span.label_.partition(".")
            if not any(one.element == element and one.start < span.end_char and span.start_char < one.end for one in kept):
                kept.append(Span(element, span.start_char, span.end_char, speaker, score=min(1.0, score), tagger="spancat"))
        return numbered(kept), [], []

    def tag_reading(self, reading: Reading) -> list[Span]:
        """Return the spans of a note that has been read already."""
        return self.tag(reading.note)[0]


def train_spancat(train: Sequence[Record], dev: Sequence[Record], folder: Path, *, steps: int = STEPS) -> SpancatTagger:
    """Train by ``spancat.cfg`` and return what does best on dev: the best or the last pipeline, at the best threshold.

    Parameters
    ----------
    train, dev : sequence of Record
    folder : Path
        Where the pipeline and spaCy's training files are put.
    steps : int
        Batches of some 1,200 words.
    """
    from spacy.cli.train import train as spacy_train

    _register()
    folder.mkdir(parents=True, exist_ok=True)
    files = {"train": folder / "train.spacy", "dev": folder / "dev.spacy", "edges": folder / "edges.json"}
    docs = _docs(train)
    _write(docs, files["train"])
    _write(_docs(dev), files["dev"])
    edges = edges_of((doc, [(span.start, span.end) for span in doc.spans[KEY]]) for doc in docs)
    files["edges"].write_text(json.dumps({name: sorted(words) for name, words in edges.items()}, indent=1), encoding="utf-8")
    settings = {f"paths.{name}": str(path) for name, path in files.items()}
    settings |= {"training.max_steps": steps, "training.eval_frequency": min(500, steps)}
    spacy_train(CONFIG, folder / "out", overrides=settings)
    reached: list[tuple[float, SpancatTagger]] = []
    for name in ("model-best", "model-last"):  # best by exact edges, which is not what is wanted
        tagger = SpancatTagger(folder / "out" / name)
        found = [Record(record.note_id, record.text, tuple(tagger.tag(Note(record.note_id, record.text))[0])) for record in dev]
        f1, tagger.threshold = max((_headline(found, dev, threshold), threshold) for threshold in THRESHOLDS)
        reached.append((f1, tagger))
    return max(reached, key=lambda pair: pair[0])[1]


def _headline(found: Sequence[Record], gold: Sequence[Record], threshold: float) -> float:
    """Return the F1 of spans with their speaker, of spans that reach a threshold."""
    kept = [replace(record, spans=tuple(span for span in record.spans if span.score >= threshold)) for record in found]
    return evaluate(kept, gold, bootstrap=0).headline.f1 or 0.0


def edges_of(docs: Iterable[tuple[Doc, Iterable[tuple[int, int]]]]) -> Edges:
    """Return the words at which spans begin (``first``), before which (``before``), and before which they end (``after``)."""
    places: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {"first": Counter(), "before": Counter(), "after": Counter()}
    for doc, spans in docs:
        places.update(_word(doc, at) for at in range(len(doc)))
        for start, end in set(spans):
            for name, at in (("first", start), ("before", start - 1), ("after", end)):
                counts[name][_word(doc, at)] += 1
    return {name: {word for word, n in found.items() if n >= LEAST and n >= SHARE * places[word]} for name, found in counts.items()}


def candidates(doc: Doc, edges: Edges) -> list[tuple[int, int]]:
    """Return first token and token after the last of each candidate: from an edge to an edge, within a sentence and a line."""
    words = [_word(doc, at) for at in range(-1, len(doc) + 1)]  # shifted by one, so that both ends have a neighbour
    here = range(len(doc))
    starts = [at for at in here if words[at + 1] != "\n" and (words[at + 1] in edges["first"] or words[at] in edges["before"])]
    ends = [at + 1 for at in here if words[at + 1] != "\n" and words[at + 2] in edges["after"]]
    stops = [at for at in here if words[at + 1] in (".", "!", "?", "\n")] + [len(doc)]
    out = []
    for start in starts:
        limit = min(stops[bisect.bisect_left(stops, start)], start + LONGEST)
        out += [(start, end) for end in ends[bisect.bisect_right(ends, start) : bisect.bisect_right(ends, limit)]]
    return out


def _word(doc: Doc, at: int) -> str:
    """Return a token in lower case; white space and what lies outside the text are a line end."""
    word = doc[at].lower_ if 0 <= at < len(doc) else "\n"
    return "\n" if word.isspace() else word


@cache
def _register() -> None:
    """Make the suggester known to spaCy's configuration by name."""
    import spacy
    from thinc.types import Ragged

    @spacy.registry.misc("voicenlp.edges_suggester.v1")
    def make(path: str) -> Callable[..., Any]:
        edges = {name: set(words) for name, words in json.loads(Path(path).read_text(encoding="utf-8")).items()}

        def suggest(docs: Iterable[Doc], *, ops: Any = None) -> Ragged:
            import numpy as np

            found = [candidates(doc, edges) for doc in docs]
            pieces = np.array([piece for one in found for piece in one], dtype="i").reshape(-1, 2)
            return Ragged(ops.asarray(pieces) if ops else pieces, np.array([len(one) for one in found], dtype="i"))

        return suggest


def _docs(records: Sequence[Record]) -> list[Doc]:
    import spacy

    nlp = spacy.blank("en")
    out = []
    for record in records:
        doc = nlp.make_doc(record.text)
        found = (doc.char_span(s.start, s.end, label=f"{s.element}.{s.speaker}", alignment_mode="contract") for s in record.spans)
        doc.spans[KEY] = [span for span in found if span is not None]
        if len(doc):
            out.append(doc)
    return out


def _write(docs: Sequence[Doc], path: Path) -> None:
    from spacy.tokens import DocBin

    DocBin(docs=docs).to_disk(path)
