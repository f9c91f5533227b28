"""The log in a table. SQLite always; PostgreSQL too where POSTGRESQL_TEST_URL names a database that may be written to."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from voicenlp.audit import AuditLog, SigningKey, checkpoint, inclusion_proof, read_events, tail, verify
from voicenlp.audit.store import FileStore, beside, open_store
from voicenlp.errors import AuditError, UsageError

pytest.importorskip("sqlalchemy")


@pytest.fixture(params=["file", "sqlite", "postgresql"])
def place(request, tmp_path, monkeypatch):
    """Where a log may lie; all that is said below holds for each."""
    monkeypatch.setenv("VOICENLP_KEY", str(tmp_path / "pseudonyms.key"))
    if request.param == "file":
        return str(tmp_path / "audit.log")
    if request.param == "sqlite":
        return str(tmp_path / "audit.sqlite")
    url = os.environ.get("POSTGRESQL_TEST_URL")
    if not url:
        pytest.skip("no PostgreSQL to test with: POSTGRESQL_TEST_URL is not set")
    with open_store(url)._engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS voicenlp_audit")
    return url


def opened(log, count=1):
    for number in range(count):
        log.append("text.opened", what="report", notes=number)


def test_a_log_is_begun_gone_on_with_and_read(place):
    log = AuditLog(place, actor="Zoë", purpose="review", run="r_1")
    child = log.pseudonyms.of("C1042")
    log.append("child.read", children={child: 3})
    opened(AuditLog(place), 120)
    assert [event["seq"] for event in read_events(place)] == list(range(122))
    assert [event["seq"] for event in tail(place, 110)] == list(range(12, 122))
    assert (verify(place).ok, verify(place).events) == (True, 122)
    assert next(read_events(place))["actor"] == "Zoë"


def test_checkpoints_and_proofs(place, tmp_path):
    log = AuditLog(place)
    key = SigningKey.make(tmp_path / "council.key", "council.example/voice")
    opened(log, 5)
    point = checkpoint(place, tmp_path / "point", key=tmp_path / "council.key")
    opened(log, 3)
    assert verify(place, tmp_path / "point", key.verifier).ok
    proof, line = inclusion_proof(place, 3, point)
    assert proof.startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    assert line == list(open_store(place).lines())[3]


WRITER = """
import sys
from voicenlp.audit import AuditLog
log = AuditLog(sys.argv[1], actor=sys.argv[2], timeout=60)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    log.append("text.opened", what=sys.argv[2], notes=number)
    print(number, flush=True)
