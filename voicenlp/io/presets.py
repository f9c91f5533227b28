"""Named column mappings for the exports of case-management systems, from ``resources/presets.toml`` and an authority's own file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from voicenlp.errors import InputError, UsageError
from voicenlp.io.columns import NOTE_COLUMNS, find_column, listed, plain

__all__ = ["Preset", "PresetMatch", "find_preset", "load_presets", "match_preset"]

_LONG_ONLY = ("instance", "question", "answer")
_KEYS = {"title", "distinctive", "columns", "long", "date_formats", "date_questions", "questions"}


@dataclass(frozen=True)
class Preset:
    """One export's shape.

    Attributes
    ----------
    name, title : str
        What it is asked for by, and in words.
    columns : Mapping[str, tuple[tuple[str, ...], ...]]
        The contract's name to parts, each part the source's names for it (the first that is there is taken). ``instance`` may be made of
        several parts, joined by ``/``; of the parts of ``answer`` the first that is not empty in a row is taken.
    distinctive : tuple[tuple[str, ...], ...]
        The columns by which the export is known, each with its spellings.
    long : bool
        One row a question: rows of one instance are folded into one note. Then ``instance``, ``question`` and ``answer`` take the place of
        ``note_id`` and ``text``.
    date_formats : tuple[str, ...]
        `strptime` formats of an export that is known not to write dates in UK order.
    date_questions : tuple[str, ...]
        Questions whose answer is the day that the form is about.
    questions : Mapping[str, str]
        A question's code, in lower case and without blanks and underscores, to the words that stand as the heading.
    """

    name: str
    title: str
    columns: Mapping[str, tuple[tuple[str, ...], ...]]
    distinctive: tuple[tuple[str, ...], ...] = ()
    long: bool = False
    date_formats: tuple[str, ...] = ()
    date_questions: tuple[str, ...] = ()
    questions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PresetMatch:
    """A preset found in a source: the contract's name to the source's columns, one for each part that is there."""

    preset: Preset
    columns: Mapping[str, tuple[str, ...]]


def _spellings(value: Any) -> tuple[tuple[str, ...], ...]:
    """Bring ``"A"``, ``["A", "B"]`` (spellings of one part) and ``[["A", "B"], ["C"]]`` (parts) into the last form."""
    if isinstance(value, str):
        return ((value,),)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return (tuple(value),)
    if isinstance(value, list) and value and all(isinstance(one, list) and one and all(isinstance(w, str) for w in one) for one in value):
        return tuple(tuple(one) for one in value)
    raise ValueError("must be a name, a list of spellings, or a list of such lists")


def _preset(name: str, data: Any) -> Preset:
    if not isinstance(data, dict):
        raise ValueError("is not a table")
    if unknown := sorted(set(data) - _KEYS):
        raise ValueError(f"has unknown keys: {', '.join(unknown)}")
    long = data.get("long", False)
    columns = {key: _spellings(value) for key, value in data.get("columns", {}).items()}
    allowed = {*_LONG_ONLY, *NOTE_COLUMNS[2:]} if long else set(NOTE_COLUMNS)
    if unknown := sorted(set(columns) - allowed):
        raise ValueError(f"maps what is no column of the contract: {', '.join(unknown)}")
    if missing := [key for key in (_LONG_ONLY if long else NOTE_COLUMNS[:2]) if key not in columns]:
        raise ValueError(f"maps no {' and no '.join(missing)}")
    marks = data.get("distinctive", [])
    return Preset(
        name=name,
        title=str(data.get("title", name)),
        columns=columns,
        distinctive=tuple((mark,) if isinstance(mark, str) else tuple(mark) for mark in marks),
        long=bool(long),
        date_formats=tuple(data.get("date_formats", ())),
        date_questions=tuple(data.get("date_questions", ())),
        questions={plain(code): str(words) for code, words in data.get("questions", {}).items()},
    )


def _parse(text: str, source: object) -> dict[str, Preset]:
    try:
        tables = tomllib.loads(text).get("presets")
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not readable as TOML: {error}", source=source) from None
    if not isinstance(tables, dict):
        raise InputError("has no table [presets.NAME]", source=source)
    out = {}
    for name, data in tables.items():
        try:
            out[name] = _preset(name, data)
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(f"preset {name!r} {error}", source=source) from None
    return out


@cache
def _own_presets() -> dict[str, Preset]:
    text = files("voicenlp").joinpath("resources/presets.toml").read_text(encoding="utf-8")
    return _parse(text, "resources/presets.toml")


def load_presets(path: str | Path | None = None) -> dict[str, Preset]:
    """Return the presets that come with the package, with those of an authority's file added or put in their place.

    Raises
    ------
    InputError
        If the file can't be read or a preset in it is not complete.

    Examples
    --------
    >>> load_presets()["mosaic_case_notes"].long
    False
    """
    if path is None:
        return dict(_own_presets())
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"can't be read ({type(error).__name__})"
        raise InputError(reason, source=path) from None
    return _own_presets() | _parse(text, path)


def match_preset(preset: Preset, present: Sequence[str], source: str) -> PresetMatch:
    """Find a preset's columns among those of a source.

    Raises
    ------
    InputError
        If a column that is needed is missing; the message lists the spellings looked for and the columns there.
    """
    found: dict[str, tuple[str, ...]] = {}
    needed = _LONG_ONLY if preset.long else NOTE_COLUMNS[:2]
    for key, parts in preset.columns.items():
        columns = [_first(part, present, source) for part in parts]
        there = tuple(column for column in columns if column is not None)
        if key in needed and (not there or (key != "answer" and len(there) < len(parts))):
            wanted = " or ".join(next(part for part, column in zip(parts, columns, strict=True) if column is None))
            raise InputError(f"({key} of preset {preset.name}) is missing; {listed(present)}", source=source, column=wanted)
        if there:
            found[key] = there
    return PresetMatch(preset, found)


def _first(spellings: Sequence[str], present: Sequence[str], source: str) -> str | None:
    for spelling in spellings:
        if (column := find_column(present, spelling, source)) is not None:
            return column
    return None


def find_preset(presets: Mapping[str, Preset], present: Sequence[str]) -> Preset | None:
    """Find the preset whose distinctive columns are all there; of several, the one that asks for the most.

    Examples
    --------
    >>> find_preset(load_presets(), ["id", "person_id", "note_type", "created_on", "created_by", "note"]).name
    'mosaic_case_notes'
    """
    there = {plain(name) for name in present}
    fitting = [
        preset
        for preset in presets.values()
        if preset.distinctive and all(any(plain(one) in there for one in spellings) for spellings in preset.distinctive)
    ]
    return max(fitting, key=lambda preset: len(preset.distinctive), default=None)


def known_preset(presets: Mapping[str, Preset], name: str) -> Preset:
    """Return a preset by its name.

    Raises
    ------
    UsageError
        If there is none of that name; the message lists those there are.
    """
    if name not in presets:
        raise UsageError(f"preset: there is none named {name!r}; there are: {', '.join(sorted(presets))}")
    return presets[name]
