"""From a network's answers for the tokens of a note to its spans: where they stand, whose they are, what they say, what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voicenlp.records import Span
from voicenlp.taggers.base import numbered
from voicenlp.taggers.decoding import best_spans, log_softmax, span_means
from voicenlp.taggers.features import Encoded
from voicenlp.taggers.heads import INNER, LAYERS, Heads
from voicenlp.text.people import Actor, Cast

if TYPE_CHECKING:
    import numpy as np

__all__ = ["spans_from"]

SURE, UNSURE = 8.0, 2.0
"""By how much a person whose role is known, or guessed, must be more likely to be the one meant if that role is not the span's."""
ALSO = 0.5
"""An influence answers every voice that is this likely, measured by the likeliest."""


def spans_from(answers: np.ndarray, encoded: Encoded, heads: Heads, cast: Cast, name: str, calibration: Any = None) -> list[Span]:
    """Return the spans that the network's answers for a note's tokens say.

    Parameters
    ----------
    answers : ndarray, shape (tokens, heads.width)
        Scores before softmax.
    encoded : Encoded
    heads : Heads
    cast : Cast
        The people of the note, for ``person``.
    name : str
        The model, for ``Span.tagger``.
    calibration : callable, optional
        From raw to calibrated probability.
    """
    import numpy as np

    found = _found(answers, encoded.breaks, heads)
    means = span_means(answers, [(first, last) for _, first, last, _ in found])
    out: list[Span] = []
    for at, ((element, first, last, sure), mean) in enumerate(zip(found, means, strict=True)):
        told = _attributes(element, mean, heads)
        chances = np.exp(log_softmax(mean[heads.slices["speaker" if element == "voice" else "whose"]]))
        raw = sure * float(chances.max())
        score = float(calibration(raw)) if calibration is not None else raw
        start, end = int(encoded.offsets[first, 0]), int(encoded.offsets[last, 1])
        out.append(Span(element, start, end, score=score, tagger=name, span_id=f"t{at}", **told))
    actors = _people(answers, means, encoded, heads, cast, out)
    links = _links(means, heads, out)
    return numbered([_told(*each) for each in zip(out, actors, links, strict=True)])


def _told(span: Span, actor: Actor | None, answered: tuple[str, ...]) -> Span:
    return replace(span, person=actor.name if actor else "", person_id=actor.person_id if actor else "", of=answered)


def _found(answers: np.ndarray, breaks: np.ndarray, heads: Heads) -> list[tuple[str, int, int, float]]:
    """Return element, first and last token and certainty of each span; an inner voice counts only inside another."""
    import numpy as np

    out: list[tuple[str, int, int, float]] = []
    for layer in LAYERS:
        tags = log_softmax(answers[:, heads.slices[f"tags.{layer}"]])
        element = "voice" if layer == INNER else layer
        for first, last in best_spans(tags, breaks):
            if layer == INNER and not any(e == "voice" and a <= first and last <= b and (a, b) != (first, last) for e, a, b, _ in out):
                continue
            out.append((element, first, last, float(np.exp(tags[first : last + 1].max(1).mean()))))
    return out


def _attributes(element: str, mean: np.ndarray, heads: Heads) -> dict[str, Any]:
    def best(head: str) -> str:
        return heads.values[head][int(mean[heads.slices[head]].argmax())]

    def several(head: str) -> tuple[str, ...]:
        scores = mean[heads.slices[head]]
        order = scores.argsort()[::-1][:2]
        return tuple(heads.values[head][at] for at in order if scores[at] > 0) or (heads.values[head][int(order[0])],)

    if element == "voice":
        return {
            "speaker": best("speaker"), "expression": several("expression"), "themes": several("themes"), "channel": best("channel"),
            "verbatim": best("verbatim") == "yes", "challenge": best("challenge") == "yes", "via": best("via"),
        }  # fmt: skip
    told: dict[str, Any] = {"speaker": best("whose")}
    if element == "space":
        given = best("given") == "yes"
        allowed = heads.scheme.given if given else heads.scheme.missed
        scores = mean[heads.slices["how"]]
        ranked = [heads.values["how"][at] for at in scores.argsort()[::-1]]
        told |= {"given": given, "how": next(value for value in ranked if value in allowed)}
    elif element == "influence":
        told["outcome"] = best("outcome")
    return told


def _people(
    answers: np.ndarray, means: np.ndarray, encoded: Encoded, heads: Heads, cast: Cast, spans: Sequence[Span]
) -> list[Actor | None]:
    """Return the person of each span: whom its query fits best, among those mentioned whose role goes with its speaker, and whoever writes."""
    import numpy as np

    mentions = encoded.mentions
    named = span_means(answers, [(first, last) for first, last, _ in mentions.tolist()])
    people: list[Actor] = [cast.author]
    place = {id(cast.author): 0}
    owner = np.zeros(len(mentions), dtype=np.int64)
    for at, actor in enumerate(mentions[:, 2].tolist()):
        one = cast.actors[actor]
        if id(one) not in place:
            place[id(one)] = len(people)
            people.append(one)
        owner[at] = place[id(one)]
    if not len(means):
        return []
    author = means[:, heads.slices["person.author"]]
    logits = np.concatenate([author, means[:, heads.slices["person.query"]] @ named[:, heads.slices["person.key"]].T], 1)
    each = np.exp(log_softmax(logits))
    chances = np.zeros((len(spans), len(people)))
    np.add.at(chances.T, np.concatenate([[0], owner]), each.T)
    out: list[Actor | None] = []
    for row, span in zip(chances, spans, strict=True):
        fits = np.array([1.0 if one.speaker == span.speaker else 1 / (SURE if one.sure else UNSURE) for one in people])
        best = people[int((row * fits).argmax())]
        # the child in focus may stand nowhere in the note: "Wants to go home."
        unnamed = span.speaker == "child" and best.speaker not in ("child", "other") and cast.focus is not None
        out.append(cast.focus if unnamed else best)
    return out


def _links(means: np.ndarray, heads: Heads, spans: Sequence[Span]) -> list[tuple[str, ...]]:
    """Return for each span the temporary ids of the voices that it answers; only an influence has any."""
    import numpy as np

    voices = [at for at, span in enumerate(spans) if span.element == "voice"]
    out: list[tuple[str, ...]] = [()] * len(spans)
    for at, span in enumerate(spans):
        if span.element != "influence" or not voices:
            continue
        products = means[voices][:, heads.slices["answers.key"]] @ means[at, heads.slices["answers.query"]]
        logits = np.concatenate([means[at, heads.slices["answers.none"]], products])
        each = np.exp(log_softmax(logits))
        if each[1:].max() >= each[0]:
            best = each[1:].max()
            out[at] = tuple(spans[voice].span_id for voice, chance in zip(voices, each[1:], strict=True) if chance >= ALSO * best)
    return out
