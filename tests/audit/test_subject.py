from __future__ import annotations

import json
import re

import pytest

from voicenlp.audit import AuditLog, FileRef, ModelRef, verify
from voicenlp.audit.subject import account_of, exports_of, page_of
from voicenlp.errors import AuditError

SHA = "0" * 64


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.log"


def run(path, command, *events, **who):
    log = AuditLog(
        path, **{"actor": "s.khan", "role": "analyst", "purpose": "service review", "lawful_basis": "6(1)(e)", "dpia": "14", **who}
    )
    log.append("run.opened", command=command, model=ModelRef(name="rules", version="1"))
    for kind, data in events:
        log.append(kind, **data)
    log.append("run.closed", outputs=[FileRef(name="spans.parquet")] if command == "tag" else [])
    return log


@pytest.fixture
def names(path):
    return AuditLog(path).pseudonyms


def test_everything_about_a_child_and_nothing_about_others(path, names):
    one, other = names.of("C1"), names.of("C2")
    run(path, "tag", ("child.read", {"children": {one: 12, other: 999}}), ("child.read", {"children": {one: 3}}))
    run(path, "tag", ("child.read", {"children": {other: 777}}), purpose="somebody else's")
    run(
        path, "indicators",
        ("child.read", {"children": {one: 15}, "what": "spans"}),
        ("export.made", {"what": "indicators", "recipient": "Virtual School", "files": [{"name": "i.csv"}], "suppression": "dfe_cin"}),
    )  # fmt: skip
    run(
        path,
        "attach",
        ("child.read", {"children": {one: 15}, "what": "spans"}),
        ("return.attached", {"to": "cin", "outputs": [{"name": "c.csv"}]}),
    )
    run(path, "tag", ("optout.honoured", {"children": {one: 1, other: 2}}), purpose="research", lawful_basis="no policy", dpia="")
    run(path, "review", ("text.opened", {"what": "report", "child": one, "notes": 2}))
    run(path, "review", ("review.made", {"child": one, "what": "spans", "decision": "amended", "reason": "it was the aunt"}))
    raised = run(path, "note").append("challenge.raised", child=one, by="parent", about="wrong date")
    run(path, "note", ("challenge.answered", {"child": one, "challenge": raised, "outcome": "corrected", "answer": "date put right"}))
    run(
        path,
        "report",
        ("report.made", {"what": "timeline", "child": one, "recipient": "IRO", "files": [{"name": "t.html"}], "with_text": True}),
    )
    found = account_of(path, " C1 ", names)
    assert found.found and found.unbroken and found.warnings == () and found.events == verify(path).events
    assert [deed.what[0] for deed in found.deeds] == [
        "The program read 15 notes from the records of this child (tagging notes).",
        "The program used what it had found in 15 notes of this child (counting).",
        "The program used what it had found in 15 notes of this child (joining to a return).",
        "1 note was left out and not read, because this child is not to be processed for this purpose.",
        "The words of 2 notes of this child were shown on the screen (report).",
        "A person looked at what the program had found (spans) and corrected it: it was the aunt.",
        "A challenge was put on record, raised by: parent. It was about: wrong date.",
        "A challenge was answered (it was put right): date put right.",
        "A report about this child was made for IRO (timeline): t.html. Words of notes are in it.",
    ]
    first, counted, attached, left_out = found.deeds[:4]
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]+ \d{4} at \d\d:\d\d UTC", first.when) and first.who == "s.khan (analyst)"
    assert (first.why, first.law, first.assessment) == ("service review", "6(1)(e)", "14")
    assert first.what[1:] == (
        "It did so with the model rules, version 1.",
        "It wrote tables that may hold rows about this child, beside those of other children: spans.parquet.",
    )
    assert counted.what[-1] == "Files were made for Virtual School (indicators): i.csv. Small numbers were hidden (dfe_cin)."
    assert attached.what[-1] == "What it counted was set beside the rows of a statutory return (cin): c.csv."
    assert (left_out.why, left_out.law, left_out.assessment) == ("research", "none stated (no policy)", "none stated (no policy)")
    text = found.plain()
    assert "999" not in text and "777" not in text and "somebody else's" not in text and other not in text
    assert json.loads(json.dumps(found.as_dict()))["deeds"][0]["why"] == "service review"
    assert exports_of(path, one) == ["i.csv", "c.csv", "t.html"] and exports_of(path, other) == []


