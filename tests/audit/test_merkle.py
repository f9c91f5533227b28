"""Trees, and the proofs that they give.

Known answers: the roots of the trees over the first 1 to 8 of the leaves, and some proofs, that the reference implementations of RFC 6962
are tested with (github.com/transparency-dev/merkle, testdata/inclusion and testdata/consistency, "happy path"; the hashes are the same in
Google's certificate-transparency and in Trillian); and the proofs that RFC 6962 writes out by letter for a tree of seven leaves
(section 2.1.3).
"""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicenlp.audit.merkle import Tree, consistency_path, inclusion_path, leaf_hash, node_hash, root_of
from voicenlp.audit.verifier import Head, Refused, check_consistency, check_inclusion

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


HASHES = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=",
        "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
        "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
    ],
    (5, 8): [
        "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
        "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ],
    (2, 3): ["+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU="],
    (1, 5): [
        "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=",
        "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
        "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
        "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ],
    (2, 5): ["Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=", "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms="],
    (6, 7): [
        "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
        "sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ],
}


def head(size, leaves=HASHES):
    return Head("x", size, root_of(leaves[:size]))


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_known_proofs_that_a_leaf_is_in_the_tree(place, path):
    index, size = place
    known = [base64.b64decode(node) for node in path]
    assert inclusion_path(HASHES[:size], index) == known
    check_inclusion(Head("x", size, bytes.fromhex(ROOTS[size - 1])), index, HASHES[index], known)


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCY.items())
def test_known_proofs_that_a_tree_has_only_grown(sizes, path):
    old, new = sizes
    known = [base64.b64decode(node) for node in path]
    assert consistency_path(HASHES[:new], old) == known
    check_consistency(Head("x", old, bytes.fromhex(ROOTS[old - 1])), Head("x", new, bytes.fromhex(ROOTS[new - 1])), known)


def test_the_seven_leaves_of_rfc_6962():
    """Section 2.1.3: leaves a b c d e f j, above them g h i, then k l, then the root."""
    a, b, c, d, e, f, j = (leaf_hash(b"d%d" % number) for number in range(7))
    leaves = [a, b, c, d, e, f, j]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l = node_hash(g, h), node_hash(i, j)  # noqa: E741
    assert root_of(leaves) == node_hash(k, l)
    assert inclusion_path(leaves, 0) == [b, h, l]
    assert inclusion_path(leaves, 3) == [c, g, l]
    assert inclusion_path(leaves, 4) == [f, j, k]
    assert inclusion_path(leaves, 6) == [i, k]
    assert consistency_path(leaves, 3) == [c, d, g, l]
    assert consistency_path(leaves, 4) == [l]
    assert consistency_path(leaves, 6) == [i, j, k]


def wrong(path):
    """All the ways in which the reference implementations spoil a proof."""
    other = hashlib.sha256(b"other").digest()
    yield from ([*path[:place], bytes([node[0] ^ 16]) + node[1:], *path[place + 1 :]] for place, node in enumerate(path))
    yield [*path, b""]
    yield [*path, other]
    yield [b"", *path]
    yield [other, *path]
    yield from ([*path[:place], *path[place + 1 :]] for place in range(len(path)))
    yield from ([*path[:place], other, *path[place:]] for place in range(len(path)))
    if len(path) > 1:
        yield path[::-1]


@pytest.mark.parametrize("size", range(1, 9))
def test_spoiled_proofs_that_a_leaf_is_in_the_tree(size):
    for index in range(size):
        path = inclusion_path(HASHES[:size], index)
        check_inclusion(head(size), index, HASHES[index], path)
        spoiled = [(head(size), index, HASHES[index], some) for some in wrong(path)]
        spoiled += [(head(size), other, HASHES[index], path) for other in (-1, size, index ^ 2, index + 1, index - 1)]
        spoiled += [(head(size), index, leaf, path) for leaf in (b"", hashlib.sha256(b"other").digest())]
        spoiled += [(Head("x", other, head(size).root), index, HASHES[index], path) for other in (0, 2 * size)]
        spoiled += [(Head("x", size, root), index, HASHES[index], path) for root in (b"", hashlib.sha256(b"other").digest())]
        for case in spoiled:
            with pytest.raises(Refused):
                check_inclusion(*case)


@pytest.mark.parametrize("new", range(1, 9))
def test_spoiled_proofs_that_a_tree_has_only_grown(new):
    for old in range(1, new + 1):
        path = consistency_path(HASHES[:new], old)
        check_consistency(head(old), head(new), path)
        other = hashlib.sha256(b"other").digest()
        spoiled = [(head(old), head(new), some) for some in wrong(path)]
        spoiled += [(Head("x", old, other), head(new), path), (head(old), Head("x", new, other), path)]
        spoiled += [(Head("x", size, head(old).root), head(new), path) for size in {0, old ^ 2, old + 1} - {old}]
        spoiled += [(head(old), Head("x", size, head(new).root), path) for size in (0, new // 2, new * 2) if old != new]
        if old != new:
            spoiled += [(head(new), head(old), path)]
        for case in spoiled:
            with pytest.raises(Refused):
                check_consistency(*case)


def test_nothing_follows_from_an_empty_tree():
    for size in (0, 1):
        with pytest.raises(Refused):
            check_consistency(head(0), head(size), [])
    with pytest.raises(ValueError, match="go on from 0"):
        consistency_path(HASHES, 0)
    with pytest.raises(ValueError, match="no leaf 8"):
        inclusion_path(HASHES, 8)


@given(st.data())
def test_every_proof_holds_and_holds_of_one_place_only(data):
    size = data.draw(st.integers(2, 200))
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = inclusion_path(leaves, index)
    check_inclusion(head(size, leaves), index, leaves[index], path)
    check_consistency(head(old, leaves), head(size, leaves), consistency_path(leaves, old))
    with pytest.raises(Refused):
        check_inclusion(head(size, leaves), (index + 1) % size, leaves[index], path)
