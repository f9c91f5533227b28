"""The audit log: what was done with whose records, when, by whom and why, in a form that can't be changed unseen."""

from __future__ import annotations

from voicenlp.audit.checkpoints import Checkpoint
from voicenlp.audit.events import child_reads, opt_outs_honoured, versions
from voicenlp.audit.fields import FileRef, ModelRef
from voicenlp.audit.log import AuditLog, read_events, tail
from voicenlp.audit.plain import describe
from voicenlp.audit.policy import Policy, read_policy
from voicenlp.audit.proofs import consistency_proof, inclusion_proof
from voicenlp.audit.pseudonyms import Pseudonyms
from voicenlp.audit.signing import SigningKey
from voicenlp.audit.verification import Fault, Verification, checkpoint, verify

__all__ = [
    "AuditLog",
    "Checkpoint",
    "Fault",
    "FileRef",
    "ModelRef",
    "Policy",
    "Pseudonyms",
    "SigningKey",
    "Verification",
    "checkpoint",
    "child_reads",
    "consistency_proof",
    "describe",
    "inclusion_proof",
    "opt_outs_honoured",
    "read_events",
    "read_policy",
    "tail",
    "verify",
    "versions",
]
