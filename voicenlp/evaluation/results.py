"""What an evaluation says: frozen results that turn into dictionaries, JSON and rows of a table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from voicenlp.evaluation.calibration import Calibration, RiskCoverage
from voicenlp.evaluation.mistakes import Mistake

__all__ = ["Evaluation", "Row", "Score", "Scores", "Share"]

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 from counts.

    All three are None where the gold holds nothing of the kind: what was not annotated can't be measured. Without predictions, precision
    is 0.

    Attributes
    ----------
    right, gold, pred : int
        Found rightly, in the gold, predicted (spans, characters or labels).
    precision, recall, f1 : float or None
        In [0, 1].
    precision_interval, recall_interval, interval : tuple of float or None
        95 % percentile interval of each (the last of F1) over bootstrap samples of records; None if not asked for or too few records.

    Examples
    --------
    >>> Score.of(3, 4, 6)
    Score(right=3, gold=4, pred=6, precision=0.5, recall=0.75, f1=0.6, precision_interval=None, recall_interval=None, interval=None)
    """

    right: int
    gold: int
    pred: int
    precision: float | None
    recall: float | None
    f1: float | None
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None
    interval: Interval | None = None

    @classmethod
    def of(
        cls, right: int, gold: int, pred: int, intervals: tuple[Interval | None, Interval | None, Interval | None] | None = None
    ) -> Score:
        """Make the score of counts; ``intervals`` are those of precision, recall and F1."""
        if not gold:
            return cls(right, gold, pred, None, None, None)
        return cls(right, gold, pred, right / pred if pred else 0.0, right / gold, 2 * right / (gold + pred), *(intervals or ()))

    @property
    def value(self) -> float | None:
        """F1."""
        return self.f1


@dataclass(frozen=True, slots=True)
class Share:
    """Share of matched spans of which an attribute is right.

    Attributes
    ----------
    right, of : int
        Matched spans that are right, and all that carry the attribute in the gold.
    value : float or None
        In [0, 1]; None without any.
    interval : tuple of float or None
        95 % percentile interval over bootstrap samples of records.
    """

    right: int
    of: int
    value: float | None
    interval: Interval | None = None


class Row(NamedTuple):
    """One line of the table; None where there is nothing to say."""

    part: str
    name: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    precision: float | None
    recall: float | None
    gold: int
    pred: int | None


@dataclass(frozen=True)
class Scores:
    """All measures of one set of records.

    Attributes
    ----------
    records : int
    spans : dict
        Element, or ``all``, to ``exact``, ``iou`` (at least 0.5), ``characters`` and ``speaker`` (``iou``, and the speaker is right).
    speakers : dict
        Element, or ``all``, to role to the score of ``speaker`` for that role.
    attributes : dict
        Attribute to measure, on spans matched at IoU 0.5. ``label x`` is the score of one value.
    """

    records: int
    spans: dict[str, dict[str, Score]]
    speakers: dict[str, dict[str, Score]]
    attributes: dict[str, dict[str, Score | Share]]

    @property
    def headline(self) -> Score:
        """Score of spans with their speaker, over all elements."""
        return self.spans["all"]["speaker"]

    def table(self) -> list[Row]:
        """Return the measures as rows."""
        return [_row(part, name, measure, score) for part, name, measure, score in self._walk()]

    def _walk(self) -> Iterator[tuple[str, str, str, Score | Share]]:
        for name, measures in self.spans.items():
            for measure, score in measures.items():
                yield "spans", name, measure, score
        for name, roles in self.speakers.items():
            for role, score in roles.items():
                yield "speakers", name, role, score
        for name, mixed in self.attributes.items():
            for measure, either in mixed.items():
                yield "attributes", name, measure, either


@dataclass(frozen=True)
class Evaluation:
    """Result of `evaluate`.

    Attributes
    ----------
    scores : Scores
        Of all records of the gold.
    groups : dict
        Column to value to the scores of the records with that value.
    missing : tuple of str
        Records of the gold without a prediction; they count as predicted empty.
    extra : tuple of str
        Predicted records that the gold does not have; they are left out.
    confusion : dict
        Gold speaker to predicted speaker to number of matched spans.
    calibration : Calibration or None
        Of the spans' scores against "matched at IoU 0.5 and the speaker right"; None without predictions.
    risk_coverage : RiskCoverage or None
    mistakes : tuple of Mistake
        In the order of the gold.
    bootstrap, seed : int
        Samples drawn for the intervals, and the seed of the draw.
    """

    scores: Scores
    groups: dict[str, dict[str, Scores]]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    confusion: dict[str, dict[str, int]]
    calibration: Calibration | None
    risk_coverage: RiskCoverage | None
    mistakes: tuple[Mistake, ...] = field(repr=False)
    bootstrap: int = 0
    seed: int = 0

    @property
    def headline(self) -> Score:
        """Score of spans with their speaker at IoU 0.5, over all elements and records."""
        return self.scores.headline

    @property
    def kinds(self) -> dict[str, int]:
        """Number of mistakes of each kind, the most frequent first."""
        return dict(Counter(one.kind for one in self.mistakes).most_common())

    def remarks(self) -> list[str]:
        """Say in plain lines what a reader of the figures has to know."""
        out = []
        if self.missing:
            out.append(f"{len(self.missing)} of {self.scores.records} records have no prediction and count as predicted empty")
        if self.extra:
            out.append(f"{len(self.extra)} predicted records are not in the gold and were left out")
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dictionaries, lists, numbers and text; floats rounded to six places."""
        return plain(self, headline=asdict(self.headline), kinds=self.kinds, remarks=self.remarks())

    def to_json(self, indent: int | None = 2) -> str:
        """Return `to_dict` as JSON."""
        return to_json(self.to_dict(), indent)

    def table(self) -> list[Row]:
        """Return all measures as rows: of all records, then the spans of each group (``part`` is then ``column=value``)."""
        out = self.scores.table()
        for column, values in self.groups.items():
            for value, scores in values.items():
                out += [row._replace(part=f"{column}={value}") for row in scores.table() if row.part == "spans"]
        return out


def plain(result: Any, **more: Any) -> dict[str, Any]:
    """Return a frozen result, with more entries, as plain dictionaries, lists, numbers and text; floats rounded to six places."""
    rounded: dict[str, Any] = _plain(asdict(result) | more)
    return rounded


def to_json(data: dict[str, Any], indent: int | None = 2) -> str:
    """Return plain data as JSON; a NaN, which JSON does not have, is an error."""
    return json.dumps(data, ensure_ascii=False, indent=indent, allow_nan=False)


def _row(part: str, name: str, measure: str, score: Score | Share) -> Row:
    low, high = score.interval or (None, None)
    if isinstance(score, Share):
        return Row(part, name, measure, score.value, low, high, None, None, score.of, None)
    return Row(part, name, measure, score.f1, low, high, score.precision, score.recall, score.gold, score.pred)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return round(value, 6) if isinstance(value, float) else value
