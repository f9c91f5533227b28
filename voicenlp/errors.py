"""The errors that voicenlp raises.

Every one of them is written for the person who has to act on it: one line that names the file, the row and the column where it can.
No message holds the text of a note.
"""

from __future__ import annotations

__all__ = ["AuditError", "InputError", "ModelError", "PolicyError", "SchemeError", "UsageError", "VoiceError"]


class VoiceError(Exception):
    """Base of all errors that are meant to be read by the user; the command line prints them in one line.

    Attributes
    ----------
    exit_code : int
        What the command line exits with: 1 for wrong use or unreadable input, 3 for a broken audit log.
    """

    exit_code = 1


class UsageError(VoiceError):
    """The call does not make sense: an unknown option value, two options that exclude each other."""


class InputError(VoiceError):
    """An input can't be read as what it should be.

    Parameters
    ----------
    message : str
        What is wrong, in plain words.
    source : str, optional
        File, table or URL (without credentials).
    row : int, optional
        Row as a person would count it: the line of a text file, the row of a sheet; 1 is the header where there is one.
    column : str, optional
        Name of the column.

    Examples
    --------
    >>> str(InputError("not a date: '31/02/2026'", source="notes.csv", row=7, column="date"))
    "notes.csv, row 7, column 'date': not a date: '31/02/2026'"
    """

    def __init__(self, message: str, *, source: object = None, row: int | None = None, column: str | None = None) -> None:
        where = [str(source)] if source is not None else []
        if row is not None:
            where.append(f"row {row}")
        if column is not None:
            where.append(f"column {column!r}")
        super().__init__(f"{', '.join(where)}: {message}" if where else message)
        self.source, self.row, self.column = source, row, column


class SchemeError(VoiceError):
    """A label, an attribute or a span breaks the annotation scheme."""


class ModelError(VoiceError):
    """A model can't be found, or was made for another scheme or version."""


class PolicyError(VoiceError):
    """The policy in force does not allow what was asked for."""


class AuditError(VoiceError):
    """The audit log can't be trusted, or can't be written."""

    exit_code = 3
