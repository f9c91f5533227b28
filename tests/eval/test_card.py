"""A card says first whom a model serves worse, quotes no record that it must not, and its figures are those of the run."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from eval import card
from eval.corpus.groups import groups_of
from eval.ladder.results import corpus_hash
from voicenlp.errors import InputError
from voicenlp.evaluation import evaluate
from voicenlp.evaluation.results import Score
from voicenlp.io.annotations import Record, write_annotations
from voicenlp.records import Span

SECTIONS = [
    "Read first: which children does it serve worse?", "In short", "Model details", "Intended use", "Out of scope and forbidden", "Factors",
    "Metrics", "Training data", "Evaluation data", "Quantitative analyses", "Ethical considerations", "Caveats and known failures",
    "How to make this card again",
]  # fmt: skip


def record(name: str, word: str, notes: str, age: int = 12, kind: str = "home visit") -> Record:
    """Three voices of a child, eleven letters and a word long."""
    text = "\n".join([f"Tia said she likes {word} a lot."] * 3)
    starts = [match.start() for match in re.finditer("likes", text)]
    spans = [
        Span("voice", at, at + len(f"likes {word}"), "child", "Tia", expression=("view",), themes=("leisure",), span_id=f"v{number}")
        for number, at in enumerate(starts, 1)
    ]
    meta = {"record_type": kind, "author_role": "social worker", "focus_child": {"name": "Tia", "age": age, "notes": notes}, "people": []}
    return Record(name, text, tuple(spans), meta)


@pytest.fixture
def corpus(tmp_path):
    """Twenty-five records of disabled children and as many others to test on; two unaccompanied among the first; four of dev."""
    worse = [record(f"s1/{n:02}", "xylophone", "disabled" + (", uasc" if n < 2 else "")) for n in range(25)]
    rest = [record(f"s2/{n:02}", "xylophone", "none", age=7, kind="email") for n in range(25)]
    write_annotations([*worse, *rest], tmp_path / "corpus" / "test", "inline")
    write_annotations([record(f"s3/{n:02}", "marmalade", "disabled") for n in range(4)], tmp_path / "corpus" / "dev", "inline")
    return tmp_path / "corpus"


@pytest.fixture
def unfair(monkeypatch):
    """A model that takes disabled children for their parents and reads all others rightly."""

    def predict(records, model):
        def read(one):
            disabled = "disabled" in one.meta["focus_child"]["notes"]
            return tuple(replace(span, speaker="parent", score=0.4) if disabled else replace(span, score=0.9) for span in one.spans)

        return [Record(one.note_id, one.text, read(one)) for one in records]

    monkeypatch.setattr(card, "predict", predict)


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "ours"
    folder.mkdir()
    manifest = {
        "kind": "neural", "name": "reader", "encoder_sha256": "e1" * 32, "corpus_sha256": "c1" * 32, "scheme": "1.0",
        "settings": {"epochs": 2, "seed": 7}, "versions": {"torch": "9.9.9"}, "heads": {"via": ["secret"]},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "history.json").write_text(json.dumps({"epochs": [{"seconds": 1200}, {"seconds": 2400}]}), encoding="utf-8")
    (folder / "model.onnx").write_bytes(b"x" * 1500)
    return folder


def test_it_says_first_who_is_served_worse(corpus, unfair):
    page = card.make_card("rules", corpus, bootstrap=100)
    assert re.findall(r"^## (.*)", page, re.M) == SECTIONS
    first = page.split("## In short")[0]
    worse, perhaps = first.split("**Perhaps worse")
    assert "reads the records of these groups clearly worse" in worse
    assert (
        "- **disabled children** (25 records): everybody’s voices (75): 0.000 (0.000 to 0.000), **clearly lower**; "
        "the child’s own (75): 0.000 (0.000 to 0.000), **clearly lower**." in worse
    )
    assert "- **children of 10 to 15** (25 records)" in worse
    assert "- **unaccompanied children** (2 records)" in perhaps and "unaccompanied" not in worse
    missing = re.search(r"\*\*Not measured at all\*\*.*: (.*)\.", first)[1].split("; ")
    assert {"care leavers", "every region of England", "children of 16 and 17"} <= set(missing)
    assert re.search(r"\*\*Large enough, and not clearly worse\*\*: children of 5 to 9\.", first)


def test_the_figures_are_those_of_the_run(corpus, unfair):
    page = card.make_card("rules", corpus, bootstrap=100, command="python -m eval.card rules")
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    rows = {line[0]: line for line in lines}
    assert [rows["voice"][n].split()[0] for n in (1, 2, 3, 4, 5)] == ["150", "1.000", "1.000", "1.000", "0.500"]
    assert rows["voice"][6:] == ["0.500", "0.500", "0.000"]  # precision and recall, and F1 on dev
    assert rows["child"][1] == "150" and rows["child"][3:5] == ["1.000", "0.500"]
    assert [rows[name][1:4:2] for name in ("visits", "emails")] == [["25", "0.000 (0.000 to 0.000)"], ["25", "1.000 (1.000 to 1.000)"]]
    assert rows["under 50"][1:3] == ["50", "150"]
    assert rows["wrong speaker"][2:] == ["75", "12"]
    assert "child taken for parent (75)" in page
    # 75 spans with a score of 0.4, all wrong, and 75 with 0.9, all right: a gap of (0.4 + 0.1) / 2
    assert "**0.250** (expected calibration error" in page
    assert rows["0.400 to 0.400"][1:] == ["75", "0.400", "0.000"] and rows["0.900 to 0.900"][1:] == ["75", "0.900", "1.000"]
    assert rows["0.3"][1:] == ["150", "1.000", "0.500", "0.500"] and rows["0.9"][1:] == ["75", "0.500", "0.000", "0.500"]
    assert "0.95" not in rows
    assert corpus_hash(corpus) in page and "`python -m eval.card rules`" in page and re.search(r" on \d{4}-\d\d-\d\d\.", page)


def test_words_of_test_or_of_a_real_corpus_are_never_quoted(corpus, unfair):
    page = card.make_card("rules", corpus, bootstrap=10, fictional=True)
    assert page.count("marmalade”, speaker should be child; found parent") == 3
    assert "xylophone" not in page and "fictional records" in page
    silent = card.make_card("rules", corpus, bootstrap=10)
    assert not re.search("xylophone|marmalade|fictional", silent)


def test_what_the_folder_of_a_model_tells(corpus, unfair, model):
    page = card.make_card(str(model), corpus, bootstrap=10, watts=50)
    assert page.startswith("# Model card: reader\n")
    assert "| encoder sha256 (manifest) | " + "e1" * 32 in page and "| corpus sha256 (manifest) | " + "c1" * 32 in page
    assert "| settings (manifest) | epochs 2; seed 7 |" in page and "torch 9.9.9" in page and "secret" not in page
    assert "| file `model.onnx` | 1,500 bytes |" in page
    assert "3,600 seconds for 2 epochs" in page and "**An estimate, not a measurement:**" in page
    assert "it used 0.05 kWh (3,600 s × 50 W)" in page  # an hour at 50 watts
    (model / "history.json").unlink()
    assert "What training took is not known" in card.make_card(str(model), corpus, bootstrap=10)


def test_the_command_with_a_real_model(corpus, tmp_path, capsys):
    out = tmp_path / "CARD.md"
    assert card.main(["rules", "--corpus", str(corpus), "--bootstrap", "20", "--fictional", "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", page, re.M) == SECTIONS
    assert "`python -m eval.card rules --corpus corpus --bootstrap 20 --watts 100 --fictional`" in page
    assert str(tmp_path) not in page and "{{" not in page and "None" not in page.replace("None:", "").replace("None was", "")
    for words in ("Never score a child", "Never predict risk", "Never judge credibility", "No decision about a person from a tag alone"):
        assert words in page
    assert capsys.readouterr().out == f"written to {out}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["magic"], "no model called 'magic'"),
        (["rules", "--corpus", "nowhere"], "no such file or folder"),
        (["rules", "--bootstrap", "0"], "must be above 0"),
        (["rules", "--watts", "-1"], "must be above 0"),
    ],
)
def test_wrong_use_is_one_line(arguments, words, capsys):
    assert card.main(arguments) == 1
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1


@pytest.mark.parametrize("content", ["{", "[1, 2]", '{"epochs": [{"loss": 1}]}', '{"epochs": null}'])
def test_a_history_that_tells_nothing_is_refused(content, tmp_path):
    (tmp_path / "history.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"history\.json.*no list of epochs"):
        card.training(tmp_path, 100)


def score(right: int, of: int, low: float, high: float) -> Score:
    return Score.of(right, of, of, (None, None, (low, high)))


@pytest.mark.parametrize(
    ("one", "records", "judgement"),
    [
        (score(50, 100, 0.40, 0.59), 40, "worse"),
        (score(50, 100, 0.40, 0.61), 40, "level"),  # the interval includes the overall figure
        (score(90, 100, 0.80, 0.95), 40, "level"),
        (score(50, 100, 0.40, 0.59), 19, "perhaps"),
        (score(20, 49, 0.30, 0.45), 40, "perhaps"),  # too few voices
        (score(90, 100, 0.80, 0.95), 19, "few"),
        (Score.of(50, 100, 100), 40, "perhaps"),  # no interval
        (Score.of(0, 0, 3), 40, "none"),
        (None, 0, "none"),
    ],
)
def test_when_a_group_is_served_worse(one, records, judgement):
    assert card.judge(one, score(600, 1000, 0.57, 0.63), records) == judgement


@pytest.mark.parametrize(
    ("voices", "own", "judgement"),
    [
        ("level", "worse", "worse"),
        ("worse", "none", "worse"),
        ("perhaps", "level", "perhaps"),
        ("level", "few", "few"),
        ("level", "none", "few"),
        ("none", "none", "none"),
    ],
)
def test_the_graver_judgement_counts(voices, own, judgement):
    assert card.Verdict("g", 30, (None, voices), (None, own)).judgement == judgement


@pytest.mark.parametrize(
    ("meta", "groups"),
    [
        ({"focus_child": {"age": 8, "notes": "EAL (Polish); brother with Makaton also seen"}}, {"first language not English"}),
        ({"focus_child": {"age": 12, "notes": "quadriplegic cerebral palsy, uses eye gaze"}}, {"disabled", "does not use speech"}),
        ({"focus_child": {"age": 7, "notes": "brother non-verbal"}}, set()),
        ({"focus_child": {"age": 14, "notes": "siblings A 12, B 9, baby C"}}, {"siblings"}),
        ({"focus_child": {"age": 2, "notes": "parent care leaver"}}, {"early years"}),
        ({"focus_child": {"age": 22, "notes": "care leaver, parent"}}, {"care leaver"}),
        ({"child_groups": ["no_speech", "ethnicity:Polish"], "focus_child": {"age": 9, "notes": "interpreter"}}, {"does not use speech"}),
        ({"child_groups": [], "focus_child": {"age": 9, "notes": "autistic"}}, set()),
        ({"second_person": True}, {"second person"}),
        ({"focus_child": None}, set()),
    ],
)
def test_groups_of_the_child_in_focus(meta, groups):
    assert groups_of(Record("n", "Seen.", meta=meta)) == groups


def test_a_record_that_speaks_to_the_child():
    assert groups_of(Record("n", "You told me that you like swimming.")) == {"second person"}
    assert groups_of(Record("n", "You told me that you like swimming.", meta={"second_person": False})) == set()


@pytest.mark.parametrize(
    ("told", "region"),
    [
        ("South East London", "London"),
        ("South East garrison town", "South East"),
        ("fen market town, Lincolnshire", "East Midlands"),
        ("North Yorkshire moor farm", "Yorkshire and the Humber"),
        ("city (Bristol type)", "South West"),
        ("commuter village", "told, but not which"),
        (None, "not told"),
    ],
)
def test_regions(told, region):
    assert card.region_of({"region": told}) == region


def test_examples_are_short_few_and_from_several_records():
    long = Record("n9", "word " * 80, (Span("voice", 0, 390, "child"),))
    gold = [record(f"n{n}", "jam", "") for n in range(5)] + [long]
    pred = [Record(one.note_id, one.text) for one in gold]
    found = card.examples(evaluate(pred, gold, bootstrap=0), pred, gold)
    assert found == {"missed": ["“Tia said she likes jam a lot.”: marked “likes jam” (voice, child)"] * 3}


def test_an_example_is_cut_at_words_of_its_line():
    text = f"Monday.\n{'before ' * 20}Mum is tired of it{' after' * 20}\nTuesday."
    at = text.index("is tired")
    gold, pred = [Record("n", text, (Span("voice", at, at + 14, "parent"),))], [Record("n", text, (Span("voice", at, at + 14, "carer"),))]
    (line,) = card.examples(evaluate(pred, gold, bootstrap=0), pred, gold)["wrong speaker"]
    assert line.endswith("for “is tired of it”, speaker should be parent; found carer")
    context = line.split("”")[0]
    assert re.fullmatch(r"“…(before )+Mum is tired of it( after)*…", context) and len(context) < 130


def test_what_is_kept_at_a_threshold():
    text = "a b c d"
    gold = [Record("n", text, tuple(Span("voice", at, at + 1, "child") for at in (0, 2, 4)))]
    pred = [
        Record(
            "n", text, (Span("voice", 0, 1, "child", score=0.9), Span("voice", 2, 3, "parent", score=0.6), Span("voice", 6, 7, score=0.6))
        )
    ]
    (low, high) = card.coverage_at(pred, gold, (0.5, 0.7, 0.95))
    assert (low.threshold, low.kept, low.coverage, round(low.risk, 3), round(low.recall, 3)) == (0.5, 3, 1.0, 0.667, 0.333)
    assert (high.threshold, high.kept, round(high.coverage, 3), high.risk, round(high.recall, 3)) == (0.7, 1, 0.333, 0.0, 0.333)
