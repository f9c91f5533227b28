"""Notes in: an archive of free-text records, wherever it comes from, as batches of `Note`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError, UsageError
from voicenlp.io.arrow import ArrowRows, ParquetRows, as_arrow
from voicenlp.io.columns import NEEDED, as_id, as_text, find_column, parse_columns, resolve_columns
from voicenlp.io.dates import parse_date
from voicenlp.io.documents import CONVERT_SUFFIXES, DOCUMENT_SUFFIXES, Document, DocumentFault, find_documents, need_office, read_document
from voicenlp.io.encoding import blocks
from voicenlp.io.forms import FormAnswers
from voicenlp.io.lines import CSV_SUFFIXES, JSON_SUFFIXES, CsvRows, JsonRows
from voicenlp.io.office import EXCEL_SUFFIXES, DatabaseRows, ExcelRows
from voicenlp.io.presets import Preset, find_preset, known_preset, load_presets, match_preset
from voicenlp.io.rows import RecordRows, Rows
from voicenlp.records import Note, Reject

__all__ = ["LIMIT_CHARS", "NoteSource", "open_rows", "read_notes"]

LIMIT_CHARS = 10_000_000
_URL = re.compile(r"[a-z][a-z0-9_]*(\+[a-z0-9_]+)?://", re.IGNORECASE)


@dataclass
class NoteSource:
    """An archive of notes, opened but not yet read; made by `read_notes`.

    Attributes
    ----------
    name : str
        The path, the URL without its password, or ``table`` or ``notes`` for what came from Python.
    extracted : bool
        True where offsets point into text that was extracted (Word, HTML, RTF) or put together (form answers), so that it must be kept.
    rejects : list[Reject]
        What the last `batches` could not read (stage ``read``): filled while it runs.
    """

    name: str
    extracted: bool
    _stream: Callable[[], Iterator[Note | Reject]] = field(repr=False)
    _count: Callable[[], int] = field(repr=False)
    _inputs: Callable[[], list[dict[str, Any]]] = field(repr=False)
    rejects: list[Reject] = field(default_factory=list, repr=False)

    def batches(self, size: int = 512) -> Iterator[list[Note]]:
        """Yield the notes in input order, at most `size` at a time; can be called again and then starts from the first.

        A form put together from several rows stands where its last row stands.

        Raises
        ------
        InputError
            As `check`, but only when the row at fault is reached, and not for a ``note_id`` that comes twice.
        """
        if size < 1:
            raise UsageError("size must be 1 or more")
        return self._batches(size)

    def _batches(self, size: int) -> Iterator[list[Note]]:
        self.rejects = []
        batch: list[Note] = []
        for one in self._stream():
            if isinstance(one, Reject):
                self.rejects.append(one)
                continue
            batch.append(one)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def check(self) -> int:
        """Go through the source once, before any work, and see that it can be relied on.

        Returns
        -------
        int
            How many notes there are, those that will be rejected among them.

        Raises
        ------
        InputError
            If a ``note_id`` is empty or comes twice, a date is none, a row can't be read, or there is no note at all.
        """
        count = self._count()
        if not count:
            raise InputError("holds no notes", source=self.name)
        return count

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """Name, SHA-256 (hexadecimal) and bytes of each input; a file's as it was when opened, the others' reckoned at each call.

        A folder is one entry: the hash of its listing in the form of ``sha256sum`` (hash, two blanks, relative path, line break), sorted
        by path. A table's is that of its rows, each a JSON list of the columns read. A database has one for the query, one for its rows.
        """
        return self._inputs()


def read_notes(
    source: Any,
    *,
    columns: str | Mapping[str, str] | None = None,
    preset: str | None = None,
    presets_file: str | Path | None = None,
    query: str | None = None,
    limit_chars: int = LIMIT_CHARS,
) -> NoteSource:
    """Open an archive of notes.

    Parameters
    ----------
    source : path, URL, table or iterable
        CSV, Parquet, JSON Lines, Excel; a Word, HTML, RTF or text file, or a folder of such; a SQLAlchemy database URL; a table of
        pyarrow, pandas, Polars or any library with the Arrow PyCapsule interface; an iterable of `Note` or of mappings. What can be read
        only once (a generator, a `pyarrow.RecordBatchReader`) is read into memory.
    columns : str or Mapping[str, str], optional
        The contract's column names to the source's, also as ``note_id=ID,text=NoteText``. What is not named is found under its own name,
        without regard to case, blanks, underscores and hyphens.
    preset : str, optional
        Name of a mapping of `load_presets`. Without it, and without ``note_id`` and ``text``, one is found by the columns that are there.
    presets_file : path, optional
        An authority's own presets (TOML).
    query : str, optional
        SQL to send, for a database URL.
    limit_chars : int
        A longer note is rejected, in Unicode code points.

    Returns
    -------
    NoteSource
        Text of CSV, Parquet, JSON Lines, Excel, text files, databases and tables is handed on exactly as it came in.

    Raises
    ------
    InputError
        If there is no such source, it is of no kind that is read, or a column is missing.
    UsageError
        If the options don't go with the source, or it needs the extra ``office`` and that is not installed.

    Examples
    --------
    >>> source = read_notes([{"note_id": 1, "text": "Seen alone.", "date": "09/03/2026"}])
    >>> source.check()
    1
    >>> [note.date for batch in source.batches() for note in batch]
    [datetime.date(2026, 3, 9)]
    """
    given = parse_columns(columns)
    path = _as_path(source)
    if path is not None and (path.is_dir() or path.suffix.lower() in DOCUMENT_SUFFIXES + CONVERT_SUFFIXES):
        if given or preset or query:
            raise UsageError("columns, presets and queries don't go with documents")
        return _document_source(path, limit_chars)
    rows = open_rows(source, query=query)
    present = rows.columns()
    chosen = _choose_preset(load_presets(presets_file), preset, present, given, rows.name)
    mapping: dict[str, str] = {}
    formats: tuple[str, ...] = ()
    if chosen is not None:
        match = match_preset(_overridden(chosen, given), present, rows.name)
        if chosen.long:
            forms = FormAnswers(rows, match)
            return NoteSource(
                rows.name, True, partial(_form_stream, forms, limit_chars), forms.count, partial(rows.inputs, forms.names)
            )  # fmt: skip
        mapping, formats = {name: there[0] for name, there in match.columns.items()}, chosen.date_formats
    else:
        mapping = resolve_columns(present, given, rows.name)
    return NoteSource(
        rows.name,
        False,
        partial(_row_stream, rows, mapping, formats, limit_chars),
        partial(_row_count, rows, mapping, formats),
        partial(rows.inputs, list(mapping.values())),
    )


def _as_path(source: Any) -> Path | None:
    if isinstance(source, Path):
        return source
    return Path(source) if isinstance(source, str) and not _URL.match(source) else None


def open_rows(source: Any, *, query: str | None = None) -> Rows:
    """Open a table of any kind that is read, whatever its columns.

    Raises
    ------
    InputError
        If there is no such file, or it is of no kind that is read.
    UsageError
        If a URL comes without a query, a query without a URL, or the source is no table.
    """
    if isinstance(source, str) and _URL.match(source):
        if not query:
            raise UsageError("a database URL needs a query")
        return DatabaseRows(source, query)
    if query:
        raise UsageError("a query goes with a database URL only")
    path = _as_path(source)
    if path is not None:
        return _open_file(path)
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__") or type(source).__module__.startswith("pandas."):
        return ArrowRows(as_arrow(source))
    if isinstance(source, Iterable) and not isinstance(source, bytes | bytearray | Mapping):
        return RecordRows(_records(source))
    raise UsageError(f"{type(source).__name__} is no source of rows: give a path, a database URL, a table or an iterable of mappings")


def _open_file(path: Path) -> Rows:
    suffix = path.suffix.lower()
    if not path.exists():
        raise InputError("no such file or folder", source=path)
    if suffix in CSV_SUFFIXES:
        return CsvRows(path)
    if suffix in JSON_SUFFIXES:
        return JsonRows(path)
    if suffix == ".parquet":
        return ParquetRows(path)
    if suffix in EXCEL_SUFFIXES:
        return ExcelRows(path)
    hint = ": save it as .xlsx" if suffix in (".xls", ".xlsb", ".ods") else ""
    kinds = ", ".join((*CSV_SUFFIXES, *JSON_SUFFIXES, ".parquet", *EXCEL_SUFFIXES))
    raise InputError(f"{suffix or 'a file without suffix'} is not read{hint}; tables are: {kinds}", source=path)


def _records(source: Iterable[Any]) -> list[dict[str, Any]]:
    """Bring notes and mappings into one form; a generator can be gone through only once, so it is kept."""
    out = []
    for number, one in enumerate(source, 1):
        if isinstance(one, Note):
            out.append({part.name: getattr(one, part.name) for part in fields(Note)})
        elif isinstance(one, Mapping):
            out.append(dict(one))
        else:
            raise InputError(f"is a {type(one).__name__}, neither a Note nor a mapping", source="notes", row=number)
    if not out:
        raise InputError("holds no notes", source="notes")
    return out


def _choose_preset(
    presets: Mapping[str, Preset], asked: str | None, present: Sequence[str], given: Mapping[str, str], source: str
) -> Preset | None:
    if asked:
        return known_preset(presets, asked)
    if all(name in given or find_column(present, name, source) for name in NEEDED):
        return None
    return find_preset(presets, present)


def _overridden(preset: Preset, given: Mapping[str, str]) -> Preset:
    """Put the user's own mapping over a preset's; in a long one ``note_id`` is the instance and ``text`` the answer."""
    if not given:
        return preset
    names = {"note_id": "instance", "text": "answer"} if preset.long else {}
    own = {names.get(name, name): ((column,),) for name, column in given.items()}
    return Preset(**{**{part.name: getattr(preset, part.name) for part in fields(preset)}, "columns": {**preset.columns, **own}})


# --- one row a note ---


def _fault(text: str, limit_chars: int) -> str:
    """Say why a text can't be worked on; empty if it can."""
    if len(text) > limit_chars:
        return f"text of {len(text):,} characters is over the limit of {limit_chars:,}"
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            return f"text holds half a character (a lone surrogate) at {error.start}"
    return ""


