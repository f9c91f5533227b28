"""The kinds of events that a log can hold: a closed list, each with the fields that it carries.

No field takes a note's text, a child's plain id, or the path of one machine: children come as pseudonyms, files as base names. Who acted,
when, in which role, what for, on which lawful basis and under which impact assessment stands beside the fields, in every line.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue, StringConstraints, computed_field

from voicenlp.audit.canonical import digest
from voicenlp.audit.fields import Count, Counts, Fields, FileRef, FileRefs, Hash, ModelRef, Name, Pseudonym, Sha256, Short, Word

__all__ = [
    "KINDS",
    "MOST_CHILDREN",
    "BatchIn",
    "BatchOut",
    "ChallengeAnswered",
    "ChallengeRaised",
    "ChildForgotten",
    "ChildRead",
    "Event",
    "ExportMade",
    "FilesDeleted",
    "LogMended",
    "LogStarted",
    "ModelLoaded",
    "ModelTrained",
    "OptOutHonoured",
    "PolicyChanged",
    "ReportMade",
    "ReturnAttached",
    "ReviewMade",
    "RunClosed",
    "RunOpened",
    "TextOpened",
]

MOST_CHILDREN = 500
"""Children that one event may name."""

Children = Annotated[dict[Pseudonym, Count], Field(min_length=1, max_length=MOST_CHILDREN)]


class Event(Fields):
    """What all events share.

    Attributes
    ----------
    kind : str
        The name in the log's ``event`` field.
    boundary : bool
        Whether the disk is asked to keep the log when the event is written.
    """

    kind: ClassVar[str] = ""
    boundary: ClassVar[bool] = False

    def data(self) -> dict[str, Any]:
        """Return the log's ``data`` field: plain JSON values, those that are None left out."""
        return self.model_dump(mode="json", exclude_none=True)


class LogStarted(Event):
    """The first line of every log: a random id that checkpoints carry, and the id of the authority's key."""

    kind = "log.started"
    boundary = True
    log: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    key: Annotated[str, StringConstraints(pattern=r"^k_[0-9a-f]{16}$")]
    form: Literal[1] = 1


class LogMended(Event):
    """A last line that was cut off (power cut, full disk, killed program) was moved aside into a file."""

    kind = "log.mended"
    boundary = True
    file: Name
    bytes: Count
    sha256: Sha256


class PolicyChanged(Event):
    """From here on another policy is in force, or none where there was one; ``before`` is left out where there was none."""

    kind = "policy.changed"
    boundary = True
    before: FileRef | None = None
    after: FileRef | None = None


class RunOpened(Event):
    """A command began. Nothing in it tells the machine: the same inputs, model and settings give the same data anywhere.

    Attributes
    ----------
    policy : FileRef or "none"
        The policy file by which the purpose was allowed, and which gave lawful basis and DPIA.
    """

    kind = "run.opened"
    boundary = True
    command: Word
    inputs: FileRefs = ()
    model: ModelRef | None = None
    settings: dict[Word, JsonValue] = Field(default_factory=dict)
    versions: dict[Word, Short] = Field(default_factory=dict)
    policy: FileRef | Literal["none"] = "none"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def settings_sha256(self) -> str:
        """SHA-256 of the settings in canonical form, so that two runs can be compared at a glance."""
        return digest(self.settings)


class RunClosed(Event):
    """A command ended: done, done with rejects, or failed (then with the name of the error's class, never its message)."""

    kind = "run.closed"
    boundary = True
    outcome: Literal["done", "rejects", "failed"] = "done"
    error: Word | None = None
    counts: Counts = Field(default_factory=dict)
    outputs: FileRefs = ()


class BatchIn(Event):
    """Notes were handed to the tagger; ``hash`` is keyed, over ``[note_id, text]`` of each as canonical JSON, in order."""

    kind = "batch.in"
    batch: Count
    notes: Count
    hash: Hash


class BatchOut(Event):
    """What came of a batch; ``hash`` is keyed, over ``[note_id, span_id, element, start, end, speaker]`` of each span, in order."""

    kind = "batch.out"
    batch: Count
    counts: Counts = Field(default_factory=dict)
    hash: Hash


