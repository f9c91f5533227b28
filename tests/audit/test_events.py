from __future__ import annotations

import hashlib
import json

import pytest

from voicenlp.audit import AuditLog, FileRef, ModelRef, child_reads, read_events, versions
from voicenlp.audit.events import event_of, guard
from voicenlp.audit.kinds import KINDS, RunOpened
from voicenlp.errors import AuditError

CHILD = "c_0123456789abcdef0123"
NOTE = "Ava said she wants to see her nan. " * 20


def test_the_list_is_closed():
    assert sorted(KINDS) == [
        "batch.in", "batch.out", "challenge.answered", "challenge.raised", "child.forgotten", "child.read", "export.made",
        "files.deleted", "log.mended",
        "log.started", "model.loaded", "model.trained", "optout.honoured", "policy.changed", "report.made", "return.attached",
        "review.made", "run.closed", "run.opened", "text.opened",
    ]  # fmt: skip
    with pytest.raises(AuditError, match=r"no such kind of event: run\.begun; there are log\.started, "):
        event_of("run.begun", {})


def test_all_faults_at_once_and_none_of_the_values():
    with pytest.raises(AuditError) as caught:
        event_of("text.opened", {"notes": -1, "child": "Ava Smith", "text": "Ava said no"})
    message = str(caught.value)
    assert all(field in message for field in ("what: Field required", "notes:", "child:", "text: Extra inputs"))
    assert "Ava" not in message


@pytest.mark.parametrize("child", ["C1042", "c_0123", CHILD.upper(), CHILD + "\n", "c_" + "g" * 20])
def test_only_pseudonyms_stand_for_children(child):
    for kind, data in [
        ("child.read", {"children": {child: 1}}),
        ("text.opened", {"what": "report", "notes": 1, "child": child}),
        ("report.made", {"what": "child", "child": child}),
    ]:
        with pytest.raises(AuditError) as caught:
            event_of(kind, data)
        assert child not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b.csv", "/home/k/notes.csv", "..\\x", "C:\\notes.csv", "C:notes.csv", "a\x00b", "a\nb", "a\x1b[2Jb", "x" * 256],
)
def test_files_go_by_base_name(name):
    with pytest.raises(AuditError):
        event_of("export.made", {"what": "indicators", "files": [{"name": name}]})


def test_a_file_is_hashed(tmp_path):
    (tmp_path / "Zoë notes.csv").write_bytes(b"abc")
    found = FileRef.of(tmp_path / "Zoë notes.csv", rows=2)
    assert found.model_dump(exclude_none=True) == {
        "name": "Zoë notes.csv",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "bytes": 3,
        "rows": 2,
    }


def test_a_folder_is_one_entry_that_any_change_shows_in(tmp_path):
    folder = tmp_path / "notes"
    (folder / "b").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"abc")
    (folder / "b" / "c.txt").write_bytes(b"")
    found = FileRef.of(folder)
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    listed = f'[["a.txt","{hashlib.sha256(b"abc").hexdigest()}"],["b/c.txt","{empty}"]]'
    assert (found.name, found.files, found.bytes, found.sha256) == ("notes", 2, 3, hashlib.sha256(listed.encode()).hexdigest())
    (folder / "a.txt").rename(folder / "z.txt")
    assert FileRef.of(folder).sha256 != found.sha256


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(AuditError, match="can't be read"):
        FileRef.of(tmp_path / "none.csv")


def test_a_run_is_the_same_anywhere_and_holds_the_hash_of_its_settings():
    opened = RunOpened(command="tag", model=ModelRef(name="rules"), settings={"limit_chars": 5, "ratio": 0.5})
    wanted = hashlib.sha256(b'{"limit_chars":5,"ratio":0.5}').hexdigest()
    assert opened.data() == {
        "command": "tag",
        "inputs": [],
        "model": {"name": "rules", "version": ""},
        "settings": {"limit_chars": 5, "ratio": 0.5},
        "versions": {},
        "policy": "none",
        "settings_sha256": wanted,
    }


def test_a_countys_archive_is_parted_into_events_of_500_children():
    children = {f"c_{number:020x}": number % 3 for number in range(1201)}
    parts = list(child_reads(children))
    assert [len(part.children) for part in parts] == [500, 500, 201]
    assert {child: notes for part in parts for child, notes in part.children.items()} == children
    assert sum(part.counts["notes"] for part in parts) == 1200
    assert list(child_reads({})) == []
    with pytest.raises(AuditError):
        event_of("child.read", {"children": {f"c_{number:020x}": 1 for number in range(501)}})


def test_text_of_a_note_is_refused_wherever_it_comes(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    before = (tmp_path / "audit.log").read_bytes()
    for kind, data in [
        ("export.made", {"what": NOTE}),
        ("export.made", {"what": "spans", "recipient": NOTE}),
        ("run.opened", {"command": "tag", "settings": {"columns": {"text": [NOTE]}}}),
        ("run.opened", {"command": "tag", "settings": {NOTE: 1}}),
        ("run.opened", {"command": "tag", "settings": {"a": {NOTE[:60]: 1}}}),
        ("run.opened", {"command": NOTE}),
        ("run.closed", {"counts": {NOTE: 1}}),
        ("run.closed", {"outcome": "failed", "error": NOTE}),
        ("text.opened", {"what": "report", "notes": NOTE}),
        ("text.opened", {"what": "report", "notes": 1, "note": NOTE}),
    ]:
        with pytest.raises(AuditError) as caught:
            log.append(kind, **data)
        assert "nan" not in str(caught.value)
    assert (tmp_path / "audit.log").read_bytes() == before


def test_500_characters_are_let_through_and_501_are_not():
    guard({"what": "é" * 500})
    with pytest.raises(AuditError, match=r"data\.what: 501 characters"):
        guard({"what": "é" * 501})


@pytest.mark.parametrize("value", ["/srv/notes", "~/notes", "C:\\Users\\k", "d:/x", "\\\\server\\share", "sqlite:///x.db", " https://a.b"])
def test_paths_and_addresses_are_refused(value):
    with pytest.raises(AuditError, match="path or address"):
        guard({"settings": {"list": ["fine", value]}})


@pytest.mark.parametrize("value", ["UK GDPR 6(1)(e) / 9(2)(g)", "note_id=ID,text=NoteText", "rules:indirect.said", "and/or"])
def test_what_only_looks_a_little_like_a_path_is_let_through(value):
    guard({"what": value})


def test_events_made_before_and_by_name_are_the_same(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    log.append("run.opened", command="tag", settings={"limit_chars": 5})
    log.append(RunOpened(command="tag", settings={"limit_chars": 5}))
    _, one, other = read_events(tmp_path / "audit.log")
    assert one["data"] == other["data"]
    with pytest.raises(TypeError):
        log.append(RunOpened(command="tag"), command="tag")


def test_versions_leave_out_what_is_not_there():
    found = versions("pydantic", "no-such-package-at-all")
    assert "pydantic" in found
    assert "no-such-package-at-all" not in found
    json.dumps(event_of("run.opened", {"command": "tag", "versions": found}).data())