def _value(read: Callable[[Any], Any], cell: Any, source: str, row: int, column: str) -> Any:
    try:
        return read(cell)
    except ValueError as error:
        raise InputError(str(error), source=source, row=row, column=column) from None


def _row_stream(rows: Rows, mapping: Mapping[str, str], formats: Sequence[str], limit_chars: int) -> Iterator[Note | Reject]:
    names, columns = list(mapping), list(mapping.values())
    readers = [_reader(name, formats) for name in names]
    plan = list(zip(names, readers, columns, strict=True))
    for row, cells in rows.rows(columns):
        values = {name: _value(read, cell, rows.name, row, column) for (name, read, column), cell in zip(plan, cells, strict=True)}
        _need_id(values["note_id"], rows.name, row, mapping["note_id"])
        reason = _fault(values["text"], limit_chars)
        yield Reject(values["note_id"], "read", reason) if reason else Note(**values)


def _reader(name: str, formats: Sequence[str]) -> Callable[[Any], Any]:
    if name == "date":
        return partial(parse_date, formats=formats)
    return as_text if name == "text" else as_id


def _need_id(note_id: str, source: str, row: int, column: str) -> None:
    if not note_id:
        raise InputError("is empty", source=source, row=row, column=column)
    try:
        note_id.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("holds half a character (a lone surrogate)", source=source, row=row, column=column) from None