class ChildRead(Event):
    """Records of children were read: pseudonym to number of notes (or of notes behind the spans or indicators that were read)."""

    kind = "child.read"
    children: Children
    what: Literal["notes", "spans", "indicators"] = "notes"
    counts: Counts = Field(default_factory=dict)


class OptOutHonoured(Event):
    """Notes of children were left out, or spans of people, because they are not to be processed for this purpose."""

    kind = "optout.honoured"
    children: Annotated[dict[Pseudonym, Count], Field(max_length=MOST_CHILDREN)] = Field(default_factory=dict)
    counts: Counts = Field(default_factory=dict)
    source: FileRef | None = None


class ExportMade(Event):
    """Something left the tool as files: what, for whom (if known), under which disclosure control, and whether words of notes are in it."""

    kind = "export.made"
    boundary = True
    what: Short
    recipient: Short | None = None
    files: FileRefs = ()
    rows: Count | None = None
    with_text: bool = False
    suppression: Word | None = None


class ReturnAttached(Event):
    """Indicators were set beside the rows of a statutory return (``to``: ``ssda903``, ``cin`` …)."""

    kind = "return.attached"
    boundary = True
    to: Word
    inputs: FileRefs = ()
    outputs: FileRefs = ()
    counts: Counts = Field(default_factory=dict)
    recipient: Short | None = None
    suppression: Word | None = None


class ReportMade(Event):
    """A report was written, about one child (by pseudonym) or about many."""

    kind = "report.made"
    boundary = True
    what: Short
    child: Pseudonym | None = None
    recipient: Short | None = None
    files: FileRefs = ()
    with_text: bool = False
    suppression: Word | None = None


class TextOpened(Event):
    """The text of notes was shown to somebody, not only read by the program."""

    kind = "text.opened"
    what: Short
    child: Pseudonym | None = None
    notes: Count


class ModelLoaded(Event):
    """A model was opened; ``card_sha256`` is of its model card, where it has one."""

    kind = "model.loaded"
    model: ModelRef
    card_sha256: Sha256 | None = None


class ModelTrained(Event):
    """A model was trained on annotated records."""

    kind = "model.trained"
    boundary = True
    model: ModelRef
    card_sha256: Sha256 | None = None
    inputs: FileRefs = ()
    counts: Counts = Field(default_factory=dict)


class ReviewMade(Event):
    """A person has looked at what the program found about a child, and accepted, amended or rejected it."""

    kind = "review.made"
    boundary = True
    child: Pseudonym
    what: Short
    decision: Literal["accepted", "amended", "rejected"]
    reason: Short
    spans: Count | None = None


class ChallengeRaised(Event):
    """A child, a family or somebody for them says that something is wrong, or should not have been done."""

    kind = "challenge.raised"
    boundary = True
    child: Pseudonym
    by: Literal["child", "parent", "carer", "family", "advocate", "worker", "other"]
    about: Short


class ChallengeAnswered(Event):
    """What was done about a challenge; ``challenge`` is the hash of the event that raised it."""

    kind = "challenge.answered"
    boundary = True
    child: Pseudonym
    challenge: Sha256
    outcome: Literal["corrected", "partly", "refused", "withdrawn"]
    answer: Short


class ChildForgotten(Event):
    """A child's rows were deleted from the tables of runs, and the key of its pseudonym is destroyed: from here on nobody can be told it.

    ``files`` are the tables as they are now; ``child`` is left out where the log held no key of it.
    """

    kind = "child.forgotten"
    boundary = True
    child: Pseudonym | None = None
    files: FileRefs = ()
    counts: Counts = Field(default_factory=dict)


class FilesDeleted(Event):
    """What a run left was deleted, as somebody says who did it; ``run`` is that run's id."""

    kind = "files.deleted"
    boundary = True
    run: Word
    files: FileRefs = ()
    reason: Short


KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        LogStarted, LogMended, PolicyChanged, RunOpened, RunClosed, BatchIn, BatchOut, ChildRead, OptOutHonoured, TextOpened, ExportMade,
        ReturnAttached, ReportMade, ModelLoaded, ModelTrained, ReviewMade, ChallengeRaised, ChallengeAnswered, ChildForgotten,
        FilesDeleted,
    )
}  # fmt: skip
"""All kinds of events, by name."""
