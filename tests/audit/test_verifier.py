"""The program that outsiders check with: copied into a folder of its own, and run there as a process that does not see the package."""

from __future__ import annotations

import ast
import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from voicenlp.audit import AuditLog, SigningKey, checkpoint, consistency_proof, inclusion_proof, verifier
from voicenlp.audit.entry import seal, unseal
from voicenlp.errors import AuditError, UsageError


@pytest.fixture
def outside(tmp_path):
    """What an outsider was given of a log of 12 events: the verifier and, of the authority's, a key, checkpoints, proofs, an event."""
    inside, folder = tmp_path / "authority", tmp_path / "outsider"
    folder.mkdir()
    log = AuditLog(inside / "audit.log", actor="s.khan", purpose="review of Zoë's records")
    key = SigningKey.make(inside / "council.key", "council.example/voice")
    for number in range(6):
        log.append("text.opened", what="report", notes=number)
    checkpoint(log.path, folder / "early", key=key)
    for number in range(6, 11):
        log.append("text.opened", what="report", notes=number)
    point = checkpoint(log.path, folder / "late", key=key)
    log.append("text.opened", what="report", notes=11)  # the log has grown since
    proof, event = inclusion_proof(log.path, 4, point)
    (folder / "proof").write_text(proof, encoding="utf-8")
    (folder / "event").write_bytes(event)
    (folder / "grown").write_text(consistency_proof(log.path, 7, point), encoding="utf-8")
    (folder / "key").write_text(key.verifier + "\n", encoding="utf-8")
    shutil.copy(log.path, folder / "audit.log")
    shutil.copy(verifier.__file__, folder / "verifier.py")
    return folder


def run(folder, *args, key="key"):
    done = subprocess.run(
        [sys.executable, "-I", "verifier.py", *args, "--key", key], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def refused(folder, *args, key="key"):
    code, said = run(folder, *args, key=key)
    assert code == 1 and said.startswith("NOT VERIFIED: ")
    return said


def change(folder, name, old, new):
    data = (folder / name).read_bytes()
    assert old in data
    (folder / name).write_bytes(data.replace(old, new, 1))


def test_it_imports_nothing_but_the_standard_library_and_cryptography():
    names = set()
    for node in ast.walk(ast.parse(Path(verifier.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module.partition(".")[0])
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


def test_all_that_holds(outside):
    assert run(outside, "late", "proof", "event") == (
        0,
        f"verified: event 4 is in the log {origin(outside)}, as it was given, among the first 12 events\n",
    )
    assert run(outside, "late", "grown", "early") == (0, f"verified: the log {origin(outside)} has only grown, from 7 to 12 events\n")
    assert run(outside, "late", "audit.log")[0] == run(outside, "early", "audit.log")[0] == 0
    assert run(outside, "late", "audit.log", key=(outside / "key").read_text().strip())[0] == 0


def origin(folder):
    return (folder / "late").read_text(encoding="utf-8").partition("\n")[0]


def test_another_event_or_a_changed_one(outside):
    lines = (outside / "audit.log").read_bytes().splitlines(keepends=True)
    (outside / "other").write_bytes(lines[5])
    assert "not in the log at that place" in refused(outside, "late", "proof", "other")
    (outside / "forged").write_bytes(seal({k: v for k, v in json.loads(lines[4]).items() if k != "hash"} | {"actor": "m.jones"})[1])
    assert "not in the log at that place" in refused(outside, "late", "proof", "forged")
    change(outside, "event", b"s.khan", b"m.jones")
    assert "content does not fit its hash" in refused(outside, "late", "proof", "event")
    for junk in (b"", b"{}", b"\xff", b"[" * 10_000, b'{"hash":"0","lawful_basis":1}'):
        (outside / "event").write_bytes(junk)
        assert "not an event" in refused(outside, "late", "proof", "event")


def test_windows_line_ends_do_no_harm(outside):
    for name in ("late", "early", "proof", "grown", "event", "key"):
        (outside / name).write_bytes((outside / name).read_bytes().replace(b"\n", b"\r\n"))
    assert run(outside, "late", "proof", "event")[0] == run(outside, "late", "grown", "early")[0] == 0


def test_a_checkpoint_of_somebody_else(outside):
    stranger = SigningKey("council.example/voice", bytes(32))
    assert "not signed with the key" in refused(outside, "late", "proof", "event", key=stranger.verifier)
    change(outside, "late", b"\n12\n", b"\n11\n")
    assert "signature of council.example/voice is false" in refused(outside, "late", "proof", "event")
    (outside / "late").write_text(stranger.sign(f"{origin(outside)}\n12\n{base64.b64encode(bytes(32)).decode()}\n"), encoding="utf-8")
    assert "not signed" in refused(outside, "late", "proof", "event")
    (outside / "late").write_text("hello")
    assert "not a signed note" in refused(outside, "late", "proof", "event")


def test_keys_of_two_years(outside):
    new = SigningKey("council.example/voice-2", bytes(32)).verifier
    assert run(outside, "late", "proof", "event", "--key", new)[0] == 0


def test_a_proof_for_another_checkpoint(outside):
    assert "for another checkpoint" in refused(outside, "early", "proof", "event")
    assert "for another earlier checkpoint" in refused(outside, "late", "grown", "late")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"index 4", b"index 5"),
        (b"index 4", b"index 04"),
        (b"index 4", b"index -4"),
        (b"index 4", b"index 12"),
        (b"index 4\n", b""),
        (b"index 4\n", b"index 4\nAAAA\n"),
        (b"index 4\n", b"index 4\n" + base64.b64encode(bytes(32)) + b"\n"),
        (b"index 4\n", b"index 4\n\n"),
        (b"tlog-proof@v1", b"tlog-proof@v2"),
        (b"\n\n", b"\n"),
    ],
)
def test_a_spoiled_proof_of_an_event(outside, old, new):
    change(outside, "proof", old, new)
    refused(outside, "late", "proof", "event")


