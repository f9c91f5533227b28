"""Signed notes and their keys.

Known answers: the example of the C2SP specification of signed notes (c2sp.org/signed-note), and the keys, the note and the malformed notes
of the tests of Go's golang.org/x/mod/sumdb/note (note_test.go), which that specification was written after.
"""

from __future__ import annotations

import os
import stat

import pytest

from voicenlp.audit import SigningKey
from voicenlp.audit.verifier import Refused, key_id, read_key, read_note, verified_text
from voicenlp.errors import AuditError, UsageError

C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH_LINE = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"


def note(*lines):
    return (TEXT + "\n" + "".join(lines)).encode()


def test_the_specifications_example():
    assert verified_text(C2SP_NOTE, [read_key(C2SP_KEY)]) == "This is an example message.\n"
    for changed in (
        C2SP_NOTE.replace(b"message", b"massage"),
        C2SP_NOTE.replace(b".\n\n", b".\n\n\n"),
        C2SP_NOTE.replace(b"QOkn8", b"QOkn9"),
    ):
        with pytest.raises(Refused, match="is false"):
            verified_text(changed, [read_key(C2SP_KEY)])


def test_gos_key_signs_as_go_does(tmp_path):
    (tmp_path / "peter.key").write_text(PRIVATE + "\n")
    key = SigningKey.read(tmp_path / "peter.key")
    assert (key.name, key.verifier) == ("PeterNeumann", PETER)
    assert key.sign(TEXT).encode() == note(PETER_LINE)


def test_signatures_of_several_keys():
    peter, enoch = read_key(PETER), read_key(ENOCH)
    both = note(PETER_LINE, ENOCH_LINE)
    for keys in ([peter], [enoch], [peter, enoch]):
        assert verified_text(both, keys) == TEXT
    with pytest.raises(Refused, match="not signed with the key EnochRoot"):
        verified_text(note(PETER_LINE), [enoch])
    with pytest.raises(Refused, match="none given"):
        verified_text(both, [])
    with pytest.raises(Refused, match="signature of EnochRoot is false"):  # one true signature does not make up for a false one
        verified_text(note(PETER_LINE, ENOCH_LINE[:60], "ABCD", ENOCH_LINE[60:]), [peter, enoch])
    assert verified_text(note(PETER_LINE, ENOCH_LINE[:60], "ABCD", ENOCH_LINE[60:]), [peter]) == TEXT


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        note(),
        note(PETER_LINE)[:-1],
        b"\x01" + note(PETER_LINE),
        b"\xff" + note(PETER_LINE),
        note(PETER_LINE.replace("PeterNeumann", "Bad Name")),
        note(PETER_LINE, "Unexpected line.\n"),
        note(PETER_LINE.replace("—", "-")),
        note("— PeterNeumann x08go/Y\n"),
        note("— PeterNeumann x08goA==\n"),
        note(PETER_LINE * 101),
        b"",
        b"\n",
    ],
)
def test_what_is_not_a_signed_note(data):
    with pytest.raises(Refused, match="not a signed note"):
        verified_text(data, [read_key(PETER)])


def test_windows_line_ends_do_no_harm():
    assert verified_text(note(PETER_LINE).replace(b"\n", b"\r\n"), [read_key(PETER)]) == TEXT
    assert len(read_note(note(PETER_LINE))[1]) == 1


def test_no_mangled_verifier_key_is_taken():
    pieces = {PETER[start:end] for start in range(len(PETER)) for end in range(start + 1, len(PETER) + 1)} - {PETER}
    changed = {PETER[:place] + chr(ord(mark) + 1) + PETER[place + 1 :] for place, mark in enumerate(PETER)}
    longer = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="
    other = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    for text in (*pieces, *changed, longer, other, "", "a+b", "+" * 5):
        with pytest.raises(Refused, match="not a verifier key"):
            read_key(text)


def test_no_mangled_private_key_is_taken(tmp_path):
    path = tmp_path / "peter.key"
    for text in (
        *{PRIVATE[start:] for start in range(1, len(PRIVATE), 3)},
        *{PRIVATE[:end] for end in range(0, len(PRIVATE), 3)},
        *{PRIVATE[:place] + chr(ord(mark) + 1) + PRIVATE[place + 1 :] for place, mark in enumerate(PRIVATE)},
        "\x00",
        PETER,
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(AuditError, match=r"peter\.key: not a signing key") as caught:
            SigningKey.read(path)
        assert "AYEKF" not in str(caught.value)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(AuditError, match="not a signing key"):
        SigningKey.read(path)
    with pytest.raises(AuditError, match="not here"):
        SigningKey.read(tmp_path / "none.key")


def test_a_new_key_is_random_and_its_owners_alone(tmp_path):
    made = [SigningKey.make(tmp_path / f"{name}.key", "council.example/voice") for name in "ab"]
    assert made[0].verifier != made[1].verifier
    again = SigningKey.read(tmp_path / "a.key")
    assert again.verifier == made[0].verifier == (tmp_path / "a.key.pub").read_text().strip()
    assert again.sign("x\n") == made[0].sign("x\n")
    key = read_key(again.verifier)
    assert key.id == key_id("council.example/voice", key.public)
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


def test_a_key_is_never_written_over(tmp_path):
    SigningKey.make(tmp_path / "a.key", "a")
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(UsageError, match="there already"):
        SigningKey.make(tmp_path / "a.key", "b")
    assert (tmp_path / "a.key").read_bytes() == before
    with pytest.raises(UsageError, match="can't be written"):
        SigningKey.make(tmp_path / "no" / "a.key", "a")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "\x00", "a\u00a0b", "\u2028"])
def test_names_that_a_note_could_not_hold(tmp_path, name):
    with pytest.raises(UsageError, match="name of a key"):
        SigningKey.make(tmp_path / "a.key", name)
    assert not list(tmp_path.iterdir())


def test_the_seed_is_not_shown(tmp_path):
    (tmp_path / "peter.key").write_text(PRIVATE)
    assert "AYEKF" not in repr(SigningKey.read(tmp_path / "peter.key"))


@pytest.mark.parametrize("text", ["", "x", "x\r\n", "\x00\n"])
def test_what_is_not_the_text_of_a_note(text):
    with pytest.raises(ValueError):
        SigningKey("a", bytes(32)).sign(text)
