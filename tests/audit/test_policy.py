from __future__ import annotations

import datetime as dt

import pytest

from voicenlp.audit import AuditLog, FileRef, read_events, read_policy
from voicenlp.audit.policy import LOOKED_AFTER, Retention
from voicenlp.config import read_settings
from voicenlp.errors import PolicyError

POLICY = """
authority = "Council"
contact = "governance"
[purposes."service review"]
lawful_basis = "UK GDPR 6(1)(e)"
dpia = "DPIA 14"
roles = ["Analyst"]
actors = ["s.khan"]
[purposes.research]
lawful_basis = "consent"
dpia = "DPIA 15"
until = 2026-03-31
"""


@pytest.fixture
def write(tmp_path):
    def written(text=POLICY, name="policy.toml"):
        (tmp_path / name).write_bytes(text.encode("utf-8"))
        return tmp_path / name

    return written


def faults(path):
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    return str(caught.value).replace(f"{path}: ", "").splitlines()


def test_what_is_allowed_and_to_whom(write):
    policy = read_policy(write())
    assert policy.grant(" Service  review", "a.n.other", "analyst") == ("service review", "UK GDPR 6(1)(e)", "DPIA 14")
    assert policy.grant("service review", "s.khan", "").dpia == "DPIA 14"
    assert policy.grant("research", "anybody", "", dt.date(2026, 3, 31)).lawful_basis == "consent"
    for purpose, actor, role, message in [
        ("marketing", "s.khan", "analyst", "the policy does not allow the purpose 'marketing'; it allows: service review; research"),
        ("", "s.khan", "analyst", "the policy wants a purpose to be given (--purpose); it allows: service review; research"),
        (
            "service review", "S.Khan", "manager",
            "policy.toml: the policy does not allow the purpose 'service review' to S.Khan in the role manager; "
            "who may: in the role Analyst, s.khan",
        ),
        ("service review", "x", "", "to x, who has no role (VOICENLP_ROLE, or role in voicenlp.toml)"),
        ("research", "x", "", "policy.toml: the policy allowed the purpose 'research' until 31/03/2026"),
    ]:  # fmt: skip
        with pytest.raises(PolicyError) as caught:
            policy.grant(purpose, actor, role, dt.date(2026, 4, 1))
        assert message in str(caught.value) and "\n" not in str(caught.value)


def test_all_faults_at_once_a_line_each(write):
    found = faults(
        write("""
autority = "Council"
source = "x"
[purposes."service review"]
lawful_bases = "6(1)(e)"
dpia = ""
until = "soon"
[purposes."Service  Review"]
lawful_basis = "two\\nlines"
dpia = "14"
who = ["x"]
[retention.derived]
covers = "everything"
from = "birth"
moths = 3
""")
    )
    assert "source: no such field" in found
    assert "autority: no such field; did you mean authority?" in found
    assert "purposes.service review.lawful_basis: is missing" in found
    assert "purposes.service review.lawful_bases: no such field; did you mean lawful_basis?" in found
    assert "purposes.Service  Review.who: no such field" in found
    assert "retention.derived.moths: no such field; did you mean months?" in found
    assert {line.partition(":")[0] for line in found} >= {
        "purposes.service review.dpia", "purposes.service review.until", "purposes.Service  Review.lawful_basis",
        "retention.derived.covers",
    }  # fmt: skip
    assert not any("two" in line or "soon" in line for line in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "purposes: is missing"),
        ("purposes = 3", "purposes: must be a table"),
        ("[purposes]", "purposes: names none"),
        ("purposes = ", "not TOML"),
        (POLICY + '[purposes."Service Review"]\nlawful_basis = "x"\ndpia = "y"\n', "the same purpose as service review"),
        (POLICY + '[retention.looked_after]\nfrom = "birth"\nyears = 6\n', "the law keeps these records 75 years from birth"),
        (POLICY + '[retention.looked_after]\nfrom = "closed"\nyears = 75\n', "the law keeps these records 75 years from birth"),
        (POLICY + '[retention.x]\nfrom = "birth"\n', "a term is missing"),
        (POLICY + '[retention.x]\ncovers = "derived"\nfrom = "birth"\nyears = 1\n', "what is derived is kept from the day it was made"),
        (POLICY + '[retention.x]\nfrom = "birth"\nyears = -1\n', "retention.x.years"),
    ],
)  # fmt: skip
def test_what_is_no_policy(write, text, message):
    found = faults(write(text))
    assert len(found) == 1 and message in found[0]


