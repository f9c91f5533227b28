"""Files of annotated records: text with its line ends untouched, JSON Lines, and the metadata that stand beside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.formats.record import Record

__all__ = ["read_lines", "read_meta", "read_text", "record_path", "write_lines", "write_meta", "write_text"]

_PEOPLE = "people.jsonl"
_UNSAFE_NAME = re.compile(r'[<>:"|?*\\\x00-\x1f]')


def write_lines(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write JSON Lines in UTF-8, one row a line; a lone surrogate, which UTF-8 can't hold, is written as its escape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for row in rows:
            try:
                line = json.dumps(row, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                line = json.dumps(row).encode()
            file.write(line + b"\n")


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Read JSON Lines as pairs of line number and value, empty lines left out.

    Raises
    ------
    InputError
        If the file can't be read or a line is not JSON; with the line.
    """
    try:
        # Lines part at \n alone: \r or U+2028 inside a text that another program did not escape must not.
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"can't be read ({error.strerror})", source=path) from None
    for number, line in enumerate(lines, 1):
        if line.strip(b"\xef\xbb\xbf \t\r"):
            try:
                yield number, json.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            except UnicodeDecodeError:
                raise InputError("not UTF-8", source=path, row=number) from None
            except json.JSONDecodeError as error:
                raise InputError(f"not JSON ({error.msg}, character {error.pos + 1})", source=path, row=number) from None


def record_path(folder: Path, note_id: str, suffix: str) -> Path:
    """Return the path of a record's own file in a folder.

    Raises
    ------
    InputError
        If the id would leave the folder or makes no file name on every system.
    """
    parts = PurePosixPath(note_id).parts
    if not parts or note_id.startswith("/") or "/".join(parts) != note_id or any(
        part in ("..", ".") or part != part.strip() or part.endswith(".") or _UNSAFE_NAME.search(part) for part in parts
    ):  # fmt: skip
        raise InputError(f"the id {note_id!r} can't be a file name; keep these records in one file (jsonl)", source=folder)
    return folder.joinpath(*parts[:-1], parts[-1] + suffix)


def write_text(path: Path, text: str, note_id: str) -> None:
    """Write a record's text as UTF-8 without touching its line ends.

    Raises
    ------
    InputError
        If the text holds a lone surrogate, which UTF-8 can't.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(text.encode())
    except UnicodeEncodeError as error:
        message = f"record {note_id!r} holds a lone surrogate at character {error.start}, which no text file can hold: use jsonl"
        raise InputError(message, source=path) from None


def read_text(path: Path) -> str:
    """Read a record's text as UTF-8 without touching its line ends.

    Raises
    ------
    InputError
        If the file can't be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 (byte {error.start})", source=path) from None
    except OSError as error:
        raise InputError(f"can't be read ({error.strerror})", source=path) from None


def read_meta(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the ``people.jsonl`` of a folder as id to metadata; empty if there is none."""
    path, out = folder / _PEOPLE, {}
    for number, entry in read_lines(path) if path.is_file() else ():
        if not isinstance(entry, dict) or "id" not in entry:
            raise InputError("not an object with an id", source=path, row=number)
        if str(entry["id"]) in out:
            raise InputError(f"the id {entry['id']!r} stands twice", source=path, row=number, column="id")
        out[str(entry["id"])] = {key: value for key, value in entry.items() if key != "id"}
    return out


def write_meta(paths: Iterable[tuple[Path, Record]]) -> None:
    """Write the metadata of records as one ``people.jsonl`` in each of their folders, where there are any."""
    folders: dict[Path, list[dict[str, Any]]] = {}
    for path, record in paths:
        if record.meta:
            folders.setdefault(path.parent, []).append({"id": path.stem, **{key: v for key, v in record.meta.items() if key != "id"}})
    for folder, rows in folders.items():
        write_lines(rows, folder / _PEOPLE)
