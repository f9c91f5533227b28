import json
import sys

import pytest

from voicenlp.errors import InputError, UsageError
from voicenlp.evaluation import agree
from voicenlp.evaluation.agreement import krippendorff_alpha
from voicenlp.io.annotations import Record
from voicenlp.records import Span

TEXT = "x" * 200


def voice(start, end, speaker="child", expression=("view",), themes=("home",)):
    return Span("voice", start, end, speaker, expression=expression, themes=themes)


def one(*spans, note_id="n1"):
    return [Record(note_id, TEXT, tuple(spans))]


def test_alpha_by_hand():
    # Coincidences: o(aa) = 4, o(bb) = 2, o(ab) = 2; n = 8, n_a = 5, n_b = 3: 1 - 7 · 2 / (2 · 5 · 3) = 0.5333
    assert krippendorff_alpha("aabb", "aaba") == pytest.approx(1 - 7 * 2 / 30)
    assert krippendorff_alpha("abab", "baba") == pytest.approx(1 - 7 * 8 / 32)
    assert krippendorff_alpha("aaaa", "aaaa") is None, "one value in use: chance can't be told"
    assert krippendorff_alpha("", "") is None


def test_alpha_on_matched_spans():
    a = one(voice(0, 9), voice(20, 29), voice(40, 49, "parent"), voice(60, 69, "parent"), voice(80, 89))
    b = one(voice(0, 8), voice(20, 29), voice(40, 49, "parent"), voice(60, 69, "child"), voice(100, 109))
    found = agree(a, b)
    assert (found.alphas["speaker"].value, found.alphas["speaker"].units) == (pytest.approx(1 - 7 * 2 / 30), 4)
    assert found.scores.spans["voice"]["exact"].f1 == pytest.approx(2 * 3 / 10)
    assert found.scores.spans["voice"]["iou"].f1 == pytest.approx(2 * 4 / 10)
    assert found.scores.spans["voice"]["characters"].f1 == pytest.approx(2 * 35 / (45 + 44))
    assert found.kinds == {"edges": 1, "speaker": 1, "only in A": 1, "only in B": 1}
    assert found.alphas["channel"].value is None


def test_several_labels_have_an_alpha_each():
    a = one(*(voice(20 * i, 20 * i + 9, expression=e) for i, e in enumerate([("wish",), ("wish", "view"), ("view",), ("view",)])))
    b = one(*(voice(20 * i, 20 * i + 9, expression=e) for i, e in enumerate([("wish",), ("wish",), ("view",), ("wish",)])))
    found = agree(a, b).alphas["expression"]
    # wish: 1100 against 1101, one of four differs, five carry it; view: 0111 against 0010, two of four differ, four carry it
    assert found.labels == {"view": pytest.approx(1 - 7 * 4 / 32), "wish": pytest.approx(1 - 7 * 2 / 30)}
    assert found.value == pytest.approx((1 - 7 / 8 + 1 - 7 / 15) / 2)


def test_records_of_one_alone_are_left_out_and_said():
    found = agree(one(voice(0, 9)) + one(voice(0, 9), note_id="a"), one(voice(0, 9)) + one(voice(0, 9), note_id="b"))
    assert (found.only_a, found.only_b, found.scores.records) == (("a",), ("b",), 1)
    assert found.scores.headline.f1 == 1.0
    assert found.remarks() == ["1 records stand only in A and were left out", "1 records stand only in B and were left out"]


def test_it_does_not_matter_who_is_first():
    a = one(voice(0, 9), voice(20, 29, "parent"), voice(30, 40))
    b = one(voice(0, 5), voice(20, 29), voice(50, 60))
    there, back = agree(a, b), agree(b, a)
    assert there.alphas == back.alphas
    assert there.scores.spans["all"]["iou"].f1 == back.scores.spans["all"]["iou"].f1


def test_bad_input():
    with pytest.raises(InputError, match="different texts"):
        agree([Record("n", "a")], [Record("n", "b")])
    with pytest.raises(InputError, match="no record in common"):
        agree(one(note_id="a"), one(note_id="b"))
    with pytest.raises(InputError, match="no records"):
        agree([], [])


def test_missing_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(UsageError, match="pip install krippendorff"):
        agree(one(voice(0, 9)), one(voice(0, 9)))


def test_rows_and_json():
    found = agree(one(voice(0, 9), voice(20, 29, "parent")), one(voice(0, 9), voice(20, 29, "parent")))
    assert json.loads(found.to_json())["alphas"]["speaker"]["value"] == 1.0
    assert ("alpha", "speaker", "alpha", 1.0) in [row[:4] for row in found.table()]
