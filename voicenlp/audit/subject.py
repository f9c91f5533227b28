"""What was done with one child's records, in plain words, for the child, the family and whoever helps them (a subject access request)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from voicenlp.audit.log import read_events
from voicenlp.audit.policy import NO_POLICY
from voicenlp.audit.pseudonyms import Pseudonyms
from voicenlp.audit.store import open_store
from voicenlp.audit.verification import verify

__all__ = ["Account", "Deed", "account_of", "exports_of", "page_of"]

_COMMANDS = {"tag": "tagging notes", "indicators": "counting", "attach": "joining to a return", "demo": "a demonstration"}
_DECISIONS = {"accepted": "agreed with", "amended": "corrected", "rejected": "did not agree with"}
_OUTCOMES = {
    "corrected": "it was put right",
    "partly": "it was put right in part",
    "refused": "it was not changed",
    "withdrawn": "withdrawn",
}


@dataclass(frozen=True)
class Deed:
    """One thing that was done.

    Attributes
    ----------
    when : str
        As ``4 March 2026 at 09:12 UTC``.
    who : str
        Name and role.
    what : tuple of str
        Plain sentences.
    why, law, assessment : str
        Purpose, lawful basis and reference of the impact assessment, or that none was given.
    event : int
        Number of the event in the log, from 0.
    """

    when: str
    who: str
    what: tuple[str, ...]
    why: str
    law: str
    assessment: str
    event: int


@dataclass(frozen=True)
class Account:
    """All that one log tells of a child.

    Attributes
    ----------
    log : str
        Name of the log.
    found : bool
        Whether the log holds anything about the child.
    events, head : int, str
        How many events the log has, and the hash of the last.
    unbroken : bool
        Whether the log is as it was written: without that, nothing in the account can be relied on.
    warnings : tuple of str
        What must be known before the account is relied on.
    deeds : tuple of Deed
        In the order in which it was done.
    """

    log: str
    found: bool
    events: int
    head: str
    unbroken: bool
    warnings: tuple[str, ...]
    deeds: tuple[Deed, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the account as JSON values."""
        return asdict(self)

    def plain(self) -> str:
        """Return the account as text, without control characters but line ends."""
        lines = [f"From the audit log {self.log} ({self.events:,} events):", ""]
        lines += [f"Please note: {warning}" for warning in self.warnings] + [""] * bool(self.warnings)
        for number, deed in enumerate(self.deeds, 1):
            lines += [f"{number}. {deed.when}, {deed.who}", *(f"   {sentence}" for sentence in deed.what)]
            lines += [f"   Why: {deed.why}. Lawful basis: {deed.law}. Impact assessment: {deed.assessment}. (event {deed.event:,})", ""]
        return "\n".join(_shown(line) for line in lines)


def page_of(accounts: Sequence[Account], child: str, contact: str = "", today: dt.date | None = None) -> str:
    """Return accounts as one HTML page that can be printed, with nothing in it from elsewhere, and everything escaped."""
    from jinja2 import Environment, StrictUndefined

    page = files("voicenlp").joinpath("resources/subject.html").read_text(encoding="utf-8")
    day = today or dt.datetime.now(dt.UTC).date()
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_finalized)
    return environment.from_string(page).render(accounts=accounts, child=child, contact=contact, today=_day(day))


def _finalized(value: Any) -> Any:
    return _shown(value) if type(value) is str else value


def _shown(text: str) -> str:
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


@dataclass
class _Run:
    """What is known of one run of a command while the log is gone through."""

    opened: Mapping[str, Any] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)  # what was read ("notes", "spans" …) to how many notes
    first: Mapping[str, Any] | None = None  # event by which the child was read
    after: list[Mapping[str, Any]] = field(default_factory=list)  # exports and the end: of all children that the run read


