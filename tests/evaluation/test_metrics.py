import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicenlp.errors import InputError, UsageError
from voicenlp.evaluation import evaluate
from voicenlp.evaluation.metrics import group_value
from voicenlp.io.annotations import Record
from voicenlp.records import Span
from voicenlp.scheme import default_scheme

TEXT = "x" * 200


def voice(start, end, speaker="child", **more):
    return Span("voice", start, end, speaker, **({"expression": ("view",), "themes": ("home",)} | more))


def one(*spans, note_id="n1", **meta):
    return [Record(note_id, TEXT, tuple(spans), meta)]


def test_worked_example():
    gold = one(voice(0, 10), voice(20, 30, "parent"), voice(40, 50), Span("space", 60, 70, "child", given=True, how="seen"))
    pred = one(
        voice(0, 10), voice(20, 28, "carer"), voice(100, 104), voice(110, 112), Span("space", 60, 70, "child", given=False, how="declined")
    )
    result = evaluate(pred, gold, bootstrap=0)
    spans = result.scores.spans
    # voice: 1 of 3 gold and 4 predicted to the character, 2 at half, 1 of them with the speaker
    assert (spans["voice"]["exact"].right, spans["voice"]["exact"].gold, spans["voice"]["exact"].pred) == (1, 3, 4)
    assert spans["voice"]["exact"].precision == pytest.approx(1 / 4)
    assert spans["voice"]["exact"].recall == pytest.approx(1 / 3)
    assert spans["voice"]["exact"].f1 == pytest.approx(2 / 7)
    assert spans["voice"]["iou"].f1 == pytest.approx(4 / 7)
    assert spans["voice"]["speaker"].f1 == pytest.approx(2 / 7)
    # characters: 10 + 8 in common, 30 gold, 24 predicted
    assert spans["voice"]["characters"].f1 == pytest.approx(36 / 54)
    assert spans["space"]["exact"].f1 == 1.0
    assert spans["all"]["iou"].f1 == pytest.approx(2 * 3 / (4 + 5))
    assert result.headline.f1 == pytest.approx(2 * 2 / (4 + 5))
    assert result.scores.speakers["voice"]["child"].f1 == pytest.approx(2 * 1 / (2 + 3))
    assert result.scores.speakers["voice"]["parent"].f1 == 0.0
    assert result.scores.speakers["voice"]["carer"].f1 is None, "no carer in the gold"
    assert result.scores.attributes["speaker"]["right"].value == pytest.approx(2 / 3)
    assert result.scores.attributes["given"]["right"].value == 0.0
    assert result.confusion == {"child": {"child": 2}, "parent": {"carer": 1}}
    assert result.kinds == {"spurious": 2, "edges": 1, "wrong speaker": 1, "missed": 1, "wrong given": 1, "wrong how": 1}


def test_what_was_not_annotated_is_none_not_zero():
    result = evaluate(one(Span("audience", 0, 5, "child")), one(voice(0, 5)), bootstrap=10)
    audience = result.scores.spans["audience"]["iou"]
    assert (audience.precision, audience.recall, audience.f1, audience.interval, audience.pred) == (None, None, None, None, 1)
    assert result.scores.spans["influence"]["exact"].f1 is None
    assert result.scores.spans["voice"]["iou"].f1 == 0.0
    assert "outcome" not in result.scores.attributes


def test_attributes_the_gold_leaves_open_are_not_counted():
    gold, pred = one(voice(0, 9, expression=(), themes=())), one(voice(0, 9, expression=("wish",)))
    result = evaluate(pred, gold, bootstrap=0)
    assert not {"expression", "themes", "person"} & result.scores.attributes.keys()
    assert result.kinds == {}


def test_attributes_of_matched_spans():
    gold = one(
        voice(0, 9, expression=("wish", "view"), themes=("home",), person="Mum", channel="written", verbatim=True, via="parent"),
        voice(20, 29, expression=("view",), themes=("home", "health"), person="Tia", challenge=True),
        people=[{"name": "Lyn Hall", "also": ["Mum"]}, {"name": "Tia", "also": []}],
    )
    pred = one(
        voice(0, 9, expression=("view", "wish"), themes=("home",), person="Lyn Hall", channel="spoken", verbatim=True),
        voice(20, 29, expression=("feeling", "view"), themes=("health",), person="tia", challenge=False),
    )
    found = evaluate(pred, gold, bootstrap=0).scores.attributes
    assert found["expression"]["exact set"].value == 0.5
    assert found["expression"]["first label"].value == 0.0
    assert found["expression"]["labels"].f1 == pytest.approx(2 * 3 / (3 + 4))
    assert found["expression"]["label view"].f1 == 1.0
    assert found["expression"]["label feeling"].f1 is None
    assert found["themes"]["labels"].recall == pytest.approx(2 / 3)
    assert found["person"]["same name"].value == 0.5
    assert found["person"]["same person"].value == 1.0
    assert found["channel"]["right"].value == 0.5
    assert found["verbatim"]["label yes"].f1 == 1.0
    assert found["via"]["right"].value == 0.5
    assert found["via"]["relayed"].recall == 0.0
    assert found["challenge"]["right"].value == 0.5


