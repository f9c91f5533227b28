from __future__ import annotations

import json
import random
import time

import pytest

from voicenlp.audit import AuditLog, SigningKey, verification, verify
from voicenlp.audit.canonical import canonical
from voicenlp.audit.entry import FIRST, seal
from voicenlp.audit.merkle import leaf_hash
from voicenlp.errors import AuditError, InputError


@pytest.fixture
def log(tmp_path):
    log = AuditLog(tmp_path / "audit.log", actor="s.khan", purpose="review")
    for number in range(9):
        log.append("text.opened", what="report", notes=number)
    return log.path  # ten lines: event n stands in line n + 1


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


def found(path, lines, **more):
    path.write_bytes(b"".join(lines))
    return [(fault.kind, fault.line) for fault in verify(path, **more).faults]


def sealed_anew(line, **changes):
    fields = json.loads(line)
    del fields["hash"]
    return seal(fields | changes)[1]


def rewritten(lines):
    """The lines with all hashes made anew, as somebody could who has the log and this program."""
    out, prev = [], FIRST
    for seq, line in enumerate(lines):
        out.append(sealed_anew(line, prev=prev, seq=seq))
        prev = json.loads(out[-1])["hash"]
    return out


def test_a_whole_log(log):
    result = verify(log)
    assert (result.ok, result.events, result.faults) == (True, 10, ())
    last = json.loads(lines_of(log)[-1])
    assert result.head == last.pop("hash") == leaf_hash(canonical(last)).hex()
    assert result.log == json.loads(lines_of(log)[0])["data"]["log"]


def test_edited(log):
    lines = lines_of(log)
    lines[4] = lines[4].replace(b'"notes":3', b'"notes":4')
    assert found(log, lines) == [("edited", 5)]


def test_edited_and_its_own_hash_made_anew(log):
    lines = lines_of(log)
    lines[4] = sealed_anew(lines[4], data={"what": "report", "notes": 0})
    assert found(log, lines) == [("edited", 5)]


@pytest.mark.parametrize("line", range(10))
def test_a_hash_changed(log, line):
    lines = lines_of(log)
    value = json.loads(lines[line])["hash"].encode()
    lines[line] = lines[line].replace(b'"hash":"' + value, b'"hash":"' + bytes(reversed(value)))
    assert found(log, lines) == [("edited", line + 1)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b":", b": ", 1),
        lambda line: line.replace(b'{"actor"', b'{"actor":"m.jones","actor"'),
        lambda line: line.replace(b"\n", b"\r\n"),
        lambda line: line.replace(b"s.khan", b"s.kha\\u006e"),
        lambda line: b"{}\n",
        lambda line: b"\n",
        lambda line: b"\xff\xfe\n",
        lambda line: b"[" * 5000 + b"\n",
        lambda line: line.replace(b'"seq":4', b'"seq":true'),
        lambda line: line.replace(b'"notes":3', b'"notes":' + b"9" * 5000),
        lambda line: line.replace(b'"notes":3', b'"notes":NaN'),
    ],
)
def test_a_line_that_is_not_in_canonical_form(log, spoil):
    lines = lines_of(log)
    lines[4] = spoil(lines[4])
    assert found(log, lines) == [("edited", 5)]


def test_two_readings_of_one_line_are_not_let_through(log):
    """A key given twice, with the hash that fits these very bytes: readers would not agree on who acted."""
    line = lines_of(log)[-1].rstrip(b"\n")
    body = line.replace(b'{"actor"', b'{"actor":"m.jones","actor"')
    start = body.index(b',"hash":"')
    body = body[:start] + body[start + 74 :]
    forged = body.replace(b',"lawful_basis"', b',"hash":"' + leaf_hash(body).hex().encode() + b'","lawful_basis"')
    assert found(log, [*lines_of(log)[:-1], forged + b"\n"]) == [("edited", 10)]


@pytest.mark.parametrize("gone", [slice(0, 1), slice(3, 4), slice(3, 6), slice(8, 9)])
def test_deleted(log, gone):
    lines = lines_of(log)
    del lines[gone]
    assert found(log, lines) == [("deleted", gone.start + 1)]


def test_inserted_a_copy(log):
    lines = lines_of(log)
    assert found(log, [*lines[:7], lines[3], *lines[7:]]) == [("inserted", 8)]
    assert found(log, [*lines, lines[3]]) == [("inserted", 11)]
    assert found(log, [*lines[:5], lines[4], *lines[5:]]) == [("inserted", 6)]


def test_inserted_a_forged_event_that_fits_the_line_before(log):
    lines = lines_of(log)
    forged = sealed_anew(lines[5], actor="m.jones")
    assert found(log, [*lines[:5], forged, *lines[5:]]) == [("inserted", 6)]


def test_inserted_another_logs_line(log, tmp_path):
    other = AuditLog(tmp_path / "other.log")
    other.append("text.opened", what="report", notes=1)
    lines = lines_of(log)
    assert found(log, [*lines[:5], lines_of(other.path)[1], *lines[5:]]) == [("inserted", 6)]


