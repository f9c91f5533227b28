"""Checkpoints: the size and the Merkle root of a log at one time, signed, to be kept where the log's keeper can't change them.

A checkpoint is a C2SP tlog-checkpoint (origin, number of events, base64 of the RFC 6962 root) in a C2SP signed note. The origin names the
log, the key in the signature line the authority: one key may sign for several logs.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voicenlp.audit import verifier
from voicenlp.audit.signing import SigningKey
from voicenlp.errors import AuditError, InputError, UsageError

__all__ = ["ORIGIN", "Checkpoint", "read_verifier_key"]

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
    note : str
        The checkpoint as it was read or signed, signatures included; does not count when two are compared.

    Examples
    --------
    >>> point = Checkpoint("voicenlp-audit/00ff00ff00ff00ff", 3, bytes(32))
    >>> Checkpoint.from_text(point.text()) == point
    True
    """

    origin: str
    size: int
    root: bytes
    note: str = field(default="", compare=False, repr=False)

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"

    def signed(self, key: SigningKey) -> Checkpoint:
        """Return the checkpoint with a signature."""
        return Checkpoint(self.origin, self.size, self.root, key.sign(self.text()))

    @classmethod
    def from_text(cls, text: str, source: object = "checkpoint") -> Checkpoint:
        """Read a checkpoint, signed or not; signatures are not checked: that is `verified`.

        Raises
        ------
        InputError
            If it is not one.
        """
        plain = text.replace("\r\n", "\n")
        try:
            body = verifier.read_note(plain.encode("utf-8", "surrogatepass"))[0] if "\n\n" in plain.rstrip("\n") else plain.rstrip("\n")
            head = verifier.read_head(body)
        except verifier.Refused as error:
            raise InputError(_named(error), source=source) from None
        return cls(head.origin, head.size, head.root, plain)

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

    def verified(self, keys: Sequence[verifier.Key], source: object = "checkpoint") -> Checkpoint:
        """Check that the checkpoint is signed with one of these keys; return it.

        Raises
        ------
        AuditError
            If it is not signed with any, or a signature is false.
        """
        try:
            head = verifier.read_head(verifier.verified_text(self.note.encode("utf-8"), keys))
        except verifier.Refused as error:
            raise AuditError(f"{source}: {error}") from None
        if head != (self.origin, self.size, self.root):
            raise AuditError(f"{source}: what was signed is not what it says")
        return self


def _named(error: verifier.Refused) -> str:
    message = str(error)
    return message if message.startswith("not a checkpoint") else f"not a checkpoint: {message}"


def read_verifier_key(key: str | Path) -> verifier.Key:
    """Read a verifier key, given as text (``name+hash+base64``) or as the file that holds it.

    Raises
    ------
    UsageError
        If it is not one.
    """
    try:
        try:
            text = Path(key).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError):
            text = str(key)
        return verifier.read_key(text)
    except verifier.Refused as error:
        raise UsageError(f"{error}") from None
