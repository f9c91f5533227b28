"""The ladder runs from end to end, and the table in the README is what its figures say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eval.ladder.__main__ import CORPUS, PAGE, RESULTS, main
from eval.ladder.quotes import QuoteTagger
from eval.ladder.results import corpus_hash, read_results, replace_between, table
from eval.ladder.spancat import candidates, edges_of
from voicenlp.errors import InputError
from voicenlp.records import Note


def test_it_runs_from_end_to_end(tmp_path, capsys):
    pytest.importorskip("skops")
    before = RESULTS.read_bytes()
    assert main(["--quick", "--rungs", "quotes,rules,linear,spancat", "--out", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "ladder.json").read_text(encoding="utf-8"))
    assert list(results["rungs"]) == ["quotes", "rules", "linear", "spancat"]
    for name, rung in results["rungs"].items():
        voice = rung["figures"]["spans"]["voice"]
        assert 0 <= voice["speaker"]["f1"] <= voice["iou"]["f1"] <= 1, name
        assert voice["exact"]["f1"] <= voice["iou"]["f1"]
        assert voice["iou"]["interval"][0] <= voice["iou"]["f1"] <= voice["iou"]["interval"][1]
        assert rung["words_per_second"] > 0 and rung["train_seconds"] >= 0
    assert results["rungs"]["rules"]["figures"]["spans"]["voice"]["iou"]["f1"] > 0.2
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert table(results) in page
    assert RESULTS.read_bytes() == before  # a quick run touches no figures
    printed = capsys.readouterr().out
    assert re.search(r"linear: [\d.]+ s to make, [\d.]+ s to tag", printed)


def test_the_table_is_what_the_figures_say():
    page = PAGE.read_text(encoding="utf-8")
    assert f"<!-- ladder -->\n{table(read_results(RESULTS))}\n<!-- /ladder -->" in page


def test_the_figures_name_what_they_were_measured_on():
    results = read_results(RESULTS)
    assert re.fullmatch(r"[0-9a-f]{64}", results["corpus"]["sha256"])
    assert results["machine"]["cores"] >= 1
    assert {"quotes", "rules", "linear", "spancat"} <= set(results["rungs"])
    for rung in results["rungs"].values():
        assert "voicenlp" in rung["versions"] and "python" in rung["versions"]
        low, high = rung["figures"]["spans"]["voice"]["speaker"]["interval"]
        assert low < rung["figures"]["spans"]["voice"]["speaker"]["f1"] < high


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--rungs", "rules,magic"], "no rung called magic"), (["--rungs", "neural", "--neural", ""], "needs --neural DIR")],
)
def test_wrong_use_is_one_line(arguments, words, capsys):
    assert main(["--quick", *arguments]) == 1
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1


def test_the_hash_changes_with_a_letter_and_not_with_the_place(tmp_path):
    for name in ("a", "b"):
        folder = tmp_path / name / "train" / "s1"
        folder.mkdir(parents=True)
        (folder / "01.txt").write_text("Seen alone.", encoding="utf-8")
    first = corpus_hash(tmp_path / "a")
    assert corpus_hash(tmp_path / "b") == first
    Path(tmp_path, "b", "train", "s1", "01.txt").write_text("Seen alone!", encoding="utf-8")
    assert corpus_hash(tmp_path / "b") != first
    assert (CORPUS / "test").is_dir()


def test_a_page_without_markers_is_refused():
    assert replace_between("a\n<!-- x -->\nold\n<!-- /x -->\nb", "x", r"new \1") == "a\n<!-- x -->\nnew \\1\n<!-- /x -->\nb"
    with pytest.raises(InputError, match="no markers"):
        replace_between("a page", "x", "new")


def spans(text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.speaker) for span in QuoteTagger().tag(Note("n", text))[0]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mum said that she is tired.", [("she is tired", "parent")]),
        ('Dad said "I want to see him".', [("I want to see him", "parent")]),
        ("“I hate it here.”", [("I hate it here", "child")]),
        ("Tia doesn't like school and isn't sleeping.", []),  # apostrophes are no quotation marks, and nobody "said" it
        ("", []),
    ],
)
def test_quotation_marks_and_said(text, found):
    assert spans(text) == found


def test_candidates_begin_and_end_at_edges_within_a_sentence():
    import spacy

    nlp = spacy.blank("en")
    shown = [nlp.make_doc("Mum said nobody listens . Tia wants a dog .")] * 3
    edges = edges_of((doc, [(2, 4), (6, 9)]) for doc in shown)
    assert edges == {"first": {"nobody", "wants"}, "before": {"said", "tia"}, "after": {"."}}
    doc = nlp.make_doc("Dad said nobody came .\nTia left .")
    assert [doc[a:b].text for a, b in candidates(doc, edges)] == ["nobody came", "left"]
