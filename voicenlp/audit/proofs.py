"""Proofs to hand out: that one event is in a log, and that a log has only grown, checked by `voicenlp.audit.verifier` without the log."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from voicenlp.audit.checkpoints import Checkpoint
from voicenlp.audit.entry import unseal
from voicenlp.audit.merkle import consistency_path, inclusion_path
from voicenlp.audit.store import open_store
from voicenlp.audit.verification import verify
from voicenlp.audit.verifier import CONSISTENCY, INCLUSION
from voicenlp.errors import AuditError, UsageError

__all__ = ["consistency_proof", "inclusion_proof"]


def inclusion_proof(path: str | Path, entry: int, checkpoint: Checkpoint) -> tuple[str, bytes]:
    """Prove that an event is in the log of a checkpoint.

    Parameters
    ----------
    path : str or Path
        The log.
    entry : int
        The event's ``seq``, from 0.
    checkpoint : Checkpoint
        With its signatures.

    Returns
    -------
    tuple of str and bytes
        The proof in the form of a C2SP tlog-proof, and the event's line, which whoever checks it needs as well.

    Raises
    ------
    AuditError
        If the log does not verify, or not against the checkpoint.
    UsageError
        If the checkpoint has no such event.
    """
    if not 0 <= entry < checkpoint.size:
        raise UsageError(f"there is no event {entry} in the checkpoint: it has {checkpoint.size:,}, counted from 0")
    leaves, line = _leaves(path, checkpoint, entry)
    return f"{INCLUSION}\nindex {entry}\n{_encoded(inclusion_path(leaves, entry))}\n{checkpoint.note or checkpoint.text()}", line


def consistency_proof(path: str | Path, size: int, checkpoint: Checkpoint) -> str:
    """Prove that the log of a checkpoint is that of an earlier one, grown.

    Parameters
    ----------
    path : str or Path
        The log.
    size : int
        How many events the earlier checkpoint has.
    checkpoint : Checkpoint
        The later one, with its signatures.

    Returns
    -------
    str
        In the form in which C2SP tlog-witness has a log ask for a cosignature: ``old`` and the earlier size, the hashes, the checkpoint.

    Raises
    ------
    AuditError
        If the log does not verify, or not against the checkpoint.
    UsageError
        If the size is 0 or larger than the checkpoint's.
    """
    if not 0 < size <= checkpoint.size:
        raise UsageError(f"the earlier size must be between 1 and the {checkpoint.size:,} events of the checkpoint")
    leaves, _ = _leaves(path, checkpoint)
    return f"{CONSISTENCY}{size}\n{_encoded(consistency_path(leaves, size))}\n{checkpoint.note or checkpoint.text()}"


def _encoded(path: Sequence[bytes]) -> str:
    return "".join(base64.b64encode(node).decode("ascii") + "\n" for node in path)


def _leaves(path: str | Path, checkpoint: Checkpoint, wanted: int = 0) -> tuple[list[bytes], bytes]:
    """Return the leaf hashes of the checkpoint's events and the line of one of them, once the log was found whole."""
    store = open_store(path)
    found = verify(path, checkpoint)
    if not found.ok:
        raise AuditError(f"{store.name}: no proof is made of a log that does not verify; {found.faults[0]}")
    leaves: list[bytes] = []
    kept = b""
    for line in islice(store.lines(), checkpoint.size):
        kept = line if len(leaves) == wanted else kept
        leaves.append(bytes.fromhex(unseal(line).computed))
    return leaves, kept
