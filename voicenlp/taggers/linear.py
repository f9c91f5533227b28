"""A linear tagger: logistic regression over words, their neighbours and what the segmenter, the people resolver and the rules know.

It stands between the rules and a neural tagger on the ladder of baselines: trained in a minute or two on a laptop, small, and its weights can
be read. Words are tagged begin, inside, end, single or outside for each element, decoded so that no span crosses a sentence; the attributes
of a span are told by its words (tf-idf) and its surroundings. It is kept with skops, never pickled, as plain arrays, so that it opens
whatever version of scikit-learn is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import ModelError, UsageError
from voicenlp.records import Note, Person, Span
from voicenlp.scheme import default_scheme
from voicenlp.taggers.base import numbered
from voicenlp.taggers.clauses import uncrossed
from voicenlp.taggers.decoding import TAGS, best_spans
from voicenlp.taggers.rows import Columns, Rows, Words, span_rows, word_rows, words_of
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.people import Actor
from voicenlp.text.reading import Reading, read

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LinearTagger", "fit_linear"]

ELEMENTS = ("voice", "space", "audience", "influence")
KIND = "linear"
FORM = 1
"""Version of the features: a model made with others is not opened."""
_ONE: dict[str, tuple[str, ...]] = {
    "voice": ("speaker", "channel", "verbatim", "via", "challenge"),
    "space": ("speaker", "given", "how"),
    "audience": ("speaker",),
    "influence": ("speaker", "outcome"),
}
_MANY: dict[str, tuple[str, ...]] = {"voice": ("expression", "themes")}
_LIKELY = 0.35
"""From which chance on a second expression or theme is told."""
_BIASES = tuple(0.5 * step for step in range(-2, 21))
_BACK = 1500  # characters in which the person of a speaker is looked for
_LARGEST = 2**28  # bytes of a model file; what is larger is none


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
        words = words_of(reading, self.rules)
        if not len(words):
            return []
        matrix = Columns(self.model["columns"]).matrix([word_rows(words)])
        found: list[Span] = []
        for element, part in self.model["elements"].items():
            scores = _log_chances(matrix, part["tags"])
            scores[:, 0] -= part["bias"]
            spans = best_spans(scores, words.breaks)
            sure = [_sureness(scores, first, last) for first, last in spans]
            found += _told(element, part, words, spans, sure)
        found = [replace(span, **_person(reading, span)) for span in found]
        return numbered(uncrossed(reading.view, found))

    def save(self, folder: str | Path) -> None:
        """Write the model and a manifest into a folder, which is made.

        Raises
        ------
        UsageError
            If skops is not installed.
        """
        from zipfile import ZIP_DEFLATED

        dump = _skops("dump")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        dump(self.model, folder / "model.skops", compression=ZIP_DEFLATED)
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
        """
        folder = Path(folder)
        file = folder / "model.skops"
        if not file.is_file():
            raise ModelError(f"{folder}: holds no linear model")
        _check_manifest(folder)
        if file.stat().st_size > _LARGEST:
            raise ModelError(f"{file}: too large for a linear model")
        untrusted, load = _skops("get_untrusted_types"), _skops("load")
        try:
            strangers = untrusted(file=file)
            model = None if strangers else load(file, trusted=[])
        except Exception as error:  # whatever a damaged or forged archive makes the reader raise
            raise ModelError(f"{file}: can't be read ({type(error).__name__})") from None
        if strangers:
            raise ModelError(f"{file}: holds types that do not belong into a model: {', '.join(map(str, strangers))}")
        _check_model(model, file)
        return cls(model)


