"""Where the lines of a log are kept: a plain file that only grows, locked while somebody writes, or a table of a database."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from voicenlp.audit.entry import LIMIT
from voicenlp.errors import AuditError

__all__ = ["FileStore", "Store", "Torn", "beside", "open_store"]

_BLOCK = 64 * 1024
_SQLITE = frozenset({".sqlite", ".sqlite3", ".db"})
# A Path made of an address has lost a slash, and has backslashes on Windows.
_ADDRESS = re.compile(r"(postgresql(?:\+\w+)?):[/\\]{1,2}(?=[^/\\])")


class Store(Protocol):
    """What a log needs of the place where its lines are kept; `FileStore` says what each does."""

    name: str

    def prepare(self) -> None: ...  # noqa: D102
    def locked(self) -> AbstractContextManager[None]: ...  # noqa: D102
    def first(self) -> bytes | None: ...  # noqa: D102
    def last(self) -> bytes | None: ...  # noqa: D102
    def append(self, line: bytes, *, sync: bool = False) -> None: ...  # noqa: D102
    def sync(self) -> None: ...  # noqa: D102
    def mend(self) -> Torn | None: ...  # noqa: D102
    def lines(self) -> Iterator[bytes]: ...  # noqa: D102
    def backwards(self) -> Iterator[bytes]: ...  # noqa: D102


def open_store(place: str | Path, timeout: float = 10.0) -> Store:
    """Return the store that a place names; nothing is opened or made yet.

    Parameters
    ----------
    place : str or Path
        A file; one that ends in ``.sqlite``, ``.sqlite3`` or ``.db`` is an SQLite database, any other a plain text file. Or a
        ``postgresql://`` or ``sqlite:///`` URL as SQLAlchemy takes it.
    timeout : float, default 10
        Seconds to wait for another writer.

    Raises
    ------
    AuditError
        If the URL can't be one, or SQLAlchemy or a database driver is not installed.

    Examples
    --------
    >>> type(open_store("run/audit.log")).__name__, type(open_store("run/audit.sqlite")).__name__
    ('FileStore', 'TableStore')
    """
    address = address_of(place)
    if address is None:
        return FileStore(place, timeout)
    from voicenlp.audit.database import TableStore

    return TableStore(address, timeout)


def address_of(place: str | Path) -> str | None:
    """Return the SQLAlchemy URL of a place in a database; None of a plain file."""
    text = str(place)
    if text.startswith(("sqlite:///", "sqlite+pysqlite:///")):
        return text
    if found := _ADDRESS.match(text):
        return f"{found[1]}://{text[found.end() :]}".replace("\\", "/") if isinstance(place, Path) else text
    return f"sqlite:///{text}" if Path(place).suffix.lower() in _SQLITE else None


def beside(place: str | Path, ending: str) -> Path | None:
    """Return the file beside a log that has its name and another ending; None for a log on a database server.

    Examples
    --------
    >>> beside("run/audit.log", ".key").name, beside("postgresql://db.example/voice", ".key")
    ('audit.log.key', None)
    """
    address = address_of(place)
    if address is None:
        return Path(f"{place}{ending}")
    return Path(f"{address.partition(':///')[2]}{ending}") if address.startswith("sqlite") else None


class Torn(NamedTuple):
    """A last line that was cut off: the file it was moved to, its length in bytes and its SHA-256 (hex)."""

    file: str
    bytes: int
    sha256: str


class FileStore:
    """Lines of bytes in a file, appended under a lock that holds between threads, processes and (where the share honours it) machines.

    Parameters
    ----------
    path : str or Path
        The log; the lock is ``<path>.lock`` beside it.
    timeout : float, default 10
        Seconds to wait for another writer.
    """

    def __init__(self, path: str | Path, timeout: float = 10.0) -> None:
        from filelock import FileLock

        self.path = Path(path)
        self.name = str(path)
        self.timeout = timeout
        self._lock = FileLock(f"{self.path}.lock", timeout=timeout)
        self._seen: tuple[tuple[int, int, int], bytes] | None = None

    def prepare(self) -> None:
        """Make the folder where it is missing.

        Raises
        ------
        AuditError
            If it can't be made.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AuditError(f"{self.path.parent}: can't make the folder of the audit log ({error.strerror})") from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all other writers out.

        Raises
        ------
        AuditError
            If another writer does not let go in time, or the folder can't be written to.
        """
        from filelock import Timeout

        try:
            self._lock.acquire(poll_interval=0.005)
        except Timeout:
            raise AuditError(f"{self.path.name}: another program has been writing for {self.timeout:g} s; try again later") from None
        except OSError as error:
            raise AuditError(f"{self.path}: can't be locked for writing ({error.strerror})") from None
        try:
            yield
        except OSError as error:
            raise AuditError(f"{self.path}: can't be read or written ({error.strerror})") from None
        finally:
            self._lock.release()

    def _state(self) -> tuple[int, int, int]:
        found = self.path.stat()
        return found.st_dev, found.st_ino, found.st_size

    def first(self) -> bytes | None:
        """Return the first line with its newline (without one, if it was torn), or None if there is no line."""
        try:
            with self.path.open("rb") as file:
                return file.readline(LIMIT) or None
        except FileNotFoundError:
            return None

    def last(self) -> bytes | None:
        """Return the last line with its newline (without one, if it was torn), or None if there is no line. Call it under the lock."""
        try:
            state = self._state()
        except FileNotFoundError:
            return None
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, next(iter(self.backwards()), b""))
        return self._seen[1] or None

    def append(self, line: bytes, *, sync: bool = False) -> None:
        """Write a line at the end. Call it under the lock.

        Raises
        ------
        AuditError
            If it can't be written as a whole; what was written of it is taken back.
        """
        before = None
        try:
            with self.path.open("ab", buffering=0) as file:
                before = os.fstat(file.fileno()).st_size
                if file.write(line) != len(line):
                    raise OSError(0, "the disk took only a part of the line")
                if sync:
                    os.fsync(file.fileno())
        except OSError as error:
            self._seen = None
            if before is not None:
                with contextlib.suppress(OSError):
                    os.truncate(self.path, before)
            raise AuditError(f"{self.path}: can't be written ({error.strerror})") from None
        self._seen = (self._state(), line)
        if sync and before == 0:
            self._sync_folder()

    def sync(self) -> None:
        """Have the disk keep all that was written."""
        with self.path.open("ab") as file:
            os.fsync(file.fileno())

    def _sync_folder(self) -> None:
        # A new file survives a power cut only when its folder was synced as well; Windows has no such call and does not need it.
        if os.name == "posix":
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def mend(self) -> Torn | None:
        """Move a torn last line to ``<path>.torn-N``; return what was done, None if all was whole. Call it under the lock."""
        last = self.last()
        if last is None or last.endswith(b"\n"):
            return None
        with self.path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - len(last))
            file.seek(start)
            piece = file.read()
            aside = self._put_aside(piece)
            file.truncate(start)
            file.flush()
            os.fsync(file.fileno())
        self._seen = None
        return Torn(aside, len(piece), hashlib.sha256(piece).hexdigest())

    def _put_aside(self, piece: bytes) -> str:
        number = 1
        while True:
            aside = self.path.with_name(f"{self.path.name}.torn-{number}")
            try:
                with aside.open("xb") as file:
                    file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                return aside.name
            except FileExistsError:
                number += 1

    def lines(self) -> Iterator[bytes]:
        """Give the lines from the first on, as they stand when this is called; each ends in a newline unless it was torn.

        A stretch without a newline comes in pieces of at most `LIMIT` bytes.
        """
        with self.path.open("rb") as file:
            left = self._whole(os.fstat(file.fileno()).st_size)
            while left > 0:
                line = file.readline(min(LIMIT, left))
                if not line:
                    return
                left -= len(line)
                yield line

    def _whole(self, size: int) -> int:
        # A line that another program is just writing must not look torn: give it a moment.
        for _ in range(5):
            with self.path.open("rb") as file:
                file.seek(max(0, size - 1))
                if size == 0 or file.read(1) == b"\n":
                    break
            time.sleep(0.05)
            now = self.path.stat().st_size
            if now == size:
                continue
            size = now
        return size

    def backwards(self) -> Iterator[bytes]:
        """Give the lines from the last on."""
        with self.path.open("rb") as file:
            place = file.seek(0, os.SEEK_END)
            rest = b""
            while place > 0:
                step = min(_BLOCK, place)
                place -= step
                file.seek(place)
                rest, *whole = _split(file.read(step) + rest)
                yield from reversed(whole)
            if rest:
                yield rest


def _split(data: bytes) -> list[bytes]:
    # bytes.splitlines also splits at a carriage return, which may stand in a damaged line
    pieces = [piece + b"\n" for piece in data.split(b"\n")]
    pieces[-1] = pieces[-1][:-1]
    return pieces if pieces[-1] else pieces[:-1] or [b""]
