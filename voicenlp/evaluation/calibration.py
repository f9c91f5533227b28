"""Whether a score means what it says: reliability, calibration error, and what abstaining below a threshold would buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voicenlp.errors import InputError

__all__ = ["Bin", "Calibration", "CoveragePoint", "RiskCoverage", "calibrate", "risk_coverage"]


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table.

    Attributes
    ----------
    low, high : float
        Least and greatest score in the bin.
    count : int
        Predicted spans in the bin.
    score, right : float
        Mean score, and share of the spans that were right, both in [0, 1]. Calibrated scores make the two equal.
    """

    low: float
    high: float
    count: int
    score: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Reliability of scores.

    Attributes
    ----------
    count : int
        Predicted spans.
    ece : float
        Expected calibration error: mean gap of score and share right over the bins, weighted by count, in [0, 1].
    brier : float
        Mean squared gap of score and outcome, in [0, 1].
    bins : tuple of Bin
        By rising score, of about equal count; equal scores are never parted.
    """

    count: int
    ece: float
    brier: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """What remains if only spans with at least this score are kept.

    Attributes
    ----------
    threshold : float
    kept : int
        Predicted spans with that score or a higher one.
    coverage : float
        Share of the predicted spans that is kept.
    risk : float
        Share of the kept spans that is wrong.
    recall : float or None
        Share of the gold spans that is found by a kept span; None without gold spans.
    """

    threshold: float
    kept: int
    coverage: float
    risk: float
    recall: float | None


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Risk–coverage curve.

    Attributes
    ----------
    area : float
        Mean risk over all coverages (AURC), in [0, 1]; lower is better.
    points : tuple of CoveragePoint
        By falling threshold; the last keeps every span.
    """

    area: float
    points: tuple[CoveragePoint, ...]


def calibrate(scores: Sequence[float], right: Sequence[bool], bins: int = 10) -> Calibration | None:
    """Compare scores with outcomes in bins of equal mass.

    Parameters
    ----------
    scores : sequence of float
        Probability that each prediction is right, in [0, 1].
    right : sequence of bool
        Whether it was.
    bins : int
        Most bins to make; fewer where scores are tied.

    Returns
    -------
    Calibration or None
        None without predictions.

    Raises
    ------
    InputError
        If the two differ in length or a score is not in [0, 1].

    Examples
    --------
    >>> found = calibrate([0.2, 0.2, 0.8, 0.8], [False, True, True, True], bins=2)
    >>> [(one.count, one.score, one.right) for one in found.bins], round(found.ece, 3)
    ([(2, 0.2, 0.5), (2, 0.8, 1.0)], 0.25)
    """
    score, outcome = _sorted(scores, right)
    count = len(score)
    if not count:
        return None
    # A bin ends at the last of a run of equal scores that holds its quantile.
    wanted = [round(count * number / bins) for number in range(1, bins + 1)]
    ends = sorted({int(np.searchsorted(score, score[end - 1], side="right")) for end in wanted if end > 0})
    rows = []
    for start, end in zip([0, *ends], ends, strict=False):
        part, hits = score[start:end], outcome[start:end]
        rows.append(Bin(float(part[0]), float(part[-1]), end - start, float(part.mean()), float(hits.mean())))
    ece = sum(row.count * abs(row.score - row.right) for row in rows) / count
    return Calibration(count, float(ece), float(((score - outcome) ** 2).mean()), tuple(rows))


def risk_coverage(scores: Sequence[float], right: Sequence[bool], gold: int = 0, points: int = 100) -> RiskCoverage | None:
    """Follow the risk of the kept predictions as the threshold falls.

    Parameters
    ----------
    scores, right
        As for `calibrate`.
    gold : int
        Gold spans, for recall.
    points : int
        Most points to report, evenly spread over the coverage; the area is always over all.

    Returns
    -------
    RiskCoverage or None
        None without predictions.

    Examples
    --------
    >>> curve = risk_coverage([0.9, 0.8, 0.1], [True, True, False], gold=4)
    >>> [(point.threshold, point.kept, round(point.risk, 2), point.recall) for point in curve.points]
    [(0.9, 1, 0.0, 0.25), (0.8, 2, 0.0, 0.5), (0.1, 3, 0.33, 0.5)]
    """
    score, outcome = _sorted(scores, right)
    count = len(score)
    if not count:
        return None
    score, hits = score[::-1], np.cumsum(outcome[::-1])
    last = np.append(np.flatnonzero(np.diff(score)), count - 1)  # a threshold keeps all or none of the spans with equal scores
    risks = 1 - hits[last] / (last + 1)
    area = float((risks * np.diff(last, prepend=-1)).sum() / count)
    shown = last if len(last) <= points else last[np.unique(np.linspace(0, len(last) - 1, points).round().astype(int))]
    rows = (
        CoveragePoint(
            float(score[i]), int(i) + 1, (int(i) + 1) / count, float(1 - hits[i] / (i + 1)), float(hits[i] / gold) if gold else None
        )
        for i in shown
    )
    return RiskCoverage(area, tuple(rows))


def _sorted(scores: Sequence[float], right: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    score, outcome = np.asarray(scores, dtype=float), np.asarray(right, dtype=float)
    if score.shape != outcome.shape:
        raise InputError(f"{len(score)} scores but {len(outcome)} outcomes")
    if len(score) and not (np.isfinite(score).all() and score.min() >= 0 and score.max() <= 1):
        raise InputError("a score is not between 0 and 1")
    order = np.argsort(score, kind="stable")
    return score[order], outcome[order]
