"""A researcher who has only ``eval/README.md`` can score their own predictions: its example runs and prints what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "eval" / "README.md").read_text(encoding="utf-8")


def test_the_example_of_scoring_predictions(tmp_path, monkeypatch, capsys):
    from voicenlp.cli import main

    gold, pred = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    (command,) = re.findall(r"```console\n(.*?)```", PAGE, re.S)
    monkeypatch.chdir(tmp_path)
    Path("gold.jsonl").write_text(gold, encoding="utf-8")
    Path("pred.jsonl").write_text(pred, encoding="utf-8")
    monkeypatch.setattr("sys.argv", shlex.split(command))
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    printed = {tuple(line.split()[:3]): line.split() for line in capsys.readouterr().out.splitlines() if len(line.split()) == 10}
    stated = re.search(r"prints, among others,\n\n(.*?)\n\n", PAGE, re.S)[1].splitlines()
    assert len(stated) == 6
    for line in stated[2:]:
        part, name, measure, value, precision, recall, *counts = (cell.strip() for cell in line.strip("|").split("|"))
        row = printed[part, name, measure]
        assert [row[3], *row[6:]] == [value, precision, recall, *counts]
    assert json.loads(Path("figures.json").read_text(encoding="utf-8"))["headline"]["f1"] == pytest.approx(4 / 7, abs=1e-5)


def test_every_command_it_names_is_there():
    import importlib.util

    for module in set(re.findall(r"python -m ([a-z.]+)", PAGE)):
        assert importlib.util.find_spec(module) is not None, module
