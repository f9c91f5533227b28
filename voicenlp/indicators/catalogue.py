"""The catalogue of indicators: each one's id, definition, unit, type and SQL aggregate, read from ``resources/indicators.toml``.

An authority adds its own in a TOML file with the same tables; what a line of the rows offers to the SQL stands at the head of that file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from voicenlp.errors import SchemeError
from voicenlp.scheme import Scheme, default_scheme

__all__ = ["Catalogue", "Fact", "Indicator", "load_catalogue"]

TYPES = {"integer": "BIGINT", "number": "DOUBLE", "date": "DATE"}
FAMILIES = ("speakers", "expressions", "channels", "themes", "given", "missed", "outcomes")
# What the rows already call themselves; an indicator or fact of that name would make its SQL ambiguous.
RESERVED = frozenset({
    "child_id", "date", "note_id", "note_type", "author_role", "month", "quarter", "year", "financial_year", "ssda903_year", "period_start",
    "period_end", "start", "end", "status", "element", "child_key", "as_of", "last_heard", "speaker", "person_key", "heading", "score",
    "expression", "channel", "verbatim", "via", "challenge", "themes", "answered", "given", "how", "outcome", "cell", "window_start",
    "window_end", "link",
})  # fmt: skip
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is true or false of a note.

    Attributes
    ----------
    id, definition : str
        Its name in the SQL of indicators, and what it means.
    sql : str
        Aggregate over the spans of one note that gives true or false.
    """

    id: str
    definition: str
    sql: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """One number, or date, that is made of the rows.

    Attributes
    ----------
    id : str
        Name of its column.
    label, definition, unit : str
        For people: a title, one plain sentence or two, and what is counted.
    type : str
        ``integer``, ``number`` or ``date``.
    sql : str
        Aggregate over the lines of a group.
    roll_up : str
        Aggregate over the rows of an indicator table that gives the same for a longer period; empty where that can't be done.
    value : str, optional
        What ``$value`` in the SQL is bound to.
    """

    id: str
    label: str
    definition: str
    unit: str
    type: str
    sql: str
    roll_up: str = ""
    value: str | None = None

    def expression(self, roll_up: bool = False) -> str:
        """Return the SQL, cast to the declared type, with ``$value`` named after this indicator so that many fit in one query."""
        sql = (self.roll_up or "NULL") if roll_up else self.sql
        return f'CAST({sql.replace("$value", "$" + self.id)} AS {TYPES[self.type]}) AS "{self.id}"'


