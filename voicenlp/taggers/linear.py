"""A linear tagger: logistic regression over words, their neighbours and what the segmenter, the people resolver and the rules know.

It stands between the rules and a neural tagger on the ladder of baselines: trained in a minute or two on a laptop, small, and its weights can
be read. Words are tagged begin, inside, end, single or outside for each element, decoded so that no span crosses a sentence; the attributes
of a span are told by its words (tf-idf) and its surroundings. It is kept with skops, never pickled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import ModelError, UsageError
from voicenlp.io.annotations import Record
from voicenlp.records import Note, Person, Span
from voicenlp.scheme import default_scheme
from voicenlp.taggers.base import numbered
from voicenlp.taggers.decoding import TAGS, best_spans
from voicenlp.taggers.overlaps import uncrossed
from voicenlp.taggers.rows import Columns, Rows, Words, span_rows, word_rows, words_of
from voicenlp.taggers.rules import RuleTagger
from voicenlp.taggers.weights import MANY, ONE, best_bias, chances, fit_attributes, fit_tags, log_chances, weighed
from voicenlp.text.people import Actor
from voicenlp.text.reading import Reading, read

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FORM", "KIND", "LinearTagger", "fit_linear"]

ELEMENTS = tuple(ONE)
KIND = "linear"
FORM = 1
"""Version of the features: a model made with others is not opened."""
_LIKELY = 0.35
"""From which chance on a second expression or theme is told."""
_BACK = 1500  # characters in which the person of a speaker is looked for
_LARGEST = 2**28  # bytes of a model file; a larger one is none of ours


class LinearTagger:
    """Tags with linear models.

    Parameters
    ----------
    model : dict
        Plain arrays, numbers and words, as `fit_linear` makes them.
    """

    name = KIND

    def __init__(self, model: dict[str, Any]) -> None:
        self.model = model
        self.rules = RuleTagger()

    def tag(self, note: Note, roster: Iterable[Person] = ()) -> tuple[list[Span], list[str], list[str]]:
        """Return the spans of a note, the headings in it, and the empty ones."""
        reading = read(note, roster)
        return self.tag_reading(reading), reading.segmented.present, reading.segmented.empty

    def tag_reading(self, reading: Reading) -> list[Span]:
        """Return the spans of a note that has been read already."""
        ruled = self.rules.tag_reading(reading)
        words = words_of(reading, ruled)
        if not len(words):
            return []
        matrix = Columns(self.model["columns"]).matrix([word_rows(words)])
        found: list[Span] = []
        for element, part in self.model["elements"].items():
            scores = log_chances(matrix, part["tags"])
            scores[:, 0] -= part["bias"]
            found += _told(element, part, words, best_spans(scores, words.breaks), scores)
        found = [_with_person(reading, span, ruled) for span in found]
        return numbered(uncrossed(reading.view, found))

    def save(self, folder: str | Path) -> None:
        """Write the model and a manifest into a folder, which is made.

        Raises
        ------
        UsageError
            If skops is not installed.
        """
        from zipfile import ZIP_DEFLATED

        skops = _skops()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        skops.dump(self.model, folder / "model.skops", compression=ZIP_DEFLATED)
        manifest = {"kind": KIND, "form": FORM, "scheme": default_scheme().version, "records": self.model["records"]}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> LinearTagger:
        """Open a model that `save` wrote; nothing but arrays, numbers and words is let in.

        Raises
        ------
        ModelError
            If the folder holds no linear model, one for another version of the scheme or of the features, or types that do not belong
            into one.
        UsageError
            If skops is not installed.
        """
        folder = Path(folder)
        file = folder / "model.skops"
        _check_manifest(folder)
        if not file.is_file():
            raise ModelError(f"{folder}: holds no model.skops")
        if file.stat().st_size > _LARGEST:
            raise ModelError(f"{file}: too large for a linear model")
        skops = _skops()
        try:
            strangers = skops.get_untrusted_types(file=file)
            model: Any = None if strangers else skops.load(file, trusted=[])
        except Exception as error:  # whatever a damaged or forged archive makes the reader raise
            raise ModelError(f"{file}: can't be read ({type(error).__name__})") from None
        if strangers:
            raise ModelError(f"{file}: holds types that do not belong into a model: {', '.join(map(str, strangers))}")
        _check_model(model, file)
        return cls(model)


def fit_linear(records: Sequence[Record], held_out: Sequence[Record] = (), *, seed: int = 0) -> LinearTagger:
    """Train a linear tagger.

    Parameters
    ----------
    records : sequence of Record
        Annotated records.
    held_out : sequence of Record
        Others, by which the readiness to see a span is set for each element; without them it stays as training leaves it, and rare
        elements are seldom found.
    seed : int
        Of the optimiser.

    Returns
    -------
    LinearTagger

    Raises
    ------
    UsageError
        If no record holds a span.

    Examples
    --------
    >>> span = Span("voice", 9, 21, "parent", expression=("feeling",), themes=("health",))
    >>> tagger = fit_linear([Record(f"n{n}", "Mum said she is tired.", (span,)) for n in range(9)])
    >>> [(s.speaker, s.person, s.expression) for s in tagger.tag(Note("n", "Mum said she is tired."))[0]]
    [('parent', 'Mum', ('feeling',))]
    """
    import numpy as np

    rules = RuleTagger()
    notes = [_words(record, rules) for record in records]
    rows = [word_rows(words) for words in notes]
    columns = Columns.seen(rows)
    matrix = columns.matrix(rows)
    model: dict[str, Any] = {"columns": columns.codes, "elements": {}, "records": len(records)}
    for element in ELEMENTS:
        tags, about, placed = _marked(element, records, notes)
        spans = [span for note in placed for span, _, _ in note]
        if not spans:
            continue
        part = {"tags": fit_tags(matrix, tags, seed), "bias": 0.0, **fit_attributes(element, about, spans)}
        model["elements"][element] = part
    if not model["elements"]:
        raise UsageError("there is nothing to learn from: no record holds a span")
    if held_out:
        seen = [_words(record, rules) for record in held_out]
        matrix = columns.matrix([word_rows(words) for words in seen])
        begins = np.cumsum([0, *map(len, seen)])
        breaks = np.concatenate([words.breaks for words in seen])
        breaks[begins[:-1][begins[:-1] < len(breaks)]] = True
        for element, part in model["elements"].items():
            marked = _marked(element, held_out, seen)[2]
            gold = [(int(begin) + a, int(begin) + b) for begin, note in zip(begins, marked, strict=False) for _, a, b in note]
            part["bias"] = best_bias(log_chances(matrix, part["tags"]), breaks, gold)
    return LinearTagger(model)


def _words(record: Record, rules: RuleTagger) -> Words:
    reading = read(Note(record.note_id, record.text))
    return words_of(reading, rules.tag_reading(reading))


Placed = list[tuple[Span, int, int]]


def _marked(element: str, records: Sequence[Record], notes: Sequence[Words]) -> tuple[np.ndarray, list[Rows], list[Placed]]:
    """Return the tag of every word; and for each note the rows of its spans, and the spans with their first and last word, in reading order.

    Of two spans that overlap the longer one is tagged.
    """
    import numpy as np

    tags, about, out = [], [], []
    for record, words in zip(records, notes, strict=True):
        placed: Placed = []
        for span in record.spans:
            at = np.flatnonzero((words.offsets[:, 0] >= span.start) & (words.offsets[:, 1] <= span.end))
            if span.element == element and len(at):
                placed.append((span, int(at[0]), int(at[-1])))
        placed.sort(key=lambda one: (one[1], -one[2]))
        marked = np.zeros(len(words), dtype=np.int64)
        for _, first, last in sorted(placed, key=lambda one: one[1] - one[2]):
            if not marked[first : last + 1].any():
                marked[first : last + 1] = TAGS.index("I")
                marked[first], marked[last] = TAGS.index("B"), TAGS.index("E")
                if first == last:
                    marked[first] = TAGS.index("S")
        tags.append(marked)
        about.append(span_rows(words, [(first, last) for _, first, last in placed]))
        out.append(placed)
    return np.concatenate(tags), about, out


def _told(element: str, part: Mapping[str, Any], words: Words, spans: Sequence[tuple[int, int]], scores: np.ndarray) -> list[Span]:
    """Return spans, given by first and last word, with their attributes."""
    import numpy as np

    if not spans:
        return []
    matrix = weighed(Columns(part["columns"]).matrix([span_rows(words, spans)]), part["rarity"])
    told: list[dict[str, Any]] = [{} for _ in spans]
    sure = [_sureness(scores, first, last) for first, last in spans]
    for name, attribute in part["attributes"].items():
        values = attribute["values"]
        each = chances(matrix, attribute)
        best = each.argmax(1).tolist()
        if name == "speaker":
            sure = [one * float(each[at, k]) for at, (one, k) in enumerate(zip(sure, best, strict=True))]
        for at, k in enumerate(best):
            if attribute["several"]:
                order = np.argsort(-each[at])[:2].tolist()
                told[at][name] = tuple(values[one] for one in order if one == k or each[at, one] >= _LIKELY)
            else:
                told[at][name] = {"yes": True, "no": False}.get(values[k], values[k])
    scheme = default_scheme()
    out = []
    for (first, last), attributes, score in zip(spans, told, sure, strict=True):
        if element == "space" and attributes.get("how") not in (scheme.given if attributes.get("given") else scheme.missed):
            attributes["how"] = ""
        start, end = int(words.offsets[first, 0]), int(words.offsets[last, 1])
        out.append(Span(element, start, end, score=min(1.0, score), tagger=KIND, span_id=f"{element}{first}", **attributes))
    return out


def _sureness(scores: np.ndarray, first: int, last: int) -> float:
    import numpy as np

    tags = [TAGS.index("S")] if first == last else [TAGS.index("B"), *[TAGS.index("I")] * (last - first - 1), TAGS.index("E")]
    return float(np.exp(scores[np.arange(first, last + 1), tags].mean()))


def _with_person(reading: Reading, span: Span, ruled: Sequence[Span]) -> Span:
    """Return a span with its person: whom the rules name for these words, if they see the same speaker; else the nearest one mentioned
    before it with its speaker, the author, or the first one after it.
    """
    for one in ruled:
        if one.start < span.end and span.start < one.end and one.speaker == span.speaker and one.person:
            return replace(span, person=one.person, person_id=one.person_id)
    cast = reading.cast

    def fits(actor: Actor) -> bool:
        return actor.speaker == span.speaker and bool(actor.name)

    for mention in reversed(cast.between(max(0, span.start - _BACK), span.end)):
        if mention.actor >= 0:
            actor: Actor | None = cast.actors[mention.actor]
        else:
            actor = cast.resolve(mention.word, mention.start, max(0, mention.start - 600))
        if actor is not None and fits(actor):
            return replace(span, person=actor.name, person_id=actor.person_id)
    later = (cast.actors[mention.actor] for mention in cast.mentions if mention.actor >= 0 and mention.start >= span.end)
    for actor in (cast.author, *later):
        if fits(actor):
            return replace(span, person=actor.name, person_id=actor.person_id)
    return span


def _skops() -> Any:
    try:
        import skops.io
    except ImportError:
        raise UsageError('a linear model needs skops: pip install "voicenlp[bench]"') from None
    return skops.io


def _check_manifest(folder: Path) -> None:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        kind, form, scheme = (manifest.get(name) for name in ("kind", "form", "scheme"))
    except (OSError, ValueError, AttributeError):
        raise ModelError(f"{folder}: holds no model (no readable manifest.json)") from None
    if kind != KIND:
        raise ModelError(f"{folder}: holds a model of kind {kind!r}, not {KIND!r}")
    if form != FORM:
        raise ModelError(f"{folder}: made with features of version {form!r}, and this voicenlp has {FORM}: train it again")
    if scheme != default_scheme().version:
        raise ModelError(f"{folder}: made for version {scheme!r} of the scheme, and this voicenlp has {default_scheme().version!r}")


def _check_model(model: Any, file: Path) -> None:
    """Raise ModelError unless a model has the parts that tagging needs, with arrays of fitting shape."""
    try:
        sound = set(model["elements"]) <= set(ELEMENTS)
        for element, part in model["elements"].items():
            sound &= part["tags"]["weights"].shape == (len(model["columns"]), len(TAGS)) and part["tags"]["offset"].shape == (len(TAGS),)
            sound &= isinstance(part["bias"], float) and part["rarity"].shape == part["columns"].shape
            sound &= set(part["attributes"]) <= {*ONE[element], *MANY.get(element, ())} and "speaker" in part["attributes"]
            for attribute in part["attributes"].values():
                shape = (len(part["columns"]), len(attribute["values"]))
                sound &= attribute["weights"].shape == shape if "weights" in attribute else shape[1] == 1
    except (KeyError, TypeError, AttributeError, IndexError):
        sound = False
    if not sound:
        raise ModelError(f"{file}: is no linear model")
