from __future__ import annotations

import base64
import json

import pytest

from voicenlp.audit import AuditLog, Checkpoint, SigningKey, checkpoint, verify
from voicenlp.audit.merkle import node_hash
from voicenlp.audit.verifier import read_key, verified_text
from voicenlp.errors import AuditError, InputError, UsageError

# The example of the C2SP specification of checkpoints, with its signature line
EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)


@pytest.fixture
def log(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    log.append("run.opened", command="tag")
    log.append("run.closed")
    return log.path


def test_the_specifications_example_is_read():
    point = Checkpoint.from_text(EXAMPLE)
    assert (point.origin, point.size, point.root.hex()[:8]) == ("example.com/behind-the-sofa", 20852163, "0ac5186a")
    assert point.text() == EXAMPLE.partition("\n\n")[0] + "\n"
    assert point.note == EXAMPLE


def test_three_signed_lines_with_the_merkle_root(log, tmp_path):
    events = [json.loads(line) for line in log.read_bytes().splitlines()]
    one, two, three = (bytes.fromhex(event["hash"]) for event in events)
    root = node_hash(node_hash(one, two), three)
    checkpoint(log, tmp_path / "point")
    written = (tmp_path / "point").read_bytes().decode()
    origin = f"voicenlp-audit/{events[0]['data']['log']}"
    assert written.startswith(f"{origin}\n3\n{base64.b64encode(root).decode()}\n\n— {origin} ")
    assert verified_text(written.encode(), [read_key((log.parent / "audit.log.signing-key.pub").read_text())]) == f"{origin}\n3\n" + (
        base64.b64encode(root).decode() + "\n"
    )
    assert Checkpoint.read(tmp_path / "point") == checkpoint(log)


def test_windows_line_ends_do_no_harm():
    assert Checkpoint.from_text(EXAMPLE.replace("\n", "\r\n")) == Checkpoint.from_text(EXAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n٣\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nCsUYapGG\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nwith kind regards\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nb\n\n— a Az3grlgtzPIC\n",
    ],
)
def test_what_is_not_a_checkpoint(text):
    with pytest.raises(InputError, match="not a checkpoint"):
        Checkpoint.from_text(text)


def test_none_is_made_of_a_broken_log(log, tmp_path):
    log.write_bytes(log.read_bytes().replace(b'"tag"', b'"tap"'))
    with pytest.raises(AuditError, match="line 2: edited"):
        checkpoint(log, tmp_path / "point")
    assert not (tmp_path / "point").exists()


def test_an_earlier_one_is_written_over_only_if_the_log_still_agrees(log, tmp_path):
    checkpoint(log, tmp_path / "point")
    AuditLog(log).append("run.opened", command="attach")
    assert checkpoint(log, tmp_path / "point").size == 4
    kept = (tmp_path / "point").read_bytes()
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(AuditError, match="truncated"):
        checkpoint(log, tmp_path / "point")
    assert (tmp_path / "point").read_bytes() == kept


def test_another_file_is_not_written_over(log, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear all")
    with pytest.raises(UsageError, match="not written over"):
        checkpoint(log, tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "Dear all"
    with pytest.raises(UsageError, match="can't be written"):
        checkpoint(log, tmp_path / "no" / "point")
    assert not list(tmp_path.glob("*.new"))


@pytest.fixture
def key(tmp_path):
    return SigningKey.make(tmp_path / "council.key", "council.example/voice")


def test_one_key_of_an_authority_signs_for_several_logs(tmp_path, log, key):
    other = AuditLog(tmp_path / "other.log").path
    points = [checkpoint(path, tmp_path / f"{path.name}.point", key=tmp_path / "council.key") for path in (log, other)]
    assert points[0].origin != points[1].origin
    for path, point in zip((log, other), points, strict=True):
        assert verify(path, tmp_path / f"{path.name}.point", key.verifier).ok
        assert verify(path, point, tmp_path / "council.key.pub").ok
    assert not verify(log, points[1], key.verifier).ok
    assert not (tmp_path / "audit.log.signing-key").exists()


def test_a_checkpoint_must_be_signed_with_the_key_wanted(tmp_path, log, key):
    stranger = SigningKey("council.example/voice", bytes(32))  # the same name
    point = checkpoint(log, tmp_path / "point", key=key)
    assert verify(log, point, [stranger.verifier, key.verifier]).ok
    with pytest.raises(AuditError, match=r"not signed with the key council\.example/voice"):
        verify(log, point, stranger.verifier)
    with pytest.raises(AuditError, match="not a signed note"):
        verify(log, Checkpoint.from_text(point.text()), key.verifier)
    with pytest.raises(AuditError, match="what was signed is not what it says"):
        verify(log, Checkpoint(point.origin, 2, point.root, point.note), key.verifier)
    forged = point.note.replace("\n3\n", "\n2\n")
    (tmp_path / "point").write_text(forged, encoding="utf-8")
    with pytest.raises(AuditError, match=r"point: the signature of council\.example/voice is false"):
        verify(log, tmp_path / "point", key.verifier)


def test_a_verifier_key_that_is_none(tmp_path, log, key):
    point = checkpoint(log, key=key)
    for text in ("", "x", "a+b+c", key.verifier[:-4], key.verifier.replace("council", "counc1l"), str(tmp_path / "no.pub")):
        with pytest.raises(UsageError, match="not a verifier key"):
            verify(log, point, text)
    with pytest.raises(UsageError, match="give one"):
        verify(log, verifier_key=key.verifier)


def test_a_key_signs_no_checkpoint_that_disagrees_with_its_last(tmp_path, log):
    """However the new one is called: two signed checkpoints that disagree would be as good as none."""
    checkpoint(log, tmp_path / "one")
    kept = log.read_bytes()
    log.write_bytes(b"".join(kept.splitlines(keepends=True)[:2]))
    with pytest.raises(AuditError, match="truncated"):
        checkpoint(log, tmp_path / "two")
    assert not (tmp_path / "two").exists()
    log.write_bytes(kept)
    AuditLog(log).append("run.opened", command="attach")
    assert checkpoint(log, tmp_path / "two").size == 4


def test_a_lost_key_is_told_and_none_is_made_in_its_place(tmp_path, log):
    with pytest.raises(AuditError, match=r"council\.key: the signing key is not here"):
        checkpoint(log, tmp_path / "point", key=tmp_path / "council.key")
    assert not list(tmp_path.glob("council*"))
    assert not (tmp_path / "point").exists()


def test_no_key_is_made_for_a_log_that_does_not_verify(tmp_path, log):
    log.write_bytes(log.read_bytes().replace(b'"tag"', b'"tap"'))
    with pytest.raises(AuditError):
        checkpoint(log, tmp_path / "point")
    assert not (tmp_path / "audit.log.signing-key").exists()
