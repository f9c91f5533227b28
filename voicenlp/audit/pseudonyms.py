"""Keyed pseudonyms: the log says which children's records were read without holding one child's id.

A pseudonym is an HMAC-SHA-256 of the child's id under a key that lies beside the log, never in it. With the key an authority can tell
which events concern a child; without it nobody can, not even by trying all ids.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import unicodedata
from pathlib import Path

from voicenlp.audit.store import beside
from voicenlp.errors import AuditError

__all__ = ["Pseudonyms", "key_file"]

_KEY_BYTES = 32


def key_file(log: str | Path) -> Path:
    """Return where the key of a log lies: the file that the environment variable ``VOICENLP_KEY`` names, or ``<log>.key``.

    Raises
    ------
    AuditError
        If the log is on a database server, beside which no file can lie, and no key is named.

    Examples
    --------
    >>> import os
    >>> _ = os.environ.pop("VOICENLP_KEY", None)
    >>> key_file("out/audit.log").name
    'audit.log.key'
    """
    named = os.environ.get("VOICENLP_KEY", "").strip()
    found = Path(named) if named else beside(log, ".key")
    if found is None:
        raise AuditError("the key of an audit log on a database server must be named: VOICENLP_KEY=FILE, or key in voicenlp.toml")
    return found


class Pseudonyms:
    """Makes pseudonyms under the key in a file.

    Parameters
    ----------
    key_path : str or Path
        A file of 32 random bytes, as `make` writes it. It is never made anew here: under another key no child would be found again.
    key_id : str, optional
        The id of the key that is wanted, as the log's first event holds it.

    Attributes
    ----------
    key_id : str
        ``k_`` and 16 hex digits that tell keys apart and give nothing of them away.

    Raises
    ------
    AuditError
        If the key is lost, damaged, or not the one wanted.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     names = Pseudonyms.make(Path(folder, "audit.log.key"))
    >>> name = names.of("C1042")
    >>> name[:2], len(name), name == names.of(" C1042 "), name == names.of("C1043")
    ('c_', 22, True, False)
    """

    def __init__(self, key_path: str | Path, *, key_id: str | None = None) -> None:
        path = Path(key_path)
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            raise AuditError(f"{path}: the key of the audit log is not here; put it back, or name it with VOICENLP_KEY") from None
        except OSError as error:
            raise AuditError(f"{path}: the key of the audit log can't be read ({error.strerror})") from None
        if len(key) != _KEY_BYTES:
            raise AuditError(f"{path}: not the key of an audit log ({len(key)} bytes, {_KEY_BYTES} expected)")
        self._key = key
        self.key_id = f"k_{self._code(b'key id', b'')[:16]}"
        if key_id is not None and key_id != self.key_id:
            raise AuditError(f"{path}: the key of another audit log ({self.key_id}; this log was begun with {key_id})")

    @classmethod
    def make(cls, key_path: str | Path) -> Pseudonyms:
        """Write a new key, readable by its owner alone, or use the one that is there already.

        Raises
        ------
        AuditError
            If the key can't be written, or what is there is not a key.
        """
        path = Path(key_path)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        except FileExistsError:
            return cls(path)
        except OSError as error:
            raise AuditError(f"{path}: the key of the audit log can't be written ({error.strerror})") from None
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        return cls(path)

    def _code(self, use: bytes, value: bytes) -> str:
        return hmac.new(self._key, b"voicenlp " + use + b"\x00" + value, hashlib.sha256).hexdigest()

    def of(self, child_id: str) -> str:
        """Return the pseudonym of a child: ``c_`` and 20 hex digits (80 bits: among a million children two alike are not to be expected).

        Spaces around the id do not count, and it is compared in Unicode's NFC form; upper and lower case do.

        Raises
        ------
        AuditError
            If the id is empty.
        """
        plain = unicodedata.normalize("NFC", child_id).strip()
        if not plain:
            raise AuditError("a child without an id has no pseudonym")
        return f"c_{self._code(b'child', plain.encode('utf-8', 'surrogatepass'))[:20]}"