def test_extra_data_of_a_tlog_proof_is_passed_over(outside):
    change(outside, "proof", b"index 4", b"extra aGVsbG8=\nindex 4")
    assert run(outside, "late", "proof", "event")[0] == 0


def test_a_spoiled_proof_of_growth(outside):
    lines = (outside / "grown").read_bytes().split(b"\n")
    for spoiled in (
        lines[:1] + lines[2:],
        [lines[0], lines[1], *lines[1:]],
        [b"old 6", *lines[1:]],
        [lines[0], lines[2], lines[1], *lines[3:]],
    ):
        (outside / "grown").write_bytes(b"\n".join(spoiled))
        refused(outside, "late", "grown", "early")


def test_a_rewritten_log_has_no_proof_of_growth(outside, tmp_path):
    other = AuditLog(tmp_path / "other.log")
    for _ in range(11):
        other.append("text.opened", what="report", notes=0)
    key = SigningKey.read(tmp_path / "authority" / "council.key")
    point = checkpoint(other.path, key=key)
    (outside / "late").write_text(point.note, encoding="utf-8")
    (outside / "grown").write_text(consistency_proof(other.path, 7, point), encoding="utf-8")
    assert "of two logs" in refused(outside, "late", "grown", "early")
    forged = point.text().replace(point.origin, (outside / "early").read_text(encoding="utf-8").partition("\n")[0])
    (outside / "late").write_text(key.sign(forged), encoding="utf-8")
    (outside / "grown").write_text(consistency_proof(other.path, 7, point).replace(point.note, key.sign(forged)), encoding="utf-8")
    assert "not the earlier one grown" in refused(outside, "late", "grown", "early")


def test_a_whole_log_that_was_changed(outside):
    lines = (outside / "audit.log").read_bytes().splitlines(keepends=True)

    def found(changed):
        (outside / "audit.log").write_bytes(b"".join(changed))
        return refused(outside, "late", "audit.log")

    assert "ends after 11 events" in found(lines[:11])
    assert "line 4 does not follow" in found(lines[:3] + lines[4:])
    assert "line 4 does not follow" in found([*lines[:3], lines[4], lines[3], *lines[5:]])
    assert "does not fit its hash" in found([lines[0].replace(b"s.khan", b"m.jones"), *lines[1:]])
    anew, prev = [], "0" * 64
    for line in lines:
        prev, line = seal({k: v for k, v in json.loads(line).items() if k != "hash"} | {"actor": "m.jones", "prev": prev})
        anew.append(line)
    assert "log was rewritten" in found(anew)


def test_files_that_are_not_there(outside):
    assert "none: can't be read" in refused(outside, "none", "proof", "event")
    assert "needs the event" in refused(outside, "late", "proof")
    assert "not a verifier key" in refused(outside, "late", "proof", "event", key="nokey")
    assert "neither a proof nor" in refused(outside, "late", "verifier.py", "event")
    done = subprocess.run([sys.executable, "-I", "verifier.py", "late", "proof"], cwd=outside, capture_output=True, timeout=60)
    assert done.returncode == 2


def test_the_two_readings_of_a_line_agree(outside):
    for line in (outside / "audit.log").read_bytes().splitlines(keepends=True):
        fields, leaf = verifier.leaf_of(line)
        assert (fields, leaf.hex()) == unseal(line)


def test_proofs_of_what_is_not_there(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    log.append("run.closed")
    point = checkpoint(log.path)
    for entry in (-1, 2):
        with pytest.raises(UsageError, match=f"no event {entry} in the checkpoint"):
            inclusion_proof(log.path, entry, point)
    for size in (0, 3):
        with pytest.raises(UsageError, match="between 1 and the 2 events"):
            consistency_proof(log.path, size, point)
    log.path.write_bytes(log.path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(AuditError, match="no proof is made of a log that does not verify; line 1: truncated"):
        inclusion_proof(log.path, 0, point)


def test_every_event_of_a_log_can_be_proved(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    for number in range(20):
        log.append("text.opened", what="report", notes=number)
    point = checkpoint(log.path)
    keys = [verifier.read_key((tmp_path / "audit.log.signing-key.pub").read_text())]
    for entry in range(21):
        proof, line = inclusion_proof(log.path, entry, point)
        head = verifier.read_head(verifier.verified_text(proof.partition("\n\n")[2].encode(), keys))
        path = [base64.b64decode(node) for node in proof.partition("\n\n")[0].split("\n")[2:]]
        verifier.check_inclusion(head, entry, verifier.leaf_of(line)[1], path)
