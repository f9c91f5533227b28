"""Purposes, policies and opt-outs as ``tag`` takes them; and ``voicenlp audit`` for one child."""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from voicenlp.audit import AuditLog, read_events, verify

LOG = Path("run", "audit.log")
POLICY = """
contact = "the information office"
[purposes."service review"]
lawful_basis = "UK GDPR 6(1)(e)"
dpia = "DPIA 14"
roles = ["analyst"]
[purposes.research]
lawful_basis = "consent"
dpia = "DPIA 15"
[retention.derived]
covers = "derived"
from = "made"
days = 30
basis = "schedule 4"
"""


@pytest.fixture
def policy(tmp_path, monkeypatch):
    (tmp_path / "policy.toml").write_text(POLICY)
    monkeypatch.setenv("VOICENLP_POLICY", "policy.toml")
    monkeypatch.setenv("VOICENLP_ROLE", "analyst")
    monkeypatch.setenv("VOICENLP_PURPOSE", "service review")


def events(log=LOG, kind=None):
    return [event for event in read_events(log) if kind is None or event["event"] == kind]


class Terminal:
    """A standard input at which a person sits."""

    def __init__(self, answer):
        self.answer = answer

    def isatty(self):
        return True

    def readline(self, *_):
        return self.answer


# purposes


def test_tag_wants_a_purpose(refused, archive, monkeypatch):
    monkeypatch.delenv("VOICENLP_PURPOSE")
    for given in ([], ["--purpose", ""], ["--purpose", "  "]):
        assert refused("tag", archive, "--out", "run", *given).startswith("--purpose is missing: what are the records read for?")
    assert not Path("run").exists()


def test_a_purpose_on_the_command_line_in_the_environment_or_in_the_settings(cli, archive, monkeypatch):
    assert cli("tag", archive, "--out", "one").code == 0
    monkeypatch.delenv("VOICENLP_PURPOSE")
    assert cli("tag", archive, "--out", "two", "--purpose", "service review").code == 0
    Path("voicenlp.toml").write_text('purpose = "from the file"\n')
    assert cli("tag", archive, "--out", "three").code == 0
    told = [{event["purpose"] for event in events(Path(out, "audit.log"))} for out in ("one", "two", "three")]
    assert told == [{"testing"}, {"service review"}, {"from the file"}]


def test_a_purpose_asked_for_on_a_terminal(cli, archive, monkeypatch):
    monkeypatch.delenv("VOICENLP_PURPOSE")
    monkeypatch.setattr(sys, "stdin", Terminal("service review\n"))
    answer = cli("tag", archive, "--out", "run")
    assert answer.code == 0 and "What are the records read for" in answer.out + answer.err
    assert {event["purpose"] for event in events()} == {"service review"}


def test_who_when_role_purpose_basis_and_assessment_stand_in_every_event(cli, archive, a_return, policy):
    assert cli("tag", archive, "--out", "run", "--with-text").code == 0
    assert cli("indicators", "run", "--recipient", "Virtual School").code == 0
    assert cli("attach", "run", "--to", "ssda903:return", "--out", "linked").code == 0
    for event in events():
        assert event["actor"] and event["time"].endswith("Z")
        assert (event["role"], event["purpose"], event["lawful_basis"], event["dpia"]) == (
            "analyst", "service review", "UK GDPR 6(1)(e)", "DPIA 14",
        )  # fmt: skip
    assert [event["event"] for event in events()] == [
        "log.started",
        "policy.changed", "run.opened", "model.loaded", "batch.in", "batch.out", "child.read", "export.made", "run.closed",
        "run.opened", "child.read", "export.made", "run.closed",
        "run.opened", "child.read", "return.attached", "run.closed",
    ]  # fmt: skip
    assert events(kind="run.opened")[0]["data"]["policy"]["name"] == "policy.toml"
    words, table = events(kind="export.made")
    assert words["data"]["with_text"] and [file["name"] for file in words["data"]["files"]] == ["spans.parquet"]
    assert table["data"]["recipient"] == "Virtual School"
    assert [sum(event["data"]["children"].values()) for event in events(kind="child.read")] == [3, 3, 3]
    assert {tuple(event["data"]["children"]) for event in events(kind="child.read")} == {
        tuple(events(kind="child.read")[0]["data"]["children"])
    }


def test_without_a_policy_the_events_say_so(run_folder):
    assert {(event["lawful_basis"], event["dpia"]) for event in events()} == {("no policy", "no policy")}
    assert events(kind="run.opened")[0]["data"]["policy"] == "none"


