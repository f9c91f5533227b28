"""How a trained model's answers are to be read: fitted on records it has not learnt from, with the files that will ship."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from voicenlp.records import Span
from voicenlp.taggers.certainty import Decoding, Logistic
from voicenlp.taggers.choices import signed_spans
from voicenlp.taggers.decoding import log_softmax
from voicenlp.taggers.heads import ELEMENTS, LAYERS
from voicenlp.taggers.neural import NeuralTagger
from voicenlp.taggers.weights import best_bias
from voicenlp.training.examples import Example

__all__ = ["Pairs", "tuned"]

Pairs = Callable[[Sequence[Span], Sequence[Span]], list[tuple[int, int]]]
"""Annotated and predicted spans of a record to the pairs that count as one. (Matching is evaluation's: the caller brings it.)"""

LEAST = 40
"""Spans that a calibration needs; with fewer the raw chances are the better guess."""


def tuned(tagger: NeuralTagger, examples: Sequence[Example], pairs: Pairs) -> Decoding:
    """Return the bias of each element that gives the best F1, and the calibrations that go with it.

    Parameters
    ----------
    tagger : NeuralTagger
        The exported model.
    examples : sequence of Example
        Records that the model has not learnt from.
    pairs : callable
    """
    examples = [example for example in examples if len(example.plain.ids)]
    answers = tagger.answers([example.plain for example in examples])
    bias: dict[str, float] = {}
    starts = np.cumsum([0, *(len(one) for one in answers)])
    breaks = np.concatenate([example.plain.breaks for example in examples]) if examples else np.zeros(0, dtype=bool)
    breaks[starts[:-1]] = True
    for layer in ELEMENTS:
        gold = [
            (first + start, last + start)
            for example, start in zip(examples, starts, strict=False)
            for element, first, last, _ in example.spans
            if LAYERS[element] == layer
        ]
        if len(gold) >= LEAST:
            scores = np.concatenate([log_softmax(one[:, tagger.heads.slices[f"tags.{layer}"]]) for one in answers])
            bias[layer] = best_bias(scores, breaks, gold)
    decoding = Decoding(bias)
    rows: list[list[float]] = []
    speaker_rows: list[list[float]] = []
    right: list[bool] = []
    speaker_right: list[bool] = []
    for example, one in zip(examples, answers, strict=True):
        found = signed_spans(one, example.plain, tagger.heads, example.cast, tagger.name, decoding)
        gold_spans = list(example.record.spans)
        matched = {at: gold_spans[golden] for golden, at in pairs(gold_spans, [span for span, _, _ in found])}
        for at, (span, signs, speaker_signs) in enumerate(found):
            rows.append(signs)
            right.append(at in matched)
            if at in matched:
                speaker_rows.append(speaker_signs)
                speaker_right.append(span.speaker == matched[at].speaker)
    return Decoding(bias, _fit(rows, right), _fit(speaker_rows, speaker_right))


def _fit(rows: list[list[float]], right: list[bool]) -> Logistic | None:
    from sklearn.linear_model import LogisticRegression

    if len(rows) < LEAST or len(set(right)) < 2:
        return None
    learner = LogisticRegression(C=1.0, max_iter=1000).fit(np.array(rows), np.array(right))
    return Logistic(tuple(float(weight) for weight in learner.coef_[0]), float(learner.intercept_[0]))
