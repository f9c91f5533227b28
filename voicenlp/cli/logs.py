"""The audit log of a verb that works on a finished run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from voicenlp.audit import AuditLog, child_reads, versions
from voicenlp.config import read_settings
from voicenlp.engines.tagging import Run, open_run

__all__ = ["note_children", "opened_log"]


@contextmanager
def opened_log(
    folder: Path, audit: Path | None, command: str, settings: dict[str, Any] | None = None, purpose: str | None = None
) -> Iterator[AuditLog]:
    """Open the log of a run, note that a verb began, and how it ended.

    Where no purpose is given, neither here nor in the settings, it is the one for which the notes were tagged.

    Raises
    ------
    PolicyError
        If the policy in force does not allow the purpose, or not to who acts.
    """
    chosen = read_settings(purpose=purpose)
    if not chosen.purpose:
        chosen = chosen.model_copy(update={"purpose": str(open_run(folder).info.get("purpose", ""))})
    log = AuditLog(audit or chosen.audit or folder / "audit.log", key=chosen.key, **chosen.granted())
    log.append("run.opened", command=command, settings=settings or {}, versions=versions("voicenlp"))
    try:
        yield log
    except BaseException as error:
        log.append("run.closed", outcome="failed", error=type(error).__name__)
        raise
    log.append("run.closed", outcome="done")


def note_children(log: AuditLog, run: Run) -> None:
    """Put on record the children whose tagged spans are used, with the number of their notes."""
    counts = Counter(child for child in run.notes.column("child_id").to_pylist() if child)
    names = log.pseudonyms.of_all(counts)
    for event in child_reads({names[child]: count for child, count in counts.items()}, what="spans"):
        log.append(event)
