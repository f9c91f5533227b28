"""What the fields of an event may hold: short words, base names, hashes, counts and pseudonyms, never text of notes or plain ids."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from voicenlp.audit.canonical import digest
from voicenlp.errors import AuditError

__all__ = [
    "LONGEST",
    "NAME",
    "Count",
    "Counts",
    "Fields",
    "FileRef",
    "FileRefs",
    "Hash",
    "ModelRef",
    "Name",
    "Pseudonym",
    "Sha256",
    "Short",
    "Word",
]

LONGEST = 500
"""Characters that one value may have."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:+-]{0,63}")
"""A plain word."""


def _base_name(value: str) -> str:
    if value in (".", "..") or any(mark in value for mark in "/\\\x00") or not value.isprintable() or re.match(r"[A-Za-z]:", value):
        raise ValueError("must be a plain file name without folders")
    return value


Short = Annotated[str, StringConstraints(max_length=LONGEST)]
Word = Annotated[str, StringConstraints(pattern=rf"^{NAME.pattern}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_base_name)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=2**53 - 1, strict=True)]
Counts = dict[Word, Count]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^c_[0-9a-f]{20}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^h_[0-9a-f]{64}$")]
"""Of contents, under the key of the log: who has the key and the contents can check it, and nobody can guess the contents from it."""


class Fields(BaseModel):
    """What all that is written to a log shares: it does not change, and has no fields but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class FileRef(Fields):
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


class ModelRef(Fields):
    """A model: its name, the hash of its files (None for one that comes with the package), its version."""

    name: Name
    sha256: Sha256 | None = None
    version: Short = ""


FileRefs = Annotated[tuple[FileRef, ...], Field(max_length=1000)]
"""Up to 1,000 files."""