def test_a_policy_that_is_not_there_or_no_text(write, tmp_path):
    assert "can't be read" in faults(tmp_path / "none.toml")[0]
    (tmp_path / "p.toml").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in faults(tmp_path / "p.toml")[0]
    assert "can't be read" in faults(tmp_path)[0]


@pytest.mark.parametrize(
    ("born", "died", "day"),
    [
        ("2012-06-30", None, "2087-06-30"),
        ("2012-02-29", None, "2087-03-01"),  # no such day in that year: a day later, not earlier
        ("2012-06-30", "2020-05-01", "2035-05-01"),
        ("2012-06-30", "2030-06-29", "2045-06-29"),  # the day before the 18th birthday
        ("2012-06-30", "2030-06-30", "2087-06-30"),
    ],
)
def test_75_years_from_birth_and_15_from_a_childs_death(born, died, day):
    assert read_date(born, died) == dt.date.fromisoformat(day)


def read_date(born, died):
    born, died = dt.date.fromisoformat(born), dt.date.fromisoformat(died) if died else None
    return LOOKED_AFTER.due(born, died, born)


@pytest.mark.parametrize(
    ("term", "start", "day"),
    [
        ({"months": 1}, "2026-01-31", "2026-03-01"),
        ({"months": 12}, "2025-12-15", "2026-12-15"),
        ({"years": 1, "days": 10}, "2026-12-25", "2028-01-04"),
        ({"days": 30}, "2026-02-01", "2026-03-03"),
    ],
)
def test_terms(term, start, day):
    made = Retention.model_validate({"covers": "derived", "from": "made", **term})
    assert made.due(dt.date.fromisoformat(start)) == dt.date.fromisoformat(day)


def test_looked_after_is_there_without_being_named(write):
    assert read_policy(write()).retention == {"looked_after": LOOKED_AFTER}


def settings(tmp_path, policy=None, **more):
    return read_settings(tmp_path, {}, actor="s.khan", policy=policy, **more)


def test_basis_and_assessment_come_from_the_policy(write, tmp_path):
    found = settings(tmp_path, write(), purpose="SERVICE review", lawful_basis="of one's own", dpia="99").granted()
    assert (found["purpose"], found["lawful_basis"], found["dpia"]) == ("service review", "UK GDPR 6(1)(e)", "DPIA 14")
    found = settings(tmp_path, purpose="anything").granted()
    assert (found["purpose"], found["lawful_basis"], found["dpia"], found["policy"]) == ("anything", "no policy", "no policy", None)
    with pytest.raises(PolicyError, match="does not allow the purpose 'other'"):
        settings(tmp_path, write(), purpose="other").granted()


def test_the_policy_may_stand_in_the_settings_file_or_the_environment(write, tmp_path):
    write()
    (tmp_path / "voicenlp.toml").write_text('policy = "policy.toml"\npurpose = "service review"\nactor = "s.khan"\n')
    assert read_settings(tmp_path, {}).granted()["dpia"] == "DPIA 14"
    other = write(POLICY.replace("DPIA 14", "DPIA 20"), "other.toml")
    assert read_settings(tmp_path, {"VOICENLP_POLICY": str(other)}).granted()["dpia"] == "DPIA 20"


def test_every_run_names_the_policy_and_a_change_of_it_is_an_event(write, tmp_path):
    def run(policy):
        source = read_policy(policy).source if policy else None
        AuditLog(tmp_path / "audit.log", policy=source).append("run.opened", command="tag")

    first, second = write(), write(POLICY.replace("governance", "the office"), "second.toml")
    for policy in (None, first, first, second, None, None):
        run(policy)
    events = [event for event in read_events(tmp_path / "audit.log") if event["event"] != "log.started"]
    told = [
        (event["event"], *(data[name]["name"] if name in data else None for name in ("before", "after")))
        if event["event"] == "policy.changed"
        else data["policy"] if isinstance(data["policy"], str) else data["policy"]["name"]
        for event in events
        for data in [event["data"]]
    ]  # fmt: skip
    assert told == [
        "none",
        ("policy.changed", None, "policy.toml"), "policy.toml", "policy.toml",
        ("policy.changed", "policy.toml", "second.toml"), "second.toml",
        ("policy.changed", "second.toml", None), "none", "none",
    ]  # fmt: skip


def test_a_caller_can_not_say_another_policy_than_the_logs(tmp_path):
    log = AuditLog(tmp_path / "audit.log")
    log.append("run.opened", command="tag", policy=FileRef(name="invented.toml"))
    assert list(read_events(tmp_path / "audit.log"))[1]["data"]["policy"] == "none"
