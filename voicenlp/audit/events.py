"""Events made of fields, checked; and what must never stand in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from itertools import islice
from typing import Any

from pydantic import ValidationError

from voicenlp.audit.fields import LONGEST, NAME, FileRef, ModelRef
from voicenlp.audit.kinds import KINDS, MOST_CHILDREN, ChildRead, Event, OptOutHonoured
from voicenlp.errors import AuditError

__all__ = ["child_reads", "event_of", "guard", "opt_outs_honoured", "versions"]

_PATH = re.compile(r"\s*(?:[/\\~]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]*://)")
_FIELD_NAMES = {*FileRef.model_fields, *ModelRef.model_fields, *(name for cls in KINDS.values() for name in cls.model_fields)}


def child_reads(children: Mapping[str, int], what: str = "notes") -> Iterator[ChildRead]:
    """Part children (pseudonym to number of notes read) into events of at most 500 each, with ``counts`` of children and notes.

    Examples
    --------
    >>> [event.counts for event in child_reads({f"c_{n:020x}": 2 for n in range(501)})]
    [{'children': 500, 'notes': 1000}, {'children': 1, 'notes': 2}]
    """
    for batch in _parted(children):
        counts = {"children": len(batch), "notes": sum(batch.values())}
        yield _made(ChildRead, {"children": batch, "what": what, "counts": counts})  # type: ignore[misc]


def opt_outs_honoured(children: Mapping[str, int], source: FileRef | None = None, **people: int) -> Iterator[OptOutHonoured]:
    """Part children whose notes were left out (pseudonym to number of notes) into events of at most 500 each.

    ``people`` are counts of what was withheld of people who are not to be processed; they stand in the first event.

    Examples
    --------
    >>> [event.counts for event in opt_outs_honoured({"c_" + "0" * 20: 3}, people=1, spans=4)]
    [{'children': 1, 'notes': 3, 'people': 1, 'spans': 4}]
    """
    more = {name: count for name, count in people.items() if count}
    for batch in [*_parted(children)] or ([{}] if more else []):
        counts = {"children": len(batch), "notes": sum(batch.values()), **more}
        yield _made(OptOutHonoured, {"children": batch, "counts": counts, "source": source})  # type: ignore[misc]
        more = {}


def _parted(children: Mapping[str, int]) -> Iterator[dict[str, int]]:
    rest: Iterable[tuple[str, int]] = iter(sorted(children.items()))
    while batch := dict(islice(rest, MOST_CHILDREN)):
        yield batch


def event_of(kind: str, data: Mapping[str, Any]) -> Event:
    """Make an event of a kind from its fields.

    Raises
    ------
    AuditError
        If there is no such kind, or fields are missing, unknown or not what they should be: all faults at once, without the values.

    Examples
    --------
    >>> event_of("text.opened", {"what": "report", "notes": 3}).data()
    {'what': 'report', 'notes': 3}
    """
    try:
        cls = KINDS[kind]
    except KeyError:
        raise AuditError(f"no such kind of event: {_safe(kind, known=False)}; there are {', '.join(KINDS)}") from None
    return _made(cls, data)


def _made(cls: type[Event], data: Mapping[str, Any]) -> Event:
    try:
        return cls.model_validate(dict(data))
    except ValidationError as error:
        faults = "; ".join(
            f"{_place(fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise AuditError(f"{cls.kind} can't be written to the audit log: {faults}") from None


def _safe(part: object, known: bool = True) -> str:
    # The name of a field may be told; any other key could be a child's id or a note's text.
    if isinstance(part, int) or part in _FIELD_NAMES or (not known and re.fullmatch(r"[a-z_.]{1,24}", str(part))):
        return str(part)
    return "(a key)"


def _place(loc: tuple[int | str, ...]) -> str:
    # The first part is a keyword in somebody's code, known or not; what stands below it may come from the records.
    return ".".join(_safe(part, known=place > 0) for place, part in enumerate(loc) if part != "[key]")


def guard(value: Any, where: str = "data") -> None:
    """Refuse what must never stand in a log: long text (a note's, perhaps), and paths or addresses.

    Raises
    ------
    AuditError
        If a text has more than 500 characters, a key is not a plain word or pseudonym, or a text begins as a path or URL does.

    Examples
    --------
    >>> guard({"what": "indicators", "rows": 12})
    >>> guard({"what": "x" * 501})
    Traceback (most recent call last):
    voicenlp.errors.AuditError: data.what: 501 characters are too long for the audit log (500 at most), which holds no text of notes
    """
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise AuditError(
                f"{where}: {len(value)} characters are too long for the audit log ({LONGEST} at most), which holds no text of notes"
            )
        if _PATH.match(value):
            raise AuditError(f"{where}: a path or address, which the audit log does not hold; give the base name")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not NAME.fullmatch(key):
                raise AuditError(f"{where}: a key that is not a plain word")
            guard(inner, f"{where}.{_safe(key)}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            guard(inner, f"{where}.{place}")


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of voicenlp, Python and the packages named, for `RunOpened`; a package that is not installed is left out.

    Examples
    --------
    >>> "python" in versions("pyarrow")
    True
    """
    import platform

    found = {"python": platform.python_version()}
    for name in ("voicenlp", *packages):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
