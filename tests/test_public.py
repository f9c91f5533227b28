"""What others rely on: the public names, quick imports, the layers, no network, memory that does not grow with the archive."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import voicenlp as vn

ROOT = Path(vn.__file__).parents[1]
TEXT = "Kai said he wants to go home. Mum said she is worried about the noise at night."


def python(code, *arguments, **more):
    environ = {name: value for name, value in os.environ.items() if not name.upper().startswith("VOICENLP_")}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env=environ | {"PYTHONPATH": str(ROOT), "VOICENLP_MODEL": "rules"}, **more,
    )  # fmt: skip


def test_every_public_name_is_there_and_explained():
    assert len(vn.__all__) == len(set(vn.__all__)) and set(vn.__all__) <= set(dir(vn))
    for name in vn.__all__:
        assert (getattr(vn, name).__doc__ or "").strip(), name
    for name in ("load", "tag", "indicators", "attach", "read_ssda903", "evaluate"):  # those of the contract
        assert callable(getattr(vn, name))
    with pytest.raises(AttributeError, match="has no attribute 'tagg'"):
        vn.tagg  # noqa: B018


def test_import_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, time; began = time.perf_counter(); import voicenlp; took = time.perf_counter() - began; import json\n"
        "print(json.dumps([took, [name for name in sys.modules if name.split('.')[0] in"
        " ('spacy', 'pyarrow', 'pydantic', 'rich', 'numpy', 'pandas', 'duckdb', 'sklearn', 'typer', 'torch')]]))"
    )
    took, heavy = min(json.loads(python(code).stdout) for _ in range(3))
    print(f"import voicenlp: {took:.3f} s")
    assert heavy == [] and took < 0.3


@pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="the contracts stand in the source tree's pyproject.toml")
def test_import_contracts_are_kept():
    pytest.importorskip("importlinter")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(config_filename='pyproject.toml', no_cache=True))"
    done = python(code, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def archive(path, count, text=TEXT):
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("note_id,child_id,date,text\n")
        for n in range(count):
            file.write(f"n{n},c{n % 50},2025-04-02,Visit {n}. {text}\n")
    return path


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_socket_is_opened(tmp_path, workers):
    # Python tells its audit hooks of every socket that is made, wherever that is done; a pipe between own processes is none of the network
    code = """
import os, sys

def watch(event, args):
    if event.startswith("socket.") and not (event == "socket.__new__" and args[1] == 1):
        os.write(2, f"{event} {args[1:]}".encode())
        os._exit(77)

sys.addaudithook(watch)
if __name__ == "__main__":
    from voicenlp.cli import main
    main()
"""
    script = tmp_path / "watched.py"  # a file, so that the workers run the watch as well
    script.write_text(code)
    archive(tmp_path / "in.csv", 600)
    (tmp_path / "in.csv").open("a").write("last,c1,2025-04-02,\n")
    done = subprocess.run(
        [sys.executable, str(script), "tag", "in.csv", "--out", "run", "--purpose", "testing", "--workers", workers],
        capture_output=True, text=True, timeout=120, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert json.loads((tmp_path / "run" / "run.json").read_text())["counts"]["notes"] == 600


def test_the_watch_on_sockets_sees_one():
    code = (
        "import os, sys; sys.addaudithook(lambda event, args: event == 'socket.__new__' and os._exit(77)); import socket; socket.socket()"
    )
    assert python(code).returncode == 77


MEASURED = """
import resource, sys
if sys.argv[3] == "plain":  # a tagger that costs next to nothing, so that long texts can be sent through
    from voicenlp.engines import base
    from voicenlp.records import Span

    class Plain:
        def tag(self, note, people=()):
            return [Span("voice", 0, 5, "child", "Kai", expression=("wish",), themes=("home",), tagger="plain")], [], []

    base.open_tagger = lambda _, threads: Plain()
import voicenlp
voicenlp.tag(sys.argv[1], sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage")
@pytest.mark.parametrize(("tagger", "text"), [("plain", TEXT + " x" * 5000), ("rules", TEXT)])
def test_memory_does_not_grow_with_the_archive(tmp_path, tagger, text):
    peaks = {}
    for count in (1000, 5000):
        source = archive(tmp_path / f"{count}.csv", count, text)
        done = python(MEASURED, source, tmp_path / f"run{count}", tagger, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        peaks[count] = int(done.stdout) / 2**20
    print(f"peak memory with {tagger}: {peaks[1000]:.0f} MiB at 1,000 notes, {peaks[5000]:.0f} MiB at 5,000")
    assert peaks[5000] - peaks[1000] < 20  # the long texts of 4,000 more notes are 40 MB


def test_load_and_read_as_the_contract_shows():
    nlp = vn.load()
    doc = nlp("Tia said she'd rather go swimming. Mum feels she is settled.")
    assert [(span._.speaker, span._.expression) for span in doc.spans["voice"]] == [("child", ("wish",)), ("parent", ("view",))]


def test_from_notes_to_the_return(tmp_path):
    folder = tmp_path / "return"
    folder.mkdir()
    (folder / "header.csv").write_text("CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\nc1,1,02/03/2012,WBRI,,,\nc9,2,05/06/2013,WBRI,,,\n")
    run = vn.tag([{"note_id": "n1", "child_id": "c1", "date": "2025-04-02", "text": TEXT}], out=tmp_path / "out", workers=1)
    table = vn.indicators(run, by=["child_id", "quarter"])
    assert table.column("child_id").to_pylist() == ["c1"]
    linked = vn.attach(run, vn.read_ssda903(folder))
    assert linked.tables["header"].column("voice_link").to_pylist() == ["linked", "child not in the notes"]
    assert vn.attach(table, vn.read_ssda903(folder)).tables["header"].num_rows == 2