def fit_linear(records: Sequence[Any], held_out: Sequence[Any] = (), *, seed: int = 0) -> LinearTagger:
    """Train a linear tagger.

    Parameters
    ----------
    records : sequence of Record
        Annotated records.
    held_out : sequence of Record
        Others, by which the readiness to see a span is set for each element; without them it stays as the training records have it.
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
    >>> from voicenlp.io.annotations import Record
    >>> told = [Record(f"n{n}", "Mum said she is tired.", (Span("voice", 9, 21, "parent", expression=("feeling",), themes=("health",)),)) for n in range(9)]
    >>> tagger = fit_linear(told)
    >>> [(s.speaker, s.person, s.expression) for s in tagger.tag(Note("n", "Mum said she is tired."))[0]]
    [('parent', 'Mum', ('feeling',))]
    """
    import numpy as np

    rules = RuleTagger()
    notes = [words_of(read(Note(record.note_id, record.text)), rules) for record in records]
    rows = [word_rows(words) for words in notes]
    columns = Columns.seen(rows)
    matrix = columns.matrix(rows)
    model: dict[str, Any] = {"columns": columns.codes, "elements": {}, "records": len(records)}
    for element in ELEMENTS:
        tags, about, spans = _marked(element, records, notes)
        if not spans:
            continue
        model["elements"][element] = {"tags": _fit_tags(matrix, tags, seed), "bias": 0.0, **_fit_attributes(element, about, spans)}
    if not model["elements"]:
        raise UsageError("there is nothing to learn from: no record holds a span")
    if held_out:
        seen = [words_of(read(Note(record.note_id, record.text)), rules) for record in held_out]
        matrix = columns.matrix([word_rows(words) for words in seen])
        breaks = np.concatenate([np.append(True, words.breaks[1:]) if len(words) else words.breaks for words in seen])
        for element, part in model["elements"].items():
            gold = {(int(at[0]), int(at[1])) for at in _places(element, held_out, seen)}
            part["bias"] = _best_bias(_log_chances(matrix, part["tags"]), breaks, gold)
    return LinearTagger(model)


# learning ---------------------------------------------------------------------------------------------------------------------------


def _inside(words: Words, span: Span) -> tuple[int, int] | None:
    """Return the first and last word of a span."""
    import numpy as np

    at = np.flatnonzero((words.offsets[:, 0] >= span.start) & (words.offsets[:, 1] <= span.end))
    return (int(at[0]), int(at[-1])) if len(at) else None


def _marked(element: str, records: Sequence[Any], notes: Sequence[Words]) -> tuple[np.ndarray, list[Rows], list[Span]]:
    """Return the tag of every word, and the rows of the spans with the spans; of two spans that overlap the longer one is tagged."""
    import numpy as np

    tags, about, spans = [], [], []
    for record, words in zip(records, notes, strict=True):
        marked = np.zeros(len(words), dtype=np.int64)
        own = sorted((span for span in record.spans if span.element == element), key=lambda span: span.start - span.end)
        placed = [(span, at) for span in own if (at := _inside(words, span)) is not None]
        about.append(span_rows(words, [at for _, at in placed]))
        spans += [span for span, _ in placed]
        for _, (first, last) in placed:
            if not marked[first : last + 1].any():
                marked[first : last + 1] = TAGS.index("I")
                marked[first], marked[last] = TAGS.index("B"), TAGS.index("E")
                if first == last:
                    marked[first] = TAGS.index("S")
        tags.append(marked)
    return np.concatenate(tags), about, spans


def _places(element: str, records: Sequence[Any], notes: Sequence[Words]) -> list[tuple[int, int]]:
    """Return first and last word of every span, counted through all notes."""
    out, begin = [], 0
    for record, words in zip(records, notes, strict=True):
        found = (_inside(words, span) for span in record.spans if span.element == element)
        out += [(begin + at[0], begin + at[1]) for at in found if at is not None]
        begin += len(words)
    return out


