"""Keys that sign checkpoints: Ed25519, in the text forms of C2SP signed notes and of Go's ``sumdb/note``, so that other tools read them.

The private key is one line in a file that only its owner can read (``PRIVATE+KEY+name+hash+base64``); the verifier key, which everybody may
have, stands beside it in ``<file>.pub`` (``name+hash+base64``). A key is an authority's: one can sign the checkpoints of all its logs.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from pathlib import Path

from voicenlp.audit.verifier import ED25519, is_key_name, key_id
from voicenlp.errors import AuditError, UsageError

__all__ = ["SigningKey"]

_HEAD = "PRIVATE+KEY+"


class SigningKey:
    """A private Ed25519 key with a name.

    Parameters
    ----------
    name : str
        Whose key it is; by custom the authority's address without ``https://``, such as ``council.example/voice``. No spaces, no ``+``.
    seed : bytes
        32 secret bytes.

    Attributes
    ----------
    name : str
    verifier : str
        The verifier key, ``name+hash+base64``: what others need to check the signatures.

    Raises
    ------
    UsageError
        If the name can't be one.

    Examples
    --------
    >>> key = SigningKey("council.example/voice", bytes(32))
    >>> key.verifier
    'council.example/voice+ac251a7e+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
    """

    def __init__(self, name: str, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if not is_key_name(name):
            raise UsageError("the name of a key must not be empty and must have no spaces and no '+' in it, such as council.example/voice")
        self.name = name
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes_raw()
        self._id = key_id(name, public)
        self.verifier = f"{name}+{self._id.hex()}+{base64.b64encode(ED25519 + public).decode('ascii')}"

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier!r})"  # never the seed

    @classmethod
    def make(cls, path: str | Path, name: str) -> SigningKey:
        """Write a new key to a file, readable by its owner alone, and its verifier key to ``<path>.pub``.

        Raises
        ------
        UsageError
            If the name can't be one, something is there already, or it can't be written.
        """
        key = cls(name, os.urandom(32))
        try:
            # On Windows the mode does nothing: there the folder's rights decide who can read the file.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            raise UsageError(f"{path}: there already; a key is never written over") from None
        except OSError as error:
            raise UsageError(f"{path}: the key can't be written ({error.strerror})") from None
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(f"{key._private_text()}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            Path(f"{path}.pub").write_text(f"{key.verifier}\n", encoding="utf-8", newline="\n")
        except OSError as error:
            with contextlib.suppress(OSError):
                Path(path).unlink()
            raise UsageError(f"{path}: the key can't be written ({error.strerror})") from None
        return key

    @classmethod
    def read(cls, path: str | Path) -> SigningKey:
        """Read a key from its file.

        Raises
        ------
        AuditError
            If it is lost, can't be read, or is not a signing key.
        """
        try:
            data = Path(path).read_bytes()
        except FileNotFoundError:
            raise AuditError(f"{path}: the signing key is not here; put it back, or make one: voicenlp audit keygen") from None
        except OSError as error:
            raise AuditError(f"{path}: the signing key can't be read ({error.strerror})") from None
        try:
            text = data.decode("utf-8").strip()
            name, stated, encoded = text.removeprefix(_HEAD).split("+", 2)
            seed = base64.b64decode(encoded, validate=True)
            key = cls(name, seed[1:])
        except (UnicodeDecodeError, binascii.Error, ValueError, UsageError):
            raise AuditError(f"{path}: not a signing key") from None
        if text != key._private_text() or stated != key._id.hex():
            raise AuditError(f"{path}: not a signing key, or a damaged one")
        return key

    def _private_text(self) -> str:
        return f"{_HEAD}{self.name}+{self._id.hex()}+{base64.b64encode(ED25519 + self._seed).decode('ascii')}"

    def sign(self, text: str) -> str:
        r"""Return a text as a signed note.

        Parameters
        ----------
        text : str
            Lines that end in a newline, without control characters.

        Raises
        ------
        ValueError
            If the text can't be that of a note.

        Examples
        --------
        >>> SigningKey("council.example/voice", bytes(32)).sign("one\n").splitlines()[:3]
        ['one', '', '— council.example/voice rCUafkbc5R3DpXdmmLZpc8prXhBIGFbB7qvcSY/8lf1LG7/mHlU6Qh5of+H09bJxiXwcKey3vds8agi2n7G3BjEZMA4=']
        """
        if not text.endswith("\n") or any(mark < " " and mark != "\n" for mark in text):
            raise ValueError("the text of a note ends in a newline and has no control characters")
        signature = self._private.sign(text.encode("utf-8"))
        return f"{text}\n— {self.name} {base64.b64encode(self._id + signature).decode('ascii')}\n"