def test_later_verbs_go_by_the_purpose_of_the_run(cli, run_folder, monkeypatch):
    monkeypatch.delenv("VOICENLP_PURPOSE")
    assert cli("indicators", "run").code == 0
    assert events()[-1]["purpose"] == "testing"


@pytest.mark.parametrize("verb", [["tag", "archive.csv", "--out", "new"], ["indicators", "run"]])
def test_what_the_policy_does_not_allow_is_refused(refused, run_folder, policy, monkeypatch, verb):
    before = LOG.read_bytes()
    message = refused(*verb, "--purpose", "marketing")
    assert message == "policy.toml: the policy does not allow the purpose 'marketing'; it allows: service review; research"
    monkeypatch.setenv("VOICENLP_ROLE", "visitor")
    assert "in the role visitor; who may: in the role analyst" in refused(*verb)
    assert LOG.read_bytes() == before and not Path("new").exists()


def test_a_policy_with_unknown_fields(cli, archive, policy, tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY.replace("dpia =", "dpai =").replace("roles", "rolls"))
    answer = cli("tag", archive, "--out", "run")
    assert answer.code == 1 and answer.out == "" and not Path("run").exists()
    assert answer.lines == [
        "voicenlp: policy.toml: purposes.service review.dpia: is missing",
        "voicenlp: policy.toml: purposes.service review.dpai: no such field; did you mean dpia?",
        "voicenlp: policy.toml: purposes.service review.rolls: no such field; did you mean roles?",
        "voicenlp: policy.toml: purposes.research.dpia: is missing",
        "voicenlp: policy.toml: purposes.research.dpai: no such field; did you mean dpia?",
    ]


def test_a_policy_that_is_not_there(refused, archive, monkeypatch):
    monkeypatch.setenv("VOICENLP_POLICY", "none.toml")
    assert refused("tag", archive, "--out", "run").startswith("none.toml: the policy can't be read")


# opt-outs


def test_opt_outs_of_some_purposes_only(cli, archive, policy):
    Path("list.csv").write_text("child_id,purposes\nc1,research\n")
    answer = cli("tag", archive, "--out", "run", "--opt-out", "list.csv")
    assert answer.code == 0 and "1 on the opt-out list opted out of other purposes only" in answer.out
    assert pq.read_table("run/notes.parquet").num_rows == 3 and events(kind="optout.honoured") == []
    assert cli("tag", archive, "--out", "run", "--opt-out", "list.csv", "--purpose", "Research").code == 0
    assert pq.read_table("run/notes.parquet").column("child_id").to_pylist() == ["c2"]
    (honoured,) = events(kind="optout.honoured")
    name = AuditLog(LOG).pseudonyms.known("c1")
    assert honoured["data"]["children"] == {name: 2} and honoured["data"]["source"]["name"] == "list.csv"
    assert '"c1"' not in LOG.read_text()


def test_a_standing_list_is_honoured_by_every_run(cli, archive):
    Path("list.csv").write_text("c1\n")
    Path("voicenlp.toml").write_text('opt_out = "list.csv"\n')
    assert "2 notes left out" in cli("tag", archive, "--out", "run").out
    assert len(events(kind="optout.honoured")) == 1


def test_a_list_with_purposes_that_the_policy_does_not_have(refused, archive, policy):
    Path("list.csv").write_text("child_id,purposes\nc1,reserch\n")
    message = refused("tag", archive, "--out", "run", "--opt-out", "list.csv")
    assert message == "the list of opt-outs names purposes that policy.toml does not: reserch"


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_people_who_opted_out(cli, refused, archive, form):
    Path("list.csv").write_text("person_id\np2\n")
    assert "give the roster" in refused("tag", archive, "--out", "run", "--opt-out", "list.csv")
    Path("people.csv").write_text("child_id,person_id,name,role\nc1,p1,Kai,child\nc2,p2,Ava,child\n")
    answer = cli("tag", archive, "--out", "run", "--opt-out", "list.csv", "--people", "people.csv", "--format", form)
    assert answer.code == 0 and "1 spans left out: the people in them opted out" in answer.out
    from voicenlp import open_run

    spans = open_run("run").spans.to_pylist()
    assert {row["person_id"] for row in spans} == {"p1"} and "n3" not in {row["note_id"] for row in spans}
    assert {row["note_id"]: row["voice"] for row in pq.read_table("run/notes.parquet").to_pylist()}["n3"] == 0
    assert events(kind="optout.honoured")[0]["data"] == {
        "children": {}, "counts": {"children": 0, "notes": 0, "people": 1, "spans": 1},
        "source": events(kind="optout.honoured")[0]["data"]["source"],
    }  # fmt: skip