def _fit_tags(matrix: Any, tags: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Return the weights of the tags, each against the rest."""
    import numpy as np
    from sklearn.linear_model import SGDClassifier

    learner = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=12, tol=None, random_state=seed, average=True, n_jobs=-1)
    learner.fit(matrix, tags)
    weights = np.zeros((matrix.shape[1], len(TAGS)), dtype=np.float32)
    offset = np.full(len(TAGS), -30.0, dtype=np.float32)
    coefficients, intercepts = learner.coef_, learner.intercept_
    if len(learner.classes_) == 2:  # only the second has weights of its own
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.append(-intercepts, intercepts)
    weights[:, learner.classes_] = coefficients.T
    offset[learner.classes_] = intercepts
    return {"weights": weights, "offset": offset}


def _fit_attributes(element: str, about: list[Rows], spans: list[Span]) -> dict[str, Any]:
    """Return what tells the attributes of an element's spans: columns, their weight by rarity, and the weights of each attribute."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer

    columns = Columns.seen(about)
    counts = columns.matrix(about)
    rarity = TfidfTransformer().fit(counts)
    matrix = rarity.transform(counts)
    attributes: dict[str, dict[str, Any]] = {}
    for name in _ONE[element]:
        values = [_label(getattr(span, name)) for span in spans]
        if len(set(values)) < 2:
            attributes[name] = {"values": [values[0]], "several": False}
            continue
        learner = LogisticRegression(C=20.0, max_iter=200).fit(matrix, values)
        weights, offset = learner.coef_.T, learner.intercept_
        if weights.shape[1] == 1:
            weights, offset = np.hstack([-weights / 2, weights / 2]), np.append(-offset / 2, offset / 2)
        attributes[name] = {"values": [str(v) for v in learner.classes_], "several": False, **_small(weights, offset)}
    for name in _MANY.get(element, ()):
        labels = MultiLabelBinarizer()
        marked = labels.fit_transform([getattr(span, name) for span in spans])
        if not marked.any():
            continue
        several = OneVsRestClassifier(LogisticRegression(C=20.0, max_iter=200)).fit(matrix, marked)
        parts = [
            (one.coef_[0], one.intercept_[0]) if hasattr(one, "coef_") else (np.zeros(matrix.shape[1]), 30.0) for one in several.estimators_
        ]
        weights, offset = np.stack([w for w, _ in parts], axis=1), np.array([o for _, o in parts])
        attributes[name] = {"values": [str(v) for v in labels.classes_], "several": True, **_small(weights, offset)}
    return {"columns": columns.codes, "rarity": rarity.idf_.astype(np.float32), "attributes": attributes}


def _small(weights: np.ndarray, offset: np.ndarray) -> dict[str, np.ndarray]:
    import numpy as np

    return {"weights": weights.astype(np.float32), "offset": offset.astype(np.float32)}


def _best_bias(scores: np.ndarray, breaks: np.ndarray, gold: set[tuple[int, int]]) -> float:
    """Return what has to be taken off "outside" for the best F1 of spans that overlap by half in words."""
    best = (-1.0, 0.0)
    for bias in _BIASES:
        shifted = scores.copy()
        shifted[:, 0] -= bias
        found = best_spans(shifted, breaks)
        right = _overlapping(found, gold)
        f1 = 2 * right / max(1, len(found) + len(gold))
        if f1 > best[0]:
            best = (f1, bias)
    return best[1]


def _overlapping(found: Sequence[tuple[int, int]], gold: Iterable[tuple[int, int]]) -> int:
    """Count found spans that share half of all words with one of the gold."""
    ordered = sorted(gold)
    right, at = 0, 0
    for first, last in found:
        while at < len(ordered) and ordered[at][1] < first:
            at += 1
        for begin, end in ordered[at : at + 3]:
            common = min(end, last) - max(begin, first) + 1
            if common > 0 and 2 * common >= max(end, last) - min(begin, first) + 1:
                right += 1
                break
    return right


# telling ----------------------------------------------------------------------------------------------------------------------------


def _log_chances(matrix: Any, tags: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the logarithm of each tag's chance, shape (words, tags)."""
    import numpy as np

    chances = 1 / (1 + np.exp(-np.clip(matrix @ tags["weights"] + tags["offset"], -30, 30)))
    return np.log(chances / chances.sum(1, keepdims=True) + 1e-12)


def _sureness(scores: np.ndarray, first: int, last: int) -> float:
    import numpy as np

    tags = [4] if first == last else [1, *[2] * (last - first - 1), 3]
    return float(np.exp(scores[np.arange(first, last + 1), tags].mean()))


def _told(element: str, part: Mapping[str, Any], words: Words, spans: Sequence[tuple[int, int]], sure: Sequence[float]) -> list[Span]:
    """Return spans, given by first and last word, with their attributes."""
    import numpy as np

    if not spans:
        return []
    matrix = Columns(part["columns"]).matrix([span_rows(words, spans)]).multiply(part["rarity"]).tocsr()
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    matrix = matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]).tocsr()
    told: list[dict[str, Any]] = [{} for _ in spans]
    scores = list(sure)
    for name, attribute in part["attributes"].items():
        values = attribute["values"]
        if "weights" not in attribute:
            chances = np.ones((len(spans), 1))
        elif attribute["several"]:
            chances = 1 / (1 + np.exp(-(matrix @ attribute["weights"] + attribute["offset"])))
        else:
            raw = matrix @ attribute["weights"] + attribute["offset"]
            chances = np.exp(raw - raw.max(1, keepdims=True))
            chances /= chances.sum(1, keepdims=True)
        for at, row in enumerate(chances):
            order = row.argsort()[::-1]
            if attribute["several"]:
                told[at][name] = tuple(values[k] for k in order[:2] if row[k] >= _LIKELY) or (values[order[0]],)
            else:
                told[at][name] = {"yes": True, "no": False}.get(values[order[0]], values[order[0]])
                if name == "speaker":
                    scores[at] *= float(row[order[0]])
    out = []
    scheme = default_scheme()
    for (first, last), attributes, score in zip(spans, told, scores, strict=True):
        if element == "space" and attributes.get("how") not in (scheme.given if attributes.get("given") else scheme.missed):
            attributes["how"] = ""
        start, end = int(words.offsets[first, 0]), int(words.offsets[last, 1])
        out.append(Span(element, start, end, score=min(1.0, score), tagger=KIND, span_id=f"{element}{first}", **attributes))
    return out


