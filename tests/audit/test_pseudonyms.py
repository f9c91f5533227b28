from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stat

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from voicenlp.audit import AuditLog, verify
from voicenlp.audit.pseudonyms import Pseudonyms, key_file, store_file
from voicenlp.errors import AuditError


def made(folder, name="a"):
    return Pseudonyms.make(folder / f"{name}.key", folder / f"{name}.keys")


def rows(folder, name="a"):
    return (folder / f"{name}.keys").read_bytes().splitlines(keepends=True)


def test_a_pseudonym_can_be_worked_out_from_both_files_as_the_format_says(tmp_path):
    name = made(tmp_path).of("C1042")
    secret = (tmp_path / "a.key").read_bytes()

    def derived(use):
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"voicenlp " + use).derive(secret)

    tag = hmac.new(derived(b"tags"), b"C1042", hashlib.sha256).hexdigest()[:32]
    head, row = rows(tmp_path)
    assert head == f"voicenlp-keys 1 k_{derived(b'key id')[:8].hex()} 0000000000\n".encode()
    assert row.startswith(f"{tag} ".encode())
    wrapped = base64.b64decode(row[33:])
    key = AESGCM(derived(b"wrapping")).decrypt(wrapped[:12], wrapped[12:], tag.encode())
    assert name == "c_" + hmac.new(key, b"voicenlp child" + tag.encode(), hashlib.sha256).hexdigest()[:20]


def test_other_children_and_other_keys_have_other_pseudonyms(tmp_path):
    one, other = made(tmp_path), made(tmp_path, "b")
    names = {names.of(child) for names in (one, other) for child in ("C1", "C2", "c1", "C11")}
    assert len(names) == 8
    assert one.key_id != other.key_id


def test_the_same_child_written_otherwise(tmp_path):
    names = made(tmp_path)
    assert names.of(" Zo\u00eb-1\n") == names.of("Zoe\u0308-1")
    assert len(rows(tmp_path)) == 2


@pytest.mark.parametrize("child", ["", "  ", "\n"])
def test_no_id_no_pseudonym(tmp_path, child):
    with pytest.raises(AuditError, match="without an id"):
        made(tmp_path).of(child)


def test_new_files_are_random_and_their_owners_alone(tmp_path):
    made(tmp_path), made(tmp_path, "b")
    key = (tmp_path / "a.key").read_bytes()
    assert len(key) == 32
    assert key != (tmp_path / "b.key").read_bytes()
    if os.name == "posix":
        assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600 for name in ("a.key", "a.keys"))


def test_what_is_there_is_used_again_and_never_written_over(tmp_path):
    first = made(tmp_path).of("C1")
    assert made(tmp_path).of("C1") == first


def test_two_programs_make_one_key_for_one_child(tmp_path):
    one = made(tmp_path)
    other = Pseudonyms(tmp_path / "a.key", tmp_path / "a.keys")
    first = one.of_all(["C1", "C2"])
    assert other.of("C2") == first["C2"]
    third = other.of("C3")
    assert one.of("C3") == third and len(one.every()) == 3


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"x" * 33])
def test_what_is_not_a_key(tmp_path, key):
    (tmp_path / "a.key").write_bytes(key)
    with pytest.raises(AuditError, match="not the key of an audit log"):
        made(tmp_path)


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


def test_a_lost_store_is_told_and_none_is_made_in_its_place(tmp_path):
    names = AuditLog(tmp_path / "audit.log").pseudonyms
    names.of("C1")
    (tmp_path / "audit.log.keys").unlink()
    for pseudonyms in (names, AuditLog(tmp_path / "audit.log").pseudonyms):
        with pytest.raises(AuditError, match=r"audit\.log\.keys: the key store of the audit log is not here"):
            pseudonyms.of("C1")
    assert not (tmp_path / "audit.log.keys").exists()


def test_a_store_of_another_key(tmp_path):
    made(tmp_path), made(tmp_path, "b")
    (tmp_path / "b.keys").replace(tmp_path / "a.keys")
    with pytest.raises(AuditError, match="the key store of another key"):
        made(tmp_path)


@pytest.mark.parametrize("content", [b"", b"C1\n", b"voicenlp-keys 2 k_0123456789abcdef 0000000000\n", b"\xff" * 300])
def test_another_file_in_the_place_of_the_store(tmp_path, content):
    made(tmp_path)
    (tmp_path / "a.keys").write_bytes(content)
    with pytest.raises(AuditError, match="not a key store"):
        made(tmp_path)
    assert (tmp_path / "a.keys").read_bytes() == content


