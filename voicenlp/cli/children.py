"""``voicenlp audit`` for one child: what was done, forgetting, reviews and challenges; and what is due to be deleted."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicenlp.cli.terminal import show_table
from voicenlp.errors import UsageError

if TYPE_CHECKING:
    from voicenlp.audit import AuditLog

__all__ = ["add_to"]

Child = Annotated[str, typer.Argument(metavar="CHILD", help="The child's id, as the notes have it.")]
Logs = Annotated[
    list[str] | None, typer.Option("--audit", help="The audit log, audit.log by default; may be given again for more.", show_default=False)
]
Audit = Annotated[str | None, typer.Option("--audit", help="The audit log; audit.log by default.", show_default=False)]
ACCESS = {"purpose": "subject access request", "lawful_basis": "UK GDPR Article 15 (right of access)"}
ERASURE = {"purpose": "erasure", "lawful_basis": "UK GDPR Article 17 (right to erasure)"}
ANSWERING = {"purpose": "human review and challenge", "lawful_basis": "UK GDPR Articles 16, 21 and 22A to 22D"}


def add_to(app: typer.Typer) -> None:
    """Add the commands to ``voicenlp audit``."""
    app.command("subject", help="Tell, in plain words, everything that was done with a child's records.")(subject)
    app.command("forget", help="Delete a child's rows from the tables of runs, and destroy the key of its pseudonym.")(forget)
    app.command("due", help="List what the policy no longer lets you keep, by the terms of its classes of retention.")(due)
    app.command("deleted", help="Put on record that the files of a run were deleted, so that they are due no longer.")(deleted)
    app.command("review", help="Put on record that a person looked at what was found about a child.")(review)
    app.command("challenge", help="Put on record that a child, a family or somebody for them challenges something.")(challenge)
    app.command("answer", help="Put on record what was done about a challenge.")(answer)


def _opened(place: str, what: dict[str, str]) -> AuditLog:
    """Open a log that is there for something that a person has a right to, whatever purposes a policy allows."""
    from voicenlp.audit import AuditLog, tail
    from voicenlp.audit.policy import NO_POLICY
    from voicenlp.config import read_settings

    tail(place, 1)  # a log misspelt must not be begun
    settings = read_settings()
    policy = settings.in_force()
    who = {**settings.who(), **what, "dpia": settings.dpia or NO_POLICY}
    return AuditLog(place, key=settings.key, policy=policy.source if policy else None, **who)  # type: ignore[arg-type]


def _known(log: AuditLog, child: str) -> str:
    from voicenlp.audit.store import open_store

    _check_id(child)
    name = log.pseudonyms.known(child)
    if name is None:
        place = open_store(str(log.path)).name
        raise UsageError(f"{place}: holds no key of this child: it was never read under this log, or was forgotten. {_WRITTEN}")
    return name


_WRITTEN = "Is the id written as it is in the notes?"


def _check_id(child: str) -> None:
    if not child.strip():
        raise UsageError("CHILD is empty")


@contextmanager
def _run(log: AuditLog, command: str) -> Iterator[None]:
    log.append("run.opened", command=command)
    try:
        yield
    except BaseException as error:
        log.append("run.closed", outcome="failed", error=type(error).__name__)
        raise
    log.append("run.closed")


def subject(
    child: Child,
    audit: Logs = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it as JSON.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Also write it as one page to print.")] = None,
) -> int:
    """Print the account; exit with 3 where a log is broken."""
    from voicenlp.audit import FileRef
    from voicenlp.audit.subject import account_of, page_of
    from voicenlp.config import read_settings

    _check_id(child)
    places = list(dict.fromkeys(audit or ["audit.log"]))
    logs = [_opened(place, ACCESS) for place in places]
    accounts = [account_of(place, child, log.pseudonyms) for place, log in zip(places, logs, strict=True)]
    if not any(account.found or account.warnings for account in accounts):
        _known(logs[0], child)
        raise UsageError(f"{', '.join(account.log for account in accounts)}: nothing on record about this child. {_WRITTEN}")
    policy = read_settings().in_force()
    contact = policy.contact if policy else ""
    for path, text in (
        (json_file, json.dumps({"child": child, "accounts": [one.as_dict() for one in accounts]}, indent=2, ensure_ascii=False) + "\n"),
        (html, page_of(accounts, child, contact) if html is not None else ""),
    ):
        if path is not None:
            _write_new(path, text)
    files = [FileRef.of(path) for path in (json_file, html) if path is not None]
    for log, account in zip(logs, accounts, strict=True):
        name = log.pseudonyms.known(child)
        if name is not None and account.unbroken:
            log.append("report.made", what="account of what was done with the records", child=name, files=files)
    typer.echo("\n".join(account.plain() for account in accounts))
    return 0 if all(account.unbroken for account in accounts) else 3


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path}: there already; it is not written over") from None
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror})") from None


def forget(
    child: Child,
    audit: Audit = None,
    run: Annotated[list[Path] | None, typer.Option("--run", help="Folder of a run elsewhere; may be given again.")] = None,
    people: Annotated[
        Path | None, typer.Option("--people", help="Roster: takes the child's name out of other children's rows, by person_id.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> int:
    """Forget a child; what was destroyed can't be brought back."""
    from voicenlp.audit import FileRef, read_events
    from voicenlp.audit.subject import exports_of
    from voicenlp.engines.erasure import erase_child, runs_beside

    _check_id(child)
    place = audit or "audit.log"
    log = _opened(place, ERASURE)
    names = log.pseudonyms
    persons = _persons(people, child)
    beside = [] if isinstance(log.path, str) else runs_beside(log.path, {event["run"] for event in read_events(place)})
    folders = list(dict.fromkeys(folder.resolve() for folder in [*beside, *(run or [])]))
    names.check_forgettable()
    if not yes and sys.stdin is not None and sys.stdin.isatty():
        typer.confirm(f"Forget this child in {place} and in {len(folders)} folder(s) of runs? It can't be undone.", abort=True)
    known = names.known(child)
    with _run(log, "audit.forget"):
        erased = [one for folder in folders for one in erase_child(folder, child, persons)]
        if known is None and not erased:
            raise UsageError(f"{place}: holds no key of this child, and no table a row: nothing was forgotten. {_WRITTEN}")
        copies = exports_of(place, known) if known is not None else []
        counts = {"rows": sum(one.rows for one in erased), "mentions": sum(one.mentions for one in erased), "runs": len(folders)}
        log.append("child.forgotten", **({"child": known} if known else {}), files=[FileRef.of(one.path) for one in erased], counts=counts)
        names.forget(child)
    for one in erased:
        mentions = f", {one.mentions:,} mentions in rows of others" if one.mentions else ""
        typer.echo(f"{one.path}: {one.rows:,} rows deleted{mentions}")
    typer.echo(f"{'the key is destroyed' if known else 'there was no key'}; the log keeps a note that it was done, and still verifies")
    elsewhere = [name for name in copies if name not in {one.path.name for one in erased}]
    if elsewhere:
        typer.echo(f"files made from these records that this program can't reach: {', '.join(elsewhere)}", err=True)
    typer.echo(
        "backups, copies of the key store and the records themselves stay as they are; put the child on the list of opt-outs, "
        "or the next run reads the records again",
        err=True,
    )
    return 0