def test_links():
    def influence(start, *of, name="i"):
        return Span("influence", start, start + 9, "child", outcome="done", of=of, span_id=name)

    gold = one(voice(0, 9, span_id="a"), voice(20, 29, span_id="b"), voice(40, 49, span_id="c"), influence(60, "a", "b", "c"))
    pred = one(voice(0, 9, span_id="x"), voice(20, 29, span_id="a"), influence(60, "x", name="q"), influence(80, "a", name="r"))
    found = evaluate(pred, gold, bootstrap=0).scores.attributes["links"]
    # between matched spans: gold i→a and i→b, predicted i→a; over all: 3 gold, 2 predicted
    assert (found["between matched"].right, found["between matched"].gold, found["between matched"].pred) == (1, 2, 1)
    assert (found["all"].right, found["all"].gold, found["all"].pred) == (1, 3, 2)


def test_links_of_spans_without_ids_do_not_count():
    gold = one(voice(0, 9), Span("influence", 20, 29, "child", outcome="done"))
    assert "links" not in evaluate(gold, gold, bootstrap=0).scores.attributes


def test_different_texts_name_the_record_and_the_place_but_not_the_text():
    with pytest.raises(InputError) as caught:
        evaluate([Record("n7", "Tia is sad")], [Record("n7", "Tia is glad")])
    assert str(caught.value) == "record 'n7': gold and prediction are of different texts, from character 7 on (11 and 10 characters)"
    with pytest.raises(InputError, match="from character 3 on"):
        evaluate([Record("n7", "abc")], [Record("n7", "abcd")])


def test_missing_and_extra_records():
    gold = one(voice(0, 9)) + one(voice(0, 9), note_id="n2")
    pred = one(voice(0, 9)) + one(voice(0, 9), note_id="n3")
    result = evaluate(pred, gold, bootstrap=0)
    assert (result.missing, result.extra) == (("n2",), ("n3",))
    assert result.headline.recall == 0.5
    assert result.headline.precision == 1.0
    assert result.remarks() == [
        "1 of 2 records have no prediction and count as predicted empty",
        "1 predicted records are not in the gold and were left out",
    ]


def test_nothing_in_common_is_an_error():
    with pytest.raises(InputError, match="no record in common"):
        evaluate(one(note_id="a"), one(note_id="b"))
    with pytest.raises(InputError, match="'a' stands twice in the prediction"):
        evaluate(one(note_id="a") * 2, one(note_id="a"))


def test_no_prediction_at_all():
    result = evaluate([], one(voice(0, 9)), bootstrap=5)
    assert (result.headline.precision, result.headline.recall, result.headline.f1) == (0.0, 0.0, 0.0)
    assert result.calibration is None
    assert result.risk_coverage is None


def test_by_metadata():
    gold = one(voice(0, 9), note_id="w1/1", record_type="visit", focus_child={"age": 4})
    gold += one(voice(0, 9), note_id="w1/2", record_type="call", focus_child={"age": 17})
    gold += one(note_id="w2/1")
    pred = one(voice(0, 9), note_id="w1/1") + one(voice(50, 60), note_id="w1/2") + one(note_id="w2/1")
    groups = evaluate(pred, gold, by=("record_type", "age_band", "writer"), bootstrap=20).groups
    assert {value: scores.headline.f1 for value, scores in groups["record_type"].items()} == {"call": 0.0, "visit": 1.0, "not known": None}
    assert list(groups["age_band"]) == ["1 to 4", "16 and 17", "not known"]
    assert {value: scores.records for value, scores in groups["writer"].items()} == {"w1": 2, "w2": 1}


def test_bad_columns():
    gold = one(voice(0, 9), record_type="visit", people=[{"name": "x"}])
    with pytest.raises(UsageError, match="no record has it \\(there are: record_type, age_band, writer\\)"):
        evaluate(gold, gold, by=("ward",))
    with pytest.raises(UsageError, match="holds a list in record 'n1'"):
        evaluate(gold, gold, by=("people",))


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "under 1"), (0.9, "under 1"), (1, "1 to 4"), (4, "1 to 4"), (5, "5 to 9"), (15, "10 to 15"), (16, "16 and 17"),
     (18, "18 and over"),
     (None, "not known"), ("5", "not known")],
)  # fmt: skip
def test_age_bands(age, band):
    assert group_value(Record("n", "", meta={"age": age}), "age_band") == band