def test_every_changed_byte_of_the_store_is_found(tmp_path):
    made(tmp_path).of("C1")
    whole = (tmp_path / "a.keys").read_bytes()
    head = len(rows(tmp_path)[0])
    for place in range(len(whole)):
        if head - 11 <= place < head - 1:
            continue  # the number of keys destroyed, which only tells other programs to look again
        data = bytearray(whole)
        data[place] ^= 1
        (tmp_path / "a.keys").write_bytes(data)
        names = Pseudonyms(tmp_path / "a.key", tmp_path / "a.keys")
        if head <= place < head + 32 and chr(data[place]) in "0123456789abcdef":
            assert names.known("C1") is None  # a key of nobody, which is found when all are looked at
            with pytest.raises(AuditError, match="line 2: the key was changed, or moved"):
                names.every()
            continue
        with pytest.raises(AuditError, match=r"line 2|not a key store|of another key"):
            names.of("C1")


def test_keys_that_changed_places_are_found(tmp_path):
    names = made(tmp_path)
    names.of_all(["C1", "C2"])
    head, one, other = rows(tmp_path)
    (tmp_path / "a.keys").write_bytes(head + one[:33] + other[33:] + other[:33] + one[33:])
    with pytest.raises(AuditError, match="line 2: the key was changed, or moved"):
        Pseudonyms(tmp_path / "a.key", tmp_path / "a.keys").of("C1")
    (tmp_path / "a.keys").write_bytes(head + one + one)
    with pytest.raises(AuditError, match="line 3: not a key, or there twice"):
        Pseudonyms(tmp_path / "a.key", tmp_path / "a.keys").of("C1")


def test_a_row_that_was_cut_off_is_written_anew(tmp_path):
    names = made(tmp_path)
    first = names.of("C1")
    names.of("C2")
    whole = (tmp_path / "a.keys").read_bytes()
    (tmp_path / "a.keys").write_bytes(whole[:-20])
    names = Pseudonyms(tmp_path / "a.key", tmp_path / "a.keys")
    assert names.of("C1") == first and names.known("C2") is None
    assert names.of("C2").startswith("c_")
    assert len((tmp_path / "a.keys").read_bytes()) == len(whole) and names.every() == {first, names.of("C2")}


def test_forgetting(tmp_path):
    names, other = made(tmp_path), None
    first = names.of_all(["C1", "C2", "C3"])
    other = Pseudonyms(tmp_path / "a.key", tmp_path / "a.keys")
    assert other.of("C2") == first["C2"]
    row = rows(tmp_path)[2]
    assert names.forget("C2") == first["C2"]
    left = (tmp_path / "a.keys").read_bytes()
    assert row not in left and row[:32] not in left and row[33:60] not in left
    for one in (names, other, Pseudonyms(tmp_path / "a.key", tmp_path / "a.keys")):
        assert one.known("C2") is None and one.known("C1") == first["C1"] and one.known("C3") == first["C3"]
    assert names.forget("C2") is None and names.forget("never there") is None
    assert other.of("C2") != first["C2"]


def test_the_environment_may_name_the_key_of_several_logs(tmp_path, monkeypatch):
    monkeypatch.setenv("VOICENLP_KEY", str(tmp_path / "safe.key"))
    assert key_file("out/audit.log") == tmp_path / "safe.key"
    one, two = AuditLog(tmp_path / "one.log"), AuditLog(tmp_path / "two.log")
    assert one.pseudonyms.of("C1") != two.pseudonyms.of("C1")  # each log has keys of its own
    assert one.pseudonyms.key_id == two.pseudonyms.key_id
    assert (tmp_path / "one.log.keys").exists() and not (tmp_path / "one.log.key").exists()
    assert store_file("run/audit.sqlite", "x").name == "audit.sqlite.keys"


def test_neither_key_nor_id_is_in_the_log_or_the_store(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    log.append("child.read", children={log.pseudonyms.of("C1042"): 3})
    key = (tmp_path / "audit.log.key").read_bytes()
    for name in ("audit.log", "audit.log.keys"):
        written = (tmp_path / name).read_bytes()
        assert key not in written and key.hex().encode() not in written and base64.b64encode(key) not in written
        assert b"C1042" not in written
    log.pseudonyms.forget("C1042")
    assert verify(tmp_path / "audit.log").ok


def test_the_keyed_hash_of_contents(tmp_path):
    one, other = made(tmp_path), made(tmp_path, "b")
    hashes = []
    for names in (one, one, other):
        keyed = names.contents()
        keyed.update(b"Kai said he wants to go home.")
        hashes.append(keyed.hexdigest())
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashlib.sha256(b"Kai said he wants to go home.").hexdigest() not in hashes