"""


def writer(place, name, count, code=WRITER):
    each = subprocess.Popen(
        [sys.executable, "-c", code, place, name, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert each.stdout.readline() == "ready\n"
    return each


def test_three_programs_write_at_once(place):
    writers = [writer(place, name, 40) for name in ("one", "two", "three")]
    for each in writers:
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in writers:
        each.communicate(timeout=120)
        assert each.returncode == 0
    found = list(read_events(place))
    assert verify(place).ok
    assert len(found) == 121
    for name in ("one", "two", "three"):
        assert [event["data"]["notes"] for event in found[1:] if event["actor"] == name] == list(range(40))


def test_programs_begin_one_log_at_once(place):
    code = "import sys; from voicenlp.audit import AuditLog; AuditLog(sys.argv[1], timeout=60)"
    programs = [subprocess.Popen([sys.executable, "-c", code, place]) for _ in range(4)]
    assert [each.wait(timeout=120) for each in programs] == [0, 0, 0, 0]
    assert [event["event"] for event in read_events(place)] == ["log.started"]


def test_threads_write_at_once(place):
    log = AuditLog(place)
    threads = [threading.Thread(target=opened, args=(log, 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (verify(place).ok, verify(place).events) == (True, 41)


def test_two_writers_killed_lose_no_event_that_they_told_of(place):
    opened(AuditLog(place))
    told = 0
    for _ in range(2):
        pair = [writer(place, name, 1_000_000) for name in ("one", "two")]
        for each in pair:
            each.stdin.write("go\n")
            each.stdin.flush()
        for each in pair:
            told += each.stdout.readline() != ""
            each.kill()
            told += len(each.communicate()[0].splitlines())
    opened(AuditLog(place))
    assert verify(place).ok
    assert sum(event["event"] == "text.opened" for event in read_events(place)) >= told + 2 > 4


HALF = """
import os, signal, sys
from voicenlp.audit import AuditLog
log = AuditLog(sys.argv[1], actor=sys.argv[2])
store = log._store
whole = store.append
def half(line, *, sync=False):
    whole(line)
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
store.append = half
print("ready", flush=True)
sys.stdin.readline()
log.append("text.opened", what="report", notes=2)
"""


def test_a_writer_killed_before_its_event_was_kept(place):
    log = AuditLog(place)
    killed = writer(place, "killed", 0, HALF)
    killed.communicate("go\n", timeout=60)
    assert killed.returncode != 0
    opened(log)
    assert verify(place).ok


def test_an_event_that_is_refused_leaves_nothing(place):
    log = AuditLog(place)
    with pytest.raises(AuditError):
        log.append("text.opened", what="x" * 501, notes=1)
    with pytest.raises(AuditError):
        log.append("run.opened", command="tag", settings={"path": "/home/somebody"})
    opened(log)
    assert (verify(place).ok, verify(place).events) == (True, 2)


@pytest.fixture
def table(tmp_path):
    """A log of ten events in SQLite, and a function that changes the table behind its back."""
    path = tmp_path / "audit.sqlite"
    opened(AuditLog(path), 9)

    def change(statement, *values):
        with sqlite3.connect(path) as connection:
            connection.execute(statement, values)
        connection.close()
        return [(fault.kind, fault.line) for fault in verify(path).faults]

    return change


@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        ("UPDATE voicenlp_audit SET line = CAST(replace(CAST(line AS TEXT), '\"notes\":3', '\"notes\":4') AS BLOB)", [("edited", 5)]),
        ("DELETE FROM voicenlp_audit WHERE seq IN (3, 4)", [("deleted", 4)]),
        ("INSERT INTO voicenlp_audit SELECT 99, line FROM voicenlp_audit WHERE seq = 3", [("inserted", 11)]),
        ("UPDATE voicenlp_audit SET seq = 99 WHERE seq = 4", [("reordered", 10)]),
        ("UPDATE voicenlp_audit SET line = 17 WHERE seq = 4", [("edited", 5)]),
        ("UPDATE voicenlp_audit SET line = 'x' WHERE seq = 4", [("edited", 5)]),
        ("UPDATE voicenlp_audit SET line = x'ff00' WHERE seq = 4", [("edited", 5)]),
        ("DELETE FROM voicenlp_audit", [("truncated", 1)]),
    ],
)
def test_what_was_changed_in_the_table_is_found(table, statement, faults):
    found = table(statement)
    assert found[-1:] == faults


def test_what_was_cut_off_is_found_with_a_checkpoint(tmp_path, table):
    point = checkpoint(tmp_path / "audit.sqlite")
    assert (tmp_path / "audit.sqlite.signing-key").exists()
    assert table("DELETE FROM voicenlp_audit WHERE seq > 6") == []
    assert [fault.kind for fault in verify(tmp_path / "audit.sqlite", point).faults] == ["truncated"]


def test_nothing_is_written_behind_a_changed_row(tmp_path, table):
    table("UPDATE voicenlp_audit SET line = x'00' WHERE seq = 9")
    with pytest.raises(AuditError, match="last line was changed"):
        opened(AuditLog(tmp_path / "audit.sqlite"))


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path):
    path = tmp_path / "notes.db"
    path.write_bytes(b"note_id,text\nn1,hello\n" * 100)
    for use in (AuditLog, verify, tail):
        with pytest.raises(AuditError, match=r"notes\.db: can't be"):
            use(path)
    assert path.read_bytes() == b"note_id,text\nn1,hello\n" * 100


def test_no_log_to_read(tmp_path):
    for read in (verify, tail, lambda path: list(read_events(path))):
        with pytest.raises(AuditError, match="no audit log"):
            read(tmp_path / "audit.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_writer_waits_and_then_says_so(tmp_path):
    path = tmp_path / "audit.sqlite"
    log = AuditLog(path, timeout=0.2)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AuditError, match="database is locked"):
        opened(log)
    other.execute("ROLLBACK")
    other.close()
    opened(log)
    assert verify(path).events == 2


def test_a_password_is_never_shown(monkeypatch, tmp_path):
    monkeypatch.setenv("VOICENLP_KEY", str(tmp_path / "a.key"))
    pytest.importorskip("psycopg")
    url = f"postgresql://voice:s3cret@/audit?host={tmp_path}&password=s3cret"  # a folder in which no server listens
    for use in (AuditLog, verify, tail, checkpoint):
        with pytest.raises((AuditError, UsageError)) as caught:
            use(url)
        assert "s3cret" not in str(caught.value)
    assert open_store(url).name == "postgresql+psycopg://voice:***@/audit"


def test_a_log_on_a_server_needs_its_keys_named():
    with pytest.raises(AuditError, match="must be named: VOICENLP_KEY=FILE"):
        AuditLog("postgresql://db.example/voice")
    with pytest.raises(UsageError, match="needs a signing key named"):
        checkpoint("postgresql://db.example/voice")


def test_what_a_place_names(tmp_path):
    assert isinstance(open_store("run/audit.log"), FileStore)
    assert open_store(Path("run/audit.DB")).name == str(Path("run/audit.DB"))
    assert open_store("sqlite:///run/a.log").name == str(Path("run/a.log"))
    assert beside("sqlite:///run/a.log", ".key") == Path("run/a.log.key")
    for slashes in ("postgresql://", "postgresql:/", "postgresql:\\"):  # as a Path of an address is written here and on Windows
        assert beside(Path(f"{slashes}u@h/d"), ".key") is None
        assert open_store(Path(f"{slashes}u@h/d")).name == "postgresql+psycopg://u@h/d"
    with pytest.raises(AuditError, match="not the address of a database"):
        open_store("postgresql+nosuch://h/d")
