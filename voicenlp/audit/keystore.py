"""The key store: one random key for each child, wrapped by the authority's key, in a file beside the log.

A child's pseudonym is made with the child's own key. So one child can be forgotten: with its key destroyed nobody, the authority included,
can tell any more which events of the log were about it, while the log itself stays as it is, and still verifies.

The file is text, in lines of fixed length, so that a key can be overwritten in its place: a first line with the id of the authority's key
and a number that grows with every key destroyed; then for each child a tag (HMAC of the child's id) and its key in AES-256-GCM, bound to
that tag.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from voicenlp.errors import AuditError

__all__ = ["AuthorityKey", "KeyStore"]

_KEY_BYTES = 32
_NONCE = 12
_TAG = 32  # hex digits
_ROW = _TAG + 1 + 80 + 1
_GONE = b"-" * (_ROW - 1) + b"\n"
_HEAD = re.compile(rb"voicenlp-keys 1 (k_[0-9a-f]{16}) ([0-9]{10})\n")
_HEAD_BYTES = len("voicenlp-keys 1 k_0123456789abcdef 0123456789\n")


class AuthorityKey:
    """The key of an authority, from which all that it needs is derived (HKDF-SHA-256).

    Parameters
    ----------
    path : str or Path
        A file of 32 random bytes, as `make` writes it. It is never made anew here: under another key no child would be found again.

    Attributes
    ----------
    id : str
        ``k_`` and 16 hex digits that tell keys apart and give nothing of them away.

    Raises
    ------
    AuditError
        If the key is lost or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            secret = Path(path).read_bytes()
        except FileNotFoundError:
            raise AuditError(f"{path}: the key of the audit log is not here; put it back, or name it with VOICENLP_KEY") from None
        except OSError as error:
            raise AuditError(f"{path}: the key of the audit log can't be read ({error.strerror})") from None
        if len(secret) != _KEY_BYTES:
            raise AuditError(f"{path}: not the key of an audit log ({len(secret)} bytes, {_KEY_BYTES} expected)")
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.path = Path(path)
        self.id = f"k_{_derived(secret, b'key id')[:8].hex()}"
        self._tags = _derived(secret, b"tags")
        self._contents = _derived(secret, b"contents")
        self._cipher = AESGCM(_derived(secret, b"wrapping"))

    @classmethod
    def make(cls, path: str | Path) -> AuthorityKey:
        """Write a new key, readable by its owner alone, or use the one that is there already.

        Raises
        ------
        AuditError
            If the key can't be written, or what is there is not a key.
        """
        with contextlib.suppress(FileExistsError):
            _write_new(Path(path), secrets.token_bytes(_KEY_BYTES), "the key of the audit log")
        return cls(path)

    def tag(self, child_id: str) -> str:
        """Return by what a child's key is found: an HMAC of the id in Unicode's NFC form, without spaces around it.

        Raises
        ------
        AuditError
            If the id is empty.
        """
        plain = unicodedata.normalize("NFC", child_id).strip()
        if not plain:
            raise AuditError("a child without an id has no pseudonym")
        return hmac.new(self._tags, plain.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_TAG]

    def wrap(self, key: bytes, tag: str) -> bytes:
        """Wrap a child's key, bound to the child's tag; 80 letters of base64."""
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, key, tag.encode("ascii")))

    def unwrap(self, wrapped: bytes, tag: str) -> bytes | None:
        """Return a child's key, or None if what is given was not wrapped with this key for this tag."""
        from cryptography.exceptions import InvalidTag

        try:
            data = base64.b64decode(wrapped, validate=True)
            return bytes(self._cipher.decrypt(data[:_NONCE], data[_NONCE:], tag.encode("ascii")))
        except (ValueError, InvalidTag):
            return None

    def contents(self) -> hmac.HMAC:
        """Return a keyed hash, to be fed with contents: it can be checked by whoever has the key, and not guessed by anybody else."""
        return hmac.new(self._contents, digestmod=hashlib.sha256)


def _derived(secret: bytes, use: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return bytes(HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"voicenlp " + use).derive(secret))


def _write_new(path: Path, data: bytes, what: str) -> None:
    try:
        # On Windows the mode does nothing: there the folder's rights decide who can read the file.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise AuditError(f"{path}: {what} can't be written ({error.strerror})") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


