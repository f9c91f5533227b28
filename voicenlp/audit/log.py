"""The audit log: what was done with whose records, when, by whom and why, in a file (or a table) that only grows.

One event a line in canonical JSON; every line holds the hash of the one before, so that no line can be changed, left out, put in or moved
without `voicenlp.audit.verify` finding it. What a chain alone can't show (lines cut off at the end, a log rewritten whole) a checkpoint
kept elsewhere does.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from voicenlp.audit.entry import FIRST, seal, unseal
from voicenlp.audit.events import event_of, guard
from voicenlp.audit.fields import LONGEST, FileRef
from voicenlp.audit.kinds import Event, LogMended, LogStarted, PolicyChanged, RunOpened
from voicenlp.audit.pseudonyms import Pseudonyms, key_file, store_file
from voicenlp.audit.store import beside, open_store
from voicenlp.errors import AuditError

__all__ = ["AuditLog", "read_events", "tail"]

_BEGIN = b'{"actor":"'
_RUN = b'"event":"run.opened"'


class AuditLog:
    """An audit log, open for writing.

    A new log begins with ``log.started`` and gets a key for pseudonyms, unless one is there. A last line that was cut off is moved to
    ``<path>.torn-N``, and ``log.mended`` says so. Any number of programs may write to one log at once.

    Parameters
    ----------
    path : str or Path
        The file; it and its folder are made where missing. An SQLite database if it ends in ``.sqlite``, ``.sqlite3`` or ``.db``; or a
        ``postgresql://`` URL, for a team that shares one log (both by SQLAlchemy: ``pip install voicenlp[office]``).
    actor, role, purpose, lawful_basis, dpia : str, optional
        Who acts, in which role, what for, on which lawful basis, under which data protection impact assessment: written with every event.
    run : str, optional
        Id of the run, the same in all events of one command; a random one if not given.
    key : str or Path, optional
        File of the authority's key; by default what ``VOICENLP_KEY`` names, or ``<path>.key``. A log on a database server needs one named.
        The children's keys lie in ``<path>.keys`` (of a log on a database server, in ``<key>.keys``).
    policy : FileRef, optional
        The policy in force, which every ``run.opened`` names. Where it is not that of the run before, ``policy.changed`` is written.
    timeout : float, default 10
        Seconds to wait for another writer.

    Attributes
    ----------
    path : Path or str
        A Path, but of a log on a database server its URL, without the password.
    run : str

    Raises
    ------
    AuditError
        If the log can't be written to, or its end is damaged in a way that a torn write does not explain.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from voicenlp.audit import verify
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "audit.log")
    ...     log = AuditLog(path, actor="s.khan", role="analyst", purpose="service review")
    ...     child = log.pseudonyms.of("C1042")
    ...     hash_ = log.append("run.opened", command="tag")
    ...     hash_ = log.append("child.read", children={child: 12})
    ...     hash_ = log.append("run.closed", counts={"notes": 12})
    ...     [event["event"] for event in tail(path)], verify(path).ok
    (['log.started', 'run.opened', 'child.read', 'run.closed'], True)
    """

    def __init__(
        self,
        path: str | Path,
        *,
        actor: str = "",
        role: str = "",
        purpose: str = "",
        lawful_basis: str = "",
        dpia: str = "",
        run: str | None = None,
        key: str | Path | None = None,
        policy: FileRef | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.run = run or f"r_{secrets.token_hex(10)}"
        self._who = {"actor": actor, "role": role, "purpose": purpose, "lawful_basis": lawful_basis, "dpia": dpia, "run": self.run}
        for name, value in self._who.items():
            if not isinstance(value, str) or len(value) > LONGEST:
                raise AuditError(f"{name} must be text of at most {LONGEST} characters")
        self._store = open_store(path, timeout)
        file = beside(path, "")
        self._place = path
        self.path: Path | str = self._store.name if file is None else file
        self._key = Path(key) if key is not None else key_file(path)
        self._keys = store_file(path, self._key)
        self._policy = policy
        self._store.prepare()
        with self._store.locked():
            self._check()
            self._ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.sync()

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        """The pseudonyms of this log.

        Raises
        ------
        AuditError
            If the key is lost, or is not the one with which the log was begun.
        """
        first = next(read_events(self._place))
        return Pseudonyms(self._key, self._keys, key_id=str(first["data"].get("key", "")))

    def append(self, event: str | Event, /, **data: Any) -> str:
        """Write an event and return its hash (64 hex digits).

        Parameters
        ----------
        event : str or Event
            A kind of event with its fields as keywords, or an event made before.

        Raises
        ------
        AuditError
            If the event is not of the closed list, its fields are wrong, a value is longer than 500 characters or a path; or if the log
            can't be written. Nothing is written then.
        """
        if isinstance(event, Event):
            if data:
                raise TypeError("fields go with the name of a kind, not with an event made before")
            made = event
        else:
            made = event_of(event, data)
        if isinstance(made, RunOpened):
            made = made.model_copy(update={"policy": self._policy or "none"})
        with self._store.locked():
            last: bytes | None = self._ready()
            if isinstance(made, RunOpened) and (changed := self._changed_policy()) is not None:
                self._write(changed, last)
                last = self._store.last()
            return self._write(made, last)

    def sync(self) -> None:
        """Have the disk keep all that was written (the events at the bounds of a run do so by themselves)."""
        self._store.sync()

    def _check(self) -> None:
        # Another file named by mistake must not have its last line cut off and a log written behind it.
        first = self._store.first()
        if first is None:
            return
        if first.endswith(b"\n"):
            try:
                begun = unseal(first).fields["event"] == "log.started"
            except ValueError:
                begun = False
        else:  # torn: only a piece of a first line, or the zeros that a power cut may leave
            begun = first.startswith(_BEGIN) or _BEGIN.startswith(first) or not first.strip(b"\x00")
        if not begun:
            raise AuditError(f"{self.path}: not an audit log, or its first line was changed; nothing is written to it")

    def _ready(self) -> bytes:
        """Mend or begin the log where that is needed; return its last line."""
        torn = self._store.mend()
        last = self._store.last()
        if last is None:
            names = Pseudonyms.make(self._key, self._keys)
            self._write(LogStarted(log=secrets.token_hex(8), key=names.key_id), None)
        if torn:
            self._write(LogMended(file=torn.file, bytes=torn.bytes, sha256=torn.sha256), self._store.last())
        last = self._store.last()
        assert last is not None
        return last

    def _changed_policy(self) -> PolicyChanged | None:
        """Compare the policy in force with that of the run before; the first run of a log only tells where there is one."""
        before: FileRef | None = None
        for line in self._store.backwards():
            if _RUN in line:
                try:
                    found = unseal(line).fields["data"].get("policy", "none")
                    before = FileRef.model_validate(found) if found != "none" else None
                    break
                except ValueError:  # a damaged line, which is for `verify` to tell
                    continue
        same = before == self._policy if before is None or self._policy is None else before.sha256 == self._policy.sha256
        return None if same else PolicyChanged(before=before, after=self._policy)

    def _write(self, event: Event, last: bytes | None) -> str:
        seq, prev = 0, FIRST
        if last is not None:
            try:
                before = unseal(last)
            except ValueError:
                before = None
            if before is None or before.computed != before.fields["hash"]:
                raise AuditError(f"{self.path}: the last line was changed; nothing more is written to it. See: voicenlp audit verify")
            seq, prev = before.fields["seq"] + 1, before.computed
        data = event.data()
        guard(data)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = {"seq": seq, "time": now, "event": event.kind, **self._who, "data": data, "prev": prev}
        try:
            value, line = seal(fields)
        except ValueError as error:
            raise AuditError(f"{event.kind} can't be written to the audit log: {error}") from None
        self._store.append(line, sync=event.boundary)
        return value


def read_events(path: str | Path) -> Iterator[dict[str, Any]]:
    """Give the events of a log from the first on; a torn last line is left out. Hashes are not checked: that is `voicenlp.audit.verify`.

    Raises
    ------
    AuditError
        If there is no log, or a line is not an event.
    """
    store = open_store(path)
    try:
        for number, line in enumerate(store.lines(), 1):
            if line.endswith(b"\n"):
                yield _read(store.name, line, f"line {number}")
    except OSError as error:
        raise AuditError(f"{store.name}: no audit log that can be read ({error.strerror})") from None


def tail(path: str | Path, count: int = 20) -> list[dict[str, Any]]:
    """Return the last events of a log, oldest first, without reading the whole of it.

    Raises
    ------
    AuditError
        If there is no log, or one of these lines is not an event.
    """
    store = open_store(path)
    found: deque[dict[str, Any]] = deque()
    try:
        for line in store.backwards():
            if len(found) >= count:
                break
            if line.endswith(b"\n"):
                found.appendleft(_read(store.name, line, f"line {len(found) + 1} from the end"))
    except OSError as error:
        raise AuditError(f"{store.name}: no audit log that can be read ({error.strerror})") from None
    return list(found)


def _read(name: str, line: bytes, where: str) -> dict[str, Any]:
    try:
        return unseal(line).fields
    except ValueError:
        raise AuditError(f"{name}, {where}: not an event of an audit log; see: voicenlp audit verify") from None
