import os
import subprocess
import sys
import time

import pytest

from voicenlp import __version__

VERBS = ["tag", "indicators", "attach", "evaluate", "agree", "convert", "models", "audit", "demo", "train", "explain"]


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_quick_and_loads_nothing_heavy(verb):
    code = (  # pydantic: typer itself loads it, to read a verb's options
        "import sys, atexit\n"
        "heavy = ['spacy', 'pyarrow', 'rich', 'duckdb', 'pandas', 'numpy', 'sklearn'] + ['pydantic'] * (sys.argv[1:] == ['--help'])\n"
        "atexit.register(lambda: print('HEAVY', *[name for name in heavy if name in sys.modules], file=sys.stderr))\n"
        "from voicenlp.cli import main; main()"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *verb.split(), "--help"], capture_output=True, text=True, timeout=30)
    took = time.perf_counter() - started
    print(f"voicenlp {verb} --help: {took:.2f} s")
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: voicenlp {verb}".strip())
    assert done.stderr.split() == ["HEAVY"]
    assert took < 2  # 0.5 s is the aim; a shared machine may be busy


def test_version(cli):
    assert cli("--version").out == f"voicenlp {__version__}\n"


def test_as_a_module():
    done = subprocess.run([sys.executable, "-m", "voicenlp", "--version"], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, f"voicenlp {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("fly",), "No such command 'fly'."), (("tag",), "Missing argument 'NOTES'."), (("tag", "a.csv"), "Missing option '--out'.")],
)
def test_wrong_use(refused, arguments, message):
    assert refused(*arguments) == message


def test_nothing_asked_shows_the_help(cli):
    answer = cli()
    assert answer.code == 1 and answer.out.startswith("Usage: voicenlp") and answer.err == ""


def test_reader_that_goes_away(program, run_folder):
    # a pipe that nobody reads any more, as after `head`
    command = subprocess.Popen([*program, "audit", "log", "--audit", "run/audit.log"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    command.stdout.close()
    assert command.stderr.read() == b"" and command.wait(30) == 0


def test_old_code_page(in_process, archive):
    answer = in_process("models", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert answer.code == 0 and "neural" in answer.out and "(default)" in answer.out


@pytest.mark.skipif(sys.platform == "win32", reason="shell redirection")
def test_no_streams_at_all(program, archive, tmp_path):
    command = subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *program, "tag", str(archive), "--out", "run"], timeout=60)
    assert command.returncode == 0 and (tmp_path / "run" / "run.json").is_file()


def test_system_faults_are_one_line(refused, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied", "x.jsonl")

    monkeypatch.setattr("voicenlp.io.formats.convert", fail)
    assert refused("convert", "a", "b", "--from", "jsonl", "--to", "inline") == "x.jsonl: Permission denied"


def test_own_faults_do_not_quote_records(refused, monkeypatch):
    def fail(*_):
        raise KeyError("Kai said SECRET")

    monkeypatch.setattr("voicenlp.io.formats.convert", fail)
    line = refused("convert", "a", "b", "--from", "jsonl", "--to", "inline")
    assert line.startswith("a fault of this program (KeyError in convert.py, line ")


def test_memory(refused, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("voicenlp.io.formats.convert", fail)
    assert refused("convert", "a", "b", "--from", "jsonl", "--to", "inline") == "out of memory; try fewer workers"


def test_progress_in_plain_lines(capsys, monkeypatch):
    from voicenlp.cli import terminal

    monkeypatch.setattr(terminal, "PLAIN_EVERY", 0.0)
    with terminal.progress_of("tagging") as progress:
        progress(0, 100)
        time.sleep(0.01)
        progress(50, 100)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("tagging: 0 of 100 notes") and second.startswith("tagging: 50 of 100 notes, ") and second.endswith(" s left")
