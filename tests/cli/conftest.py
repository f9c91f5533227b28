import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import voicenlp
from voicenlp.cli import main

NOTES = [
    ("n1", "c1", "2025-04-02", "Kai said he wants to go home."),
    ("n2", "c1", "2025-07-09", "Mum said Kai hates his school. I saw Kai alone."),
    ("n3", "c2", "2025-05-01", "Ava told me she feels safe with her nan."),
]


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def lines(self):
        return self.err.splitlines()


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """An empty working folder, no settings from the machine, and a purpose for every run."""
    for name in list(os.environ):
        if name.upper().startswith("VOICENLP_") and name != "VOICENLP_MODEL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("VOICENLP_PURPOSE", "testing")
    monkeypatch.setenv("PYTHONPATH", str(Path(voicenlp.__file__).parents[1]))  # commands run in other processes are of the same copy
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(monkeypatch, capsys):
    """Run the command line in this process."""

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["voicenlp", *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Answer(ended.value.code, out, err)

    return run


@pytest.fixture
def program():
    """The command line in a process of its own, as a list of arguments to begin with."""
    return [sys.executable, "-c", "from voicenlp.cli import main; main()"]


@pytest.fixture
def in_process(program):
    def run(*args, **more):
        done = subprocess.run([*program, *map(str, args)], capture_output=True, text=True, timeout=60, **more)
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def refused(cli):
    """Run a command that must be refused with one clear line; give the line back without the program's name."""

    def run(*args, code=1):
        answer = cli(*args)
        assert answer.code == code, answer
        assert len(answer.lines) == 1 and answer.lines[0].startswith("voicenlp: "), answer.err
        assert "Traceback" not in answer.err and "SECRET" not in answer.err + answer.out
        return answer.lines[0].removeprefix("voicenlp: ")

    return run


def write_csv(path, rows, header=("note_id", "child_id", "date", "text")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def archive(tmp_path):
    return write_csv(tmp_path / "archive.csv", NOTES)


@pytest.fixture
def run_folder(cli, archive, tmp_path):
    assert cli("tag", archive, "--out", "run").code == 0
    return tmp_path / "run"


@pytest.fixture
def a_return(tmp_path):
    """An SSDA903 return of two children."""
    folder = tmp_path / "return"
    folder.mkdir()
    (folder / "header.csv").write_text("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\nc1,1,02/03/2012,WBRI,,,\nc9,2,05/06/2013,WBRI,,,\n")
    (folder / "reviews.csv").write_text("CHILD,DOB,REVIEW,REVIEW_CODE\nc1,02/03/2012,10/07/2025,PN1\nc9,05/06/2013,01/05/2025,PN1\n")
    return folder
