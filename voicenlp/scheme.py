"""The annotation scheme: which elements, speakers, expressions, channels, themes, chances and outcomes there are.

The values live in ``resources/scheme.toml``; an authority can add its own. The elements follow Lundy's model of participation
(space, voice, audience, influence; Lundy 2007, *British Educational Research Journal* 33(6)).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from voicenlp.errors import SchemeError

__all__ = ["Scheme", "default_scheme"]


@dataclass(frozen=True)
class Scheme:
    """All values that a span may carry, each with its meaning.

    Attributes
    ----------
    version : str
        Version of the scheme; models and corpora name the one they were made for.
    elements, speakers, expressions, channels, themes, given, missed, outcomes : Mapping[str, str]
        Value to meaning. ``given`` and ``missed`` are the ways in which a chance was, or was not, given.

    Examples
    --------
    >>> scheme = default_scheme()
    >>> list(scheme.elements)
    ['voice', 'space', 'audience', 'influence']
    >>> "parent" in scheme.speakers
    True
    """

    version: str
    elements: Mapping[str, str]
    speakers: Mapping[str, str]
    expressions: Mapping[str, str]
    channels: Mapping[str, str]
    themes: Mapping[str, str]
    given: Mapping[str, str]
    missed: Mapping[str, str]
    outcomes: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: object = "scheme") -> Scheme:
        """Build a scheme from the tables of a TOML file.

        Raises
        ------
        SchemeError
            If a table is missing or a meaning is not text.
        """
        space = data.get("space", {})
        tables = {name: data.get(name) for name in ("elements", "speakers", "expressions", "channels", "themes", "outcomes")}
        tables |= {"given": space.get("given"), "missed": space.get("missed")}
        faults = [f"table [{name}] is missing" for name, table in tables.items() if not table]
        faults += [
            f"[{name}] {value}: the meaning must be text"
            for name, table in tables.items()
            for value, meaning in (table or {}).items()
            if not isinstance(meaning, str)
        ]
        if faults:
            raise SchemeError(f"{source}: " + "; ".join(faults))
        return cls(version=str(data.get("version", "")), labels=data.get("labels", {}), **tables)  # type: ignore[arg-type]

    def extended(self, path: str | Path) -> Scheme:
        """Return this scheme with the values of an authority's own TOML file added.

        The file holds the same tables as ``resources/scheme.toml``, each with only the values it adds or whose meaning it rewrites, and
        may hold ``[labels]``: value to the words shown in reports.
        """
        try:
            own = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SchemeError(f"{path}: not a readable TOML file ({error})") from None
        merged: dict[str, Any] = {
            "version": f"{self.version}+{own.get('version', Path(path).stem)}",
            "labels": {**self.labels, **own.get("labels", {})},
            "space": {
                "given": {**self.given, **own.get("space", {}).get("given", {})},
                "missed": {**self.missed, **own.get("space", {}).get("missed", {})},
            },
        }
        for name in ("elements", "speakers", "expressions", "channels", "themes", "outcomes"):
            merged[name] = {**getattr(self, name), **own.get(name, {})}
        return Scheme.from_dict(merged, source=path)

    def faults(self, span: Mapping[str, Any]) -> list[str]:
        """Say what is wrong with a span given as a mapping (one ``spans`` entry of the JSON Lines form); empty if nothing is.

        Examples
        --------
        >>> default_scheme().faults({"element": "audience", "start": 4, "end": 2, "speaker": "aunt"})
        ['end 2 is not after start 4', "speaker 'aunt' is not in the scheme"]
        """
        out = []
        element = span.get("element")
        if element not in self.elements:
            return [f"element {element!r} is not in the scheme"]
        start, end = span.get("start"), span.get("end")
        if not isinstance(start, int) or not isinstance(end, int) or isinstance(start, bool) or start < 0:
            out.append(f"start {start!r} and end {end!r} must be whole numbers from 0")
        elif end <= start:
            out.append(f"end {end} is not after start {start}")
        checks: list[tuple[str, Mapping[str, str], bool]] = [("speaker", self.speakers, True)]
        if element == "voice":
            checks += [("expression", self.expressions, False), ("channel", self.channels, False), ("via", self.speakers, False)]
            checks += [("themes", self.themes, False)]
        elif element == "space":
            given = span.get("given")
            if given not in (None, True, False):
                out.append(f"given {given!r} must be true or false")
            allowed = self.given if given else self.missed
            if span.get("how") and span["how"] not in allowed:
                out.append(f"how {span['how']!r} does not go with given {given!r}")
        elif element == "influence":
            checks += [("outcome", self.outcomes, False)]
        for key, values, needed in checks:
            value = span.get(key)
            if value in (None, "", [], ()):
                if needed:
                    out.append(f"{key} is missing")
                continue
            for one in [value] if isinstance(value, str) else value:
                if one not in values:
                    out.append(f"{key} {one!r} is not in the scheme")
        return out


@cache
def default_scheme() -> Scheme:
    """Return the scheme that comes with the package."""
    text = files("voicenlp").joinpath("resources/scheme.toml").read_text(encoding="utf-8")
    return Scheme.from_dict(tomllib.loads(text), source="resources/scheme.toml")
