from __future__ import annotations

import os
import stat

import pytest

from voicenlp.audit import AuditLog
from voicenlp.audit.pseudonyms import Pseudonyms, key_file
from voicenlp.errors import AuditError


def with_key(folder, key):
    path = folder / "some.key"
    path.write_bytes(key)
    return Pseudonyms(path)


def test_a_pseudonym_is_an_hmac_under_the_key(tmp_path):
    # openssl: printf 'voicenlp child\0C1042' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…00
    assert with_key(tmp_path, bytes(32)).of("C1042") == "c_bd2f649b658ea892e4f0"


def test_other_children_and_other_keys_have_other_pseudonyms(tmp_path):
    one, other = with_key(tmp_path, bytes(32)), with_key(tmp_path, bytes(31) + b"\x01")
    names = {names.of(child) for names in (one, other) for child in ("C1", "C2", "c1", "C11")}
    assert len(names) == 8
    assert one.key_id != other.key_id


def test_the_same_child_written_otherwise(tmp_path):
    names = with_key(tmp_path, bytes(32))
    assert names.of(" Zo\u00eb-1\n") == names.of("Zoe\u0308-1")


@pytest.mark.parametrize("child", ["", "  ", "\n"])
def test_no_id_no_pseudonym(tmp_path, child):
    with pytest.raises(AuditError, match="without an id"):
        with_key(tmp_path, bytes(32)).of(child)


def test_a_new_key_is_random_and_its_owners_alone(tmp_path):
    Pseudonyms.make(tmp_path / "a.key")
    Pseudonyms.make(tmp_path / "b.key")
    key = (tmp_path / "a.key").read_bytes()
    assert len(key) == 32
    assert key != (tmp_path / "b.key").read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


def test_a_key_that_is_there_is_never_written_over(tmp_path):
    first = Pseudonyms.make(tmp_path / "a.key").of("C1")
    assert Pseudonyms.make(tmp_path / "a.key").of("C1") == first


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"x" * 33])
def test_what_is_not_a_key(tmp_path, key):
    with pytest.raises(AuditError, match="not the key of an audit log"):
        with_key(tmp_path, key)


def test_a_lost_key_is_told_and_none_is_made_in_its_place(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    (tmp_path / "audit.log.key").unlink()
    again = AuditLog(tmp_path / "audit.log")
    with pytest.raises(AuditError, match=r"audit\.log\.key: the key of the audit log is not here"):
        _ = again.pseudonyms
    assert not (tmp_path / "audit.log.key").exists()
    assert log.append("text.opened", what="report", notes=1)  # what needs no pseudonym still goes on


def test_a_wrong_key_is_told(tmp_path):
    AuditLog(tmp_path / "audit.log")
    (tmp_path / "audit.log.key").write_bytes(b"x" * 32)
    with pytest.raises(AuditError, match="the key of another audit log"):
        _ = AuditLog(tmp_path / "audit.log").pseudonyms


def test_the_environment_may_name_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("VOICENLP_KEY", str(tmp_path / "safe.key"))
    assert key_file("out/audit.log") == tmp_path / "safe.key"
    one = AuditLog(tmp_path / "one.log").pseudonyms.of("C1")
    assert AuditLog(tmp_path / "two.log").pseudonyms.of("C1") == one
    assert not (tmp_path / "one.log.key").exists()


def test_the_key_is_not_in_the_log(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    log.append("child.read", children={log.pseudonyms.of("C1042"): 3})
    written = (tmp_path / "audit.log").read_bytes()
    key = (tmp_path / "audit.log.key").read_bytes()
    assert key not in written
    assert key.hex().encode() not in written
    assert b"C1042" not in written
