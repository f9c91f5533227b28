"""The corpus is sound, and the checker finds what is not."""

from __future__ import annotations

import pytest

from eval.corpus import check as corpus


def test_the_corpus_has_no_faults():
    faults, counts = corpus.check()
    assert faults == []
    assert counts["train"]["words"] > counts["test"]["words"] > 30_000


def test_tags_that_break_the_scheme_are_found(tmp_path):
    path = tmp_path / "01.txt"
    path.write_text('He <v s="child" p="Kai" e="wish">wants to stay</v>.', encoding="utf-8")
    assert "lacks an expression or a theme" in corpus.check_record(path)[2][0]
    path.write_text('He <v s="aunt" e="wish" t="home">wants to stay</v>.', encoding="utf-8")
    assert corpus.check_record(path)[2]
    path.write_text('He <v s="child" e="wish" t="home">wants\nto stay</v>.', encoding="utf-8")
    assert "line end" in corpus.check_record(path)[2][0]


def test_a_record_copied_into_another_split_is_found():
    text = " ".join(f"word{n}" for n in range(40))
    copied = {("train", "train/a/01"): text, ("test", "test/b/01"): "Other words first. " + text[100:]}
    copied["test", "test/b/02"] = "quite other words"
    found = corpus.shared_runs(copied)
    assert {other for others in found.values() for other in others} | set(found) == {("train", "train/a/01"), ("test", "test/b/01")}


def test_it_loads_with_datasets_and_as_docbin(tmp_path):
    datasets = pytest.importorskip("datasets")
    import spacy
    from spacy.tokens import DocBin

    from eval.corpus.export import export

    counts = export(tmp_path)
    files = {"test": str(tmp_path / "test.jsonl")}
    loaded = datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "cache"), split="test")
    assert len(loaded) == counts["test"]
    first = loaded[0]
    span = first["spans"][0]
    assert first["text"][span["start"] : span["end"]].strip()
    docs = list(DocBin().from_disk(tmp_path / "test.spacy").get_docs(spacy.blank("en").vocab))
    assert [doc.text for doc in docs][:3] == loaded["text"][:3]
    assert any(len(doc.spans["voice"]) for doc in docs)


def test_an_annotation_of_another_text_is_found():
    gold = {"s11/01": "quite another text"}
    faults = corpus.check_double(gold)
    assert "double/a/s11/01: its text is not that of the gold" in faults


def test_the_datasheet_says_what_is_counted():
    from eval.corpus import counts

    datasheet = (corpus.ROOT / "README.md").read_text(encoding="utf-8")
    assert counts.tables() in datasheet
