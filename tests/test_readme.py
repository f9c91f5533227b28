"""Every example of the README runs, and every figure in it is what its command prints."""

from __future__ import annotations

import re
import shlex
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with the files that the examples name."""
    demo = Path(str(files("voicenlp"))) / "resources" / "demo"
    for name in ("notes.csv", "people.csv"):
        shutil.copy(demo / name, tmp_path / name)
    shutil.copy(demo / "policy.toml", tmp_path / "policy.toml")
    shutil.copytree(demo / "return", tmp_path / "return")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


def test_python_examples_run(workplace, capsys):
    (block,) = blocks("python")
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
    printed = capsys.readouterr().out
    assert "child ('wish',) rather go swimming" in printed
    assert re.search(r"^\d+ 14$", printed, re.M)
    assert (workplace / "out" / "spans.parquet").is_file()


def test_command_line_examples_run(workplace, capsys, monkeypatch):
    from voicenlp.cli import main

    lines = [line for block in blocks("console") for line in block.splitlines() if line.strip()]
    assert len(lines) >= 6
    for line in lines:
        monkeypatch.setattr("sys.argv", shlex.split(line))
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 0, line
    assert (workplace / "return-with-voice" / "reviews.csv").is_file()
    assert (workplace / "run" / "indicators.csv").is_file()
    assert "unbroken" in capsys.readouterr().out


def stated(first: str) -> dict[str, dict[str, str]]:
    """Return the rows of the table whose second column is called so, by model."""
    header, rows = re.search(rf"^(\| model \| {re.escape(first)} .*?)\n\|[-|]+\n((?:\|.*\n)+)", README, re.M).groups()
    names = [cell.strip() for cell in header.strip("|").split("|")]
    cells = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows.splitlines()]
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in cells}


@pytest.mark.parametrize("model", ["neural", "rules"])
def test_accuracy_is_what_the_command_prints(model):
    from voicenlp.evaluation import evaluate
    from voicenlp.evaluation.predictions import predict
    from voicenlp.io.annotations import read_annotations

    gold = read_annotations(ROOT / "eval" / "corpus" / "test")
    rows = evaluate(predict(gold, model), gold, bootstrap=0).table()
    by = {(row.part, row.name, row.measure): row.value for row in rows}
    # int8 rounds a little otherwise on another processor
    near = pytest.approx if model == "rules" else lambda value, abs: pytest.approx(value, abs=0.006)
    main = {name: float(figure) for name, figure in stated("span F1 (IoU ≥ 0.5)")[model].items()}
    assert main.pop("span F1 (IoU ≥ 0.5)") == near(by["spans", "voice", "iou"], abs=0.0006)
    assert main.pop("… and the right speaker") == near(by["spans", "voice", "speaker"], abs=0.0006)
    assert len(main) == 7
    for speaker, figure in main.items():
        assert figure == near(by["speakers", "voice", speaker], abs=0.0006), speaker
    rest = {name: float(figure) for name, figure in stated("space F1")[model].items()}
    for name, key in {
        "space F1": ("spans", "space", "iou"),
        "audience F1": ("spans", "audience", "iou"),
        "influence F1": ("spans", "influence", "iou"),
        "expressions all right": ("attributes", "expression", "exact set"),
        "labels of themes F1": ("attributes", "themes", "labels"),
        "channel right": ("attributes", "channel", "right"),
        "own words right": ("attributes", "verbatim", "right"),
        "relayed voices found, F1": ("attributes", "via", "relayed"),
    }.items():
        assert rest[name] == near(by[key], abs=0.0006), name
