import pytest

from voicenlp.engines.base import Batch, Task
from voicenlp.engines.outputs import FILES, RunFiles, check_folder, make_folder
from voicenlp.errors import UsageError
from voicenlp.io.tables import read_table
from voicenlp.records import Note


def result(task, *ids):
    return task.open().run(Batch([Note(name, "Kai said he wants to go home.") for name in ids]))


def tables(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".voicenlp.lock")


def test_nothing_shows_until_all_is_whole(tmp_path):
    task = Task("rules")
    with RunFiles(tmp_path, task) as files:
        files.write(result(task, "n1"))
        assert [name for name in tables(tmp_path) if not name.startswith(".")] == []
    assert tables(tmp_path) == files.names == ["notes.parquet", "rejects.parquet", "spans.parquet"]
    assert read_table(tmp_path / "notes.parquet").column("note_id").to_pylist() == ["n1"]


def test_earlier_run_stays_whole_where_the_new_one_fails(tmp_path):
    task = Task("rules")
    with RunFiles(tmp_path, task) as files:
        files.write(result(task, "n1"))
    (tmp_path / "run.json").write_text("{}")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(KeyError), RunFiles(tmp_path, task) as files:
        files.write(result(task, "n2", "n3"))
        raise KeyError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_earlier_runs_end_and_other_tables_go(tmp_path):
    lines = Task("rules", lines=True, texts=True)
    with RunFiles(tmp_path, lines) as files:
        files.write(result(lines, "n1"))
    assert tables(tmp_path) == ["notes.parquet", "rejects.parquet", "spans.jsonl", "texts.parquet"]
    (tmp_path / "run.json").write_text("{}")
    with RunFiles(tmp_path, Task("rules")) as files:
        files.write(result(Task("rules"), "n2"))
    assert tables(tmp_path) == ["notes.parquet", "rejects.parquet", "spans.parquet"]  # and no run.json, which is written last


def test_full_disk_at_the_last_moment(tmp_path, monkeypatch):
    task = Task("rules")

    def full(_):
        raise OSError(28, "No space left on device")

    with RunFiles(tmp_path, task) as files:
        files.write(result(task, "n1"))
    before = (tmp_path / "notes.parquet").read_bytes()
    monkeypatch.setattr("voicenlp.engines.outputs.os.fsync", full)
    with pytest.raises(UsageError, match=r"can't be written \(No space left on device\)"), RunFiles(tmp_path, task) as files:
        files.write(result(task, "n2"))
    assert (tmp_path / "notes.parquet").read_bytes() == before
    assert tables(tmp_path) == ["notes.parquet", "rejects.parquet", "spans.parquet"]


def test_one_run_at_a_time(tmp_path):
    task = Task("rules")
    with RunFiles(tmp_path, task), pytest.raises(UsageError, match="another run is writing"), RunFiles(tmp_path, task):
        pass
    with RunFiles(tmp_path, task):  # free again
        pass


def test_what_a_killed_run_left_is_cleared_away(tmp_path):
    left, kept = tmp_path / ".spans.parquet.0123456789ab.tmp", tmp_path / ".spans.parquet.mine.tmp"
    left.write_text("x")
    kept.write_text("x")
    with RunFiles(tmp_path, Task("rules")):
        assert not left.exists()
    assert kept.exists()


@pytest.mark.parametrize("name", FILES)
def test_inputs_and_strangers_files_are_safe(tmp_path, name):
    (tmp_path / name).write_text("somebody's")
    with pytest.raises(UsageError, match="is not of a run and would be overwritten"):
        check_folder(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    check_folder(tmp_path, [None, {"a": 1}, "elsewhere.csv"])
    with pytest.raises(UsageError, match="would be overwritten by the run"):
        check_folder(tmp_path, [str(tmp_path / "x" / ".." / name)])


def test_make_folder(tmp_path):
    make_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(UsageError, match="can't be made or written into"):
        make_folder(tmp_path / "file" / "below")
