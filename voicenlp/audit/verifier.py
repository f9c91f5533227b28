"""Checks what somebody was given out of an audit log, without trusting those who keep it.

This file stands alone: copied anywhere, it needs Python 3.11 or later and the ``cryptography`` package, and nothing else of voicenlp. It
reads checkpoints (C2SP tlog-checkpoint in a C2SP signed note, Ed25519), proofs that an event is in the log (C2SP tlog-proof), proofs that
a log has only grown since an earlier checkpoint (the request of C2SP tlog-witness), and whole logs; trees are hashed as RFC 6962 says and
proofs checked as RFC 9162 does.

    python verifier.py CHECKPOINT PROOF ENTRY --key KEY           is this event in the log?
    python verifier.py CHECKPOINT PROOF CHECKPOINT --key KEY      has the log only grown since this earlier checkpoint?
    python verifier.py CHECKPOINT LOG --key KEY                   is this the log, from its first event to the checkpoint's last?

KEY is the verifier key (``name+hash+base64``) or a file that holds it, and must have come another way than the files that it checks.
It ends with 0 if all holds, 1 if something does not, 2 if it was called wrongly.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "CONSISTENCY",
    "INCLUSION",
    "Head",
    "Key",
    "Refused",
    "Signature",
    "check_consistency",
    "check_inclusion",
    "is_key_name",
    "key_id",
    "leaf_hash",
    "leaf_of",
    "main",
    "node_hash",
    "read_head",
    "read_key",
    "read_note",
    "verified_text",
]

INCLUSION = "c2sp.org/tlog-proof@v1"
"""First line of a proof that an event is in a log."""

CONSISTENCY = "old "
"""What a proof begins with that a log has only grown; the earlier number of events follows."""

ED25519 = b"\x01"
_MOST_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_STATED = re.compile(rb',"hash":"([0-9a-f]{64})"\Z')
_AFTER_HASH = b',"lawful_basis":'  # what follows "hash" in an event; only plain texts and a number stand after it


class Refused(Exception):
    """What was given does not hold, or is not what it should be."""


class Key(NamedTuple):
    """A verifier key: its name, its 4-byte id, and the 32 bytes of the Ed25519 public key."""

    name: str
    id: bytes
    public: bytes


class Signature(NamedTuple):
    """A signature line of a note: name and 4-byte id of the key, and the signature itself."""

    name: str
    id: bytes
    value: bytes


class Head(NamedTuple):
    """What a checkpoint says: whose log, how many events, and the 32-byte root hash over them."""

    origin: str
    size: int
    root: bytes


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


def leaf_of(line: bytes) -> tuple[dict[str, object], bytes]:
    """Read an event's line; return its fields and its leaf hash, which is that of the line without its ``hash`` field.

    Raises
    ------
    Refused
        If it is not an event, or not the one that its ``hash`` was made of.
    """
    line = line.removesuffix(b"\n").removesuffix(b"\r")
    place = line.rfind(_AFTER_HASH)
    stated = _STATED.search(line[:place]) if place >= 0 else None
    try:
        fields = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        fields = None
    if stated is None or not isinstance(fields, dict):
        raise Refused("not an event of an audit log")
    leaf = leaf_hash(line[: stated.start()] + line[place:])
    if leaf.hex().encode() != stated[1] or fields.get("hash") != leaf.hex():
        raise Refused("the event was changed: its content does not fit its hash")
    return fields, leaf


def check_inclusion(head: Head, index: int, leaf: bytes, path: Sequence[bytes]) -> None:
    """Check that a leaf stands at a place (from 0) of the tree under a head (RFC 9162, section 2.1.3.2).

    Parameters
    ----------
    head : Head
    index : int
    leaf : bytes
    path : sequence of bytes
        Hashes of the neighbours from the leaf up to the root, 32 bytes each.

    Raises
    ------
    Refused
        If it does not.
    """
    if not 0 <= index < head.size:
        raise Refused(f"event {index} is not among the {head.size} of the checkpoint")
    place, last, found = index, head.size - 1, leaf
    for neighbour in path:
        if last == 0:
            raise Refused("the proof does not hold: it is too long")
        if place & 1 or place == last:
            found = node_hash(neighbour, found)
            place, last = _up_to_left_edge(place, last)
        else:
            found = node_hash(found, neighbour)
        place, last = place >> 1, last >> 1
    if last or found != head.root or len(leaf) != 32:
        raise Refused("the proof does not hold: this event is not in the log at that place")


def check_consistency(old: Head, new: Head, path: Sequence[bytes]) -> None:
    """Check that the tree under a head begins with all leaves of an earlier one (RFC 9162, section 2.1.4.2).

    Raises
    ------
    Refused
        If it does not, or the earlier tree is empty, of which nothing can be proved.
    """
    if not 0 < old.size <= new.size:
        raise Refused(f"a log of {new.size} events can't be shown to go on from {old.size}")
    if old.size == new.size:
        if path or old.root != new.root:
            raise Refused("the log was rewritten: as many events, but not the same")
        return
    nodes = [old.root, *path] if old.size & (old.size - 1) == 0 else list(path)
    if not path:
        raise Refused("the proof does not hold: it is too short")
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise Refused("the proof does not hold: it is too long")
        if place & 1 or place == last:
            before, after = node_hash(node, before), node_hash(node, after)
            place, last = _up_to_left_edge(place, last)
        else:
            after = node_hash(after, node)
        place, last = place >> 1, last >> 1
    if last or before != old.root or after != new.root:
        raise Refused("the proof does not hold: the log is not the earlier one grown")


def _up_to_left_edge(place: int, last: int) -> tuple[int, int]:
    # At the right edge of the tree a node may have no neighbour on some levels and goes up as it is.
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def key_id(name: str, public: bytes) -> bytes:
    """Return the 4 bytes by which a note tells an Ed25519 key.

    Examples
    --------
    >>> key = read_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    >>> key_id(key.name, key.public).hex()
    'c74f20a3'
    """
    return hashlib.sha256(name.encode("utf-8") + b"\n" + ED25519 + public).digest()[:4]


def is_key_name(name: str) -> bool:
    """Say whether a key may have this name: no spaces, no plus sign, no control characters, and not empty."""
    return bool(name) and not any(mark.isspace() or mark == "+" or mark < " " or "\ud800" <= mark <= "\udfff" for mark in name)


def read_key(text: str) -> Key:
    """Read a verifier key of the form ``name+hash+base64``.

    Raises
    ------
    Refused
        If it is not one, or not of Ed25519, or its hash does not fit.
    """
    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    public = _base64(encoded)
    if not is_key_name(name) or len(public) != 33 or not public.startswith(ED25519):
        raise Refused("not a verifier key (name+hash+base64, Ed25519)")
    key = Key(name, key_id(name, public[1:]), public[1:])
    if stated != key.id.hex():
        raise Refused("not a verifier key: its hash does not fit, so that a character must be wrong")
    return key


def _base64(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if base64.b64encode(found).decode("ascii") == text else b""


def read_note(data: bytes) -> tuple[str, list[Signature]]:
    """Part a signed note into its text and its signatures, none of which is checked. Windows line ends are read as plain ones.

    Raises
    ------
    Refused
        If it is not a signed note.
    """
    try:
        text = data.replace(b"\r\n", b"\n").decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not a signed note: not UTF-8 text") from None
    if any(mark < " " and mark != "\n" for mark in text):
        raise Refused("not a signed note: a control character stands in it")
    body, empty, below = text.rpartition("\n\n")
    lines = below.split("\n")
    if not empty or lines.pop() or not lines or len(lines) > _MOST_SIGNATURES:
        raise Refused("not a signed note: text, an empty line and signature lines are wanted")
    signatures = []
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        value = _base64(encoded)
        if dash != "—" or not is_key_name(name) or len(value) < 5:
            raise Refused("not a signed note: a line that is no signature")
        signatures.append(Signature(name, value[:4], value[4:]))
    return body + "\n", signatures


def verified_text(data: bytes, keys: Iterable[Key]) -> str:
    """Return the text of a note, signed with at least one of the keys; signatures of other keys are passed over.

    Raises
    ------
    Refused
        If it is not a signed note, is signed with none of the keys, or a signature that names one of them is not its own.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text, signatures = read_note(data)
    known = {(key.name, key.id): key for key in keys}
    signed = False
    for name, id_, value in signatures:
        key = known.get((name, id_))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(value, text.encode("utf-8"))
        except (InvalidSignature, ValueError):
            raise Refused(f"the signature of {name} is false: the text was changed, or somebody else signed it") from None
        signed = True
    if not signed:
        raise Refused(f"not signed with the key{'s' * (len(known) > 1)} {', '.join(sorted(name for name, _ in known)) or '(none given)'}")
    return text