def test_reordered(log):
    lines = lines_of(log)
    assert ("reordered", 6) in found(log, [*lines[:4], lines[5], lines[4], *lines[6:]])
    assert ("reordered", 9) in found(log, [*lines[:4], *lines[5:9], lines[4], lines[9]])
    assert all(kind == "reordered" for kind, _ in found(log, [lines[0], *reversed(lines[1:])]))


def test_several_faults_are_all_told(log):
    lines = lines_of(log)
    lines[2] = lines[2].replace(b"s.khan", b"s.kham")
    del lines[6]
    assert found(log, [*lines, b'{"half']) == [("edited", 3), ("deleted", 7), ("torn", 10)]


@pytest.mark.parametrize("numbers", [[0, 1, 2, 2, 3], [0, 1, 3, 4], [0, 0, 0], [1, 2], [0, 1, 2**60]])
def test_a_chain_that_counts_wrongly(log, numbers):
    out, prev = [], FIRST
    for seq, line in zip(numbers, lines_of(log), strict=False):
        if seq < 2**53:
            out.append(sealed_anew(line, prev=prev, seq=seq))
            prev = json.loads(out[-1])["hash"]
        else:
            out.append(line.replace(b'"seq":2', b'"seq":%d' % seq))
    assert found(log, out)


def test_an_empty_file(log):
    assert found(log, []) == [("truncated", 1)]


def test_a_chain_that_does_not_begin_a_log(log):
    assert found(log, rewritten(lines_of(log)[1:])) == [("edited", 1)]


def test_a_long_stretch_without_a_newline(log):
    lines = lines_of(log)
    assert found(log, [*lines[:5], b"x" * 3_000_000, *lines[5:]])[0] == ("edited", 6)


def test_truncated_is_found_with_a_checkpoint_only(log, tmp_path):
    point = verification.checkpoint(log, tmp_path / "point")
    lines = lines_of(log)
    assert found(log, lines[:-2]) == []
    assert found(log, lines[:-2], checkpoint=point) == [("truncated", 8)]
    assert found(log, lines[:-2], checkpoint=tmp_path / "point") == [("truncated", 8)]


def test_rewritten_whole_is_found_with_a_checkpoint_only(log):
    point = verification.checkpoint(log)
    lines = lines_of(log)
    lines[4] = lines[4].replace(b"s.khan", b"m.jones")
    forged = rewritten(lines)
    assert found(log, forged) == []
    assert found(log, forged, checkpoint=point) == [("rewritten", 10)]
    assert found(log, rewritten([*lines[:4], *lines[5:]]), checkpoint=point) == [("truncated", 9)]


def test_rewritten_and_signed_anew_by_the_holder_of_the_key(log, tmp_path):
    key = SigningKey.make(tmp_path / "council.key", "council.example/voice")
    before = verification.checkpoint(log, tmp_path / "kept outside", key=key)
    lines = lines_of(log)
    lines[4] = lines[4].replace(b"s.khan", b"m.jones")
    log.write_bytes(b"".join(rewritten([*lines, lines[3]])))
    after = verification.checkpoint(log, key=key)  # a valid signature under a false log
    assert verify(log, after, key.verifier).ok
    assert [fault.kind for fault in verify(log, tmp_path / "kept outside", key.verifier).faults] == ["rewritten"]
    assert before.origin == after.origin


def test_a_log_begun_anew_is_not_that_of_the_checkpoint(log):
    point = verification.checkpoint(log)
    log.unlink()
    new = AuditLog(log)
    for number in range(20):
        new.append("text.opened", what="report", notes=number)
    kinds = [fault.kind for fault in verify(log, checkpoint=point).faults]
    assert kinds == ["rewritten", "rewritten"]


def test_a_log_that_grew_agrees_with_all_its_checkpoints(log):
    points = []
    for number in range(12):
        points.append(verification.checkpoint(log))
        AuditLog(log).append("text.opened", what="report", notes=number)
    assert [point.size for point in points] == list(range(10, 22))
    assert all(verify(log, checkpoint=point).ok for point in points)


def test_a_broken_log_is_held_against_the_checkpoint_too(log):
    point = verification.checkpoint(log)
    lines = lines_of(log)[:-3]
    lines[2] = lines[2].replace(b"s.khan", b"s.kham")
    assert found(log, lines, checkpoint=point) == [("edited", 3), ("truncated", 7)]


def test_a_checkpoint_that_is_none(log, tmp_path):
    (tmp_path / "point").write_bytes(b"hello")
    with pytest.raises(InputError, match="not a checkpoint"):
        verify(log, checkpoint=tmp_path / "point")
    with pytest.raises(InputError, match="can't be read"):
        verify(log, checkpoint=tmp_path / "none")