def _row_count(rows: Rows, mapping: Mapping[str, str], formats: Sequence[str]) -> int:
    """Count the rows, and see that ids and dates are what they should be; where columns are apart, the text is not even read."""
    kept = {name: column for name, column in mapping.items() if name in ("note_id", "date") or not rows.columnar}
    if rows.columnar:
        next(iter(rows.rows(list(mapping.values()))), None)  # the kind of every column
    names, columns = list(kept), list(kept.values())
    plan = list(zip([_reader(name, formats) for name in names], columns, strict=True))
    place = names.index("note_id")
    seen: dict[str, int] = {}
    for row, cells in rows.rows(columns):
        values = [_value(read, cell, rows.name, row, column) for (read, column), cell in zip(plan, cells, strict=True)]
        note_id = values[place]
        _need_id(note_id, rows.name, row, mapping["note_id"])
        first = seen.setdefault(note_id, row)
        if first != row:
            shown = repr(note_id) if re.fullmatch(r"\S{1,60}", note_id) else "the same value"  # a column of text may be mapped by mistake
            raise InputError(f"{shown} comes twice, first in row {first}", source=rows.name, row=row, column=mapping["note_id"])
    return len(seen)


# --- one row a question ---


def _form_stream(forms: FormAnswers, limit_chars: int) -> Iterator[Note | Reject]:
    for _, note in forms.notes():
        reason = _fault(note.text, limit_chars)
        yield Reject(note.note_id, "read", reason) if reason else note


