"""The audit log of a verb that works on a finished run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from voicenlp.audit import AuditLog, versions
from voicenlp.config import read_settings

__all__ = ["opened_log"]


@contextmanager
def opened_log(
    folder: Path, audit: Path | None, command: str, settings: dict[str, Any] | None = None, purpose: str | None = None
) -> Iterator[AuditLog]:
    """Open the log of a run, note that a verb began, and how it ended."""
    chosen = read_settings(purpose=purpose)
    log = AuditLog(audit or chosen.audit or folder / "audit.log", key=chosen.key, **chosen.who())  # type: ignore[arg-type]
    log.append("run.opened", command=command, settings=settings or {}, versions=versions("voicenlp"))
    try:
        yield log
    except BaseException as error:
        log.append("run.closed", outcome="failed", error=type(error).__name__)
        raise
    log.append("run.closed", outcome="done")
