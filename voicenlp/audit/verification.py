"""Has a log been changed since it was written? Finds any edit, deletion, insertion or reordering, and says where.

Lines cut off at the end, and a log rewritten whole with all its hashes made anew, leave a chain without fault: to find those, give an
earlier checkpoint. Whoever holds the signing key can sign a rewritten log, but not make the earlier checkpoint fit it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voicenlp.audit.checkpoints import ORIGIN, Checkpoint, read_verifier_key
from voicenlp.audit.entry import FIRST, Entry, unseal
from voicenlp.audit.merkle import Tree
from voicenlp.audit.signing import SigningKey
from voicenlp.audit.store import beside, open_store
from voicenlp.errors import AuditError, InputError, UsageError

__all__ = ["Fault", "Verification", "checkpoint", "verify"]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a log.

    Attributes
    ----------
    kind : str
        ``edited``, ``deleted``, ``inserted``, ``reordered``, ``torn`` (last line cut off), ``truncated`` (fewer events than the checkpoint
        has) or ``rewritten`` (other events than those of the checkpoint).
    line : int
        Line of the log, from 1. Of lines deleted, the line that now stands in their place; of a rewritten log, the last that is affected.
    message : str
        What was found, in plain words.
    """

    kind: Literal["edited", "deleted", "inserted", "reordered", "torn", "truncated", "rewritten"]
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.kind}: {self.message}"


@dataclass(frozen=True)
class Verification:
    """What `verify` found.

    Attributes
    ----------
    ok : bool
        True if no fault was found.
    events : int
        Number of lines.
    log : str
        Random id of the log, 16 hex digits; empty if it can't be told.
    head : str
        Hash of the last event, 64 hex digits; empty if there is a fault in the chain.
    root : str
        RFC 6962 root hash over all events, 64 hex digits; empty if there is a fault in the chain.
    faults : tuple of Fault
        In the order of the lines.
    """

    ok: bool
    events: int
    log: str
    head: str
    root: str
    faults: tuple[Fault, ...]


def verify(
    path: str | Path,
    checkpoint: Checkpoint | str | Path | None = None,
    verifier_key: str | Path | Sequence[str | Path] = (),
) -> Verification:
    """Check every line of a log, and the log as a whole against an earlier checkpoint if one is given.

    Parameters
    ----------
    path : str or Path
    checkpoint : Checkpoint, or path of one, optional
    verifier_key : str or Path, or sequence of them, optional
        Keys (``name+hash+base64``, or files that hold them) with one of which the checkpoint must be signed. Without, its signature is
        not looked at: it is then as good as the place where it was kept.

    Raises
    ------
    AuditError
        If there is no log, it can't be read, or the checkpoint is not signed with one of the keys. Faults of the log are not raised but
        returned.
    InputError
        If the checkpoint can't be read.
    UsageError
        If a verifier key is none.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from voicenlp.audit import AuditLog, SigningKey
    >>> with TemporaryDirectory() as folder:
    ...     log = AuditLog(Path(folder, "audit.log"))
    ...     key = SigningKey.make(Path(folder, "council.key"), "council.example/voice")
    ...     kept = checkpoint(log.path, key=key)
    ...     hash_ = log.append("run.opened", command="tag")
    ...     verify(log.path, kept, key.verifier).ok
    True
    """
    given = [verifier_key] if isinstance(verifier_key, str | Path) else list(verifier_key)
    keys = [read_verifier_key(key) for key in given]
    if keys and checkpoint is None:
        raise UsageError("a verifier key checks a checkpoint: give one")
    if checkpoint is not None:
        source: object = "checkpoint"
        if not isinstance(checkpoint, Checkpoint):
            source, checkpoint = checkpoint, Checkpoint.read(checkpoint)
        if keys:
            checkpoint.verified(keys, source)
    store = open_store(path)
    try:
        found = _follow(store.lines(), checkpoint)
        if found is not None:
            return found
        lines = list(store.lines())
        return _follow(lines, checkpoint) or _diagnose(lines, checkpoint)
    except OSError as error:
        raise AuditError(f"{store.name}: no audit log that can be read ({error.strerror})") from None


