"""The linear tagger learns from a handful of records, comes back from disk as it was, and lets nothing strange in."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from voicenlp.errors import ModelError, UsageError
from voicenlp.evaluation import evaluate
from voicenlp.io.annotations import Record, parse_inline
from voicenlp.records import Note
from voicenlp.taggers.linear import LinearTagger, fit_linear
from voicenlp.taggers.models import describe_model, open_tagger
from voicenlp.taggers.rows import Columns, word_rows, words_of
from voicenlp.taggers.weights import best_bias
from voicenlp.text.reading import read

skops = pytest.importorskip("skops.io")

NAMES = ("Tia", "Kai", "Leo", "Ava", "Sam", "Mia")
SAID = (
    ("is scared of the dark", "feeling", "emotions"),
    ("wants to live with her nan", "wish", "home"),
    ("hates maths", "feeling", "education"),
    ("wants to see Dad more", "wish", "family_time"),
    ("is worried about her tablets", "feeling", "health"),
)


def records() -> list[Record]:
    """Thirty small records: a chance, what the child said, what Mum thinks."""
    out = []
    for at, name in enumerate(NAMES):
        for words, kind, theme in SAID:
            marked = (
                f'<s s="child" p="{name}" g="yes" how="seen_alone">{name} was seen alone</s>. {name} '
                f'<v s="child" p="{name}" e="{kind}" t="{theme}">{words}</v>. '
                f'Mum said <v s="parent" p="Mum" e="view" t="services">nobody listens</v>.'
            )
            text, spans = parse_inline(marked)
            out.append(Record(f"{name}/{at}-{theme}", text, spans))
    return out


@pytest.fixture(scope="module")
def tagger() -> LinearTagger:
    return fit_linear(records())


def test_it_learns_what_it_was_shown(tagger):
    gold = records()
    pred = [Record(r.note_id, r.text, tuple(tagger.tag(Note(r.note_id, r.text))[0])) for r in gold]
    result = evaluate(pred, gold, bootstrap=0)
    assert result.headline.f1 > 0.95
    assert result.scores.spans["space"]["iou"].f1 > 0.9


def test_it_carries_over_to_a_name_it_never_saw(tagger):
    text = "Zofia was seen alone. Zofia wants to see Dad more. Mum said nobody listens."
    spans = tagger.tag(Note("n", text))[0]
    found = {(span.element, text[span.start : span.end], span.speaker, span.person) for span in spans}
    assert ("voice", "wants to see Dad more", "child", "Zofia") in found
    assert ("voice", "nobody listens", "parent", "Mum") in found
    assert ("space", "Zofia was seen alone", "child", "Zofia") in found
    assert [span.span_id for span in spans] == [f"s{n}" for n in range(1, len(spans) + 1)]
    assert all(0 < span.score <= 1 and span.tagger == "linear" for span in spans)


def test_it_comes_back_as_it_was(tagger, tmp_path):
    tagger.save(tmp_path / "model")
    again = open_tagger(tmp_path / "model")
    assert again.name == "linear"
    for record in records()[:6]:
        note = Note(record.note_id, record.text + "\nLeo hates maths and is scared, says Mum.")
        assert again.tag(note) == tagger.tag(note)
    described = describe_model(str(tmp_path / "model"))
    assert (described.name, described.kind, len(described.sha256)) == ("model", "linear", 64)
    assert not any(name.endswith((".pkl", ".pickle")) for name in zipfile.ZipFile(tmp_path / "model" / "model.skops").namelist())


def test_a_run_with_a_model_from_a_folder(tagger, tmp_path):
    from voicenlp.engines.tagging import tag

    tagger.save(tmp_path / "mine")
    note = {"note_id": "n1", "text": "Zofia was seen alone. Zofia wants to see Dad more."}
    run = tag([note], out=tmp_path / "out", model=str(tmp_path / "mine"))
    assert run.info["model"]["name"] == "mine"
    assert "linear" in run.spans["tagger"].to_pylist()
    assert str(tmp_path) not in (tmp_path / "out" / "audit.log").read_text(encoding="utf-8")


def test_an_empty_note_and_one_without_words(tagger):
    assert tagger.tag(Note("n", ""))[0] == []
    assert tagger.tag(Note("n", " \n\t "))[0] == []


def test_nothing_to_learn_from():
    with pytest.raises(UsageError, match="no record holds a span"):
        fit_linear([Record("n1", "I visited.")])


class Stranger:
    """A type that has no place in a model."""


def test_strange_types_are_refused(tagger, tmp_path):
    tagger.save(tmp_path)
    skops.dump({**tagger.model, "more": Stranger()}, tmp_path / "model.skops")
    with pytest.raises(ModelError, match=r"do not belong into a model: .*Stranger"):
        open_tagger(tmp_path)


@pytest.mark.parametrize("key", ["columns", "elements"])
def test_a_model_that_lacks_a_part_is_refused(tagger, tmp_path, key):
    tagger.save(tmp_path)
    skops.dump({name: value for name, value in tagger.model.items() if name != key}, tmp_path / "model.skops")
    with pytest.raises(ModelError, match="is no linear model"):
        open_tagger(tmp_path)


def test_weights_of_another_shape_are_refused(tagger, tmp_path):
    tagger.save(tmp_path)
    skops.dump({**tagger.model, "columns": np.arange(3, dtype=np.uint32)}, tmp_path / "model.skops")
    with pytest.raises(ModelError, match="is no linear model"):
        open_tagger(tmp_path)


def test_a_damaged_file_is_refused(tagger, tmp_path):
    tagger.save(tmp_path)
    (tmp_path / "model.skops").write_bytes(b"PK not an archive")
    with pytest.raises(ModelError, match="can't be read"):
        open_tagger(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scheme": "0.0-other"}, "made for version '0.0-other' of the scheme"),
        ({"form": 99}, "features of version 99"),
    ],
)
def test_a_model_for_something_else_is_refused(tagger, tmp_path, change, words):
    tagger.save(tmp_path)
    manifest = Path(tmp_path, "manifest.json")
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **change}))
    with pytest.raises(ModelError, match=words):
        open_tagger(tmp_path)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(ModelError):
        open_tagger(tmp_path)
    (tmp_path / "manifest.json").write_text('{"kind": "linear", "form": 1}')
    with pytest.raises(ModelError):
        LinearTagger.load(tmp_path)


def test_features_that_stand_once_are_not_kept():
    notes = [words_of(read(Note(f"n{n}", text)), []) for n, text in enumerate(("Mum is tired", "Mum is cross"))]
    rows = [word_rows(words) for words in notes]
    columns = Columns.seen(rows)
    matrix = columns.matrix(rows)
    assert matrix.shape == (6, len(columns.codes))
    # "Mum" at the start of both notes has the same features but for the words to its right that differ
    assert (matrix[0] != matrix[3]).nnz == 0
    assert matrix[2].sum() == matrix[5].sum() > 0


def test_a_rare_element_gets_the_bias_it_needs():
    scores = np.log(np.array([[0.9, 0.025, 0.025, 0.025, 0.025], [0.6, 0.05, 0.05, 0.05, 0.25]]))
    breaks = np.array([True, False])
    assert best_bias(scores, breaks, [(1, 1)]) == 1.0  # log(0.6 / 0.25) is 0.88: the next half above
    assert best_bias(scores, breaks, []) <= 0
