"""Keyed pseudonyms: the log says which children's records were read without holding one child's id.

A pseudonym is an HMAC-SHA-256 under a key of the child's own. The children's keys lie beside the log, wrapped by the authority's key, and
neither is ever in the log. With both an authority can tell which events concern a child; without them nobody can, not even by trying all
ids.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from pathlib import Path

from voicenlp.audit.keystore import AuthorityKey, KeyStore
from voicenlp.audit.store import beside
from voicenlp.errors import AuditError

__all__ = ["Pseudonyms", "key_file", "store_file"]


def key_file(log: str | Path) -> Path:
    """Return where the authority's key of a log lies: the file that the environment variable ``VOICENLP_KEY`` names, or ``<log>.key``.

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


def store_file(log: str | Path, key: str | Path) -> Path:
    """Return where the children's keys of a log lie: ``<log>.keys``, or of a log on a database server ``<key>.keys``.

    Examples
    --------
    >>> store_file("out/audit.log", "safe/voice.key").name, store_file("postgresql://db/voice", "voice.key").name
    ('audit.log.keys', 'voice.key.keys')
    """
    return beside(log, ".keys") or Path(f"{key}.keys")


class Pseudonyms:
    """Makes the pseudonyms of a log.

    Parameters
    ----------
    key : str or Path
        File of the authority's key.
    store : str or Path
        File of the children's keys. Neither is made anew here: that is `make`.
    key_id : str, optional
        The id of the authority's key that is wanted, as the log's first event holds it.

    Attributes
    ----------
    key_id : str
        ``k_`` and 16 hex digits.

    Raises
    ------
    AuditError
        If the authority's key is lost, damaged, or not the one wanted.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     names = Pseudonyms.make(Path(folder, "audit.log.key"), Path(folder, "audit.log.keys"))
    ...     name, other = names.of("C1042"), names.of("C1043")
    ...     (name[:2], len(name), name == names.of(" C1042 "), name == other), names.forget("C1042") == name, names.known("C1042")
    (('c_', 22, True, False), True, None)
    """

    def __init__(self, key: str | Path, store: str | Path, *, key_id: str | None = None) -> None:
        self._authority = AuthorityKey(key)
        self.key_id = self._authority.id
        if key_id is not None and key_id != self.key_id:
            raise AuditError(f"{key}: the key of another audit log ({self.key_id}; this log was begun with {key_id})")
        self._store = KeyStore(store, self._authority)

    @classmethod
    def make(cls, key: str | Path, store: str | Path) -> Pseudonyms:
        """Make the authority's key and the store, or use those that are there already.

        Raises
        ------
        AuditError
            If one can't be written, or what is there is not what it should be.
        """
        KeyStore.make(store, AuthorityKey.make(key))
        return cls(key, store)

    def of(self, child_id: str) -> str:
        """Return the pseudonym of a child: ``c_`` and 20 hex digits (80 bits: among a million children two alike are not to be expected).

        A child that has no key yet gets one. Spaces around the id do not count, and it is compared in Unicode's NFC form; upper and lower
        case do.

        Raises
        ------
        AuditError
            If the id is empty, or the key store is lost, was changed, or can't be written.
        """
        return self.of_all([child_id])[child_id]

    def of_all(self, children: Iterable[str]) -> dict[str, str]:
        """Return the pseudonyms of many children, by id, with one writing of the store.

        Raises
        ------
        AuditError
            As `of` does.
        """
        tags = {child: self._authority.tag(child) for child in children}
        keys = self._store.keys(tags.values())
        return {child: _pseudonym(keys[tag], tag) for child, tag in tags.items()}

    def known(self, child_id: str) -> str | None:
        """Return the pseudonym of a child that has a key; None of one that has none: never read under this log, or forgotten.

        Raises
        ------
        AuditError
            As `of` does.
        """
        tag = self._authority.tag(child_id)
        found = self._store.keys([tag], make=False)
        return _pseudonym(found[tag], tag) if found else None

    def every(self) -> set[str]:
        """Return the pseudonyms of all children that have a key: what stands in the log beside these was forgotten, or its key was lost.

        Raises
        ------
        AuditError
            If the key store is lost or was changed.
        """
        return {_pseudonym(key, tag) for tag, key in self._store.all().items()}

    def check_forgettable(self) -> None:
        """See that keys can be destroyed.

        Raises
        ------
        AuditError
            If the key store can't be written.
        """
        self._store.check_writable()

    def forget(self, child_id: str) -> str | None:
        """Destroy a child's key; return the pseudonym that it had, or None if there was none.

        Read again, the child would get another key and so another pseudonym.

        Raises
        ------
        AuditError
            If the key store is lost, was changed, or can't be written.
        """
        name = self.known(child_id)
        self._store.destroy(self._authority.tag(child_id))
        return name

    def contents(self) -> hmac.HMAC:
        """Return a keyed hash (HMAC-SHA-256) to be fed with contents of records, for events that prove them without giving them away."""
        return self._authority.contents()


def _pseudonym(key: bytes, tag: str) -> str:
    return f"c_{hmac.new(key, b'voicenlp child' + tag.encode('ascii'), hashlib.sha256).hexdigest()[:20]}"
