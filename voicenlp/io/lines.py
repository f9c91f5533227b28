"""Rows of text files: CSV and its kin, and JSON Lines."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.encoding import Probe, probe, unreadable
from voicenlp.io.rows import all_keys, file_input

__all__ = ["CSV_SUFFIXES", "JSON_SUFFIXES", "CsvRows", "JsonRows", "sniff_delimiter"]

CSV_SUFFIXES = (".csv", ".tsv", ".tab")
JSON_SUFFIXES = (".jsonl", ".ndjson")
_CELL_LIMIT = 2**31 - 1  # the csv module's own limit of 131,072 characters is less than a long record; more overflows a C long on Windows
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class CsvRows:
    """A delimited file with a header: comma, semicolon, tab or pipe; quoted cells may hold line breaks; cells come as they are.

    A row's number is the line of the file on which it begins. Rows that do not have as many cells as the header, and quotes that do not
    pair, are errors: a parser that guesses would shift text into other columns or swallow the rows that follow.

    Parameters
    ----------
    path : Path
    delimiter : str, optional
        Found from the first rows if not given.
    """

    path: Path
    delimiter: str = ""
    columnar = False

    @property
    def name(self) -> str:
        """The path as given."""
        return str(self.path)

    @cached_property
    def _probe(self) -> Probe:
        return probe(self.path)

    @cached_property
    def _form(self) -> tuple[str, int]:
        """The delimiter, and how many lines stand before the header (Excel may write ``sep=;`` first)."""
        with self.path.open(encoding=self._probe.encoding, newline="") as file:
            sample = file.read(1 << 16)
        if match := re.match(r"(?i)sep=(.)\r?\n", sample):
            return self.delimiter or match[1], 1
        return self.delimiter or sniff_delimiter(sample), 0

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        if csv.field_size_limit() < _CELL_LIMIT:
            csv.field_size_limit(_CELL_LIMIT)
        encoding = self._probe.encoding
        delimiter, before = self._form
        try:
            with self.path.open(encoding=encoding, newline="") as file:
                for _ in range(before):
                    file.readline()
                reader = csv.reader(file, delimiter=delimiter, strict=True)
                start = before + 1
                try:
                    for cells in reader:
                        if cells:  # an empty line is no record
                            yield start, cells
                        start = before + reader.line_num + 1
                except csv.Error as error:
                    quotes = "expected after" in str(error) or "unexpected end" in str(error)
                    reason = "a quote is not closed, or a quote inside a quoted cell is not doubled" if quotes else "not readable as CSV"
                    raise InputError(reason, source=self.name, row=start) from None
        except OSError as error:
            raise unreadable(self.path, error) from None

    def columns(self) -> list[str]:
        """Return the names in the header, blanks around them taken off.

        Raises
        ------
        InputError
            If the file holds nothing.
        """
        for _, cells in self._records():
            return [cell.strip() for cell in cells]
        raise InputError("is empty", source=self.name)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the line on which each record begins, and its cells.

        Raises
        ------
        InputError
            At a row with more or fewer cells than the header, or with quotes that do not pair.
        """
        records = self._records()
        _, header = next(records, (1, []))
        header = [cell.strip() for cell in header]
        places = [header.index(name) for name in names]
        width = len(header)
        for line, cells in records:
            if len(cells) != width:
                raise InputError(f"has {len(cells)} cells where the header has {width}", source=self.name, row=line)
            yield line, [cells[place] for place in places]

    def inputs(self, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return the file's entry for a list of inputs."""
        return [file_input(self.path, self._probe)]


def sniff_delimiter(sample: str) -> str:
    r"""Find which of comma, semicolon, tab and pipe parts the cells, from the beginning of a file.

    The one with which the most rows have as many cells as the header; then the one with the most cells.

    Examples
    --------
    >>> sniff_delimiter("note_id;text\n1;one, two, three\n")
    ';'
    """

    def fit(delimiter: str) -> tuple[int, int]:
        rows: list[list[str]] = []
        with contextlib.suppress(csv.Error):  # the sample may end inside a quote
            rows.extend(row for row in islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), 30) if row)
        if not rows or len(rows[0]) < 2:
            return 0, 0
        rows = rows[:-1] if len(rows) > 2 else rows  # the sample may end inside a record
        return sum(len(row) == len(rows[0]) for row in rows), len(rows[0])

    return max(_DELIMITERS, key=fit)


@dataclass(frozen=True)
class JsonRows:
    """A JSON Lines file: one object a line; a key that a line lacks is an empty cell. A row's number is its line."""

    path: Path
    columnar = False

    @property
    def name(self) -> str:
        """The path as given."""
        return str(self.path)

    @cached_property
    def _probe(self) -> Probe:
        return probe(self.path, text=False)

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    data = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                    if not data.strip():
                        continue
                    try:
                        record = json.loads(data.decode("utf-8"))
                    except UnicodeDecodeError as error:
                        raise InputError(f"not UTF-8 at byte {error.start + 1:,} of the line", source=self.name, row=number) from None
                    except (ValueError, RecursionError):
                        raise InputError("not a line of JSON", source=self.name, row=number) from None
                    if not isinstance(record, dict):
                        raise InputError("not a JSON object", source=self.name, row=number)
                    yield number, record
        except OSError as error:
            raise unreadable(self.path, error) from None

    @cached_property
    def _columns(self) -> list[str]:
        return all_keys(record for _, record in self._records())

    def columns(self) -> list[str]:
        """Return all keys that any line has."""
        if not self._columns:
            raise InputError("is empty", source=self.name)
        return list(self._columns)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield each line's number and its values."""
        for number, record in self._records():
            yield number, [record.get(name) for name in names]

    def inputs(self, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return the file's entry for a list of inputs."""
        return [file_input(self.path, self._probe)]
