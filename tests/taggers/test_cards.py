"""Cards hold what was measured, and the one of the rules says what the README says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicenlp.errors import ModelError
from voicenlp.taggers.cards import add_result, card_file, read_card
from voicenlp.taggers.models import models

ROOT = Path(__file__).parents[2]


def test_a_result_takes_the_place_of_an_earlier_one_of_the_same_data_set(tmp_path):
    add_result(tmp_path, "ours", {"f1_span": 0.1})
    add_result(tmp_path, "theirs", {"f1_span": 0.2})
    add_result(tmp_path, "ours", {"f1_span": 0.3})
    assert read_card(tmp_path)["results"] == {"ours": {"f1_span": 0.3}, "theirs": {"f1_span": 0.2}}


@pytest.mark.parametrize("content", ["{", "[]", "3"])
def test_a_broken_card_is_one_line(tmp_path, content):
    card_file(tmp_path).write_text(content)
    with pytest.raises(ModelError) as error:
        read_card(tmp_path)
    assert "\n" not in str(error.value) and "card.json" in str(error.value)


@pytest.mark.parametrize("name", ["neural", "rules"])
def test_a_card_says_what_the_readme_says(name):
    (model,) = [model for model in models() if model.name == name]
    entry = model.measured["corpus test split"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    span, speaker = re.search(rf"^\| `{name}` \| (0\.\d{{3}}) \| (0\.\d{{3}}) \|", readme, re.M).groups()
    assert (f"{entry['f1_span']:.3f}", f"{entry['f1_span_speaker']:.3f}") == (span, speaker)
    assert entry["command"].startswith("voicenlp evaluate")