def account_of(path: str | Path, child: str, pseudonyms: Pseudonyms) -> Account:
    """Tell everything that a log holds about a child.

    Parameters
    ----------
    path : str or Path
        The log, which is verified first.
    child : str
        The child's id, as the notes have it.
    pseudonyms : Pseudonyms
        Of this log.

    Raises
    ------
    AuditError
        If the log can't be read, or its keys are lost, changed or another log's.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from voicenlp.audit import AuditLog
    >>> with TemporaryDirectory() as folder:
    ...     log = AuditLog(Path(folder, "audit.log"), actor="s.khan", role="analyst", purpose="service review")
    ...     _ = log.append("run.opened", command="tag")
    ...     _ = log.append("child.read", children={log.pseudonyms.of("C1042"): 12})
    ...     account_of(log.path, "C1042", log.pseudonyms).deeds[0].what
    ('The program read 12 notes from the records of this child (tagging notes).',)
    """
    checked = verify(path)
    name = pseudonyms.known(child)
    runs: dict[str, _Run] = {}
    own: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    forgotten: set[str] = set()
    for event in read_events(path) if checked.ok or checked.events else ():
        data, kind, run = event["data"], event["event"], runs.setdefault(event["run"], _Run())
        children = data.get("children") if isinstance(data.get("children"), dict) else {}
        seen |= children.keys() | ({data["child"]} if "child" in data else set())
        if kind == "child.forgotten" and "child" in data:
            forgotten.add(data["child"])
        if kind == "run.opened":
            run.opened = data
        elif kind == "files.deleted":
            runs.setdefault(data["run"], _Run()).after.append(event)
        elif kind == "child.read" and name in children:
            run.read[data.get("what", "notes")] = run.read.get(data.get("what", "notes"), 0) + children[name]
            run.first = run.first or event
        elif name is not None and (name in children or data.get("child") == name):
            own.append(event)
        elif (
            kind in ("export.made", "return.attached", "report.made", "text.opened", "run.closed") and not children and "child" not in data
        ):
            run.after.append(event)
    deeds = [_read(run) for run in runs.values() if run.first is not None] + [_own(event, name) for event in own]
    warnings = list(_warnings(checked.ok, name, seen, forgotten, pseudonyms))
    deeds.sort(key=lambda deed: deed.event)
    return Account(open_store(path).name, bool(deeds), checked.events, checked.head, checked.ok, tuple(warnings), tuple(deeds))


def exports_of(path: str | Path, name: str) -> list[str]:
    """Return the names of files that left the tool and may hold rows about a child, of which nobody but their keepers can take them.

    Parameters
    ----------
    path : str or Path
        The log.
    name : str
        The child's pseudonym.
    """
    with_child, made = set(), []
    for event in read_events(path):
        data = event["data"]
        if event["event"] == "child.read" and name in data["children"]:
            with_child.add(event["run"])
        elif event["event"] in ("export.made", "return.attached", "report.made") and data.get("child", name) == name:
            made += [(event["run"], file["name"], "child" in data) for file in data.get("files") or data.get("outputs") or []]
    return list(dict.fromkeys(file for run, file, own in made if own or run in with_child))


def _warnings(ok: bool, name: str | None, seen: set[str], forgotten: set[str], pseudonyms: Pseudonyms) -> Iterator[str]:
    if not ok:
        yield "this log was changed after it was written, so that nothing below can be relied on (voicenlp audit verify tells where)."
    if name in forgotten:
        yield "the key of this child was destroyed, and is there again (from a copy of the key store, perhaps): forget the child again."
    if lost := len(seen - forgotten - pseudonyms.every()):
        who = (
            "1 child of the log has no key any more and was" if lost == 1 else f"{lost:,} children of the log have no key any more and were"
        )
        yield f"{who} not forgotten: the key store was changed, or is an old copy. This child may be one of them."