# --- documents ---


def _document_source(path: Path, limit_chars: int) -> NoteSource:
    if not path.exists():
        raise InputError("no such file or folder", source=path)
    if path.is_dir():
        documents = find_documents(path)
    else:
        if path.suffix.lower() in CONVERT_SUFFIXES:
            raise InputError(f"{path.suffix} files are not read: convert it to .docx, .txt or .rtf", source=path)
        documents = [Document(path, path.name, path.stem)]
        for suffix, module in ((".docx", "docx"), (".rtf", "striprtf")):
            if path.suffix.lower() == suffix:
                need_office(module, f"reading {suffix} files")
    extracted = any(one.suffix in DOCUMENT_SUFFIXES and one.suffix != ".txt" for one in documents)
    return NoteSource(
        str(path),
        extracted,
        partial(_document_stream, documents, limit_chars),
        partial(_document_count, documents, path),
        partial(_document_inputs, documents, path),
    )


def _document_stream(documents: Sequence[Document], limit_chars: int) -> Iterator[Note | Reject]:
    for one in documents:
        try:
            text = read_document(one.path, limit_chars=limit_chars)
        except DocumentFault as fault:
            yield Reject(one.note_id, "read", str(fault))
            continue
        reason = _fault(text, limit_chars)
        yield Reject(one.note_id, "read", reason) if reason else Note(one.note_id, text)


def _document_count(documents: Sequence[Document], path: Path) -> int:
    readable = sum(one.suffix in DOCUMENT_SUFFIXES for one in documents)
    if not readable:
        others = f", only {len(documents)} to be converted" if documents else ""
        raise InputError(f"holds no {', '.join(DOCUMENT_SUFFIXES)} files{others}", source=path)
    return len(documents)


def _document_inputs(documents: Sequence[Document], path: Path) -> list[dict[str, Any]]:
    listing, total = hashlib.sha256(), 0
    for one in documents:
        digest, size = hashlib.sha256(), 0
        for block in blocks(one.path):
            digest.update(block)
            size += len(block)
        total += size
        if not path.is_dir():
            return [{"name": path.name, "sha256": digest.hexdigest(), "bytes": size}]
        listing.update(f"{digest.hexdigest()}  {one.relative}\n".encode("utf-8", "surrogateescape"))
    return [{"name": path.resolve().name, "sha256": listing.hexdigest(), "bytes": total, "files": len(documents)}]
