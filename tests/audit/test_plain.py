from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicenlp.audit import describe
from voicenlp.audit.kinds import KINDS

SHA = "0" * 64


def event(kind, **data):
    return {
        "seq": 3, "time": "2026-03-04T09:12:01.250000Z", "event": kind, "actor": "s.khan", "role": "analyst", "purpose": "service review",
        "lawful_basis": "UK GDPR 6(1)(e)", "dpia": "14", "run": "r_1", "data": data, "prev": SHA, "hash": SHA,
    }  # fmt: skip


CASES = [
    (event("log.started", log="00ff", key="k_1", form=1), "began this log, 00ff"),
    (
        event("log.mended", file="audit.log.torn-1", bytes=1204, sha256=SHA),
        "found the last line cut off and put its 1,204 bytes aside in audit.log.torn-1",
    ),
    (
        event("run.opened", command="tag", inputs=[{"name": "notes.csv"}, {"name": "people.csv"}], model={"name": "rules"}),
        "began tag on notes.csv, people.csv with model rules, for: service review, lawful basis UK GDPR 6(1)(e), DPIA 14",
    ),
    (
        event("run.closed", outcome="rejects", counts={"notes": 8214, "rejects": 2}, outputs=[{"name": f"{n}.csv"} for n in range(7)]),
        "ended the run, with rejects: notes 8,214, rejects 2; wrote 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 2 more, for: service review",
    ),
    (event("run.closed", outcome="failed", error="InputError"), "had the run fail with InputError; wrote no files, for: service review"),
    (event("child.read", children={"c_1": 1, "c_2": 4}), "read 5 notes of 2 children, for: service review"),
    (
        event("export.made", what="indicators", rows=1, recipient="Virtual School", files=[{"name": "i.csv"}], with_text=True),
        "exported indicators (1 row) for Virtual School, with words of notes to i.csv, for: service review",
    ),
    (
        event("return.attached", to="ssda903", inputs=[{"name": "903"}], outputs=[{"name": "out"}], counts={"linked": 12}),
        "set indicators beside the rows of a return (ssda903: 903) in out: linked 12, for: service review",
    ),
    (
        event("report.made", what="timeline", child="c_1", files=[{"name": "r.html"}]),
        "made a report, timeline of child c_1: r.html, for: service review",
    ),
    (
        event("policy.changed", before={"name": "p.toml"}, after={"name": "q.toml"}),
        "put another policy in force: q.toml, in place of p.toml",
    ),
    (event("batch.in", batch=3, notes=256, hash="h_"), "handed batch 3 to the tagger, 256 notes, for: service review"),
    (event("batch.out", batch=3, counts={"spans": 9}, hash="h_"), "took batch 3 from the tagger: spans 9, for: service review"),
    (event("model.loaded", model={"name": "rules"}), "opened the model rules, for: service review"),
    (
        event("model.trained", model={"name": "own"}, inputs=[{"name": "gold.jsonl"}], counts={"notes": 80}),
        "trained the model own on gold.jsonl: notes 80, for: service review",
    ),
    (
        event("optout.honoured", children={"c_1": 4}, counts={"children": 1, "notes": 4, "people": 1, "spans": 2}),
        "left out 4 notes of 1 child and 2 spans of 1 person, who are not to be processed for this, for: service review",
    ),
    (
        event("review.made", child="c_1", what="spans", decision="amended", reason="speaker was the aunt"),
        "amended spans of child c_1: speaker was the aunt, for: service review",
    ),
    (
        event("challenge.raised", child="c_1", by="parent", about="wrong speaker"),
        "put on record a challenge of child c_1, by parent: wrong speaker, for: service review",
    ),
    (
        event("challenge.answered", child="c_1", challenge=SHA, outcome="corrected", answer="spans tagged again"),
        "answered a challenge of child c_1, corrected: spans tagged again, for: service review",
    ),
    (
        event("child.forgotten", child="c_1", files=[{"name": "spans.parquet"}], counts={"rows": 1}),
        "forgot child c_1, whose key is destroyed: 1 row deleted in spans.parquet, for: service review",
    ),
    (
        event("files.deleted", run="r_1", files=[{"name": "spans.parquet"}], reason="due"),
        "put on record that spans.parquet were deleted: due, for: service review",
    ),
    (event("text.opened", what="report", notes=1, child="c_1"), "opened the text of 1 note of child c_1 (report), for: service review"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "wanted"), CASES, ids=[case[0]["event"] for case in CASES])
def test_each_kind_in_one_line(given_, wanted):
    assert describe(given_) == f"2026-03-04 09:12:01 UTC: s.khan (analyst) {wanted}"


def test_no_kind_is_left_out():
    assert {case[0]["event"] for case in CASES} == set(KINDS)


def test_a_missing_purpose_is_said():
    assert describe(event("child.read", children={"c_1": 1}) | {"purpose": "", "actor": "", "role": ""}).endswith(
        "UTC: somebody read 1 note of 1 child, no purpose given"
    )


def test_a_kind_of_a_later_version():
    assert "did something that this version does not know: child.praised" in describe(event("child.praised"))


def test_a_terminal_is_not_steered():
    line = describe(event("export.made", what="x\x1b[2J\r\nroot: y\u202e") | {"actor": "a\x07"})
    assert line.isprintable()


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner)
)
names = ["children", "inputs", "outputs", "files", "counts", "model", "notes", "rows", "recipient", "child", "bytes", "error", "what", "to"]


@given(kind=st.sampled_from(sorted(KINDS)), data=st.dictionaries(st.sampled_from(names), values))
def test_whatever_an_event_holds_it_is_one_line(kind, data):
    assert describe(event(kind, **data)).isprintable()


def test_no_policy_is_said():
    opened = event("run.opened", command="tag") | {"lawful_basis": "no policy", "dpia": "no policy"}
    assert describe(opened).endswith("began tag, for: service review, under no policy")
    assert describe(opened | {"dpia": "14"}).endswith(", DPIA 14")