def test_intervals_hold_the_value_and_come_again_with_the_seed():
    gold = [record for number in range(40) for record in one(voice(0, 9), note_id=str(number))]
    pred = [record for number in range(40) for record in one(*[voice(0, 9)] * (number % 2), note_id=str(number))]
    first, again = (evaluate(pred, gold, bootstrap=400, seed=1).headline for _ in range(2))
    assert first == again
    low, high = first.recall_interval
    assert 0.3 < low < 0.4 and 0.6 < high < 0.7, "half of 40 records: 0.5 ± 1.96 · 0.079"
    assert first.precision_interval == (1.0, 1.0)


def test_result_as_json_and_rows():
    gold = one(voice(0, 9, score=0.5), record_type="visit") + one(note_id="n2", record_type="call")
    result = evaluate(gold, gold, by=("record_type",), bootstrap=10)
    data = json.loads(result.to_json())
    assert data["headline"]["f1"] == 1.0
    assert data["scores"]["spans"]["space"]["iou"]["f1"] is None
    assert data["calibration"]["ece"] == 0.5
    rows = result.table()
    assert rows[0][:4] == ("spans", "voice", "exact", 1.0)
    assert {row.part for row in rows} == {"spans", "speakers", "attributes", "record_type=call", "record_type=visit"}
    assert TEXT[:20] not in result.to_json()


def test_mistakes_hold_offsets_and_no_names():
    gold = one(voice(0, 9, person="Tia"), voice(20, 40), voice(60, 70), voice(72, 80), voice(100, 120), Span("audience", 130, 140, "child"))
    pred = one(voice(0, 9, person="Zak"), voice(35, 60), voice(58, 80), voice(100, 110), voice(110, 119), voice(130, 140))
    result = evaluate(pred, gold, bootstrap=0)
    assert [(one.kind, one.gold, one.pred, one.expected, one.found) for one in result.mistakes] == [
        ("wrong person", (0, 9), (0, 9), "", ""),
        ("boundary", (20, 40), (35, 60), "", ""),
        ("boundary", (60, 70), (58, 80), "", ""),
        ("merged", (72, 80), (58, 80), "child", ""),
        ("edges", (100, 120), (100, 110), "", ""),
        ("split", (100, 120), (110, 119), "", "child"),
        ("wrong element", (130, 140), (130, 140), "audience", "voice"),
    ]
    assert "Zak" not in result.to_json()


def random_record(rng, name):
    """Spans that do not overlap, at least two characters apart."""
    scheme, spans, position = default_scheme(), [], 0
    while position < 180:
        position += rng.randint(2, 12)
        end = position + rng.randint(1, 12)
        element = rng.choice(["voice", "voice", "space", "influence"])
        words = {"expression": tuple(rng.sample(list(scheme.expressions), 2)), "themes": (rng.choice(list(scheme.themes)),)}
        words = words if element == "voice" else {"given": True} if element == "space" else {"outcome": "done"}
        spans.append(Span(element, position, end, rng.choice(["child", "parent", "carer"]), score=rng.random(), **words))
        position = end
    return Record(name, "x" * 220, tuple(spans))


def disturbed(rng, record):
    out = []
    for span in record.spans:
        choice = rng.random()
        if choice < 0.2:
            continue
        if choice < 0.4 and span.end - span.start > 1:
            span = replace(span, end=span.end - 1)
        if choice > 0.8:
            span = replace(span, speaker="parent")
        if choice > 0.9 and span.element == "voice":
            span = replace(span, expression=("priority",), themes=("health", "home"))
        out.append(span)
    return replace(record, spans=tuple(out))


@pytest.fixture(scope="module")
def corpus():
    rng = random.Random(5)
    gold = [random_record(rng, f"n{number}") for number in range(30)]
    return gold, [disturbed(rng, record) for record in gold]


def test_against_nervaluate(corpus):
    nervaluate = pytest.importorskip("nervaluate")
    gold, pred = corpus

    def entities(records, name):
        # nervaluate's ends are inclusive
        return [[{"label": name(span), "start": span.start, "end": span.end - 1} for span in record.spans] for record in records]

    ours = evaluate(pred, gold, bootstrap=0).scores
    elements = ["voice", "space", "influence"]
    theirs = nervaluate.Evaluator(
        entities(gold, lambda s: s.element), entities(pred, lambda s: s.element), tags=elements, loader="dict"
    ).evaluate()
    for element in elements:
        strict = theirs["entities"][element]["strict"]
        mine = ours.spans[element]["exact"]
        assert (mine.right, mine.gold, mine.pred) == (strict.correct, strict.possible, strict.actual)
        assert (mine.precision, mine.recall, mine.f1) == pytest.approx((strict.precision, strict.recall, strict.f1))
    strict = theirs["overall"]["strict"]
    assert ours.spans["all"]["exact"].f1 == pytest.approx(strict.f1)
    # Disturbed ends lose one character of two or more: every overlap is at least half, so "type" of nervaluate is our IoU.
    assert ours.spans["all"]["iou"].right == theirs["overall"]["ent_type"].correct

    tags = [f"{element}:{role}" for element in elements for role in ("child", "parent", "carer")]
    typed = nervaluate.Evaluator(
        entities(gold, lambda s: f"{s.element}:{s.speaker}"), entities(pred, lambda s: f"{s.element}:{s.speaker}"), tags=tags, loader="dict"
    ).evaluate()
    assert ours.headline.right == typed["overall"]["ent_type"].correct
    assert (ours.headline.gold, ours.headline.pred) == (typed["overall"]["ent_type"].possible, typed["overall"]["ent_type"].actual)
    for element in elements:
        for role in ("child", "parent", "carer"):
            assert ours.speakers[element][role].right == typed["entities"][f"{element}:{role}"]["ent_type"].correct


