"""From a network's answers for the tokens of a note to its spans: where they stand, whose they are, what they say, what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voicenlp.records import Span
from voicenlp.taggers.base import numbered
from voicenlp.taggers.certainty import Decoding, signs, speaker_signs
from voicenlp.taggers.decoding import best_spans, log_softmax, span_means
from voicenlp.taggers.features import Encoded
from voicenlp.taggers.heads import INNER, LAYERS, Heads
from voicenlp.text.people import Actor, Cast

if TYPE_CHECKING:
    import numpy as np

__all__ = ["signed_spans", "spans_from"]

SURE, UNSURE = 8.0, 2.0
"""By how much a person whose role is known, or guessed, must be more likely to be the one meant if that role is not the span's."""
FAR, BEHIND, NEAR = 1.0, 2.0, 5.0
"""How much less a mention counts the further it stands from the span, how much more so after it, and from how many tokens on. Set on dev."""
ANSWERED = 1.0
"""How much less a voice counts as what an influence answers, the further it stands. Set on dev, as is the next."""
ALSO = 0.3
"""An influence answers every voice that is this likely, measured by the likeliest."""


def spans_from(answers: np.ndarray, encoded: Encoded, heads: Heads, cast: Cast, name: str, decoding: Decoding | None = None) -> list[Span]:
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
    decoding : Decoding, optional
        How the answers are read; by default as they are.
    """
    return [span for span, _, _ in signed_spans(answers, encoded, heads, cast, name, decoding)]


def signed_spans(
    answers: np.ndarray, encoded: Encoded, heads: Heads, cast: Cast, name: str, decoding: Decoding | None = None
) -> list[tuple[Span, list[float], list[float]]]:
    """Return the spans as `spans_from` does, each with its `SIGNS` and `SPEAKER_SIGNS`, from which its score comes."""
    import numpy as np

    decoding = decoding or Decoding()
    found = _found(answers, encoded.breaks, heads, decoding)
    if not found:
        return []
    means = span_means(answers, [(first, last) for _, first, last, _ in found])
    spans: list[Span] = []
    for at, ((element, first, last, _), mean) in enumerate(zip(found, means, strict=True)):
        start, end = int(encoded.offsets[first, 0]), int(encoded.offsets[last, 1])
        spans.append(Span(element, start, end, tagger=name, span_id=f"t{at}", **_attributes(element, mean, heads)))
    people = _people(answers, means, [(first, last) for _, first, last, _ in found], encoded, heads, cast, spans)
    links = _links(means, [(first, last) for _, first, last, _ in found], heads, spans)
    whose = [
        speaker_signs(log_softmax(mean[heads.slices["speaker" if span.element == "voice" else "whose"]]).tolist(), pointed, span.element)
        for span, mean, (_, pointed) in zip(spans, means, people, strict=True)
    ]
    rows, speaker_rows = np.array([signs_ for *_, signs_ in found]), np.array(whose)
    sure = decoding.span(rows) if decoding.span else np.exp(rows[:, 0])
    right = decoding.speaker(speaker_rows) if decoding.speaker else np.exp(speaker_rows[:, 0])
    told = [
        replace(span, person=actor.name if actor else "", person_id=actor.person_id if actor else "", of=of, score=float(chance))
        for span, (actor, _), of, chance in zip(spans, people, links, sure * right, strict=True)
    ]
    # reading order, so that signs stay with their spans
    order = sorted(range(len(told)), key=lambda at: (told[at].start, -told[at].end, told[at].element))
    return [(span, found[at][3], whose[at]) for span, at in zip(numbered(told), order, strict=True)]


def _found(answers: np.ndarray, breaks: np.ndarray, heads: Heads, decoding: Decoding) -> list[tuple[str, int, int, list[float]]]:
    """Return element, first and last token and signs of each span; an inner voice counts only inside another."""
    out: list[tuple[str, int, int, list[float]]] = []
    for layer in LAYERS:
        tags = log_softmax(answers[:, heads.slices[f"tags.{layer}"]])
        shifted = tags.copy()
        shifted[:, 0] -= decoding.bias.get(layer, 0.0)
        element = "voice" if layer == INNER else layer
        for first, last in best_spans(shifted, breaks):
            if layer == INNER and not any(e == "voice" and a <= first and last <= b and (a, b) != (first, last) for e, a, b, _ in out):
                continue
            out.append((element, first, last, signs(tags, first, last, element)))
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
    answers: np.ndarray,
    means: np.ndarray,
    places: Sequence[tuple[int, int]],
    encoded: Encoded,
    heads: Heads,
    cast: Cast,
    spans: Sequence[Span],
) -> list[tuple[Actor | None, float]]:
    """Return the person of each span: whom its query fits best, among those mentioned whose role goes with its speaker, and whoever writes;
    with how much more likely that is than all others, a chance.
    """
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
    author = means[:, heads.slices["person.author"]]
    first, last = np.array(places).T
    before = (first[:, None] - mentions[None, :, 1]).clip(0)
    after = (mentions[None, :, 0] - last[:, None]).clip(0)
    far = np.log1p(before / NEAR) + BEHIND * np.log1p(after / NEAR)
    logits = np.concatenate([author, means[:, heads.slices["person.query"]] @ named[:, heads.slices["person.key"]].T - FAR * far], 1)
    each = np.exp(log_softmax(logits))
    chances = np.zeros((len(spans), len(people)))
    np.add.at(chances.T, np.concatenate([[0], owner]), each.T)
    out: list[tuple[Actor | None, float]] = []
    for row, span in zip(chances, spans, strict=True):
        fit = row * np.array([1.0 if one.speaker == span.speaker else 1 / (SURE if one.sure else UNSURE) for one in people])
        best = people[int(fit.argmax())]
        # the child in focus may stand nowhere in the note: "Wants to go home."
        unnamed = span.speaker == "child" and best.speaker not in ("child", "other") and cast.focus is not None
        out.append((cast.focus if unnamed else best, float(fit.max() / max(float(row.sum()), 1e-9))))
    return out


def _links(means: np.ndarray, places: Sequence[tuple[int, int]], heads: Heads, spans: Sequence[Span]) -> list[tuple[str, ...]]:
    """Return for each span the temporary ids of the voices that it answers; only an influence has any."""
    import numpy as np

    voices = [at for at, span in enumerate(spans) if span.element == "voice"]
    out: list[tuple[str, ...]] = [()] * len(spans)
    for at, span in enumerate(spans):
        if span.element != "influence" or not voices:
            continue
        products = means[voices][:, heads.slices["answers.key"]] @ means[at, heads.slices["answers.query"]]
        first, last = places[at]
        before = np.array([max(0, first - places[voice][1]) for voice in voices])
        after = np.array([max(0, places[voice][0] - last) for voice in voices])
        far = np.log1p(before / NEAR) + BEHIND * np.log1p(after / NEAR)
        logits = np.concatenate([means[at, heads.slices["answers.none"]], products - ANSWERED * far])
        each = np.exp(log_softmax(logits))
        if each[1:].max() >= each[0]:
            best = each[1:].max()
            out[at] = tuple(spans[voice].span_id for voice, chance in zip(voices, each[1:], strict=True) if chance >= ALSO * best)
    return out
