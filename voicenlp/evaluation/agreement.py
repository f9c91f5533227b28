"""How far two annotators agree: on where spans are, and on what they are.

Agreement on spans is F1, which needs no count of the spans that nobody marked; on the attributes of matched spans it is Krippendorff's
alpha, which corrects for chance (Krippendorff 2019, *Content Analysis*, chapter 12). Attributes of which a span may carry several have
one alpha a label (carried or not) and their mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from voicenlp.errors import InputError, UsageError
from voicenlp.evaluation.matching import match_spans
from voicenlp.evaluation.metrics import evaluate, paired
from voicenlp.evaluation.mistakes import Mistake
from voicenlp.evaluation.results import Row, Scores, plain, to_json
from voicenlp.io.annotations import Record
from voicenlp.records import Span

__all__ = ["Agreement", "Alpha", "agree", "krippendorff_alpha"]

_NAMES = {"missed": "only in A", "spurious": "only in B", "merged": "two in A, one in B", "split": "one in A, two in B"}
_SEVERAL = ("expression", "themes")
_ONE = {"voice": ("channel", "verbatim", "via", "challenge"), "space": ("given", "how"), "influence": ("outcome",)}


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha of an attribute on matched spans.

    Attributes
    ----------
    value : float or None
        1 for full agreement, 0 for what chance would give, below 0 for worse; the mean of ``labels`` where there are any. None where
        it is not defined: no matched spans, or one value alone in use.
    units : int
        Matched spans that carry the attribute.
    labels : dict
        Label to the alpha of "carries it or not"; empty for attributes of one value.
    """

    value: float | None
    units: int
    labels: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """Result of `agree`.

    Attributes
    ----------
    scores : Scores
        Spans of B measured against A; F1 is the same the other way round, precision and recall change places.
    alphas : dict
        Attribute to `Alpha`.
    disagreements : tuple of Mistake
        As of an evaluation, ``gold`` for A and ``pred`` for B, with kinds that take no side.
    only_a, only_b : tuple of str
        Records that only one of the two has; they are left out.
    """

    scores: Scores
    alphas: dict[str, Alpha]
    disagreements: tuple[Mistake, ...] = field(repr=False)
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()

    @property
    def kinds(self) -> dict[str, int]:
        """Number of disagreements of each kind, the most frequent first."""
        return dict(Counter(one.kind for one in self.disagreements).most_common())

    def remarks(self) -> list[str]:
        """Say in plain lines what a reader of the figures has to know."""
        return [
            f"{len(ids)} records stand only in {name} and were left out"
            for name, ids in (("A", self.only_a), ("B", self.only_b))
            if ids
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dictionaries, lists, numbers and text; floats rounded to six places."""
        return plain(self, kinds=self.kinds, remarks=self.remarks())

    def to_json(self, indent: int | None = 2) -> str:
        """Return `to_dict` as JSON."""
        return to_json(self.to_dict(), indent)

    def table(self) -> list[Row]:
        """Return span scores and alphas as rows; of an alpha, ``gold`` is the number of matched spans."""
        out = [row for row in self.scores.table() if row.part == "spans"]
        for name, alpha in self.alphas.items():
            out.append(
                Row("alpha", name, "mean of labels" if alpha.labels else "alpha", alpha.value, None, None, None, None, alpha.units, None)
            )
            for label, value in alpha.labels.items():
                out.append(Row("alpha", name, f"label {label}", value, None, None, None, None, alpha.units, None))
        return out


def agree(a: Iterable[Record], b: Iterable[Record], bootstrap: int = 0, seed: int = 0) -> Agreement:
    """Measure how far two annotations of the same records agree.

    Parameters
    ----------
    a, b : iterable of Record
        Paired by ``note_id``; records that only one has are left out, and named in the result.
    bootstrap, seed : int
        As for `evaluate`, for the intervals of the span scores.

    Returns
    -------
    Agreement

    Raises
    ------
    InputError
        If the texts of a record differ, an id stands twice, or the two have no record in common.
    UsageError
        If the package ``krippendorff`` is not installed.

    Examples
    --------
    >>> def voice(start, end, speaker): return Span("voice", start, end, speaker, expression=("view",), themes=("home",))
    >>> text = "Mum likes it. Dad does not. Tia is sad."
    >>> a = [Record("n1", text, (voice(4, 12, "parent"), voice(18, 26, "parent"), voice(32, 38, "child")))]
    >>> b = [Record("n1", text, (voice(4, 12, "parent"), voice(18, 26, "parent"), voice(32, 38, "child")))]
    >>> found = agree(a, b)
    >>> found.scores.spans["voice"]["exact"].f1, found.alphas["speaker"].value
    (1.0, 1.0)
    """
    b = list(b)
    pairs, only_a, only_b = paired(b, a)
    if not pairs:
        raise InputError("no records to compare")
    common = [(one, other) for one, other in pairs if other is not None]
    result = evaluate([other for _, other in common], [one for one, _ in common], bootstrap=bootstrap, seed=seed)
    matched = [
        (one.spans[match.gold], other.spans[match.pred]) for one, other in common for match in match_spans(one.spans, other.spans, "iou")
    ]
    return Agreement(result.scores, _alphas(matched), tuple(_neutral(one) for one in result.mistakes), only_a, only_b)


def krippendorff_alpha(first: Sequence[object], second: Sequence[object]) -> float | None:
    """Return Krippendorff's alpha of two annotators on nominal values, unit by unit.

    Returns
    -------
    float or None
        None where alpha is not defined: fewer than two values in use.

    Raises
    ------
    UsageError
        If the package ``krippendorff`` is not installed.

    Examples
    --------
    >>> round(krippendorff_alpha(["child", "child", "parent", "parent"], ["child", "child", "parent", "child"]), 4)
    0.5333
    """
    try:
        import krippendorff
    except ImportError:
        raise UsageError("agreement needs the package krippendorff: pip install krippendorff") from None
    values = list(dict.fromkeys([*first, *second]))
    if len(values) < 2:
        return None
    codes = [[values.index(one) for one in column] for column in (first, second)]
    return float(krippendorff.alpha(reliability_data=codes, level_of_measurement="nominal", value_domain=list(range(len(values)))))


def _alphas(matched: Sequence[tuple[Span, Span]]) -> dict[str, Alpha]:
    out = {"speaker": Alpha(krippendorff_alpha([one.speaker for one, _ in matched], [other.speaker for _, other in matched]), len(matched))}
    voices = [pair for pair in matched if pair[0].element == "voice"]
    for name in _SEVERAL:
        sets = [(set(getattr(one, name)), set(getattr(other, name))) for one, other in voices]
        sets = [pair for pair in sets if pair[0] or pair[1]]
        used = sorted({label for pair in sets for label in pair[0] | pair[1]})
        labels = {label: krippendorff_alpha([label in one for one, _ in sets], [label in other for _, other in sets]) for label in used}
        defined = [value for value in labels.values() if value is not None]
        out[name] = Alpha(sum(defined) / len(defined) if defined else None, len(sets), labels)
    for element, names in _ONE.items():
        pairs = [pair for pair in matched if pair[0].element == element]
        for name in names:
            out[name] = Alpha(krippendorff_alpha(*([getattr(pair[side], name) for pair in pairs] for side in (0, 1))), len(pairs))
    return out


def _neutral(mistake: Mistake) -> Mistake:
    return replace(mistake, kind=_NAMES.get(mistake.kind, mistake.kind.removeprefix("wrong ")))
