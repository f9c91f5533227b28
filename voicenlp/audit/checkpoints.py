"""Checkpoints: the size and the Merkle root of a log at one time, to be kept where the log's keeper can't change them.

The text is that of a C2SP tlog-checkpoint: origin, number of events, base64 of the RFC 6962 root; unsigned in this version. Whatever comes
after an empty line (signatures) is let through unread.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

from voicenlp.errors import InputError

__all__ = ["ORIGIN", "Checkpoint"]

ORIGIN = "voicenlp-audit/"
"""What the origin of a checkpoint begins with; the id of the log follows."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log was like at one time.

    Attributes
    ----------
    origin : str
        ``voicenlp-audit/`` and the random id of the log.
    size : int
        Number of events.
    root : bytes
        The 32-byte RFC 6962 root hash over them.

    Examples
    --------
    >>> point = Checkpoint("voicenlp-audit/00ff00ff00ff00ff", 3, bytes(32))
    >>> Checkpoint.from_text(point.text()) == point
    True
    """

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def from_text(cls, text: str, source: object = "checkpoint") -> Checkpoint:
        """Read the lines of a checkpoint.

        Raises
        ------
        InputError
            If they are not those of a checkpoint.
        """
        body = text.replace("\r\n", "\n").partition("\n\n")[0].rstrip("\n")
        lines = body.split("\n")
        if len(lines) < 3 or not lines[0]:
            raise InputError("not a checkpoint: origin, size and root hash are to stand in three lines", source=source)
        if not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
            raise InputError("not a checkpoint: the second line must be a number of events", source=source, row=2)
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (binascii.Error, ValueError):
            root = b""
        if len(root) != 32 or base64.b64encode(root).decode("ascii") != lines[2]:
            raise InputError("not a checkpoint: the third line must be 32 bytes in base64", source=source, row=3)
        return cls(lines[0], int(lines[1]), root)

    @classmethod
    def read(cls, path: str | Path) -> Checkpoint:
        """Read a checkpoint from a file.

        Raises
        ------
        InputError
            If it can't be read or is not a checkpoint.
        """
        try:
            return cls.from_text(Path(path).read_bytes().decode("utf-8"), source=path)
        except OSError as error:
            raise InputError(f"can't be read ({error.strerror})", source=path) from None
        except UnicodeDecodeError:
            raise InputError("not a checkpoint: not UTF-8 text", source=path) from None
