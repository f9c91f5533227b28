"""The Merkle tree over the events of a log, hashed as RFC 6962 (section 2.1) and RFC 9162 say, and the proofs that it gives.

Proofs are checked in `voicenlp.audit.verifier`, which outsiders run without the rest of this package. The tree is our own because no
Python package fits: pymerkle (7.0, October 2026) is under the GPL, asks for a security review itself, wants to store the leaves in its own
way, pins its dependency to one version and has neither checkpoints nor C2SP's forms of proofs; sigstore's tree is private to it, only
checks, and comes with a network client; tlog-scales (0.0.3) says that it is not safe against crashes yet. What is needed here is short, and
tested with the vectors of the RFC's own reference implementations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from voicenlp.audit.verifier import leaf_hash, node_hash

__all__ = ["Tree", "consistency_path", "inclusion_path", "leaf_hash", "node_hash", "root_of"]

_EMPTY = hashlib.sha256(b"").digest()


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
            return _EMPTY
        root = self._full[-1]
        for left in reversed(self._full[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes], start: int = 0, end: int | None = None) -> bytes:
    """Return the 32-byte root over the leaf hashes from ``start`` to before ``end``."""
    tree = Tree()
    for number in range(start, len(leaves) if end is None else end):
        tree.add(leaves[number])
    return tree.root()


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Prove that a leaf is in the tree: the hashes of its neighbours from the leaf up to the root (RFC 6962, section 2.1.1).

    Parameters
    ----------
    leaves : sequence of bytes
        The hashes of all leaves, 32 bytes each.
    index : int
        Place of the leaf, from 0.

    Raises
    ------
    ValueError
        If there is no such leaf.

    Examples
    --------
    >>> leaves = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")]
    >>> inclusion_path(leaves, 2) == [node_hash(leaves[0], leaves[1])]
    True
    """
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    start, end = 0, len(leaves)
    while end - start > 1:
        middle = start + _left(end - start)
        if index < middle:
            path.append(root_of(leaves, middle, end))
            end = middle
        else:
            path.append(root_of(leaves, start, middle))
            start = middle
    return path[::-1]


def consistency_path(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """Prove that a tree begins with all leaves that it had at an earlier size (RFC 6962, section 2.1.2).

    Parameters
    ----------
    leaves : sequence of bytes
        The hashes of all leaves, 32 bytes each.
    size : int
        The earlier number of leaves, at least 1.

    Raises
    ------
    ValueError
        If the tree never had that size, or it is 0, of which nothing can be proved.

    Examples
    --------
    >>> leaves = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")]
    >>> consistency_path(leaves, 2) == [leaves[2]], consistency_path(leaves, 3)
    (True, [])
    """
    if not 0 < size <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} leaves can't be shown to go on from {size}")
    path: list[bytes] = []
    start, end = 0, len(leaves)
    while size != end:
        middle = start + _left(end - start)
        if size <= middle:
            path.append(root_of(leaves, middle, end))
            end = middle
        else:
            path.append(root_of(leaves, start, middle))
            start = middle
    if start > 0:  # the earlier tree ends in a subtree whose root its keeper does not hold as such
        path.append(root_of(leaves, start, end))
    return path[::-1]


def _left(count: int) -> int:
    """Return the largest power of two below a number of leaves: how many of them stand in the left subtree."""
    return 1 << ((count - 1).bit_length() - 1)
