from __future__ import annotations

import re
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicenlp.audit import AuditLog, read_events, tail, verify
from voicenlp.audit.entry import FIRST
from voicenlp.errors import AuditError

WHO = {
    "actor": "s.khan",
    "role": "analyst",
    "purpose": "service review",
    "lawful_basis": "UK GDPR 6(1)(e)",
    "dpia": "https://intra/dpia/14",
}


def opened(log, count=1):
    for number in range(count):
        log.append("text.opened", what="report", notes=number)


def test_a_line_holds_who_when_why_and_its_place(tmp_path):
    log = AuditLog(tmp_path / "new" / "audit.log", **WHO, run="r_1")
    value = log.append("export.made", what="indicators", rows=7)
    first, second = read_events(log.path)
    assert list(second) == sorted(second)
    assert {name: second[name] for name in WHO} == WHO
    assert (second["seq"], second["event"], second["run"], second["hash"]) == (1, "export.made", "r_1", value)
    assert second["data"] == {"what": "indicators", "files": [], "rows": 7, "with_text": False}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", second["time"])
    assert (first["event"], first["seq"], first["prev"], second["prev"]) == ("log.started", 0, FIRST, first["hash"])


def test_an_opened_log_is_gone_on_with(tmp_path):
    opened(AuditLog(tmp_path / "audit.log"), 2)
    again = AuditLog(tmp_path / "audit.log")
    opened(again)
    found = list(read_events(again.path))
    assert [event["seq"] for event in found] == [0, 1, 2, 3]
    assert found[2]["run"] != found[3]["run"]
    assert verify(again.path).ok


def test_tail_gives_the_last_oldest_first(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    for _ in range(400):  # more than one block of the file
        log.append("export.made", what="x" * 400)
    assert [event["seq"] for event in tail(log.path, 3)] == [398, 399, 400]
    assert [event["seq"] for event in tail(log.path, 1000)] == list(range(401))
    assert tail(log.path, 0) == []


def test_no_log_to_read(tmp_path):
    for read in (tail, verify, lambda path: list(read_events(path))):
        with pytest.raises(AuditError, match="no audit log"):
            read(tmp_path / "audit.log")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 2, 40, 300])
def test_a_torn_last_line_is_put_aside_and_said(tmp_path, cut):
    log = AuditLog(tmp_path / "audit.log", **WHO)
    opened(log, 3)
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:-cut])
    last = whole[:-1].rindex(b"\n") + 1
    assert [fault.kind for fault in verify(log.path).faults] == ["torn"]
    assert [event["seq"] for event in tail(log.path)] == [0, 1, 2]

    AuditLog(tmp_path / "audit.log")
    piece = (tmp_path / "audit.log.torn-1").read_bytes()
    assert piece == whole[last:-cut]
    mended = tail(log.path, 1)[0]
    assert (mended["event"], mended["data"]["bytes"], mended["data"]["file"]) == ("log.mended", len(piece), "audit.log.torn-1")
    assert verify(log.path).ok


def test_a_second_torn_line_does_not_write_over_the_first(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    for number in (1, 2):
        with log.path.open("ab") as file:
            file.write(b"\x00" * number)
        opened(log)
    assert [(tmp_path / f"audit.log.torn-{number}").read_bytes() for number in (1, 2)] == [b"\x00", b"\x00\x00"]
    assert verify(log.path).ok


def test_a_first_line_that_is_torn_begins_the_log_anew(tmp_path):
    (tmp_path / "audit.log").write_bytes(b'{"actor":"s.kh')
    AuditLog(tmp_path / "audit.log")
    assert [event["event"] for event in read_events(tmp_path / "audit.log")] == ["log.started", "log.mended"]
    assert verify(tmp_path / "audit.log").ok


@pytest.mark.parametrize("spoil", [lambda data: data.replace(b'"notes":1', b'"notes":7'), lambda data: data + b"hello\n"])
def test_nothing_is_written_behind_a_changed_line(tmp_path, spoil):
    log = AuditLog(tmp_path / "audit.log")
    opened(log, 2)
    spoiled = spoil(log.path.read_bytes())
    log.path.write_bytes(spoiled)
    with pytest.raises(AuditError, match="last line was changed"):
        AuditLog(tmp_path / "audit.log").append("text.opened", what="report", notes=1)
    assert log.path.read_bytes() == spoiled


def test_a_log_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuditError, match="can't make the folder"):
        AuditLog(tmp_path / "file" / "audit.log")
    (tmp_path / "audit.log").mkdir()
    with pytest.raises(AuditError):
        AuditLog(tmp_path / "audit.log")


def test_a_write_that_fails_half_way_is_taken_back(tmp_path, monkeypatch):
    log = AuditLog(tmp_path / "audit.log")
    opened(log)
    before = log.path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(AuditError, match="No space left"):
        log.append("run.closed")
    monkeypatch.undo()
    assert log.path.read_bytes() == before
    opened(log)
    assert verify(log.path).ok


def test_the_disk_keeps_the_bounds_of_a_run(tmp_path, monkeypatch):
    log = AuditLog(tmp_path / "audit.log")
    synced = []
    monkeypatch.setattr("os.fsync", synced.append)
    opened(log, 5)
    assert len(synced) == 0
    log.append("run.opened", command="tag")
    log.append("run.closed")
    assert len(synced) == 2
    with log:
        opened(log)
    assert len(synced) == 3


