"""Policies of disclosure control, read from ``resources/disclosure.toml`` and an authority's own file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from voicenlp.errors import PolicyError

__all__ = ["LEVELS", "Policy", "load_policies", "load_policy"]

LEVELS = ("authority", "region", "england")
"""Whose figures a table holds; what is rounded goes by it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done to a table about groups before anybody outside may see it.

    Attributes
    ----------
    name, title : str
        What it is called, and that for people.
    source, said, differs : str
        The address of the guidance it follows, what that says, and where this policy does otherwise.
    hide_from, hide_to : int
        Counts from … to … are hidden, both included; none if `hide_to` is below `hide_from`.
    symbol, near_zero, missing : str
        Stand for what is hidden; what would round to zero and is not (empty: shown as zero); what is not there.
    secondary : bool
        Hide further counts until none of the first can be worked out from totals.
    round_to : Mapping[str, int]
        By level: counts are shown to the nearest of that.
    rates : {"exact", "shown"}
        Whether rates are shown as they are, or made again of rounded counts.
    decimals : int
        Decimal places of rates; -1 leaves them as they are.
    """

    name: str
    title: str
    source: str
    said: str
    differs: str
    hide_from: int
    hide_to: int
    symbol: str
    secondary: bool
    round_to: Mapping[str, int]
    rates: str
    decimals: int
    near_zero: str
    missing: str

    def hides(self, count: int) -> bool:
        """Whether a count is too small to be shown.

        Examples
        --------
        >>> [load_policy("dfe-children-in-need").hides(n) for n in (0, 1, 5, 6)]
        [False, True, True, False]
        """
        return self.hide_from <= count <= self.hide_to


_KINDS: dict[str, type] = {
    "title": str, "source": str, "said": str, "differs": str, "symbol": str, "near_zero": str, "missing": str, "rates": str,
    "hide_from": int, "hide_to": int, "decimals": int, "secondary": bool, "round_to": dict,
}  # fmt: skip


def load_policy(name: str, path: str | Path | None = None) -> Policy:
    """Return a policy by its name.

    Parameters
    ----------
    name : str
    path : path, optional
        An authority's own policies, beside those that come with the package.

    Raises
    ------
    PolicyError
        If there is none of that name, or the file can't be read or has a fault.

    Examples
    --------
    >>> load_policy("dfe-looked-after").round_to["authority"]
    1
    """
    known = load_policies(path)
    if name not in known:
        raise PolicyError(f"disclosure policy {name!r} is not known; there are {', '.join(known)}")
    return known[name]


def load_policies(path: str | Path | None = None) -> dict[str, Policy]:
    """Return all policies by name: those that come with the package and, from `path`, an authority's own.

    Raises
    ------
    PolicyError
        If the file can't be read, or has unknown fields, fields of the wrong kind or values that make no sense; all are named at once.

    Examples
    --------
    >>> list(load_policies())
    ['dfe-children-in-need', 'dfe-looked-after', 'none']
    """
    tables = _tables(files("voicenlp").joinpath("resources/disclosure.toml").read_text(encoding="utf-8"), "resources/disclosure.toml")
    if path is not None:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: can't be read ({type(error).__name__})") from None
        for name, own in _tables(text, path).items():
            if isinstance(own, dict):
                tables[name] = {**tables.get(name, {}), **own}
            else:
                raise PolicyError(f"{path}: [policies.{name}] must be a table")
    faults = [fault for name, table in tables.items() for fault in _faults(name, table)]
    if faults:
        raise PolicyError(f"{path or 'resources/disclosure.toml'}: " + "; ".join(faults))
    return {name: Policy(name=name, **table) for name, table in tables.items()}


def _tables(text: str, source: object) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{source}: not a readable TOML file ({error})") from None
    if unknown := sorted(set(data) - {"version", "policies"}):
        raise PolicyError(f"{source}: {', '.join(unknown)}: not known")
    policies = data.get("policies", {})
    if not isinstance(policies, dict):
        raise PolicyError(f"{source}: [policies] must be a table")
    return policies


def _faults(name: str, table: Mapping[str, Any]) -> list[str]:
    where = f"[policies.{name}]"
    out = [f"{where} {key}: not known" for key in table if key not in _KINDS]
    out += [f"{where} {field.name} is missing" for field in fields(Policy) if field.name != "name" and field.name not in table]
    out += [
        f"{where} {key} must be {_named(kind)}"
        for key, kind in _KINDS.items()
        if key in table and (not isinstance(table[key], kind) or (kind is int and isinstance(table[key], bool)))
    ]
    if out:
        return out
    if table["rates"] not in ("exact", "shown"):
        out.append(f"{where} rates must be exact or shown")
    if table["hide_from"] < 0:
        out.append(f"{where} hide_from must not be below 0")
    if not table["symbol"].strip() or any(char.isdigit() for char in table["symbol"]):
        out.append(f"{where} symbol must be a mark that is not a number")
    if set(table["round_to"]) != set(LEVELS) or not all(type(n) is int and n >= 1 for n in table["round_to"].values()):
        out.append(f"{where} round_to must give a whole number from 1 for each of {', '.join(LEVELS)}")
    return out


def _named(kind: type) -> str:
    return {str: "text", int: "a whole number", bool: "true or false", dict: "a table"}[kind]