# one child


def test_subject_as_text_json_and_page(cli, run_folder):
    answer = cli("audit", "subject", "c1", "--audit", str(LOG), "--json", "c1.json", "--html", "c1.html")
    assert answer.code == 0 and "The program read 2 notes from the records of this child" in answer.out
    told = json.loads(Path("c1.json").read_text(encoding="utf-8"))
    assert told["child"] == "c1" and told["accounts"][0]["deeds"][0]["why"] == "testing" and told["accounts"][0]["unbroken"]
    assert "The program read 2 notes" in Path("c1.html").read_text(encoding="utf-8")
    made = events()[-1]
    assert made["event"] == "report.made" and made["purpose"] == "subject access request" and "Article 15" in made["lawful_basis"]
    assert {file["name"] for file in made["data"]["files"]} == {"c1.json", "c1.html"} and verify(LOG).ok
    assert "A report about this child was made" in cli("audit", "subject", "c1", "--audit", str(LOG)).out
    assert "report" not in cli("audit", "subject", "c2", "--audit", str(LOG)).out


def test_subject_in_several_logs(cli, archive, run_folder):
    assert cli("tag", archive, "--out", "other").code == 0
    out = cli("audit", "subject", "c2", "--audit", str(LOG), "--audit", str(Path("other", "audit.log"))).out
    assert out.count("The program read 1 note from") == 2


def test_subject_whatever_purposes_the_policy_has(cli, run_folder, policy, monkeypatch):
    monkeypatch.setenv("VOICENLP_ROLE", "visitor")
    cli("audit", "subject", "c1", "--audit", str(LOG), "--html", "c1.html")
    assert "the information office" in Path("c1.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "verb", [["subject"], ["forget"], ["review", "--decision", "accepted", "--reason", "x"], ["challenge", "--about", "x"]]
)
@pytest.mark.parametrize("child", ["c9", "C1", "../run", "c1; DROP TABLE", "-" * 3000])
def test_a_child_not_in_the_log(refused, run_folder, verb, child):
    before = LOG.with_name("audit.log.keys").read_bytes()
    message = refused("audit", verb[0], *verb[1:], "--audit", str(LOG), "--", child)
    assert "holds no key of this child" in message and child not in message
    assert LOG.with_name("audit.log.keys").read_bytes() == before and verify(LOG).ok


@pytest.mark.parametrize("verb", ["subject", "forget", "due"])
def test_a_log_that_is_not_there_is_not_begun(refused, verb, policy):
    refused("audit", verb, *(["c1"] if verb != "due" else []), "--audit", "none.log", code=3)
    assert not Path("none.log").exists() and not Path("none.log.key").exists()


def test_a_lost_key_or_store_and_a_tampered_store(refused, run_folder):
    for name, message in (("audit.log.key", "the key of the audit log is not here"), ("audit.log.keys", "the key store of the audit log")):
        path = LOG.with_name(name)
        data = path.read_bytes()
        path.unlink()
        assert message in refused("audit", "subject", "c1", "--audit", str(LOG), code=3)
        assert message in refused("audit", "forget", "c1", "--audit", str(LOG), code=3)
        assert not path.exists()
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        wrong = "the key of another audit log" if name.endswith("key") else "line 3: the key was changed"
        assert wrong in refused("audit", "forget", "c2", "--audit", str(LOG), code=3)
        path.write_bytes(data)
    assert pq.read_table("run/notes.parquet").num_rows == 3


def test_nothing_is_written_over(refused, run_folder, archive):
    before = LOG.read_bytes(), archive.read_bytes()
    assert "there already" in refused("audit", "subject", "c1", "--audit", str(LOG), "--html", "archive.csv")
    assert "there already" in refused("audit", "subject", "c1", "--audit", str(LOG), "--json", str(LOG))
    assert (LOG.read_bytes(), archive.read_bytes()) == before


def test_a_broken_log_is_told_with_its_exit_code(cli, run_folder):
    LOG.write_bytes(LOG.read_bytes().replace(b'"purpose":"testing"', b'"purpose":"nothing"', 1))
    answer = cli("audit", "subject", "c1", "--audit", str(LOG))
    assert answer.code == 3 and "nothing below can be relied on" in answer.out