def test_reading_leaves_nothing_behind(log):
    before = {path.name: path.stat().st_mtime_ns for path in log.parent.iterdir() if path.suffix != ".lock"}
    verify(log)
    assert {path.name: path.stat().st_mtime_ns for path in log.parent.iterdir() if path.suffix != ".lock"} == before


@pytest.fixture(scope="module")
def thousand():
    """The lines of a log of 1,000 events, of several kinds and with words of many scripts."""
    kinds = [
        ("text.opened", {"what": "report", "notes": 3}),
        ("child.read", {"children": {"c_00112233445566778899": 2}, "counts": {"children": 1, "notes": 2}}),
        ("run.opened", {"command": "tag", "settings": {"share": 0.25, "by": ["child_id", None, True]}, "settings_sha256": "0" * 64}),
        ("export.made", {"what": 'Zoë 子 \U0001f600 \ufb33 \n"x"', "files": [], "with_text": False}),
    ]
    events = [("log.started", {"log": "00ff00ff00ff00ff", "key": "k_00ff00ff00ff00ff", "form": 1})]
    events += [kinds[number % len(kinds)] for number in range(999)]
    lines, prev = [], FIRST
    for seq, (event, data) in enumerate(events):
        fields = {
            "seq": seq, "time": "2026-03-04T09:12:01.250000Z", "event": event, "actor": "s.khan", "role": "analyst", "purpose": "review",
            "lawful_basis": "UK GDPR 6(1)(e)", "dpia": "14", "run": "r_1", "data": data, "prev": prev,
        }  # fmt: skip
        prev, line = seal(fields)
        lines.append(line)
    return lines


@pytest.fixture
def long_log(tmp_path, thousand):
    path = tmp_path / "long.log"
    path.write_bytes(b"".join(thousand))
    return path


def test_every_single_byte_change_of_a_log_of_1000_events_is_found(thousand):
    """Each byte in turn is changed into another one by chance, and the chain gone on with from the line before: all that stands there."""
    chance = random.Random(8785)
    assert verification._follow(thousand).events == 1000
    prev, positions = FIRST, 0
    for number, line in enumerate(thousand):
        following = b"" if number == 999 else thousand[number + 1]
        for place in range(len(line)):
            changed = bytearray(line if place + 1 < len(line) else line + following)
            changed[place] ^= chance.randrange(1, 256)
            pieces = bytes(changed).split(b"\n")
            anew = [piece + b"\n" for piece in pieces[:-1]] + [pieces[-1]] * bool(pieces[-1])
            positions += 1
            # It is enough that the first line that stands here is refused: whatever follows, the log does not verify then.
            assert verification._next(anew[0], number, prev) is None, (number, place)
        prev = verification._next(line, number, prev).computed
    assert positions == sum(map(len, thousand)) > 350_000


def test_single_byte_changes_in_the_file_itself(long_log):
    chance = random.Random(6962)
    data = long_log.read_bytes()
    newlines = [place for place, byte in enumerate(data) if byte == 10]
    places = [*chance.sample(range(len(data)), 25), 0, len(data) - 1, *chance.sample(newlines, 8)]
    for place in places:
        changed = bytearray(data)
        changed[place] ^= chance.randrange(1, 256)
        long_log.write_bytes(changed)
        result = verify(long_log)
        assert not result.ok, place
        assert result.faults, place
    long_log.write_bytes(data)
    assert verify(long_log).ok


def test_a_byte_put_in_or_left_out_is_found(long_log):
    chance = random.Random(1)
    data = long_log.read_bytes()
    for place in chance.sample(range(len(data)), 12):
        for changed in (data[:place] + data[place + 1 :], data[:place] + bytes([chance.randrange(256)]) + data[place:]):
            long_log.write_bytes(changed)
            assert changed == data or not verify(long_log).ok, place


def test_any_shuffle_of_lines_is_found_with_a_fault_named(log):
    chance = random.Random(2)
    lines = lines_of(log)
    for _ in range(300):
        some = chance.choices(lines, k=chance.randrange(1, 13)) if chance.random() < 0.5 else chance.sample(lines, chance.randrange(1, 11))
        if some == lines[: len(some)]:
            continue
        assert found(log, some), [json.loads(line)["seq"] for line in some]


def test_no_log(tmp_path):
    with pytest.raises(AuditError, match="no audit log"):
        verify(tmp_path / "audit.log")


def test_a_million_events_take_less_than_a_minute(tmp_path, thousand):
    """Measured on a fiftieth; time of the processor, so that what else runs does not count."""
    lines, prev = [thousand[0]], json.loads(thousand[0])["hash"]
    for seq in range(1, 20_000):
        fields = json.loads(thousand[1])
        del fields["hash"]
        prev, line = seal(fields | {"seq": seq, "prev": prev})
        lines.append(line)
    (tmp_path / "audit.log").write_bytes(b"".join(lines))
    start = time.process_time()
    assert verify(tmp_path / "audit.log").events == 20_000
    assert (time.process_time() - start) * 50 < 60