def test_against_scikit_learn(corpus):
    metrics = pytest.importorskip("sklearn.metrics")
    gold, pred = corpus
    ours = evaluate(pred, gold, bootstrap=0).scores

    def marks(records, element):
        flags = []
        for record in records:
            line = [0] * len(record.text)
            for span in record.spans:
                if span.element == element:
                    line[span.start : span.end] = [1] * (span.end - span.start)
            flags += line
        return flags

    for element in ("voice", "space", "influence"):
        wanted = metrics.precision_recall_fscore_support(marks(gold, element), marks(pred, element), average="binary")[:3]
        found = ours.spans[element]["characters"]
        assert (found.precision, found.recall, found.f1) == pytest.approx(wanted)

    # Starts are never disturbed, so spans that begin together are the matched ones.
    matched = [
        (one, other)
        for first, second in zip(gold, pred, strict=True)
        for other in second.spans
        for one in first.spans
        if one.start == other.start
    ]
    speakers = [one.speaker for one, _ in matched], [other.speaker for _, other in matched]
    assert ours.attributes["speaker"]["right"].value == pytest.approx(metrics.accuracy_score(*speakers))
    for name, labels in (("expression", default_scheme().expressions), ("themes", default_scheme().themes)):
        voices = [(set(getattr(one, name)), set(getattr(other, name))) for one, other in matched if one.element == "voice"]
        tables = [[[label in pair[side] for label in labels] for pair in voices] for side in (0, 1)]
        assert ours.attributes[name]["labels"].f1 == pytest.approx(metrics.f1_score(*tables, average="micro"))
        assert ours.attributes[name]["exact set"].value == pytest.approx(metrics.accuracy_score(*tables))
        each = metrics.f1_score(*tables, average=None, zero_division=0)
        for label, value in zip(labels, each, strict=True):
            score = ours.attributes[name].get(f"label {label}")
            if score is not None and score.gold:
                assert score.f1 == pytest.approx(value)


span = st.builds(
    lambda element, start, length, speaker, labels, score: Span(
        element, start, start + length, speaker, score=score,
        **{"voice": {"expression": tuple(labels), "themes": ("home",)}, "space": {"given": True, "how": "seen"}}.get(element, {}),
    ),
    st.sampled_from(["voice", "space", "audience"]), st.integers(0, 60), st.integers(1, 30), st.sampled_from(["child", "parent"]),
    st.lists(st.sampled_from(["wish", "view"]), min_size=1, max_size=2, unique=True), st.floats(0, 1),
)  # fmt: skip
records = st.lists(st.lists(span, max_size=6), min_size=1, max_size=3).map(
    lambda lists: [Record(f"n{number}", TEXT, tuple(spans)) for number, spans in enumerate(lists)]
)


@settings(max_examples=100, deadline=None)
@given(records)
def test_gold_against_itself_is_perfect(gold):
    result = evaluate([replace(record, spans=record.spans[::-1]) for record in gold], gold, bootstrap=5)
    assert {row.value for row in result.table()} <= {1.0, None}
    assert result.mistakes == ()


@settings(max_examples=100, deadline=None)
@given(records, records)
def test_f1_takes_no_side(gold, pred):
    pred = [replace(record, note_id=f"n{number}") for number, record in enumerate(pred[: len(gold)])]
    gold = gold[: len(pred)]
    one, other = evaluate(pred, gold, bootstrap=0).scores, evaluate(gold, pred, bootstrap=0).scores
    for element, measures in one.spans.items():
        for name in ("exact", "iou", "characters"):
            mine, yours = measures[name], other.spans[element][name]
            assert (mine.right, mine.gold, mine.pred) == (yours.right, yours.pred, yours.gold)
        assert measures["exact"].right <= measures["iou"].right
        assert measures["speaker"].right <= measures["iou"].right