def test_forgetting(cli, refused, run_folder, a_return):
    assert cli("indicators", "run", "--format", "csv").code == 0
    assert cli("attach", "run", "--to", "ssda903:return", "--out", "linked").code == 0
    assert cli("audit", "checkpoint", "--audit", str(LOG), "--out", "point").code == 0
    name = AuditLog(LOG).pseudonyms.known("c1")
    store = LOG.with_name("audit.log.keys").read_bytes()
    answer = cli("audit", "forget", "c1", "--audit", str(LOG))
    assert answer.code == 0 and "the key is destroyed" in answer.out and str(Path("run", "spans.parquet")) in answer.out
    assert "can't reach: " in answer.err and "reviews.csv" in answer.err and "list of opt-outs" in answer.err
    for table in ("spans", "notes"):
        assert set(pq.read_table(f"run/{table}.parquet").column("child_id").to_pylist()) == {"c2"}
    assert "c1" not in Path("run/indicators.csv").read_text()
    (tombstone,) = events(kind="child.forgotten")
    assert tombstone["data"]["child"] == name and tombstone["purpose"] == "erasure" and tombstone["data"]["counts"]["runs"] == 1
    assert {file["name"] for file in tombstone["data"]["files"]} == {"spans.parquet", "notes.parquet", "indicators.csv"}
    assert cli("audit", "verify", "--audit", str(LOG), "--checkpoint", "point").code == 0
    assert "holds no key" in refused("audit", "subject", "c1", "--audit", str(LOG))
    assert "holds no key of this child, and no table a row" in refused("audit", "forget", "c1", "--audit", str(LOG))
    assert events()[-1]["data"]["outcome"] == "failed"
    assert cli("audit", "subject", "c2", "--audit", str(LOG)).code == 0
    LOG.with_name("audit.log.keys").write_bytes(store)  # an old copy put back is found out
    assert "is there again" in cli("audit", "subject", "c1", "--audit", str(LOG)).out


def test_forgetting_in_folders_elsewhere_and_in_rows_of_others(cli, refused, tmp_path):
    Path("people.csv").write_text("child_id,person_id,name,role\nc1,p1,Kai,child\nc2,p1,Kai,brother\nc2,p2,Ava,child\n")
    Path("in.csv").write_text(
        "note_id,child_id,date,text\nn1,c1,2025-04-02,Kai said he wants to go home.\nn2,c2,2025-04-02,Kai said he misses Ava.\n"
    )
    assert cli("tag", "in.csv", "--out", "far/away", "--people", "people.csv", "--audit", "central.log").code == 0
    assert "p1" in pq.read_table("far/away/spans.parquet").column("person_id").to_pylist()
    assert "holds no finished run" in refused("audit", "forget", "c1", "--audit", "central.log", "--run", ".")
    assert "names no person_id" in refused("audit", "forget", "c3", "--audit", "central.log", "--people", "people.csv")
    answer = cli("audit", "forget", "c1", "--audit", "central.log", "--run", "far/away", "--people", "people.csv")
    assert answer.code == 0 and "1 mentions in rows of others" in answer.out
    assert pq.read_table("far/away/notes.parquet").column("child_id").to_pylist() == ["c2"]
    assert "p1" not in pq.read_table("far/away/spans.parquet").column("person_id").to_pylist()


