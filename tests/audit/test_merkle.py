"""Roots of the trees over the first 1 to 8 of the leaves that the reference implementations of RFC 6962 are tested with."""

from __future__ import annotations

import hashlib

import pytest

from voicenlp.audit.merkle import Tree, leaf_hash, node_hash

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size):
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.add(leaf_hash(bytes.fromhex(leaf)))
    assert (tree.size, tree.root().hex()) == (size, ROOTS[size - 1])


def test_the_empty_tree():
    assert Tree().root() == hashlib.sha256(b"").digest()


def by_definition(leaves):
    """RFC 6962, section 2.1: split at the largest power of two smaller than the number of leaves."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


def test_every_size_agrees_with_the_recursive_definition():
    leaves = [leaf_hash(str(number).encode()) for number in range(130)]
    tree = Tree()
    for size, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        assert tree.root() == by_definition(leaves[:size])
