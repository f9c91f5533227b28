"""The weights of a linear tagger, learned and applied: plain arrays, so that they open with any version of scikit-learn.

Two things are learned: for each word of a note its tag (begin, inside, end, single, outside), each tag against the rest; and for each span
its attributes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from voicenlp.records import Span
from voicenlp.taggers.decoding import TAGS, best_spans
from voicenlp.taggers.rows import Columns, Rows

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MANY", "ONE", "best_bias", "chances", "fit_attributes", "fit_tags", "log_chances", "weighed"]

ONE: dict[str, tuple[str, ...]] = {
    "voice": ("speaker", "channel", "verbatim", "via", "challenge"),
    "space": ("speaker", "given", "how"),
    "audience": ("speaker",),
    "influence": ("speaker", "outcome"),
}
"""Attributes of each element that have one value."""
MANY: dict[str, tuple[str, ...]] = {"voice": ("expression", "themes")}
"""Those that have one or two."""
_BIASES = tuple(0.5 * step for step in range(-2, 15))
_NEVER = -30.0


def fit_tags(matrix: Any, tags: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Learn the tag of a word.

    Parameters
    ----------
    matrix : csr_matrix of float32, shape (words, columns)
    tags : ndarray of int, shape (words,)
        Places in `TAGS`.
    seed : int

    Returns
    -------
    dict
        ``weights``, shape (columns, tags), and ``offset``, shape (tags,), both float32.
    """
    import numpy as np
    from sklearn.linear_model import SGDClassifier

    learner = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=12, tol=None, random_state=seed, average=True, n_jobs=-1)
    learner.fit(matrix, tags)
    coefficients, intercepts = learner.coef_, learner.intercept_
    if len(learner.classes_) == 2:  # then only the second has weights of its own
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.append(-intercepts, intercepts)
    weights = np.zeros((matrix.shape[1], len(TAGS)), dtype=np.float32)
    offset = np.full(len(TAGS), _NEVER, dtype=np.float32)
    weights[:, learner.classes_] = coefficients.T
    offset[learner.classes_] = intercepts
    return {"weights": weights, "offset": offset}


def log_chances(matrix: Any, tags: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the logarithm of the chance of each tag, shape (words, tags)."""
    import numpy as np

    each = _squashed(matrix @ tags["weights"] + tags["offset"])
    return np.log(each / each.sum(1, keepdims=True) + 1e-12)


def best_bias(scores: np.ndarray, breaks: np.ndarray, gold: Iterable[tuple[int, int]]) -> float:
    """Return what to take off the score of "outside" for the best F1 of spans that share half of their words with one of the gold.

    Rare elements need it: a word in a hundred is inside one, so that "outside" always seems the safer guess.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.log(np.array([[0.8, 0.05, 0.05, 0.05, 0.05], [0.75, 0.05, 0.05, 0.05, 0.1]]))
    >>> best_bias(scores, np.array([True, False]), [(1, 1)])
    2.5
    """
    wanted = sorted(gold)
    best, most = 0.0, -1.0
    for bias in _BIASES:
        shifted = scores.copy()
        shifted[:, 0] -= bias
        found = best_spans(shifted, breaks)
        f1 = 2 * _overlapping(found, wanted) / max(1, len(found) + len(wanted))
        if f1 > most:
            best, most = bias, f1
    return best


def _overlapping(found: Sequence[tuple[int, int]], gold: Sequence[tuple[int, int]]) -> int:
    right, at = 0, 0
    for first, last in found:
        while at < len(gold) and gold[at][1] < first:
            at += 1
        for begin, end in gold[at : at + 3]:
            common = min(end, last) - max(begin, first) + 1
            if common > 0 and 2 * common >= max(end, last) - min(begin, first) + 1:
                right += 1
                break
    return right


def fit_attributes(element: str, about: Sequence[Rows], spans: Sequence[Span]) -> dict[str, Any]:
    """Learn the attributes of an element's spans.

    Parameters
    ----------
    element : str
    about : sequence of Rows
        Rows of all spans, in parts.
    spans : sequence of Span
        The same spans, in the same order.

    Returns
    -------
    dict
        ``columns`` (codes of the features), ``rarity`` (inverse document frequency of each) and ``attributes``: name to ``values``,
        ``several`` and, unless there is only one value, ``weights`` and ``offset``.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    columns = Columns.seen(about)
    rarity = TfidfTransformer().fit(columns.matrix(about)).idf_.astype(np.float32)
    matrix = weighed(columns.matrix(about), rarity)
    attributes: dict[str, dict[str, Any]] = {}
    with _to_the_limit():
        for name in ONE[element]:
            values = [_label(getattr(span, name)) for span in spans]
            known = sorted(set(values))
            attributes[name] = {"values": known, "several": False}
            if len(known) > 1:
                learner = LogisticRegression(C=5.0, max_iter=100).fit(matrix, values)
                weights, offset = learner.coef_, learner.intercept_
                if len(known) == 2:
                    weights, offset = np.vstack([-weights, weights]) / 2, np.append(-offset, offset) / 2
                attributes[name] |= {"weights": weights.T.astype(np.float32), "offset": offset.astype(np.float32)}
        for name in MANY.get(element, ()):
            known = sorted({value for span in spans for value in getattr(span, name)})
            weights, offset = np.zeros((len(known), matrix.shape[1])), np.zeros(len(known))
            for at, value in enumerate(known):
                there = [value in getattr(span, name) for span in spans]
                if all(there):
                    offset[at] = -_NEVER
                else:
                    learner = LogisticRegression(C=5.0, max_iter=100).fit(matrix, there)
                    weights[at], offset[at] = learner.coef_[0], learner.intercept_[0]
            if known:
                kept = {"weights": weights.T.astype(np.float32), "offset": offset.astype(np.float32)}
                attributes[name] = {"values": known, "several": True, **kept}
    return {"columns": columns.codes, "rarity": rarity, "attributes": attributes}


def weighed(counts: Any, rarity: np.ndarray) -> Any:
    """Return rows weighed by the rarity of their features, each of length 1."""
    import numpy as np
    from scipy.sparse import diags

    matrix = counts @ diags(rarity)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return (diags(1 / np.maximum(lengths, 1e-9)) @ matrix).tocsr().astype(np.float32)


def chances(matrix: Any, attribute: Mapping[str, Any]) -> np.ndarray:
    """Return the chance of each value of an attribute, shape (spans, values); of several values each for itself."""
    import numpy as np

    if "weights" not in attribute:
        return np.ones((matrix.shape[0], len(attribute["values"])))
    raw = matrix @ attribute["weights"] + attribute["offset"]
    if attribute["several"]:
        return _squashed(raw)
    raw = np.exp(raw - raw.max(1, keepdims=True))
    return raw / raw.sum(1, keepdims=True)


@contextmanager
def _to_the_limit() -> Iterator[None]:
    """Let the optimiser stop at its limit without a word: more steps change the weights in the third place."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _squashed(raw: np.ndarray) -> np.ndarray:
    import numpy as np

    squashed: np.ndarray = 1 / (1 + np.exp(-np.clip(raw, -30, 30)))
    return squashed


def _label(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "yes" if value else "no"
    return str(value)