def checkpoint(path: str | Path, out: str | Path | None = None, *, key: SigningKey | str | Path | None = None) -> Checkpoint:
    """Verify a log and return a signed checkpoint of it; with ``out``, also write it there.

    An earlier checkpoint at ``out`` is written over only if the log still agrees with it. Beside the key the last checkpoint that it signed
    of this log is kept (``<key>.<log id>.last``), and none is signed that does not agree with that one.

    Parameters
    ----------
    path : str or Path
    out : str or Path, optional
    key : SigningKey, or path of one, optional
        ``<log>.signing-key`` if not given, which is made where it is missing, under the name of the log.

    Raises
    ------
    AuditError
        If the log does not verify, or not against an earlier checkpoint; or the key is lost.
    UsageError
        If ``out`` is there and is not a checkpoint, or can't be written; or the log is on a database server and no key is given.
    """
    file, signer = _signer(path, key)
    earlier = _earlier(out)
    found = _whole(path, earlier)
    made = Checkpoint(f"{ORIGIN}{found.log}", found.events, bytes.fromhex(found.root))
    last = Path(f"{file}.{found.log}.last") if file is not None else None
    signed_before = _earlier(last)
    if signed_before is not None and signed_before != earlier:
        _whole(path, signed_before)
    if signer is None:
        assert file is not None
        signer = SigningKey.make(file, made.origin)
    made = made.signed(signer)
    for place in (last, out):
        if place is not None:
            _replace(place, made.note)
    return made


def _signer(path: str | Path, key: SigningKey | str | Path | None) -> tuple[Path | None, SigningKey | None]:
    """Return the file of the signing key and the key, or None for one that is still to be made."""
    if isinstance(key, SigningKey):
        return None, key
    file = Path(key) if key is not None else beside(path, ".signing-key")
    if file is None:
        raise UsageError("a checkpoint of a log on a database server needs a signing key named; make one with: voicenlp audit keygen")
    return file, SigningKey.read(file) if key is not None or file.exists() else None


def _earlier(path: str | Path | None) -> Checkpoint | None:
    if path is None or not Path(path).exists():
        return None
    try:
        return Checkpoint.read(path)
    except InputError as error:
        raise UsageError(f"{error}; it is not written over") from None


def _whole(path: str | Path, before: Checkpoint | None) -> Verification:
    found = verify(path, before)
    if not found.ok:
        raise AuditError(f"{open_store(path).name}: no checkpoint is made of a log that does not verify; {found.faults[0]}")
    return found


def _replace(path: str | Path, text: str) -> None:
    fresh = Path(f"{path}.new")
    try:
        fresh.write_bytes(text.encode("utf-8"))
        fresh.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror})") from None


def _follow(lines: Iterable[bytes], checkpoint: Checkpoint | None = None) -> Verification | None:
    """Follow a chain line by line, keeping none of them; None at the first fault."""
    tree, prev, log, size_root = Tree(), FIRST, "", None
    for seq, line in enumerate(lines):
        entry = _next(line, seq, prev)
        if entry is None:
            return None
        if seq == 0:
            log = str(entry.fields["data"].get("log", ""))
        prev = entry.computed
        tree.add(bytes.fromhex(prev))
        if checkpoint is not None and tree.size == checkpoint.size:
            size_root = tree.root()
    if tree.size == 0:
        return None
    faults: list[Fault] = []
    if checkpoint is not None:
        if checkpoint.origin != ORIGIN + log:
            faults.append(Fault("rewritten", 1, "this is not the log of the checkpoint: it began with another id"))
        if tree.size < checkpoint.size:
            faults.append(_truncated(tree.size, checkpoint.size))
        elif size_root != checkpoint.root:
            faults.append(Fault("rewritten", checkpoint.size, f"the first {checkpoint.size:,} events are not those of the checkpoint"))
    return Verification(not faults, tree.size, log, prev, tree.root().hex(), tuple(faults))


def _next(line: bytes, seq: int, prev: str) -> Entry | None:
    """Return the entry of a line if it rightly stands at this place, behind a line with this hash."""
    try:
        entry = unseal(line)
    except ValueError:
        return None
    fields = entry.fields
    if entry.computed != fields["hash"] or fields["prev"] != prev or fields["seq"] != seq or not line.endswith(b"\n"):
        return None
    return entry if seq or fields["event"] == "log.started" else None


