"""The events that a log can hold: a closed list, each with the fields that it carries.

No field takes a note's text, a child's plain id, or the path of one machine: children come as pseudonyms, files as base names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, computed_field

from voicenlp.audit.canonical import digest
from voicenlp.errors import AuditError

__all__ = [
    "KINDS",
    "LONGEST",
    "ChildRead",
    "Event",
    "ExportMade",
    "FileRef",
    "LogMended",
    "LogStarted",
    "ModelRef",
    "ReportMade",
    "ReturnAttached",
    "RunClosed",
    "RunOpened",
    "TextOpened",
    "child_reads",
    "event_of",
    "guard",
    "versions",
]

LONGEST = 500
"""Characters that one value may have."""

MOST_CHILDREN = 500
"""Children that one ``child.read`` event may name."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:+-]{0,63}")
_PATH = re.compile(r"\s*(?:[/\\~]|[A-Za-z]:[/\\]|[A-Za-z][A-Za-z0-9+.-]*://)")


def _base_name(value: str) -> str:
    if value in (".", "..") or any(mark in value for mark in "/\\\x00") or not value.isprintable() or re.match(r"[A-Za-z]:", value):
        raise ValueError("must be a plain file name without folders")
    return value


Short = Annotated[str, StringConstraints(max_length=LONGEST)]
Word = Annotated[str, StringConstraints(pattern=rf"^{_NAME.pattern}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_base_name)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=2**53 - 1, strict=True)]
Counts = dict[Word, Count]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^c_[0-9a-f]{20}$")]


class _Fields(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class FileRef(_Fields):
    """A file, folder or query as an event names it.

    Attributes
    ----------
    name : str
        Base name only.
    sha256 : str, optional
        Of the bytes; of a folder, of the list of its files and their hashes. None for a database query.
    bytes, rows, files : int, optional
        Size; rows of a table; number of files in a folder.
    """

    name: Name
    sha256: Sha256 | None = None
    bytes: Count | None = None
    rows: Count | None = None
    files: Count | None = None

    @classmethod
    def of(cls, path: str | Path, rows: int | None = None) -> Self:
        """Look at a file, or at all files in a folder, and hash what is there.

        Raises
        ------
        AuditError
            If it can't be read.
        """
        path = Path(path)
        try:
            if not path.is_dir():
                return cls(name=path.name, sha256=_hash_file(path), bytes=path.stat().st_size, rows=rows)
            found = sorted(file for file in path.rglob("*") if file.is_file())
            listed = [[file.relative_to(path).as_posix(), _hash_file(file)] for file in found]
            size = sum(file.stat().st_size for file in found)
            return cls(name=path.resolve().name or "root", sha256=digest(listed), bytes=size, rows=rows, files=len(found))
        except OSError as error:
            raise AuditError(f"{path}: can't be read to be noted in the audit log ({error.strerror})") from None


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ModelRef(_Fields):
    """A model: its name, the hash of its files (None for one that comes with the package), its version."""

    name: Name
    sha256: Sha256 | None = None
    version: Short = ""


class Event(_Fields):
    """What all events share.

    Attributes
    ----------
    kind : str
        The name in the log's ``event`` field.
    boundary : bool
        Whether the disk is asked to keep the log when the event is written.
    """

    kind: ClassVar[str] = ""
    boundary: ClassVar[bool] = False

    def data(self) -> dict[str, Any]:
        """Return the log's ``data`` field: plain JSON values, those that are None left out."""
        return self.model_dump(mode="json", exclude_none=True)


class LogStarted(Event):
    """The first line of every log: a random id that checkpoints carry, and the id of the key of the pseudonyms."""

    kind = "log.started"
    boundary = True
    log: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    key: Annotated[str, StringConstraints(pattern=r"^k_[0-9a-f]{16}$")]
    form: Literal[1] = 1


class LogMended(Event):
    """A last line that was cut off (power cut, full disk, killed program) was moved aside into a file."""

    kind = "log.mended"
    boundary = True
    file: Name
    bytes: Count
    sha256: Sha256


class RunOpened(Event):
    """A command began. Nothing in it tells the machine: the same inputs, model and settings give the same data anywhere."""

    kind = "run.opened"
    boundary = True
    command: Word
    inputs: Annotated[tuple[FileRef, ...], Field(max_length=1000)] = ()
    model: ModelRef | None = None
    settings: dict[Word, JsonValue] = Field(default_factory=dict)
    versions: dict[Word, Short] = Field(default_factory=dict)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def settings_sha256(self) -> str:
        """SHA-256 of the settings in canonical form, so that two runs can be compared at a glance."""
        return digest(self.settings)


class RunClosed(Event):
    """A command ended: done, done with rejects, or failed (then with the name of the error's class, never its message)."""

    kind = "run.closed"
    boundary = True
    outcome: Literal["done", "rejects", "failed"] = "done"
    error: Word | None = None
    counts: Counts = Field(default_factory=dict)
    outputs: Annotated[tuple[FileRef, ...], Field(max_length=1000)] = ()


class ChildRead(Event):
    """Records of children were read: pseudonym to number of notes, at most 500 children an event."""

    kind = "child.read"
    children: Annotated[dict[Pseudonym, Count], Field(min_length=1, max_length=MOST_CHILDREN)]
    counts: Counts = Field(default_factory=dict)


class ExportMade(Event):
    """Something left the tool as files: what, for whom (if known), and whether words of notes are in it."""

    kind = "export.made"
    boundary = True
    what: Short
    recipient: Short | None = None
    files: Annotated[tuple[FileRef, ...], Field(max_length=1000)] = ()
    rows: Count | None = None
    with_text: bool = False


class ReturnAttached(Event):
    """Indicators were set beside the rows of a statutory return (``to``: ``ssda903``, ``cin`` …)."""

    kind = "return.attached"
    boundary = True
    to: Word
    inputs: Annotated[tuple[FileRef, ...], Field(max_length=1000)] = ()
    outputs: Annotated[tuple[FileRef, ...], Field(max_length=1000)] = ()
    counts: Counts = Field(default_factory=dict)


class ReportMade(Event):
    """A report was written, about one child (by pseudonym) or about many."""

    kind = "report.made"
    boundary = True
    what: Short
    child: Pseudonym | None = None
    recipient: Short | None = None
    files: Annotated[tuple[FileRef, ...], Field(max_length=1000)] = ()
    with_text: bool = False


class TextOpened(Event):
    """The text of notes was shown to somebody, not only read by the program."""

    kind = "text.opened"
    what: Short
    child: Pseudonym | None = None
    notes: Count


KINDS: dict[str, type[Event]] = {
    cls.kind: cls for cls in (LogStarted, LogMended, RunOpened, RunClosed, ChildRead, ExportMade, ReturnAttached, ReportMade, TextOpened)
}
"""All kinds of events, by name."""

_FIELD_NAMES = {*FileRef.model_fields, *ModelRef.model_fields, *(name for cls in KINDS.values() for name in cls.model_fields)}


def child_reads(children: Mapping[str, int]) -> Iterator[ChildRead]:
    """Part children (pseudonym to number of notes read) into events of at most 500 each, with ``counts`` of children and notes.

    Examples
    --------
    >>> [event.counts for event in child_reads({f"c_{n:020x}": 2 for n in range(501)})]
    [{'children': 500, 'notes': 1000}, {'children': 1, 'notes': 2}]
    """
    rest: Iterable[tuple[str, int]] = iter(sorted(children.items()))
    while batch := dict(islice(rest, MOST_CHILDREN)):
        yield _made(ChildRead, {"children": batch, "counts": {"children": len(batch), "notes": sum(batch.values())}})  # type: ignore[misc]


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
            if not isinstance(key, str) or not _NAME.fullmatch(key):
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
