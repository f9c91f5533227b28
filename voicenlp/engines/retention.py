"""What is due to be deleted: a child's records and key by the child's age, and what was derived by the day it was made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicenlp.audit import AuditLog, read_events
from voicenlp.audit.policy import Policy, Retention
from voicenlp.engines.erasure import runs_beside
from voicenlp.errors import InputError, PolicyError
from voicenlp.io.columns import as_id, find_column
from voicenlp.io.dates import parse_date
from voicenlp.io.tables import read_table

__all__ = ["Due", "Left", "Life", "derived_due", "left_by_runs", "read_lives", "records_due"]

_NAMES = {  # ours; and those of the SSDA903, or shorter
    "child": ("child_id", "CHILD"),
    "born": ("date_of_birth", "DOB"),
    "died": ("date_of_death", "died"),
    "closed": ("date_closed", "closed"),
    "retention": ("retention",),
}


@dataclass(frozen=True)
class Life:
    """The days of a child's life that a term can be counted from; ``retention`` is the class, empty where none is given."""

    child: str
    born: dt.date | None = None
    died: dt.date | None = None
    closed: dt.date | None = None
    retention: str = ""


@dataclass(frozen=True)
class Due:
    """Something that a policy gives a term.

    Attributes
    ----------
    day : datetime.date or None
        From which it is not kept any longer; None where it can't be told, with the reason in `what`.
    retention : str
        The class.
    what : str
        A child by id, or a run's tables by folder where that is known.
    basis : str
        As the policy says.
    """

    day: dt.date | None
    retention: str
    what: str
    basis: str


def read_lives(path: str | Path) -> list[Life]:
    """Read the days of children's lives.

    Parameters
    ----------
    path : path
        A table with ``child_id``, ``date_of_birth`` and, where there are, ``date_of_death``, ``date_closed`` and ``retention`` (the class);
        or the header of an SSDA903 return.

    Raises
    ------
    InputError
        If it can't be read, has no column of children or of births, or a date is none.
    """
    table = read_table(path)
    present = list(table.column_names)
    found = {key: next((at for name in names if (at := find_column(present, name, str(path)))), None) for key, names in _NAMES.items()}
    for key in ("child", "born"):
        if found[key] is None:
            raise InputError(f"is missing (or {_NAMES[key][1]})", source=path, column=_NAMES[key][0])
    out = []
    for number, row in enumerate(table.to_pylist(), 2):
        value: dict[str, Any] = {}
        for key, column in found.items():
            try:
                cell = row[column] if column else None
                value[key] = (as_id(cell) if cell is not None else "") if key in ("child", "retention") else parse_date(cell)
            except ValueError as error:
                raise InputError(str(error), source=path, row=number, column=column) from None
        if not value["child"]:
            raise InputError("is empty", source=path, row=number, column=found["child"])
        out.append(Life(**value))
    return out


def records_due(log: AuditLog, lives: list[Life], policy: Policy, default: str = "looked_after") -> list[Due]:
    """Return the terms of the children whom a log knows, the earliest first.

    Parameters
    ----------
    log : AuditLog
        Children who have no key in it were never read, or are forgotten: they are left out.
    lives : list of Life
    policy : Policy
    default : str
        Class of children for whom none is given.

    Raises
    ------
    PolicyError
        If a class is not in the policy, or is none of records.
    """
    names = {life.retention or default for life in lives}
    for name in sorted(names):
        if name not in policy.retention or policy.retention[name].covers != "records":
            there = ", ".join(name for name, one in policy.retention.items() if one.covers == "records")
            raise PolicyError(f"{policy.source.name}: has no class of retention {name!r} for records; there is {there}")
    known = [life for life in lives if log.pseudonyms.known(life.child) is not None]
    return _sorted(_of_child(life, life.retention or default, policy.retention[life.retention or default]) for life in known)


def _of_child(life: Life, name: str, term: Retention) -> Due:
    what = f"child {life.child}"
    start = life.born if term.counted_from == "birth" else life.closed
    if start is None:
        return Due(None, name, f"{what}: no {'date of birth' if term.counted_from == 'birth' else 'day of closing'}", term.basis)
    return Due(term.due(start, life.died, life.born), name, what, term.basis)


def derived_due(place: str | Path, policy: Policy) -> list[Due]:
    """Return the terms of the files that runs of a log left, the earliest first; those on record as deleted are left out.

    Parameters
    ----------
    place : str or Path
        The log. Files are looked for in the folders of runs beside it; of what is elsewhere only the names can be told.
    policy : Policy
        Where it has no class of what is derived, there is nothing to tell.

    Raises
    ------
    AuditError
        If the log can't be read.
    """
    terms = {name: term for name, term in policy.retention.items() if term.covers == "derived"}
    made = left_by_runs(place)
    folders = runs_beside(Path(place), made.keys()) if "://" not in str(place) else []
    return _sorted(_of_runs(made.values(), folders, terms))


@dataclass
class Left:
    """The files that a run left: when, which, and the number of the last event that names some."""

    run: str
    day: dt.date
    files: list[dict[str, Any]]
    event: int


def left_by_runs(place: str | Path) -> dict[str, Left]:
    """Return what each run of a log left and is not on record as deleted, by run."""
    made: dict[str, Left] = {}
    for event in read_events(place):
        data, kind = event["data"], event["event"]
        if kind == "files.deleted":
            made.pop(data["run"], None)
        files = data.get("outputs") or data.get("files") or []
        if kind in ("run.closed", "export.made", "return.attached", "report.made") and files:
            left = made.setdefault(event["run"], Left(event["run"], dt.date.fromisoformat(event["time"][:10]), [], 0))
            left.files += [file for file in files if file not in left.files]
            left.event = event["seq"]
    return made


def _of_runs(made: Iterable[Left], folders: Sequence[Path], terms: Mapping[str, Retention]) -> Iterator[Due]:
    for left in made:
        names = [file["name"] for file in left.files]
        listed = ", ".join(names[:4]) + (f" and {len(names) - 4:,} more" if len(names) > 4 else "")
        here = next((folder for folder in folders if all((folder / name).is_file() for name in names)), None)
        where = f"in {here}" if here is not None else "where, the log does not say"
        for name, term in terms.items():
            yield Due(term.due(left.day), name, f"{listed} of {left.day:%d/%m/%Y} (event {left.event:,}), {where}", term.basis)


def _sorted(found: Iterator[Due]) -> list[Due]:
    return sorted(found, key=lambda due: (due.day or dt.date.max, due.what))