def test_a_writer_waits_and_then_says_so(tmp_path):
    log = AuditLog(tmp_path / "audit.log", timeout=0.2)
    with FileLock(f"{log.path}.lock"):
        start = time.monotonic()
        with pytest.raises(AuditError, match=r"another program has been writing for 0\.2 s"):
            opened(log)
        assert 0.15 < time.monotonic() - start < 5
    opened(log)
    assert verify(log.path).events == 2


@pytest.mark.parametrize("value", ["x" * 501, None, 7])
def test_who_and_why_are_short_texts(tmp_path, value):
    with pytest.raises(AuditError, match="purpose must be text of at most 500 characters"):
        AuditLog(tmp_path / "audit.log", purpose=value)


WRITER = """
import sys
from voicenlp.audit import AuditLog
log = AuditLog(sys.argv[1], actor=sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    log.append("text.opened", what=sys.argv[2], notes=number)
    print(number, flush=True)
"""


def writer(path, name, count, code=WRITER):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), name, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_two_programs_write_at_once(tmp_path):
    path = tmp_path / "audit.log"
    writers = [writer(path, name, 200) for name in ("one", "two")]
    for each in writers:
        assert each.stdout.readline() == "ready\n"
    for each in writers:
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in writers:
        each.communicate(timeout=60)
        assert each.returncode == 0
    found = list(read_events(path))
    assert verify(path).ok
    assert len(found) == 401
    for name in ("one", "two"):
        assert [event["data"]["notes"] for event in found[1:] if event["actor"] == name] == list(range(200))


def test_threads_write_at_once(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    threads = [threading.Thread(target=opened, args=(log, 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (verify(log.path).ok, verify(log.path).events) == (True, 201)


def test_a_writer_killed_at_any_moment_loses_no_event_that_it_told_of(tmp_path):
    path, told = tmp_path / "audit.log", 0
    for wait in (0.0, 0.01, 0.03, 0.1):
        each = writer(path, "one", 1_000_000)
        assert each.stdout.readline() == "ready\n"
        each.stdin.write("go\n")
        each.stdin.flush()
        time.sleep(wait)
        each.kill()
        told += len(each.communicate()[0].splitlines())
        AuditLog(path)
        assert verify(path).ok
        assert sum(event["event"] == "text.opened" for event in read_events(path)) >= told
    assert told > 10


@pytest.mark.parametrize("data", [b"note_id,text\nn1,hello", b"note_id,text\nn1,hello\n", b"hello", b'{"id": 1}\n{"id": 2}'])
def test_another_file_named_by_mistake_is_left_as_it_is(tmp_path, data):
    (tmp_path / "notes.csv").write_bytes(data)
    with pytest.raises(AuditError, match="not an audit log"):
        AuditLog(tmp_path / "notes.csv")
    assert (tmp_path / "notes.csv").read_bytes() == data
    assert not list(tmp_path.glob("*.torn-*"))


HALF = """
import io, os, signal, sys
from voicenlp.audit import AuditLog
from voicenlp.audit.store import FileStore
log = AuditLog(sys.argv[1], actor=sys.argv[2])
log.append("text.opened", what="report", notes=1)
def half(self, line, *, sync=False):
    with open(self.path, "ab", buffering=0) as file:
        file.write(line[:len(line) // 2])
        os.fsync(file.fileno())
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
FileStore.append = half
log.append("text.opened", what="report", notes=2)
"""


def test_a_writer_killed_in_the_middle_of_a_line_while_another_has_the_log_open(tmp_path):
    path = tmp_path / "audit.log"
    other = AuditLog(path, actor="other")
    for number in (1, 2):
        killed = writer(path, "killed", 0, HALF)
        killed.communicate(timeout=60)
        assert killed.returncode != 0
        assert not path.read_bytes().endswith(b"\n")
        other.append("text.opened", what="report", notes=3)  # the lock died with its holder
        assert verify(path).ok
        assert (tmp_path / f"audit.log.torn-{number}").exists()
    assert [(event["event"], event["actor"]) for event in read_events(path)][1:4] == [
        ("text.opened", "killed"),
        ("log.mended", "other"),
        ("text.opened", "other"),
    ]


short = st.text(max_size=500).filter(lambda text: all(not 0xD800 <= ord(mark) <= 0xDFFF for mark in text))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actor=short, purpose=short, what=st.text(max_size=500), recipient=st.text(max_size=500))
def test_whatever_is_written_is_read_back_or_refused(tmp_path, actor, purpose, what, recipient):
    path = tmp_path / "audit.log"
    log = AuditLog(path, actor=actor, purpose=purpose)
    before = path.stat().st_size
    try:
        log.append("export.made", what=what, recipient=recipient)
    except AuditError:
        assert path.stat().st_size == before
    else:
        last = tail(path, 1)[0]
        assert (last["actor"], last["purpose"], last["data"]["what"], last["data"]["recipient"]) == (actor, purpose, what, recipient)
    assert verify(path).ok


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "'; DROP TABLE spans; --",
        "%s%n{0}{actor}",
        "a\r\nb\n",
        '","hash":"0',
        ',"lawful_basis":"x"',
        "\x00\x1b[2J",
    ],
)
def test_words_that_try_to_break_out(tmp_path, words):
    log = AuditLog(tmp_path / "audit.log", actor=words, purpose=words, dpia=words, lawful_basis=words, role=words, run=words)
    log.append("export.made", what=words, recipient=words)
    assert tail(log.path, 1)[0]["lawful_basis"] == words
    assert verify(log.path).ok
    assert len(log.path.read_bytes().splitlines()) == 2
