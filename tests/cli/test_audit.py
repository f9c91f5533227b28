from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from voicenlp.audit import AuditLog, verifier


@pytest.fixture
def log(tmp_path):
    log = AuditLog(tmp_path / "audit.log", actor="s.khan", purpose="service review")
    for number in range(7):
        log.append("text.opened", what="report", notes=number)
    return log


@pytest.fixture
def key(cli):
    answer = cli("audit", "keygen", "council.key", "--name", "council.example/voice")
    assert answer.code == 0
    return answer.out.rpartition("verifier key: ")[2].strip()


def outside(folder, *args):
    return subprocess.run([sys.executable, "-I", "verifier.py", *args], cwd=folder, capture_output=True, text=True, timeout=60)


def test_step_by_step_as_an_outsider_would(cli, log, key, tmp_path):
    folder = tmp_path / "outsider"
    folder.mkdir()
    assert Path("council.key.pub").read_text(encoding="utf-8").strip() == key
    early = cli("audit", "checkpoint", "--out", "outsider/early", "--key", "council.key")
    assert early.code == 0 and "(8 events)" in early.out and f"verifier key: {key}" in early.out
    log.append("run.closed")
    assert cli("audit", "checkpoint", "audit.log", "--out", "outsider/late", "--key", "council.key").code == 0
    checked = cli("audit", "verify", "--checkpoint", "outsider/early", "--verifier-key", key)
    assert checked.code == 0 and "9 events, unbroken" in checked.out and "rightly signed" in checked.out
    shown = cli("audit", "proof", "--entry", "3", "--checkpoint", "outsider/late", "--out", "outsider/three.tlog-proof")
    assert shown.code == 0 and "event 3" in shown.out
    assert cli("audit", "proof", "--from", "8", "--checkpoint", "outsider/late", "--out", "outsider/grown").code == 0
    shutil.copy(verifier.__file__, folder / "verifier.py")
    for args in (["late", "three.tlog-proof", "three.tlog-proof.json"], ["late", "grown", "early"]):
        assert outside(folder, *args, "--key", key).returncode == 0
        assert outside(folder, *args, "--key", key[:-1] + "A").returncode == 1


def test_a_proof_makes_its_own_checkpoint(cli, log, tmp_path):
    assert cli("audit", "proof", "--entry", "0", "--out", "p").code == 0
    shutil.copy(verifier.__file__, tmp_path / "verifier.py")
    done = outside(tmp_path, "p.checkpoint", "p", "p.json", "--key", "audit.log.signing-key.pub")
    assert done.returncode == 0, done.stderr
    assert cli("audit", "proof", "--entry", "1", "--out", "p").code == 1  # p.json is another event, which is not written over
    assert cli("audit", "proof", "--from", "2", "--out", "p").code == 0


def test_a_checkpoint_that_somebody_else_signed(cli, log, key):
    cli("audit", "checkpoint", "--out", "point")
    answer = cli("audit", "verify", "--checkpoint", "point", "--verifier-key", key)
    assert answer.code == 3 and "not signed with the key council.example/voice" in answer.err
    answer = cli(
        "audit", "verify", "--checkpoint", "point", "--verifier-key", "council.key.pub", "--verifier-key", "audit.log.signing-key.pub"
    )
    assert answer.code == 0
    assert "signature was not checked" in cli("audit", "verify", "--checkpoint", "point").out
    assert "no checkpoint was given" in cli("audit", "verify").out


def test_a_log_cut_short_or_rewritten(cli, log, key):
    cli("audit", "checkpoint", "--out", "point", "--key", "council.key")
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:-1]))
    answer = cli("audit", "verify", "--checkpoint", "point", "--verifier-key", key)
    assert answer.code == 3 and "truncated" in answer.err and answer.out == ""
    assert cli("audit", "checkpoint", "--out", "other", "--key", "council.key").code == 3
    assert cli("audit", "proof", "--entry", "1", "--checkpoint", "point", "--out", "proof").code == 3
    assert not Path("other").exists() and not Path("proof").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["keygen", "council.key", "--name", "x"], "council.key: there already"),
        (["keygen", "x.key", "--name", "a b"], "the name of a key"),
        (["verify", "audit.log", "--audit", "audit.log"], "the log is named twice"),
        (["verify", "--verifier-key", "x"], "not a verifier key"),
        (["proof", "--out", "x"], "say what is to be proved"),
        (["proof", "--out", "x", "--entry", "1", "--from", "2"], "say what is to be proved"),
        (["proof", "--out", "x", "--entry", "99"], "there is no event 99"),
        (["proof", "--out", "audit.log", "--entry", "1"], "audit.log: there already and no proof"),
        (["checkpoint", "--out", "audit.log"], "audit.log: not a checkpoint"),
        (["export", "--out", "audit.log"], "audit.log: there already"),
    ],
)
def test_refused(refused, log, key, args, message):
    before = log.path.read_bytes()
    assert message in refused("audit", *args)
    assert log.path.read_bytes() == before


def test_a_log_in_sqlite(cli, tmp_path):
    pytest.importorskip("sqlalchemy")
    log = AuditLog("run.sqlite", actor="s.khan", purpose="service review")
    log.append("text.opened", what="report", notes=2)
    assert "s.khan" in cli("audit", "log", "run.sqlite").out
    assert cli("audit", "checkpoint", "run.sqlite", "--out", "point").code == 0
    assert cli("audit", "verify", "run.sqlite", "--checkpoint", "point", "--verifier-key", "run.sqlite.signing-key.pub").code == 0
    assert cli("audit", "export", "run.sqlite", "--out", "lines.log").code == 0
    assert cli("audit", "verify", "lines.log", "--checkpoint", "point").code == 0
    shutil.copy(verifier.__file__, tmp_path / "verifier.py")
    assert outside(tmp_path, "point", "lines.log", "--key", "run.sqlite.signing-key.pub").returncode == 0


def test_logging_into_sqlite_by_the_other_verbs(cli, archive):
    pytest.importorskip("sqlalchemy")
    assert cli("tag", "archive.csv", "--out", "run", "--audit", "shared.sqlite", "--purpose", "review").code == 0
    assert cli("audit", "verify", "--audit", "shared.sqlite").code == 0
    assert "review" in cli("audit", "log", "--audit", "shared.sqlite", "--last", "1").out