def _person(reading: Reading, span: Span) -> dict[str, str]:
    """Return the person of a span: the nearest one mentioned before it with its speaker, else the author or the first one after it."""
    cast = reading.cast

    def fits(actor: Actor | None) -> bool:
        return actor is not None and actor.speaker == span.speaker and bool(actor.name)

    for mention in reversed(cast.between(max(0, span.start - _BACK), span.end)):
        actor = cast.actors[mention.actor] if mention.actor >= 0 else cast.resolve(mention.word, mention.start, max(0, mention.start - 600))
        if actor is not None and fits(actor):
            return {"person": actor.name, "person_id": actor.person_id}
    if fits(cast.author):
        return {"person": cast.author.name, "person_id": cast.author.person_id}
    later = (cast.actors[mention.actor] for mention in cast.mentions if mention.actor >= 0 and mention.start >= span.end)
    actor = next((one for one in later if fits(one)), None)
    return {"person": actor.name, "person_id": actor.person_id} if actor else {}


# keeping ----------------------------------------------------------------------------------------------------------------------------


def _skops(name: str) -> Any:
    try:
        import skops.io
    except ImportError:
        raise UsageError('a linear model needs skops: pip install "voicenlp[bench]"') from None
    return getattr(skops.io, name)


def _check_manifest(folder: Path) -> None:
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        kind, form, scheme = (manifest.get(name) for name in ("kind", "form", "scheme"))
    except (OSError, ValueError, AttributeError):
        raise ModelError(f"{folder}: has no readable manifest.json") from None
    if kind != KIND:
        raise ModelError(f"{folder}: is a model of kind {kind!r}, not {KIND!r}")
    if form != FORM:
        raise ModelError(f"{folder}: made with features of version {form!r}, this voicenlp has {FORM}; train it again")
    if scheme != default_scheme().version:
        raise ModelError(f"{folder}: made for scheme {scheme!r}, this voicenlp has {default_scheme().version!r}")


def _check_model(model: Any, file: Path) -> None:
    """Raise ModelError unless a model has the parts that tagging needs, with arrays of fitting shape and values of the scheme."""
    try:
        width = len(model["columns"])
        sound = set(model["elements"]) <= set(ELEMENTS)
        for part in model["elements"].values():
            sound &= part["tags"]["weights"].shape == (width, len(TAGS)) and part["tags"]["offset"].shape == (len(TAGS),)
            sound &= isinstance(part["bias"], float) and part["rarity"].shape == part["columns"].shape
            for attribute in part["attributes"].values():
                shape = (len(part["columns"]), len(attribute["values"]))
                sound &= attribute["weights"].shape == shape if "weights" in attribute else shape[1] == 1
    except (KeyError, TypeError, AttributeError, IndexError):
        sound = False
    if not sound:
        raise ModelError(f"{file}: is no linear model")


def _label(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "yes" if value else "no"
    return str(value)