@dataclass(frozen=True)
class Catalogue:
    """All indicators in force, in the order of their columns, and the facts that they use."""

    version: str
    facts: tuple[Fact, ...]
    indicators: tuple[Indicator, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of the indicator columns, in order."""
        return tuple(one.id for one in self.indicators)

    def select(self, ids: Iterable[str]) -> Catalogue:
        """Return a catalogue with only these indicators, in this catalogue's order.

        Raises
        ------
        SchemeError
            If one of them is not in the catalogue.
        """
        wanted = set(ids)
        if unknown := sorted(wanted - set(self.ids)):
            raise SchemeError("not in the catalogue of indicators: " + ", ".join(unknown))
        return Catalogue(self.version, self.facts, tuple(one for one in self.indicators if one.id in wanted))


def load_catalogue(own: str | Path | None = None, scheme: Scheme | None = None) -> Catalogue:
    """Read the catalogue that comes with the package and, where given, an authority's own entries on top.

    Parameters
    ----------
    own : str or Path, optional
        TOML file with ``[[fact]]`` and ``[[indicator]]`` tables. An entry with a known id takes the place of ours; others are added.
    scheme : Scheme, optional
        Whose values the families of indicators go through; the package's own if left out.

    Raises
    ------
    SchemeError
        If the file can't be read or an entry is faulty; all faults are told at once.

    Examples
    --------
    >>> catalogue = load_catalogue()
    >>> "voices_child" in catalogue.ids
    True
    >>> next(one.unit for one in catalogue.indicators if one.id == "days_since_heard")
    'days'
    """
    scheme = scheme or default_scheme()
    sources: list[tuple[object, str]] = [
        ("resources/indicators.toml", files("voicenlp").joinpath("resources/indicators.toml").read_text(encoding="utf-8"))
    ]
    if own is not None:
        try:
            sources.append((own, Path(own).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            raise SchemeError(f"{own}: not a readable text file") from None
    facts: dict[str, Fact] = {}
    indicators: dict[str, Indicator] = {}
    version, faults = "", []
    for source, text in sources:
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SchemeError(f"{source}: not a readable TOML file ({error})") from None
        name = str(data.get("version", Path(str(source)).stem))
        version = f"{version}+{name}" if version else name
        read_facts, read_indicators, found = _read(data, scheme)
        faults += [f"{source}: {fault}" for fault in found]
        facts |= {one.id: one for one in read_facts}
        indicators |= {one.id: one for one in read_indicators}
    faults += [f"{one!r} is both a fact and an indicator" for one in sorted(facts.keys() & indicators.keys())]
    if faults:
        raise SchemeError("; ".join(faults))
    return Catalogue(version, tuple(facts.values()), tuple(indicators.values()))


def _read(data: Mapping[str, Any], scheme: Scheme) -> tuple[list[Fact], list[Indicator], list[str]]:
    faults = [f"[{key}] is not known here" for key in data if key not in ("version", "fact", "indicator")]
    facts, indicators = [], []
    for number, entry in enumerate(data.get("fact", []), 1):
        found = _entry_faults(entry, {"id", "definition", "sql"}, set())
        if found:
            faults += [f"fact {entry.get('id', number)}: {fault}" for fault in found]
        else:
            facts.append(Fact(**entry))
    for number, entry in enumerate(data.get("indicator", []), 1):
        found = _entry_faults(entry, {"id", "label", "definition", "unit", "type", "sql"}, {"each", "roll_up"})
        if found:
            faults += [f"indicator {entry.get('id', number)}: {fault}" for fault in found]
        else:
            indicators += _spread(entry, scheme)
    for name in [*(fact.id for fact in facts), *(one.id for one in indicators)]:
        if not _ID.fullmatch(name):
            faults.append(f"{name!r} can't name a column (small letters, digits and underscores, a letter first)")
        elif name in RESERVED:
            faults.append(f"{name!r} is a column that the rows already have")
    return facts, indicators, faults


def _entry_faults(entry: Mapping[str, Any], needed: set[str], allowed: set[str]) -> list[str]:
    faults = [f"{key} is missing" for key in sorted(needed - entry.keys())]
    faults += [f"{key} is not known" for key in sorted(entry.keys() - needed - allowed)]
    faults += [f"{key} must be text" for key, value in entry.items() if not isinstance(value, str)]
    if faults:
        return faults
    if "type" in needed and entry["type"] not in TYPES:
        faults.append(f"type {entry['type']!r} is not one of {', '.join(TYPES)}")
    if "each" in entry and entry["each"] not in FAMILIES:
        faults.append(f"each {entry['each']!r} is not one of {', '.join(FAMILIES)}")
    if "each" in entry and "{value}" not in entry["id"]:
        faults.append("the id of a family needs {value}")
    if any(";" in entry.get(key, "") for key in ("sql", "roll_up")):
        faults.append("the SQL must be one expression, without ';'")
    return faults


def _spread(entry: Mapping[str, str], scheme: Scheme) -> list[Indicator]:
    """Make the indicators of an entry: one, or one for each value of the part of the scheme that it names."""
    texts = {key: entry[key] for key in ("id", "label", "definition")}
    rest = {key: entry[key] for key in ("unit", "type", "sql")}
    values: Mapping[str, str] = getattr(scheme, entry["each"]) if "each" in entry else {"": ""}
    out = []
    for value, meaning in values.items():
        label = scheme.labels.get(value, value.replace("_", " "))
        filled = {
            key: text.replace("{value}", value).replace("{label}", label).replace("{meaning}", meaning) if value else text
            for key, text in texts.items()
        }
        default = {"integer": f'coalesce(sum("{filled["id"]}"), 0)', "date": f'max("{filled["id"]}")'}.get(entry["type"], "")
        out.append(Indicator(**filled, **rest, roll_up=entry.get("roll_up", default), value=value or None))
    return out
