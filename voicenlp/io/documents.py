"""Documents: which files of a folder are notes, and the text of Word, HTML and RTF files.

What is read of a Word file is its body: paragraphs, headings, tables, content controls and text boxes, in document order, with tracked
insertions and without deletions; headers, footers, footnotes and comments are left out.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from voicenlp.errors import UsageError
from voicenlp.io.encoding import EncodingFault, decode, unreadable
from voicenlp.io.markup import html_text

__all__ = [
    "CONVERT_SUFFIXES",
    "DOCUMENT_SUFFIXES",
    "Document",
    "DocumentFault",
    "check_zip",
    "find_documents",
    "need_office",
    "read_document",
]

DOCUMENT_SUFFIXES = (".txt", ".docx", ".html", ".htm", ".rtf")
CONVERT_SUFFIXES = (".doc", ".docm", ".dot", ".eml", ".msg", ".odt", ".pages", ".pdf", ".wpd")
_LARGEST = 64 << 20  # bytes of an HTML or RTF file, pictures and all
_LARGEST_UNPACKED = 512 << 20
_LARGEST_PART = 128 << 20
_MOST_PARTS = 20_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


class DocumentFault(ValueError):
    """A document that can't be read; the message never holds its words."""


@dataclass(frozen=True)
class Document:
    """A file that is a note, or one that would be if it were converted.

    Attributes
    ----------
    path : Path
        Where it is.
    relative : str
        Its place in the folder, with forward slashes.
    note_id : str
        ``relative`` without the suffix; with it where another document would have the same.
    """

    path: Path
    relative: str
    note_id: str

    @property
    def suffix(self) -> str:
        """The suffix in lower case."""
        return self.path.suffix.lower()


def need_office(module: str, kind: str) -> None:
    """Make sure that a library of the extra ``office`` is there.

    Raises
    ------
    UsageError
        If it is not; says what to install.
    """
    if find_spec(module) is None:
        raise UsageError(f'{kind} needs more libraries: pip install "voicenlp[office]"')


def find_documents(folder: Path) -> list[Document]:
    """List a folder's documents and those of its folders, sorted by their place; nothing is opened.

    Hidden files and Word's lock files (``~$…``) are passed over, and so are files of other kinds.

    Raises
    ------
    InputError
        If a folder can't be listed.
    UsageError
        If there are Word or RTF files and the extra ``office`` is not installed.
    """

    def fail(error: OSError) -> None:
        raise unreadable(error.filename or folder, error)

    kinds = DOCUMENT_SUFFIXES + CONVERT_SUFFIXES
    found: list[tuple[str, Path]] = []
    for root, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.lower().endswith(kinds) and not name.startswith((".", "~$")):
                path = Path(root, name)
                found.append((path.relative_to(folder).as_posix(), path))
    found.sort()
    suffixes = {path.suffix.lower() for _, path in found}
    if ".docx" in suffixes:
        need_office("docx", "reading Word files")
    if ".rtf" in suffixes:
        need_office("striprtf", "reading RTF files")
    ids = {relative: relative[: -len(path.suffix)] for relative, path in found if path.suffix.lower() in DOCUMENT_SUFFIXES}
    while True:  # the full name given to one may be the bare name of another ("a.txt" beside "a.docx" and "a.txt.txt")
        counts = Counter(ids.values())
        doubles = {relative for relative, note_id in ids.items() if counts[note_id] > 1 and note_id != relative}
        if not doubles:
            break
        ids |= {relative: relative for relative in doubles}
    return [Document(path, relative, ids.get(relative, relative)) for relative, path in found]


def check_zip(path: Path, *, largest_part: int = _LARGEST_PART, largest: int = _LARGEST_UNPACKED) -> None:
    """Make sure, before anything is unpacked, that a zip-based file is whole and does not unpack to more than fits in memory.

    Raises
    ------
    DocumentFault
        If it is no zip file, or would unpack to more than `largest` bytes, one part of it to more than `largest_part`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            raise DocumentFault("is locked with a password, or of an old Office version: save it without, in today's format")
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        if isinstance(error, DocumentFault):
            raise
        raise DocumentFault("is broken: not a readable Office file") from None
    sizes = [part.file_size for part in parts]
    if len(parts) > _MOST_PARTS or sum(sizes) > largest or max(sizes, default=0) > largest_part:
        raise DocumentFault(f"would unpack to {sum(sizes) >> 20:,} MiB: too large to be read safely")


def read_document(path: Path, *, limit_chars: int) -> str:
    """Return a document's text: of a text file exactly as it is, of others as extracted.

    Raises
    ------
    DocumentFault
        If the file can't be read, is broken, of a kind that has to be converted, or too large.
    UsageError
        If the extra ``office`` is needed and not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in DOCUMENT_SUFFIXES:
        raise DocumentFault(f"{suffix} files are not read: convert it to .docx, .txt or .rtf")
    try:
        if suffix == ".docx":
            need_office("docx", "reading Word files")
            check_zip(path)
            return docx_text(path)
        largest = 4 * limit_chars + 4 if suffix == ".txt" else _LARGEST
        if (size := path.stat().st_size) > largest:
            raise DocumentFault(f"file of {size:,} bytes is over the limit of {largest:,}")
        data = path.read_bytes()
        if suffix == ".txt":
            return decode(data)
        if suffix == ".rtf":
            need_office("striprtf", "reading RTF files")
            return rtf_text(data)
        return html_text(data)
    except (DocumentFault, UsageError):
        raise
    except EncodingFault as fault:
        raise DocumentFault(str(fault)) from None
    except OSError as error:
        raise DocumentFault(f"can't be read ({error.strerror or type(error).__name__})") from None
    except Exception as error:  # whatever a parser makes of a broken file, the others are still to be read
        raise DocumentFault(f"is broken ({type(error).__name__})") from None


