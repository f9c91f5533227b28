from __future__ import annotations

import base64
import json

import pytest

from voicenlp.audit import AuditLog, Checkpoint, checkpoint
from voicenlp.audit.merkle import node_hash
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


def test_three_lines_with_the_merkle_root(log, tmp_path):
    events = [json.loads(line) for line in log.read_bytes().splitlines()]
    one, two, three = (bytes.fromhex(event["hash"]) for event in events)
    root = node_hash(node_hash(one, two), three)
    checkpoint(log, tmp_path / "point")
    written = (tmp_path / "point").read_bytes().decode()
    assert written == f"voicenlp-audit/{events[0]['data']['log']}\n3\n{base64.b64encode(root).decode()}\n"
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