def test_a_person_at_the_terminal_is_asked_first(cli, run_folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    answer = cli("audit", "forget", "c1", "--audit", str(LOG))
    assert answer.code == 1 and "It can't be undone" in answer.out + answer.err
    assert pq.read_table("run/notes.parquet").num_rows == 3
    assert cli("audit", "forget", "c1", "--audit", str(LOG), "--yes").code == 0


def test_read_again_a_forgotten_child_is_another(cli, archive, run_folder):
    first = AuditLog(LOG).pseudonyms.known("c1")
    assert cli("audit", "forget", "c1", "--audit", str(LOG)).code == 0
    assert cli("tag", archive, "--out", "run").code == 0
    again = AuditLog(LOG).pseudonyms.known("c1")
    assert again is not None and again != first
    assert cli("audit", "subject", "c1", "--audit", str(LOG)).out.count("The program read") == 1


def test_review_challenge_and_answer(cli, refused, run_folder):
    where = ("--audit", str(LOG))
    assert cli("audit", "review", "c1", "--decision", "amended", "--reason", "speaker was the aunt", *where).code == 0
    number = len(events())
    answer = cli("audit", "challenge", "c1", "--by", "parent", "--about", "wrong date", *where)
    assert answer.out == f"on record as event {number}\n"
    assert "is no challenge about this child" in refused(
        "audit", "answer", "c2", "--challenge", number, "--outcome", "corrected", "--reply", "x", *where
    )
    assert "is no challenge" in refused("audit", "answer", "c1", "--challenge", "1", "--outcome", "corrected", "--reply", "x", *where)
    assert cli("audit", "answer", "c1", "--challenge", number, "--outcome", "corrected", "--reply", "put right", *where).code == 0
    assert events()[-1]["data"]["challenge"] == events()[number]["hash"]
    told = cli("audit", "subject", "c1", *where).out
    assert "corrected it: speaker was the aunt" in told and "it was put right): put right" in told
    count = len(events())
    assert "'maybe' is none of accepted" in refused("audit", "review", "c1", "--decision", "maybe", "--reason", "x", *where)
    assert "'me' is none of child" in refused("audit", "challenge", "c1", "--by", "me", "--about", "x", *where)
    assert refused("audit", "review", "c1", "--decision", "accepted", "--reason", "SECRET" * 99, *where) == (
        "reason: 594 characters; 500 is the most, in one line"
    )
    assert "about: 0 characters" in refused("audit", "challenge", "c1", "--about", " ", *where)
    assert len(events()) == count


def test_what_is_due(cli, refused, run_folder, policy, monkeypatch):
    Path("children.csv").write_text("child_id,date_of_birth,date_of_death\nc1,30/06/2012,\nc2,30/06/2012,01/05/2020\nc9,01/01/1900,\n")
    answer = cli("audit", "due", "--audit", str(LOG), "--children", "children.csv")
    assert answer.code == 0 and "0 due on" in answer.out and "of 3 with a term" in answer.out
    answer = cli("audit", "due", "--audit", str(LOG), "--children", "children.csv", "--on", "2035-05-01")
    assert "2 due on 01/05/2035, of 3 with a term" in answer.out
    assert "child c2" in answer.out and "01/05/2035" in answer.out and "child c1" not in answer.out and "c9" not in answer.out
    assert "schedule 4" in answer.out and "spans.parquet" in answer.out
    assert "30/06/2087" in cli("audit", "due", "--audit", str(LOG), "--children", "children.csv", "--all").out
    assert cli("audit", "forget", "c2", "--audit", str(LOG)).code == 0
    assert "child c2" not in cli("audit", "due", "--audit", str(LOG), "--children", "children.csv", "--on", "2035-05-01").out
    assert "no class of retention 'x'" in refused("audit", "due", "--audit", str(LOG), "--children", "children.csv", "--retention", "x")
    assert refused("audit", "due", "--audit", str(LOG), "--on", "soon").startswith("--on: not a date")
    monkeypatch.delenv("VOICENLP_POLICY")
    assert "for a policy to say" in refused("audit", "due", "--audit", str(LOG))


def test_what_was_deleted_is_due_no_longer(cli, refused, run_folder, policy):
    out = cli("audit", "due", "--audit", str(LOG), "--on", "2099-01-01").out
    number = events(kind="run.closed")[0]["seq"]
    assert (
        f"(event {number})" in " ".join(out.split())
        and "1 due on" in out
        and str(run_folder.resolve()) in out.replace(" ", "").replace("\n", "")
    )
    for wrong in (0, 1, 9999):
        assert "names no files" in refused("audit", "deleted", wrong, "--audit", str(LOG))
    assert cli("audit", "deleted", number, "--audit", str(LOG)).code == 0
    assert "0 due on" in cli("audit", "due", "--audit", str(LOG), "--on", "2099-01-01").out
    assert "names no files" in refused("audit", "deleted", number, "--audit", str(LOG))
    assert "These files were deleted on" in cli("audit", "subject", "c1", "--audit", str(LOG)).out
    assert verify(LOG).ok


def test_due_takes_the_header_of_a_return(cli, run_folder, a_return, policy):
    out = cli("audit", "due", "--audit", str(LOG), "--children", "return/header.csv", "--all").out
    assert "02/03/2087" in out and "child c1" in out and "c9" not in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("child_id\nc1\n", "column 'date_of_birth': is missing (or DOB)"),
        ("child_id,date_of_birth\nc1,31/02/2012\n", "row 2, column 'date_of_birth': not a date"),
        ("child_id,date_of_birth\n,01/02/2012\n", "row 2, column 'child_id': is empty"),
    ],
)
def test_children_without_dates(refused, run_folder, policy, text, message):
    Path("children.csv").write_text(text)
    assert message in refused("audit", "due", "--audit", str(LOG), "--children", "children.csv")
