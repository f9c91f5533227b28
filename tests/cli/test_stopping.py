"""A run that is stopped, or killed, leaves nothing that looks finished, and the next run into the folder goes well."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def long_archive(tmp_path):
    rows = (f"n{n},c{n % 50},Kai {n} said he wants to go home. Mum said she is worried about the noise at night.\n" for n in range(40_000))
    path = tmp_path / "long.csv"
    path.write_text("note_id,child_id,text\n" + "".join(rows))
    return path


def begun(program, archive, *more):
    command = subprocess.Popen(
        [*program, "tag", str(archive), "--out", "run", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(600):
        if any(path.name.startswith(".spans.parquet.") for path in Path("run").glob(".*")):
            time.sleep(0.6)
            return command
        assert command.poll() is None, command.communicate()
        time.sleep(0.05)
    raise AssertionError("the run did not begin")


def finished_tables(folder="run"):
    return sorted(path.name for path in Path(folder).iterdir() if path.name.endswith((".parquet", ".json", ".jsonl", ".tmp")))


@pytest.mark.parametrize(("number", "whole_group"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_stopped(program, long_archive, number, whole_group, workers, cli):
    command = begun(program, long_archive, "--workers", workers)
    (os.killpg if whole_group else os.kill)(command.pid, number)
    out, err = command.communicate(timeout=30)
    assert (command.returncode, out, err) == (1, "", "voicenlp: stopped\n")
    assert finished_tables() == []
    assert cli("indicators", "run").code == 1
    assert cli("audit", "verify", "--audit", "run/audit.log").code == 0
    assert "had the run fail with Stopped" in cli("audit", "log", "--audit", "run/audit.log", "--last", "1").out


def test_killed(program, long_archive, archive, cli):
    command = begun(program, long_archive, "--workers", "2")
    workers = [int(pid) for pid in _children(command.pid)]
    command.kill()
    command.communicate(timeout=30)
    assert not Path("run/run.json").exists() and not Path("run/spans.parquet").exists()
    for _ in range(100):  # its workers end with it
        if not any(_alive(pid) for pid in workers):
            break
        time.sleep(0.1)
    assert not any(_alive(pid) for pid in workers)
    assert cli("tag", archive, "--out", "run").code == 0
    assert finished_tables() == ["notes.parquet", "rejects.parquet", "run.json", "spans.parquet"]
    assert cli("audit", "verify", "--audit", "run/audit.log").code == 0


def test_second_run_into_a_busy_folder(program, long_archive, archive, refused):
    command = begun(program, long_archive)
    try:
        assert refused("tag", archive, "--out", "run") == "run: another run is writing into this folder"
        assert command.poll() is None
    finally:
        command.terminate()
        command.communicate(timeout=30)


def _children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return found.stdout.split()


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
