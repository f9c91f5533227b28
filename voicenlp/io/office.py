"""Rows of Excel workbooks and of databases: what needs the extra ``office``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError, UsageError
from voicenlp.io.documents import DocumentFault, check_zip, need_office
from voicenlp.io.encoding import Probe, probe
from voicenlp.io.rows import file_input, rows_hash

__all__ = ["DatabaseRows", "ExcelRows"]

EXCEL_SUFFIXES = (".xlsx", ".xlsm")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_FORM = "the database URL is not of the form dialect+driver://user:password@host/database"
_LARGEST_PART = 1 << 30
_LARGEST_BOOK = 2 << 30


@dataclass(frozen=True)
class ExcelRows:
    """The first visible sheet of a workbook; its first row that is not empty is the header. Rows are counted as Excel does.

    Parameters
    ----------
    path : Path
    sheet : str, optional
        Name of another sheet.
    """

    path: Path
    sheet: str = ""
    columnar = False

    @property
    def name(self) -> str:
        """The path as given."""
        return str(self.path)

    @cached_property
    def _probe(self) -> Probe:
        return probe(self.path, text=False)

    def _records(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        need_office("openpyxl", "reading Excel workbooks")
        import openpyxl

        _ = self._probe  # says so if there is no such file
        try:
            check_zip(self.path, largest_part=_LARGEST_PART, largest=_LARGEST_BOOK)
        except DocumentFault as fault:
            raise InputError(str(fault), source=self.name) from None
        book = None
        try:
            book = openpyxl.load_workbook(self.path, read_only=True, data_only=True, keep_links=False)
            sheet = self._sheet(book)
            sheet.reset_dimensions()  # the size written in the file is often wrong
            for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                if any(cell is not None and cell != "" for cell in cells):
                    yield number, cells
        except (InputError, GeneratorExit):
            raise
        except Exception as error:  # openpyxl lets through whatever the XML parser or a missing part makes of a broken file
            raise InputError(f"is broken: not a readable workbook ({type(error).__name__})", source=self.name) from None
        finally:
            if book is not None:
                book.close()

    def _sheet(self, book: Any) -> Any:
        if self.sheet:
            if self.sheet not in book.sheetnames:
                raise InputError(f"has no sheet {self.sheet!r}", source=self.name)
            return book[self.sheet]
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            raise InputError("has no visible sheet", source=self.name)
        return visible[0]

    def columns(self) -> list[str]:
        """Return the names in the header."""
        for _, cells in self._records():
            return _header(cells)
        raise InputError("is empty", source=self.name)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield the rows that are not empty, with the numbers that Excel shows."""
        records = self._records()
        _, head = next(records, (1, ()))
        header = _header(head)
        places = [header.index(name) for name in names]
        for number, cells in records:
            yield number, [_cell(cells[place]) if place < len(cells) else None for place in places]

    def inputs(self, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return the workbook's entry for a list of inputs."""
        return [file_input(self.path, self._probe)]


def _header(cells: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(_cell(cell)).strip() for cell in cells]


def _cell(value: Any) -> Any:
    """Resolve the escapes of control characters: a carriage return stands as ``_x000D_`` in the file, and Excel shows it as one."""
    if isinstance(value, str) and "_x" in value:
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
    return value


@dataclass(frozen=True)
class DatabaseRows:
    """The rows that a query returns, streamed; counted from 1. The query is sent anew for each pass and nothing is committed.

    Parameters
    ----------
    url : str
        SQLAlchemy database URL.
    query : str
        SQL text.
    """

    url: str = field(repr=False)
    query: str = field(repr=False)
    columnar = False

    @cached_property
    def _parsed(self) -> Any:
        need_office("sqlalchemy", "reading from a database")
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(self.url)
        except ArgumentError:
            raise UsageError(_FORM) from None
        database = url.database or ":memory:"
        on_disk = url.get_backend_name() == "sqlite" and ":memory:" not in database and "uri" not in url.query
        if on_disk and not Path(database).is_file():  # SQLite would make an empty one
            raise InputError("no such database file", source=url.render_as_string(hide_password=True))
        return url

    @property
    def name(self) -> str:
        """The URL without its password and options."""
        return str(self._parsed.set(query={}).render_as_string(hide_password=True))

    def _execute(self, names: Sequence[str] | None) -> Iterator[Any]:
        """Yield the columns first, then each row's cells."""
        import sqlalchemy
        from sqlalchemy.exc import ArgumentError, SQLAlchemyError

        url = self._parsed
        engine = None
        try:
            engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, hide_parameters=True)
            with engine.connect() as connection:
                # exec_driver_sql takes the query as it is: a colon in it is no parameter
                result = connection.execution_options(stream_results=True, max_row_buffer=512).exec_driver_sql(self.query)
                if not result.returns_rows:
                    raise UsageError("the query returns no rows: give a SELECT")
                columns = list(result.keys())
                yield columns
                if names is not None:
                    places = [columns.index(name) for name in names]
                    for row in result:
                        yield [row[place] for place in places]
        except ImportError as error:
            raise UsageError(f"the database needs a driver that is not installed: {error.name}") from None
        except ArgumentError:  # no dialect of that name, or one that can't take the URL's parts
            raise UsageError(_FORM) from None
        except SQLAlchemyError as error:
            raise InputError(_reason(error), source=self.name) from None
        finally:
            if engine is not None:
                engine.dispose()

    def columns(self) -> list[str]:
        """Return the names of the query's columns."""
        answer = self._execute(None)
        names: list[str] = next(answer)
        return [str(name) for name in names]

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield the rows of the query."""
        answer = self._execute(names)
        next(answer)
        yield from enumerate(answer, 1)

    def inputs(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return two entries: the hash of the query, and that of the cells of `names` that it returned."""
        query = self.query.encode()
        found, size = rows_hash(self.rows(names))
        return [
            {"name": f"{self.name} query", "sha256": sha256(query).hexdigest(), "bytes": len(query)},
            {"name": f"{self.name} rows", "sha256": found, "bytes": size},
        ]


def _reason(error: Exception) -> str:
    """Return a database's words in one line, up to the first quote: what is quoted may be the cell at fault."""
    line = (str(getattr(error, "orig", None) or "") or type(error).__name__).strip().splitlines()[0]
    return "the database says: " + re.split(r"['\"]", line)[0].strip(" :(")[:200]