def test_a_run_that_failed(path, names):
    log = run(path, "tag", ("child.read", {"children": {names.of("C1"): 1}}))
    log.append("run.closed", outcome="failed", error="KeyboardInterrupt")
    assert "It stopped before it was done, because of a fault." in account_of(path, "C1", names).deeds[0].what


def test_a_child_of_whom_nothing_is_known(path, names):
    run(path, "tag", ("child.read", {"children": {names.of("C1"): 1}}))
    found = account_of(path, "C9", names)
    assert not found.found and found.deeds == () and found.warnings == ()
    assert names.known("C9") is None  # asking makes no key


def test_a_broken_log_is_said(path, names):
    run(path, "tag", ("child.read", {"children": {names.of("C1"): 1}}))
    path.write_bytes(path.read_bytes().replace(b"service review", b"service_review"))
    found = account_of(path, "C1", names)
    assert not found.unbroken and "nothing below can be relied on" in found.warnings[0] and "nothing below" in found.plain()


def test_a_key_store_that_lost_keys_is_said(path, names):
    run(path, "tag", ("child.read", {"children": {names.of(child): 1 for child in ("C1", "C2", "C3")}}))
    store = path.with_name("audit.log.keys")
    whole = store.read_bytes()
    rows = whole.splitlines(keepends=True)
    store.write_bytes(b"".join(rows[:-1]))
    again = AuditLog(path).pseudonyms
    assert (
        account_of(path, "C3", again).warnings[0].startswith("1 child of the log has no key any more and was not forgotten: the key store")
    )
    assert "1 child of the log has no key any more" in account_of(path, "C1", again).plain()


def test_a_forgotten_child_stays_forgotten_and_a_key_put_back_is_said(path, names):
    name = names.of("C1")
    log = run(path, "tag", ("child.read", {"children": {name: 5}}))
    copy = path.with_name("audit.log.keys").read_bytes()
    log.append("child.forgotten", child=name, counts={"rows": 3})
    names.forget("C1")
    assert account_of(path, "C1", names).deeds == () and account_of(path, "C1", names).warnings == ()
    assert verify(path).ok
    path.with_name("audit.log.keys").write_bytes(copy)
    again = account_of(path, "C1", AuditLog(path).pseudonyms)
    assert "destroyed, and is there again" in again.warnings[0]


def test_the_keys_of_another_log(path, names, tmp_path):
    name = names.of("C1")
    run(path, "tag", ("child.read", {"children": {name: 5}}))
    other = AuditLog(tmp_path / "other.log").pseudonyms
    assert other.known("C1") is None
    path.with_name("audit.log.keys").write_bytes((tmp_path / "other.log.keys").read_bytes())
    with pytest.raises(AuditError, match="the key store of another key"):
        account_of(path, "C1", AuditLog(path).pseudonyms)


HOSTILE = "<script>alert(1)</script> {{ 1234*5678 }} ' OR 1=1 -- %s %(x)s\x1b[2J\u202e"


def test_the_page_is_whole_and_everything_in_it_is_escaped(path, names):
    run(
        path, "tag",
        ("child.read", {"children": {names.of("C1"): 5}}),
        ("export.made", {"what": HOSTILE, "recipient": "<b>x</b>", "files": [{"name": "<img src=x onerror=y>.csv"}]}),
        actor=HOSTILE, purpose=HOSTILE,
    )  # fmt: skip
    page = page_of([account_of(path, "C1", names)], "<i>C1</i>", "<u>office</u>")
    for mark in ("<script>", "<b>x", "<img", "<i>C1", "<u>office", "\x1b", "\u202e"):
        assert mark not in page
    assert "{{ 1234*5678 }}" in page and "&lt;script&gt;" in page and "7006652" not in page
    assert not re.search(r"(?:src|href|url|import|http)\s*[=(:]", page.replace("http-equiv=", "").replace("&lt;img src=x", ""))
    assert "\x1b" not in account_of(path, "C1", names).plain()
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>") and 'lang="en-GB"' in page
