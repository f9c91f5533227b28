import numpy as np
import pytest

from voicenlp.errors import InputError
from voicenlp.evaluation.calibration import calibrate, risk_coverage


def test_reliability_by_hand():
    found = calibrate([0.1, 0.3, 0.6, 0.8], [False, True, True, True], bins=2)
    # bins {0.1, 0.3} and {0.6, 0.8}: mean 0.2 against 0.5, mean 0.7 against 1
    assert [(one.low, one.high, one.count, one.right) for one in found.bins] == [(0.1, 0.3, 2, 0.5), (0.6, 0.8, 2, 1.0)]
    assert found.ece == pytest.approx(0.3)
    assert found.brier == pytest.approx((0.01 + 0.49 + 0.16 + 0.04) / 4)


def test_equal_scores_stay_together():
    found = calibrate([1.0] * 30 + [0.5], [True] * 15 + [False] * 15 + [True])
    assert [one.count for one in found.bins] == [31]
    assert sum(one.count for one in calibrate(list(np.linspace(0, 1, 997)), [True] * 997).bins) == 997


def test_bins_are_of_equal_mass():
    scores = np.random.default_rng(0).beta(5, 1, 1000)
    assert {one.count for one in calibrate(list(scores), [True] * 1000).bins} == {100}


def test_a_calibrated_score_has_a_small_error_and_an_overconfident_one_has_not():
    rng = np.random.default_rng(0)
    scores = rng.random(20_000)
    right = rng.random(20_000) < scores
    assert calibrate(list(scores), list(right)).ece < 0.02
    assert calibrate([1.0] * 20_000, list(right)).ece == pytest.approx(0.5, abs=0.02)


def test_against_scikit_learn():
    sklearn = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(3)
    scores = rng.random(1000)
    right = rng.random(1000) < scores**2
    found = calibrate(list(scores), list(right))
    share, mean = sklearn.calibration_curve(right, scores, n_bins=10, strategy="quantile")
    assert [one.right for one in found.bins] == pytest.approx(list(share), abs=0.011)
    assert [one.score for one in found.bins] == pytest.approx(list(mean), abs=0.011)


def test_risk_coverage_by_hand():
    curve = risk_coverage([0.9, 0.7, 0.7, 0.2], [True, True, False, False], gold=4)
    assert [(point.threshold, point.kept, point.coverage) for point in curve.points] == [(0.9, 1, 0.25), (0.7, 3, 0.75), (0.2, 4, 1.0)]
    assert [point.risk for point in curve.points] == pytest.approx([0, 1 / 3, 1 / 2])
    assert [point.recall for point in curve.points] == [0.25, 0.5, 0.5]
    assert curve.area == pytest.approx((0 * 1 + 1 / 3 * 2 + 1 / 2 * 1) / 4)


def test_long_curves_are_thinned_but_keep_their_ends():
    scores = list(np.linspace(0, 1, 5000))
    curve = risk_coverage(scores, [score > 0.5 for score in scores])
    assert len(curve.points) <= 100
    assert (curve.points[0].kept, curve.points[-1].kept) == (1, 5000)


def test_nothing_and_nonsense():
    assert calibrate([], []) is None
    assert risk_coverage([], []) is None
    for bad in ([1.2], [-0.1], [float("nan")]):
        with pytest.raises(InputError, match="not between 0 and 1"):
            calibrate(bad, [True])
    with pytest.raises(InputError, match="2 scores but 1 outcomes"):
        calibrate([0.1, 0.2], [True])
