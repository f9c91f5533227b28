"""A log in a table of a database, by SQLAlchemy: SQLite for one machine, PostgreSQL where a team shares a log.

The lines are those of the plain file, byte for byte, one a row; so the same chain, checkpoints and proofs hold, and the log can be
written out as a file at any time. That an event is written as a whole or not at all is the database's part.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.audit.store import Torn
from voicenlp.errors import AuditError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["TABLE", "TableStore"]

TABLE = "voicenlp_audit"
"""Name of the table; its columns are ``seq`` (from 0) and ``line`` (bytes, with the newline)."""

_PAGE = 5_000
_DRIVERS = {"psycopg": "'psycopg[binary]'"}


class TableStore:
    """Lines of bytes in a table, appended in transactions that shut all other writers out.

    Parameters
    ----------
    address : str
        URL as SQLAlchemy takes it: ``sqlite:///FILE`` or ``postgresql+psycopg://USER@HOST/DATABASE``.
    timeout : float, default 10
        Seconds to wait for another writer.

    Attributes
    ----------
    name : str
        The SQLite file, or the URL without password and options.

    Raises
    ------
    AuditError
        If the URL can't be one, or SQLAlchemy or the driver of the database is not installed.
    """

    def __init__(self, address: str, timeout: float = 10.0) -> None:
        try:
            from sqlalchemy import create_engine
            from sqlalchemy.engine import make_url
            from sqlalchemy.exc import ArgumentError, NoSuchModuleError
            from sqlalchemy.pool import NullPool
        except ImportError:
            raise AuditError("an audit log in a database needs SQLAlchemy: pip install 'voicenlp[office]'") from None
        try:
            url = make_url(address)
            self._sqlite = url.get_backend_name() == "sqlite"
            if url.drivername == "postgresql":  # psycopg 3, the driver that is kept up, unless another is named
                url = url.set(drivername="postgresql+psycopg")
            self.file = Path(url.database) if self._sqlite and url.database else None
            self.name = str(self.file) if self.file else url.set(query={}).render_as_string(hide_password=True)
            more: dict[str, Any] = (
                {"connect_args": {"timeout": timeout}, "poolclass": NullPool} if self._sqlite else {"pool_pre_ping": True}
            )
            self._engine: Engine = create_engine(url, isolation_level="AUTOCOMMIT", **more)
        except (ArgumentError, NoSuchModuleError, ValueError):
            raise AuditError("not the address of a database: postgresql://USER@HOST/DATABASE or a file that ends in .sqlite") from None
        except ImportError as error:
            raise AuditError(
                f"the driver of the database is not installed: pip install {_DRIVERS.get(error.name or '', error.name)}"
            ) from None
        self.timeout = timeout
        self._mutex = threading.RLock()
        self._writing: Connection | None = None

    @contextlib.contextmanager
    def _told(self, doing: str = "read or written") -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            yield
        except DBAPIError as error:
            # The driver's first line only: what follows may quote a statement with its values.
            raise AuditError(f"{self.name}: can't be {doing} ({str(error.orig).strip().partition(chr(10))[0]})") from None
        except SQLAlchemyError as error:
            raise AuditError(f"{self.name}: can't be {doing} ({type(error).__name__})") from None

    def prepare(self) -> None:
        """Make the folder of an SQLite file, and the table, where they are missing.

        Raises
        ------
        AuditError
            If they can't be made, or the file is not a database.
        """
        if self.file is not None:
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise AuditError(f"{self.file.parent}: can't make the folder of the audit log ({error.strerror})") from None
        kind, number = ("BLOB", "INTEGER") if self._sqlite else ("BYTEA", "BIGINT")
        with self._told("opened"), self._transaction() as connection:
            if not self._sqlite:  # two that make the same table at once would fail, "if not exists" or not
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6962, 9162)")
            connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {TABLE} (seq {number} PRIMARY KEY, line {kind} NOT NULL)")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self.timeout * 1000)}")
            try:
                yield connection
            except BaseException:
                with contextlib.suppress(Exception):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep all other writers out; what is appended meanwhile is kept as a whole or not at all.

        Raises
        ------
        AuditError
            If another writer does not let go in time, or the database can't be reached or written to.
        """
        with self._mutex, self._told("locked or written"), self._transaction() as connection:
            if not self._sqlite:
                connection.exec_driver_sql(f"LOCK TABLE {TABLE} IN EXCLUSIVE MODE")
            self._writing = connection
            try:
                yield
            finally:
                self._writing = None

    def _rows(self, where: str, values: Sequence[int] = ()) -> list[tuple[int, bytes]]:
        mark = "?" if self._sqlite else "%s"
        query = f"SELECT seq, line FROM {TABLE} {where.replace('?', mark)}"
        with self._told("read"):
            if self._writing is not None:
                found = self._writing.exec_driver_sql(query, tuple(values)).all()
            else:
                self._must_exist()
                with self._engine.connect() as connection:
                    found = connection.exec_driver_sql(query, tuple(values)).all()
        return [(row[0], _bytes(row[1])) for row in found]

    def _must_exist(self) -> None:
        if self.file is not None and not self.file.exists():  # to open it would make it
            raise FileNotFoundError(2, "No such file or directory", str(self.file))

    def first(self) -> bytes | None:
        """Return the first line, or None if there is none."""
        found = self._rows("ORDER BY seq LIMIT 1")
        return found[0][1] if found else None

    def last(self) -> bytes | None:
        """Return the last line, or None if there is none."""
        found = self._rows("ORDER BY seq DESC LIMIT 1")
        return found[0][1] if found else None

    def append(self, line: bytes, *, sync: bool = False) -> None:
        """Write a line at the end. Call it under the lock; the database keeps it when the lock is let go, always on the disk.

        Raises
        ------
        AuditError
            If it can't be written.
        """
        assert self._writing is not None, "called without the lock"
        mark = "?" if self._sqlite else "%s"
        with self._told("written"):
            self._writing.exec_driver_sql(
                f"INSERT INTO {TABLE} (seq, line) SELECT COALESCE(MAX(seq), -1) + 1, {mark} FROM {TABLE}",
                (line,),
            )

    def sync(self) -> None:
        """Do nothing: a database keeps what was committed."""

    def mend(self) -> Torn | None:
        """Return None: a database has no torn lines."""
        return None

    def lines(self) -> Iterator[bytes]:
        """Give the lines from the first on, as they stand when this is called."""
        newest = self._rows("ORDER BY seq DESC LIMIT 1")
        if not newest:
            return
        end = newest[0][0]
        rows = self._rows(f"WHERE seq <= ? ORDER BY seq LIMIT {_PAGE}", [end])
        while rows:
            yield from (line for _, line in rows)
            rows = self._rows(f"WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT {_PAGE}", [rows[-1][0], end])

    def backwards(self) -> Iterator[bytes]:
        """Give the lines from the last on."""
        rows = self._rows(f"ORDER BY seq DESC LIMIT {_PAGE // 50}")
        while rows:
            yield from (line for _, line in rows)
            rows = self._rows(f"WHERE seq < ? ORDER BY seq DESC LIMIT {_PAGE}", [rows[-1][0]])


def _bytes(value: object) -> bytes:
    # SQLite takes any value in any column; what is not bytes was put there by somebody else, and is to be found, not to be stumbled over.
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode("utf-8", "surrogatepass")