def _truncated(events: int, size: int) -> Fault:
    return Fault("truncated", events, f"the log ends after {events:,} events; at the checkpoint it had {size:,}")


def _diagnose(lines: Sequence[bytes], checkpoint: Checkpoint | None) -> Verification:
    """Say what is wrong with a log in which a fault was found."""
    entries: list[Entry | None] = []
    for line in lines:
        try:
            entries.append(unseal(line))
        except ValueError:
            entries.append(None)
    faults: dict[int, Fault] = {}
    torn = bool(lines) and not lines[-1].endswith(b"\n")
    if torn:
        entries.pop()
    if not lines:
        faults[1] = Fault("truncated", 1, "the file is empty")
    _faults(entries, faults)
    if entries and not faults and entries[0] is not None and entries[0].fields["event"] != "log.started":
        faults[1] = Fault("edited", 1, "the log does not begin with log.started")
    if torn:
        faults[len(lines)] = Fault("torn", len(lines), "the last line is cut off; the next program that writes will mend it")
    log = ""
    if entries and entries[0] is not None and entries[0].computed == entries[0].fields["hash"]:
        log = str(entries[0].fields["data"].get("log", ""))
    out = [faults[line] for line in sorted(faults)]
    if checkpoint is not None and len(entries) < checkpoint.size:
        out.append(_truncated(len(entries), checkpoint.size))
    return Verification(False, len(entries), log, "", "", tuple(out))


def _faults(entries: Sequence[Entry | None], faults: dict[int, Fault]) -> None:
    """Walk along the chain, find each place where it does not go on as it should, and tell what was most likely done there."""
    sound = [entry if entry is not None and entry.computed == entry.fields["hash"] else None for entry in entries]
    where: dict[int, list[int]] = {}
    for number, entry in enumerate(sound, 1):
        if entry is not None:
            where.setdefault(entry.fields["seq"], []).append(number)
    expected = 0
    links: set[str] | None = {FIRST}  # hashes that the next line may be chained to; None if any will do
    taken: dict[str, int] = {FIRST: 0}  # hash to line, of the lines that stand rightly
    awaited: set[int] = set()  # numbers of events that were passed over and come later
    for number, entry in enumerate(entries, 1):
        if entry is None or sound[number - 1] is None:
            faults[number] = Fault("edited", number, "not an event any more" if entry is None else "the content does not fit its hash")
            links = None if entry is None else {entry.computed, entry.fields["hash"]}
            taken |= dict.fromkeys(links or (), number)
            expected += 1
            continue
        seq, prev = entry.fields["seq"], entry.fields["prev"]
        if seq in awaited:
            awaited.discard(seq)
            faults[number] = Fault("reordered", number, f"event {seq} stands behind later ones")
            continue
        if seq == expected and links is not None and prev not in links:
            line = max(1, number - 1)
            faults.setdefault(
                line, Fault("edited", line, "not the event that the next line was chained to: changed, and its hash made anew")
            )
        elif seq > expected:
            later = {missed for missed in range(expected, min(seq, expected + len(entries))) if where.get(missed, [0])[-1] > number}
            awaited |= later
            if gone := seq - expected - len(later):
                faults[number] = Fault("deleted", number, f"{gone:,} event{'s' * (gone > 1)} before this line: missing")
        elif seq < expected:
            following = entries[number] if number < len(entries) else None
            before = taken.get(prev, number)
            if where[seq][0] < number and entries[where[seq][0] - 1] == entry:
                faults[number] = Fault("inserted", number, f"a copy of line {where[seq][0]}")
                continue
            if before >= number - 1 or following is None or following.fields["prev"] != entry.computed:
                faults[number] = Fault("inserted", number, f"not part of the chain, which has another event {seq}")
                continue
            for line in range(before + 1, number):
                faults[line] = Fault("inserted", line, "not part of the chain, which goes on behind it")
        expected, links = seq + 1, {entry.computed}
        taken[entry.computed] = number