def _persons(people: Path | None, child: str) -> frozenset[str]:
    """Return the ids under which a child stands on the roster as a person."""
    if people is None:
        return frozenset()
    from voicenlp.io.people import read_people

    rosters = read_people(people)
    roles = {"child", "young person", "subject", "self"}
    own = {one.person_id for one in rosters.get(child, []) if one.role.casefold().strip() in roles and one.person_id}
    if not own:
        raise UsageError(f"{people}: names no person_id for this child in the role of child")
    return frozenset(own)


def due(
    audit: Logs = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="The policy; by default what the settings name.")] = None,
    children: Annotated[
        Path | None,
        typer.Option("--children", help="child_id, date_of_birth; date_of_death, date_closed, retention where there are; or a 903 header."),
    ] = None,
    retention: Annotated[str, typer.Option("--retention", help="Class of children for whom the table gives none.")] = "looked_after",
    on: Annotated[str | None, typer.Option("--on", help="The day to look from, as 2026-03-31; today by default.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also what is not due yet.")] = False,
) -> int:
    """Print what is due."""
    from voicenlp.audit import read_policy
    from voicenlp.config import read_settings
    from voicenlp.engines.retention import derived_due, read_lives, records_due
    from voicenlp.io.dates import parse_date

    found = read_policy(policy) if policy is not None else read_settings().in_force()
    if found is None:
        raise UsageError("what is due is for a policy to say: --policy FILE, policy in voicenlp.toml, or VOICENLP_POLICY")
    try:
        day = parse_date(on) or dt.datetime.now(dt.UTC).date()
    except ValueError as error:
        raise UsageError(f"--on: {error}") from None
    lives = read_lives(children) if children is not None else []
    rows = []
    for place in audit or ["audit.log"]:
        rows += derived_due(place, found)
        rows += records_due(_opened(place, ERASURE), lives, found, retention) if lives else []
    shown = [row for row in rows if all_ or row.day is None or row.day <= day]
    if shown:
        table = [[f"{row.day:%d/%m/%Y}" if row.day else "not known", row.retention, row.what, row.basis] for row in shown]
        show_table("", ["due from", "class", "what", "by"], table)
    past = sum(row.day is not None and row.day <= day for row in rows)
    typer.echo(f"{past:,} due on {day:%d/%m/%Y}, of {len(rows):,} with a term")
    if not any(term.covers == "derived" for term in found.retention.values()):
        typer.echo(f'{found.source.name} has no class of retention for what is derived (covers = "derived")', err=True)
    if children is None:
        typer.echo("children's own terms need their dates of birth: --children FILE", err=True)
    return 0