# --- Word ---


def docx_text(path: Path) -> str:
    """Extract the text of a Word file: a line a paragraph, an empty line before a heading, a table's row a line with ``|`` between cells.

    A row in which a cell holds more than one paragraph is layout rather than table: its cells follow each other.
    """
    import docx

    document = docx.Document(str(path))
    headings = {style.style_id for style in document.styles if (style.name or "").lower().startswith(("heading", "title"))}
    lines: list[str] = []
    for heading, line in _docx_lines(document.element.body, headings):
        if heading and lines and lines[-1].strip():
            lines.append("")
        lines.append(line)
    return "\n".join(lines).strip("\n")


def _docx_lines(container: Any, headings: set[str]) -> Iterator[tuple[bool, str]]:
    for element in container:
        if element.tag == f"{_W}p":
            boxes: list[Any] = []
            words = _docx_words(element, boxes)
            style = element.find(f"{_W}pPr/{_W}pStyle")
            if words or not boxes:
                yield style is not None and style.get(f"{_W}val") in headings, words
            for box in boxes:
                yield from _docx_lines(box, headings)
        elif element.tag == f"{_W}tbl":
            for row in _children(element, f"{_W}tr"):
                yield from _docx_row(row, headings)
        elif element.tag not in (f"{_W}sectPr", f"{_W}del", f"{_W}moveFrom", _FALLBACK):
            yield from _docx_lines(element, headings)  # content controls and other wrappers


def _children(element: Any, tag: str) -> Iterator[Any]:
    """Find the rows of a table or cells of a row, also where a content control stands around them."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _children(child, tag)


def _docx_row(row: Any, headings: set[str]) -> Iterator[tuple[bool, str]]:
    cells = []
    for cell in _children(row, f"{_W}tc"):
        merge = cell.find(f"{_W}tcPr/{_W}vMerge")
        above = merge is not None and merge.get(f"{_W}val") != "restart"  # goes on from the row above: its words are already out
        lines = [] if above else [line for line in _docx_lines(cell, headings) if line[1].strip()]
        cells.append(lines)
    if not any(cells):
        return
    if len(cells) > 1 and all(len(lines) < 2 and "\n" not in "".join(line for _, line in lines) for lines in cells):
        yield False, " | ".join(lines[0][1].strip() if lines else "" for lines in cells).rstrip()
    else:
        for lines in cells:
            yield from lines


_DOCX_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_DOCX_SKIPPED = (f"{_W}pPr", f"{_W}rPr", f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}sdtPr", _FALLBACK)


def _docx_words(element: Any, boxes: list[Any]) -> str:
    """Return the words under an element; text boxes met on the way are put into `boxes`."""
    out = []
    for child in element:
        if child.tag == f"{_W}t":
            out.append(child.text or "")
        elif child.tag in _DOCX_SIGNS:
            out.append(_DOCX_SIGNS[child.tag])
        elif child.tag == f"{_W}txbxContent":
            boxes.append(child)
        elif child.tag not in _DOCX_SKIPPED:
            out.append(_docx_words(child, boxes))
    return "".join(out)


# --- RTF ---


def rtf_text(data: bytes) -> str:
    r"""Extract the text of an RTF file.

    Raises
    ------
    DocumentFault
        If it does not begin as one.

    Examples
    --------
    >>> rtf_text(rb"{\rtf1\ansi Seen \b alone\b0\par She\'92s well.}")
    'Seen alone\nShe’s well.'
    """
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise DocumentFault("is broken: not an RTF file")
    page = re.search(rb"\\ansicpg(\d{3,5})", data[:1000])
    raw = _decoded(data, f"cp{page[1].decode()}" if page else "cp1252")
    text = rtf_to_text(raw, errors="replace")
    # characters beyond the first 65,536 (emojis) are written as two halves
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if b"\\cell" in data:
        text = "\n".join(" | ".join(line[:-1].split("|")) if line.endswith("|") else line for line in text.split("\n"))
    return text.strip("\n")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return data.decode("latin-1")