def read_head(text: str) -> Head:
    """Read the text of a checkpoint (without signatures).

    Raises
    ------
    Refused
        If it is not that of a checkpoint.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise Refused("not a checkpoint: origin, size and root hash are to stand in three lines")
    if not _SIZE.fullmatch(lines[1]):
        raise Refused("not a checkpoint: the second line must be a number of events")
    root = _base64(lines[2])
    if len(root) != 32:
        raise Refused("not a checkpoint: the third line must be 32 bytes in base64")
    return Head(lines[0], int(lines[1]), root)


def _read_hashes(lines: Sequence[str]) -> list[bytes]:
    path = [_base64(line) for line in lines]
    if len(path) > 64 or any(len(node) != 32 for node in path):
        raise Refused("not a proof: a line that is not 32 bytes in base64")
    return path


def _parted(proof: str, head: Head) -> list[str]:
    """Return the lines of a proof above its checkpoint, which must be the one that was verified."""
    above, empty, below = proof.partition("\n\n")
    if not empty or read_head(below.partition("\n\n")[0]) != head:
        raise Refused("the proof was made for another checkpoint than this one")
    return above.split("\n")


def _number(line: str, word: str) -> int:
    if not line.startswith(word) or not _SIZE.fullmatch(line.removeprefix(word)):
        raise Refused(f"not a proof: a line with {word.strip()!r} and a number is wanted")
    return int(line.removeprefix(word))


def _show_inclusion(head: Head, proof: str, entry: bytes) -> str:
    lines = _parted(proof, head)[1:]
    if lines and lines[0].startswith("extra "):
        del lines[0]
    index = _number(lines[0] if lines else "", "index ")
    fields, leaf = leaf_of(entry)
    check_inclusion(head, index, leaf, _read_hashes(lines[1:]))
    if fields.get("seq") != index:
        raise Refused(f"the event says that it is number {fields.get('seq')}, but stands at {index}")
    return f"event {index} is in the log {head.origin}, as it was given, among the first {head.size} events"


def _show_consistency(head: Head, proof: str, earlier: Head) -> str:
    lines = _parted(proof, head)
    if earlier.origin != head.origin:
        raise Refused(f"the checkpoints are of two logs: {earlier.origin} and {head.origin}")
    if _number(lines[0], CONSISTENCY) != earlier.size:
        raise Refused(f"the proof was made for another earlier checkpoint than the one of {earlier.size} events")
    check_consistency(earlier, head, _read_hashes(lines[1:]))
    return f"the log {head.origin} has only grown, from {earlier.size} to {head.size} events"


def _show_log(head: Head, lines: Iterable[bytes]) -> str:
    full: list[bytes] = []  # roots of the full subtrees, the largest first
    prev, count = "0" * 64, 0
    for line in lines:
        if count == head.size:
            break
        fields, leaf = leaf_of(line)
        if fields.get("seq") != count or fields.get("prev") != prev:
            raise Refused(f"line {count + 1} does not follow the line before it")
        prev, rest = leaf.hex(), count
        while rest & 1:
            leaf, rest = node_hash(full.pop(), leaf), rest >> 1
        full.append(leaf)
        count += 1
    if count < head.size:
        raise Refused(f"the log ends after {count} events; the checkpoint has {head.size}")
    root = full.pop() if full else hashlib.sha256(b"").digest()
    while full:
        root = node_hash(full.pop(), root)
    if root != head.root:
        raise Refused(f"the log was rewritten: its first {head.size} events are not those of the checkpoint")
    return f"the first {head.size} events are those of the checkpoint, none changed, missing, added or moved"


def _checked(args: argparse.Namespace) -> str:
    keys = [read_key(Path(key).read_text(encoding="utf-8") if Path(key).is_file() else key) for key in args.key]
    head = read_head(verified_text(Path(args.checkpoint).read_bytes(), keys))
    with Path(args.file).open("rb") as file:
        start = file.read(len(INCLUSION))
        file.seek(0)
        if start.startswith(b"{"):
            return _show_log(head, file)
        proof = file.read().decode("utf-8", "replace").replace("\r\n", "\n")
    if args.subject is None:
        raise Refused("a proof needs the event, or the earlier checkpoint, that it is about")
    if proof.startswith(INCLUSION + "\n"):
        return _show_inclusion(head, proof, Path(args.subject).read_bytes())
    if proof.startswith(CONSISTENCY):
        return _show_consistency(head, proof, read_head(verified_text(Path(args.subject).read_bytes(), keys)))
    raise Refused("neither a proof nor an audit log")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return 0 if all holds, 1 if something does not (a wrong call ends it with 2)."""
    parser = argparse.ArgumentParser(description="Checks an event, a log or its growth against a signed checkpoint.")
    parser.add_argument("checkpoint", help="signed checkpoint of the log")
    parser.add_argument("file", help="proof, or the log itself")
    parser.add_argument("subject", nargs="?", help="what the proof is about: the event's line, or an earlier checkpoint")
    parser.add_argument("--key", action="append", required=True, help="verifier key, or a file that holds it; may be given again")
    args = parser.parse_args(argv)
    try:
        shown = _checked(args)
    except Refused as error:
        sys.stderr.write(f"NOT VERIFIED: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"NOT VERIFIED: {error.filename}: can't be read ({error.strerror})\n")
        return 1
    sys.stdout.write(f"verified: {shown}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