def deleted(
    number: Annotated[int, typer.Argument(metavar="EVENT", min=0, help="Number of an event that names files, as `due` gives it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words, without names.")] = "due by the policy",
    audit: Audit = None,
) -> int:
    """Write ``files.deleted``; nothing is deleted here."""
    from voicenlp.audit import tail
    from voicenlp.engines.retention import left_by_runs

    place = audit or "audit.log"
    left = next((one for one in left_by_runs(place).values() if one.event == number), None)
    if left is None:
        raise UsageError(f"event {number} of {place} names no files that are not on record as deleted; see: voicenlp audit due --all")
    _check_text(reason=reason)
    _opened(place, ERASURE | {"purpose": "retention", "lawful_basis": "UK GDPR Article 5(1)(e) (storage limitation)"}).append(
        "files.deleted", run=left.run, files=left.files, reason=reason
    )
    typer.echo(f"on record as event {tail(place, 1)[0]['seq']:,}: {len(left.files):,} files deleted")
    return 0


def review(
    child: Child,
    decision: Annotated[str, typer.Option("--decision", help="accepted, amended or rejected.")],
    reason: Annotated[str, typer.Option("--reason", help="In a few words, without names.")],
    what: Annotated[str, typer.Option("--what", help="What was looked at.")] = "spans",
    audit: Audit = None,
) -> int:
    """Write ``review.made``."""
    _one_of("--decision", decision, ("accepted", "amended", "rejected"))
    return _noted(audit, child, "review.made", what=what, decision=decision, reason=reason)


def challenge(
    child: Child,
    about: Annotated[str, typer.Option("--about", help="In a few words, without names.")],
    by: Annotated[str, typer.Option("--by", help="child, parent, carer, family, advocate, worker or other.")] = "family",
    audit: Audit = None,
) -> int:
    """Write ``challenge.raised``."""
    _one_of("--by", by, ("child", "parent", "carer", "family", "advocate", "worker", "other"))
    return _noted(audit, child, "challenge.raised", by=by, about=about)


def answer(
    child: Child,
    number: Annotated[int, typer.Option("--challenge", min=0, help="Number of the event that raised it.")],
    outcome: Annotated[str, typer.Option("--outcome", help="corrected, partly, refused or withdrawn.")],
    reply: Annotated[str, typer.Option("--reply", help="In a few words, without names.")],
    audit: Audit = None,
) -> int:
    """Write ``challenge.answered``."""
    from voicenlp.audit import read_events

    _one_of("--outcome", outcome, ("corrected", "partly", "refused", "withdrawn"))
    place = audit or "audit.log"
    name = _known(_opened(place, ANSWERING), child)
    raised = next((event for event in read_events(place) if event["seq"] == number), None)
    if raised is None or raised["event"] != "challenge.raised" or raised["data"]["child"] != name:
        raise UsageError(f"--challenge: event {number} of {place} is no challenge about this child")
    return _noted(audit, child, "challenge.answered", challenge=raised["hash"], outcome=outcome, answer=reply)


def _one_of(option: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise UsageError(f"{option}: {given!r} is none of {', '.join(allowed)}")


def _noted(audit: str | None, child: str, kind: str, **fields: Any) -> int:
    from voicenlp.audit import tail

    place = audit or "audit.log"
    _check_text(**{name: fields[name] for name in ("what", "reason", "about", "answer") if name in fields})
    log = _opened(place, ANSWERING)
    log.append(kind, child=_known(log, child), **fields)
    typer.echo(f"on record as event {tail(place, 1)[0]['seq']:,}")
    return 0


def _check_text(**texts: str) -> None:
    from voicenlp.audit.fields import LONGEST

    for name, text in texts.items():
        if not 0 < len(text.strip()) <= LONGEST or not text.isprintable():
            raise UsageError(f"{name}: {len(text.strip()):,} characters; {LONGEST} is the most, in one line")
