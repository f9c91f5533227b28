"""A linear tagger: logistic regression over words, their neighbours and what the segmenter, the people resolver and the rules know.

It stands between the rules and a neural tagger on the ladder of baselines: trained in a minute on a laptop, small, and its weights can be read.
Words are tagged begin, inside, end, single or outside for each element, decoded so that no span crosses a sentence; the attributes of a span
are told by its words (tf-idf) and its surroundings. Kept with skops, never pickled.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import ModelError, UsageError
from voicenlp.records import Note, Person, Span
from voicenlp.scheme import default_scheme
from voicenlp.taggers.base import numbered
from voicenlp.taggers.decoding import TAGS, best_spans
from voicenlp.taggers.features import FEATURES, characters, starts_of
from voicenlp.taggers.rules import RuleTagger
from voicenlp.text.reading import Reading, read

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LinearTagger", "fit_linear"]

ELEMENTS = ("voice", "space", "audience", "influence")
WINDOW = 3
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_ONE = {"voice": ("speaker", "channel", "verbatim", "via", "challenge"), "space": ("speaker", "given", "how"), "audience": ("speaker",), "influence": ("speaker", "outcome")}  # fmt: skip
_MANY = {"voice": ("expression", "themes")}


@dataclass(frozen=True)
class _Words:
    """The words of a note: where they stand, what is known of each, where sentences begin."""

    offsets: list[tuple[int, int]]
    forms: list[str]
    known: np.ndarray
    breaks: np.ndarray


def _words(reading: Reading, rules: RuleTagger) -> _Words:
    import numpy as np

    found = [match.span() for match in _WORD.finditer(reading.view)]
    known = characters(reading, rules)[[a for a, _ in found]] if found else np.zeros((0, len(FEATURES)), dtype=np.int8)
    breaks = np.zeros(len(found), dtype=bool)
    starts = starts_of(reading)
    if found and len(starts):
        stretch = np.searchsorted(starts, [a for a, _ in found], side="right")
        breaks[1:] = stretch[1:] != stretch[:-1]
    return _Words(found, [reading.view[a:b].lower() for a, b in found], known, breaks)


def _rows(words: _Words) -> list[dict[str, float]]:
    """Return the features of each word: itself and its neighbours, and what is known of them."""
    count, names = len(words.forms), list(FEATURES)
    out = []
    for at in range(count):
        row: dict[str, float] = {"bias": 1.0}
        for step in range(-WINDOW, WINDOW + 1):
            near = at + step
            if 0 <= near < count:
                row[f"{step}:{words.forms[near]}"] = 1.0
                if step in (-1, 0):
                    row[f"{step}:end:{words.forms[near][-3:]}"] = 1.0
                if step in (-2, -1, 0, 1):
                    for column, value in enumerate(words.known[near]):
                        if value:
                            row[f"{step}:{names[column]}={value}"] = 1.0
        if at:
            row[f"pair:{words.forms[at - 1]} {words.forms[at]}"] = 1.0
        if words.breaks[at] or not at:
            row["begins"] = 1.0
        if at + 1 == count or words.breaks[at + 1]:
            row["ends"] = 1.0
        out.append(row)
    return out


def _about(words: _Words, first: int, last: int) -> dict[str, float]:
    """Return the features of a span: its words and pairs, the words before it, and what is known of both."""
    names = list(FEATURES)
    row: Counter[str] = Counter()
    for at in range(first, last + 1):
        row[f"in:{words.forms[at]}"] += 1
        if at > first:
            row[f"in:{words.forms[at - 1]} {words.forms[at]}"] += 1
    for at in range(max(0, first - 8), first):
        row[f"before:{words.forms[at]}"] += 1
    for at in (max(0, first - 1), first, last):
        for column, value in enumerate(words.known[at]):
            if value:
                row[f"{at - first if at <= first else 'last'}:{names[column]}={value}"] += 1
    people = [value for value in words.known[max(0, first - 12) : first, 0].tolist() if value]
    for back, value in enumerate(dict.fromkeys(reversed(people))):
        row[f"person{min(back, 3)}:{value}"] += 1
    return {name: 1.0 + float(value > 1) * 0.5 for name, value in row.items()}


class LinearTagger:
    """Tags with linear models.

    Parameters
    ----------
    models : dict
        ``tags``, ``attributes`` and ``values``, as `fit_linear` makes them.
    """

    name = "linear"

    def __init__(self, models: dict[str, Any]) -> None:
        self.models = models
        self.rules = RuleTagger()

    def tag(self, note: Note, roster: Iterable[Person] = ()) -> tuple[list[Span], list[str], list[str]]:
        """Return the spans of a note, the headings in it, and the empty ones."""
        reading = read(note, roster)
        return self.tag_reading(reading), reading.segmented.present, reading.segmented.empty

    def tag_reading(self, reading: Reading) -> list[Span]:
        """Return the spans of a note that has been read already."""
        import numpy as np

        words = _words(reading, self.rules)
        if not words.forms:
            return []
        rows = _rows(words)
        out: list[Span] = []
        for element in ELEMENTS:
            model = self.models["tags"].get(element)
            if model is None:
                continue
            scores = np.full((len(rows), len(TAGS)), -30.0)
            scores[:, [TAGS.index(tag) for tag in model.classes_]] = np.log(model.predict_proba(rows) + 1e-12)
            for first, last in best_spans(scores, words.breaks):
                sure = float(np.exp(scores[first : last + 1].max(1).mean()))
                out.append(self._span(element, words, first, last, sure))
        return numbered(out)

    def _span(self, element: str, words: _Words, first: int, last: int, sure: float) -> Span:
        about = [_about(words, first, last)]
        told: dict[str, Any] = {}
        score = sure
        for name in _ONE[element]:
            model = self.models["attributes"].get(f"{element}.{name}")
            if model is None:
                continue
            chances = model.predict_proba(about)[0]
            best = int(chances.argmax())
            told[name] = {"yes": True, "no": False}.get(str(model.classes_[best]), str(model.classes_[best]))
            if name == "speaker":
                score *= float(chances[best])
        for name in _MANY.get(element, ()):
            model = self.models["attributes"].get(f"{element}.{name}")
            if model is None:
                continue
            chances = model.predict_proba(about)[0]
            values = self.models["values"][f"{element}.{name}"]
            order = chances.argsort()[::-1]
            told[name] = tuple(values[at] for at in order[:2] if chances[at] >= 0.35) or (values[order[0]],)
        if element == "space":
            scheme = default_scheme()
            if told.get("how") not in (scheme.given if told.get("given") else scheme.missed):
                told["how"] = ""
        start, end = words.offsets[first][0], words.offsets[last][1]
        return Span(element, start, end, score=score, tagger="linear", span_id=f"{element}{first}", **told)

    def save(self, folder: str | Path) -> None:
        """Write the models and a manifest into a folder."""
        try:
            from skops.io import dump
        except ImportError:
            raise UsageError('keeping a linear model needs skops: pip install "voicenlp[bench]"') from None
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        dump(self.models, folder / "model.skops")
        (folder / "manifest.json").write_text(
            json.dumps({"kind": "linear", "scheme": default_scheme().version}, indent=2), encoding="utf-8"
        )

    @classmethod
    def load(cls, folder: str | Path) -> LinearTagger:
        """Open a model that `save` wrote; only scikit-learn's own types are let in.

        Raises
        ------
        ModelError
            If the folder holds no linear model, or types that do not belong into one.
        """
        try:
            from skops.io import get_untrusted_types
            from skops.io import load as load_skops
        except ImportError:
            raise UsageError('a linear model needs skops: pip install "voicenlp[bench]"') from None
        file = Path(folder) / "model.skops"
        if not file.is_file():
            raise ModelError(f"{folder}: holds no linear model")
        strangers = get_untrusted_types(file=file)
        if strangers:
            raise ModelError(f"{folder}: holds types that do not belong into a model: {', '.join(strangers)}")
        return cls(load_skops(file, trusted=[]))


def fit_linear(records: Sequence[Any], seed: int = 0) -> LinearTagger:
    """Train a linear tagger.

    Parameters
    ----------
    records : sequence of Record
        Annotated records.
    seed : int
        Of the optimiser.

    Returns
    -------
    LinearTagger
    """
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MultiLabelBinarizer

    rules = RuleTagger()
    rows: list[dict[str, float]] = []
    tags: dict[str, list[str]] = {element: [] for element in ELEMENTS}
    about: dict[str, list[tuple[dict[str, float], Span]]] = {element: [] for element in ELEMENTS}
    for record in records:
        words = _words(read(Note(record.note_id, record.text)), rules)
        rows += _rows(words)
        for element in ELEMENTS:
            marked = ["O"] * len(words.forms)
            for span in sorted((s for s in record.spans if s.element == element), key=lambda s: s.start - s.end):
                inside = [at for at, (a, b) in enumerate(words.offsets) if a >= span.start and b <= span.end]
                if not inside:
                    continue
                about[element].append((_about(words, inside[0], inside[-1]), span))
                if all(marked[at] == "O" for at in inside):
                    for at in inside:
                        marked[at] = "I"
                    marked[inside[0]], marked[inside[-1]] = "B", "E"
                    if len(inside) == 1:
                        marked[inside[0]] = "S"
            tags[element] += marked
    models: dict[str, Any] = {"tags": {}, "attributes": {}, "values": {}}
    for element in ELEMENTS:
        if len(set(tags[element])) < 2:
            continue
        tagger = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=12, tol=None, random_state=seed, average=True)
        models["tags"][element] = make_pipeline(FeatureHasher(2**20), tagger).fit(rows, tags[element])
        given = [row for row, _ in about[element]]
        for name in _ONE[element]:
            values = [_label(getattr(span, name)) for _, span in about[element]]
            if len(set(values)) > 1:
                regression = LogisticRegression(C=20.0, max_iter=300)
                models["attributes"][f"{element}.{name}"] = make_pipeline(FeatureHasher(2**18), TfidfTransformer(), regression).fit(
                    given, values
                )
        for name in _MANY.get(element, ()):
            labels = MultiLabelBinarizer().fit([getattr(span, name) for _, span in about[element]])
            several = OneVsRestClassifier(LogisticRegression(C=20.0, max_iter=300))
            model = make_pipeline(FeatureHasher(2**18), TfidfTransformer(), several)
            model.fit(given, labels.transform([getattr(span, name) for _, span in about[element]]))
            models["values"][f"{element}.{name}"] = [str(value) for value in labels.classes_]
            models["attributes"][f"{element}.{name}"] = model
    return LinearTagger(models)


def _label(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