def _read(run: _Run) -> Deed:
    assert run.first is not None
    about = _COMMANDS.get(str(run.opened.get("command")), str(run.opened.get("command") or "no command on record"))
    what = []
    for kind, notes in run.read.items():
        count = f"{notes:,} note{'s' * (notes != 1)}"
        told = f"read {count} from the records of this child" if kind == "notes" else f"used what it had found in {count} of this child"
        what.append(f"The program {told} ({about}).")
    model = run.opened.get("model")
    if isinstance(model, Mapping):
        what.append(f"It did so with the model {model.get('name')}, version {model.get('version') or 'unknown'}.")
    for event in run.after:
        what += _after(event)
    return _deed(run.first, what)


def _after(event: Mapping[str, Any]) -> Iterator[str]:
    data, kind = event["data"], event["event"]
    listed = _files(data.get("files") or data.get("outputs"))
    recipient = f" for {data['recipient']}" if data.get("recipient") else ""
    if kind == "run.closed":
        if data.get("outcome") == "failed":
            yield "It stopped before it was done, because of a fault."
        elif listed:
            yield f"It wrote tables that may hold rows about this child, beside those of other children: {listed}."
    elif kind == "files.deleted":
        yield f"These files were deleted on {_when(event)}: {listed or 'all of the run'}."
    elif kind == "return.attached":
        yield f"What it counted was set beside the rows of a statutory return ({data.get('to')}){recipient}: {listed or 'no files'}."
    elif kind == "text.opened":
        yield f"The words of {data.get('notes'):,} notes, which may be of this child, were shown on the screen ({data.get('what')})."
    else:
        words = " Words of notes are in them." if data.get("with_text") else ""
        hidden = f" Small numbers were hidden ({data['suppression']})." if data.get("suppression") else ""
        yield f"Files were made{recipient} ({data.get('what')}): {listed or 'none'}.{words}{hidden}"


def _own(event: Mapping[str, Any], name: str | None) -> Deed:
    data, kind = event["data"], event["event"]
    listed = _files(data.get("files"))
    if kind == "optout.honoured":
        count = data["children"][name]
        notes = f"{count:,} note{'s were' if count != 1 else ' was'}"
        what = [f"{notes} left out and not read, because this child is not to be processed for this purpose."]
    elif kind == "text.opened":
        what = [f"The words of {data['notes']:,} note{'s' * (data['notes'] != 1)} of this child were shown on the screen ({data['what']})."]
    elif kind == "report.made":
        recipient = f" for {data['recipient']}" if data.get("recipient") else ""
        words = " Words of notes are in it." if data.get("with_text") else ""
        what = [f"A report about this child was made{recipient} ({data['what']}){': ' + listed if listed else ''}.{words}"]
    elif kind == "review.made":
        what = [f"A person looked at what the program had found ({data['what']}) and {_DECISIONS[data['decision']]} it: {data['reason']}."]
    elif kind == "challenge.raised":
        what = [f"A challenge was put on record, raised by: {data['by']}. It was about: {data['about']}."]
    elif kind == "challenge.answered":
        what = [f"A challenge was answered ({_OUTCOMES[data['outcome']]}): {data['answer']}."]
    elif kind == "child.forgotten":
        what = [f"Rows about this child were deleted from the tables{': ' + listed if listed else ''}, and the child's key was destroyed."]
    else:
        what = [f"Something was done that this version does not know ({kind})."]
    return _deed(event, what)


def _deed(event: Mapping[str, Any], what: Sequence[str]) -> Deed:
    who = (event["actor"] or "somebody") + (f" ({event['role']})" if event["role"] else "")
    law, assessment = (
        f"none stated ({NO_POLICY})" if event[key] in ("", NO_POLICY) else event[key] for key in ("lawful_basis", "dpia")
    )  # fmt: skip
    return Deed(_when(event), who, tuple(what), event["purpose"] or "no purpose was given", law, assessment, event["seq"])


def _when(event: Mapping[str, Any]) -> str:
    try:
        time = dt.datetime.fromisoformat(str(event["time"]))
    except ValueError:
        return str(event["time"])
    return f"{_day(time.date())} at {time:%H:%M} UTC"


def _files(found: Any) -> str:
    return ", ".join(str(file["name"]) for file in found) if isinstance(found, list) else ""