class KeyStore:
    """The children's keys of one log.

    Parameters
    ----------
    path : str or Path
        The file, as `make` begins it. It is never made anew here: without its keys no child of the log would be found again.
    authority : AuthorityKey
    timeout : float, default 10
        Seconds to wait for another writer.
    """

    def __init__(self, path: str | Path, authority: AuthorityKey, timeout: float = 10.0) -> None:
        from filelock import FileLock

        self.path, self.authority, self.timeout = Path(path), authority, timeout
        self._lock = FileLock(f"{path}.lock", timeout=timeout)
        self._places: dict[str, int] = {}  # tag to the place of its row in the file
        self._rows: dict[str, bytes] = {}
        self._open: dict[str, bytes] = {}  # tag to key, of those that were unwrapped
        self._read, self._generation = 0, -1

    @classmethod
    def make(cls, path: str | Path, authority: AuthorityKey, timeout: float = 10.0) -> KeyStore:
        """Begin a store without keys, or use the one that is there.

        Raises
        ------
        AuditError
            If it can't be written, or what is there is not a store of this authority's key.
        """
        with contextlib.suppress(FileExistsError):
            _write_new(Path(path), _head(authority.id, 0), "the key store of the audit log")
        store = cls(path, authority, timeout)
        with store._opened("rb"):
            pass
        return store

    @contextlib.contextmanager
    def _opened(self, mode: str) -> Iterator[IO[bytes]]:
        """Open the file, other writers kept out, with all rows read that were not read before."""
        from filelock import Timeout

        try:
            self._lock.acquire(poll_interval=0.005)
        except Timeout:
            raise AuditError(f"{self.path.name}: another program has been writing for {self.timeout:g} s; try again later") from None
        except OSError as error:
            raise AuditError(f"{self.path}: can't be locked ({error.strerror})") from None
        try:
            with self.path.open(mode) as file:
                self._refresh(file)
                yield file
        except FileNotFoundError:
            raise AuditError(
                f"{self.path}: the key store of the audit log is not here; without it no child of the log can be told: put it back"
            ) from None
        except OSError as error:
            raise AuditError(f"{self.path}: the key store can't be read or written ({error.strerror})") from None
        finally:
            self._lock.release()

    def _refresh(self, file: IO[bytes]) -> None:
        head = _HEAD.fullmatch(file.read(_HEAD_BYTES))
        if head is None:
            raise AuditError(f"{self.path}: not a key store of an audit log, or its first line was changed")
        if head[1].decode() != self.authority.id:
            raise AuditError(f"{self.path}: the key store of another key ({head[1].decode()}, not {self.authority.id})")
        if int(head[2]) != self._generation or file.seek(0, os.SEEK_END) < self._read:
            self._places, self._rows, self._open, self._read, self._generation = {}, {}, {}, _HEAD_BYTES, int(head[2])
        file.seek(self._read)
        data = file.read()
        for at in range(0, len(data) - _ROW + 1, _ROW):
            row = data[at : at + _ROW]
            if row == _GONE:
                continue
            tag = row[:_TAG].decode("ascii", "replace")
            if row[-1:] != b"\n" or row[_TAG : _TAG + 1] != b" " or not re.fullmatch("[0-9a-f]+", tag) or tag in self._places:
                raise AuditError(f"{self.path}, line {self._line(self._read + at)}: not a key, or there twice: the key store was changed")
            self._places[tag], self._rows[tag] = self._read + at, row[_TAG + 1 : -1]
        self._read += len(data) // _ROW * _ROW

    def _line(self, place: int) -> int:
        return (place - _HEAD_BYTES) // _ROW + 2

    def _key(self, tag: str) -> bytes:
        if tag in self._open:
            return self._open[tag]
        key = self._open[tag] = self.authority.unwrap(self._rows[tag], tag) or b""
        if not key:
            del self._open[tag]
            raise AuditError(f"{self.path}, line {self._line(self._places[tag])}: the key was changed, or moved from another place")
        return key

    def keys(self, tags: Iterable[str], *, make: bool = True) -> dict[str, bytes]:
        """Return keys by tag; those that are not there are made, or left out if ``make`` is false.

        Raises
        ------
        AuditError
            If the store is lost or was changed, or can't be written.
        """
        wanted = list(dict.fromkeys(tags))
        with self._opened("rb+" if make else "rb") as file:
            found = {tag: self._key(tag) for tag in wanted if tag in self._places}
            if make and (missing := [tag for tag in wanted if tag not in found]):
                made = {tag: secrets.token_bytes(_KEY_BYTES) for tag in missing}
                file.seek(self._read)
                file.truncate()  # a last row that was cut off: its key was never used
                file.write(b"".join(f"{tag} ".encode() + self.authority.wrap(key, tag) + b"\n" for tag, key in made.items()))
                file.flush()
                os.fsync(file.fileno())  # before any event is written under it
                file.seek(0)
                self._refresh(file)
                found |= made
        return {tag: found[tag] for tag in wanted if tag in found}

    def all(self) -> dict[str, bytes]:
        """Return all keys by tag."""
        with self._opened("rb"):
            return {tag: self._key(tag) for tag in self._places}

    def check_writable(self) -> None:
        """See that keys could be destroyed, before anything is done that can't be taken back.

        Raises
        ------
        AuditError
            If they could not.
        """
        with self._opened("rb+"):
            pass

    def destroy(self, tag: str) -> bool:
        """Overwrite a key in its place, on the disk; return whether there was one. Copies of the file are not reached.

        Raises
        ------
        AuditError
            If it can't be written.
        """
        with self._opened("rb+") as file:
            place = self._places.get(tag)
            if place is None:
                return False
            for data, at in ((_GONE, place), (_head(self.authority.id, self._generation + 1), 0)):
                file.seek(at)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            file.seek(0)
            self._refresh(file)
        return True


def _head(key_id: str, generation: int) -> bytes:
    return f"voicenlp-keys 1 {key_id} {generation:010d}\n".encode("ascii")
