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


def test_accuracy_is_what_the_command_prints():
    from voicenlp.evaluation import evaluate
    from voicenlp.evaluation.predictions import predict
    from voicenlp.io.annotations import read_annotations

    header, figures = re.search(r"^(\| span F1 .*?)\n\|[-|]+\n(\|.*?)$", README, re.M | re.S).groups()
    stated = dict(zip([c.strip() for c in header.strip("|").split("|")], [c.strip() for c in figures.strip("|").split("|")], strict=True))
    gold = read_annotations(ROOT / "eval" / "corpus" / "test")
    rows = evaluate(predict(gold, "rules"), gold, bootstrap=0).table()
    by = {(row.part, row.name, row.measure): row.value for row in rows}
    assert stated.pop("span F1 (IoU ≥ 0.5)") == f"{by['spans', 'voice', 'iou']:.3f}"
    assert stated.pop("… and the right speaker") == f"{by['spans', 'voice', 'speaker']:.3f}"
    assert len(stated) == 7
    for speaker, figure in stated.items():
        assert figure == f"{by['speakers', 'voice', speaker]:.3f}", speaker
