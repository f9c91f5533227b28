"""The Merkle tree over the events of a log, hashed as RFC 6962 (section 2.1) and RFC 9162 say."""

from __future__ import annotations

import hashlib

__all__ = ["Tree", "leaf_hash", "node_hash"]


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of a leaf: SHA-256 of 0x00 and the leaf's bytes.

    Examples
    --------
    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node: SHA-256 of 0x01 and its two children's hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree that keeps only the roots of its full subtrees: logarithmic memory however long the log is.

    Attributes
    ----------
    size : int
        Number of leaves.

    Examples
    --------
    >>> tree = Tree()
    >>> tree.add(leaf_hash(b""))
    >>> tree.size, tree.root() == leaf_hash(b"")
    (1, True)
    """

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add a leaf, given its 32-byte `leaf_hash`."""
        count = self.size
        while count & 1:
            leaf = node_hash(self._full.pop(), leaf)
            count >>= 1
        self._full.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the 32-byte root hash; of an empty tree, SHA-256 of nothing."""
        if not self._full:
            return hashlib.sha256(b"").digest()
        root = self._full[-1]
        for left in reversed(self._full[:-1]):
            root = node_hash(left, root)
        return root
