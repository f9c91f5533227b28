from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicenlp.errors import UsageError
from voicenlp.evaluation.matching import covered, match_spans
from voicenlp.records import Span


def voices(*edges):
    return [Span("voice", start, end, "child") for start, end in edges]


def pairs(gold, pred, basis="iou", **more):
    return [(match.gold, match.pred) for match in match_spans(gold, pred, basis, **more)]


def test_bases():
    gold = voices((0, 10), (20, 30), (40, 50), (60, 70))
    pred = voices((0, 10), (20, 25), (44, 60), (69, 80))
    assert pairs(gold, pred, "exact") == [(0, 0)]
    assert pairs(gold, pred, "iou") == [(0, 0), (1, 1)], "5 of 10 characters is half; 6 of 20 and 1 of 20 are not"
    assert pairs(gold, pred, "overlap") == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert pairs(gold, pred, "iou", threshold=0.3) == [(0, 0), (1, 1), (2, 2)]


def test_touching_is_not_overlapping():
    assert pairs(voices((0, 5)), voices((5, 9)), "overlap") == []


def test_only_within_an_element():
    assert pairs([Span("voice", 0, 5)], [Span("space", 0, 5)], "overlap") == []


def test_greedy_would_lose():
    # Taking the largest overlap first (8 of gold 0 with pred 1) would leave gold 1 and pred 0 alone; 7 + 6 is more than 8.
    gold, pred = voices((0, 15), (15, 21)), voices((0, 7), (7, 21))
    assert pairs(gold, pred, "overlap") == [(0, 0), (1, 1)]


def test_equal_extent_is_told_apart_by_speaker_then_the_rest():
    gold = [Span("voice", 0, 9, "child"), Span("voice", 0, 9, "parent")]
    assert pairs(gold, gold[::-1]) == [(0, 1), (1, 0)]
    gold = [Span("voice", 0, 9, "child", themes=("home",)), Span("voice", 0, 9, "child", themes=("health",))]
    assert pairs(gold, gold[::-1]) == [(0, 1), (1, 0)]


def test_nested_spans_match_their_own_twin():
    gold = voices((0, 20), (2, 20), (4, 20))
    assert pairs(gold, [gold[2], gold[0], gold[1]]) == [(0, 1), (1, 2), (2, 0)]


def test_bad_settings():
    with pytest.raises(UsageError, match="unknown basis"):
        match_spans([], [], "fuzzy")
    with pytest.raises(UsageError, match="threshold 0"):
        match_spans([], [], "iou", threshold=0)


def test_covered_counts_a_character_once():
    assert covered(voices((0, 3), (2, 5)), "voice") == {0, 1, 2, 3, 4}


span = st.builds(lambda element, start, length: Span(element, start, start + length, "child"),
                 st.sampled_from(["voice", "space"]), st.integers(0, 20), st.integers(1, 12))  # fmt: skip
few = st.lists(span, max_size=4)


def best_total(gold, pred):
    """Greatest total overlap over every one-to-one assignment, by trying all."""

    def overlap(one, other):
        return max(0, min(one.end, other.end) - max(one.start, other.start)) if one.element == other.element else 0

    small, large = sorted((gold, pred), key=len)
    return max(sum(overlap(one, other) for one, other in zip(small, order, strict=False)) for order in permutations(large))


@settings(max_examples=300, deadline=None)
@given(few, few)
def test_matching_is_one_to_one_and_the_best(gold, pred):
    found = match_spans(gold, pred, "overlap")
    assert len({match.gold for match in found}) == len({match.pred for match in found}) == len(found)
    assert sum(match.overlap for match in found) == best_total(gold, pred)


@settings(max_examples=200, deadline=None)
@given(few, few)
def test_matching_takes_no_side(gold, pred):
    for basis in ("exact", "iou", "overlap"):
        assert len(match_spans(gold, pred, basis)) == len(match_spans(pred, gold, basis))


@given(st.lists(span, max_size=12))
def test_everything_matches_itself(spans):
    assert {(match.iou, match.overlap) for match in match_spans(spans, spans[::-1])} <= {(1.0, span.end - span.start) for span in spans}
    assert len(match_spans(spans, spans[::-1])) == len(spans)
