"""Settings: from ``voicenlp.toml`` in the working folder, then ``VOICENLP_*`` in the environment, then arguments; the last counts."""

from __future__ import annotations

import difflib
import getpass
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from voicenlp.errors import InputError, UsageError

if TYPE_CHECKING:
    from voicenlp.audit.policy import Policy

__all__ = ["FILE", "Settings", "os_user", "read_settings"]

FILE = "voicenlp.toml"
"""Name of the settings file in the working folder."""

_PREFIX = "VOICENLP_"

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\r\n]*$")]


def os_user() -> str:
    """Return the name under which the user is logged in, ``unknown`` if the system does not tell."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


class Settings(BaseModel):
    """All that can be set.

    Attributes
    ----------
    purpose, role, lawful_basis, dpia : str
        What the records are used for, in which role, on which lawful basis, under which data protection impact assessment: for the
        audit log.
    actor : str
        Who acts; by default the name of the user of the system.
    audit : Path, optional
        The audit log; by default ``audit.log`` in the folder of the run.
    key : Path, optional
        The authority's key, of the audit log's pseudonyms; by default ``<audit log>.key``.
    policy : Path, optional
        The authority's policy file (`voicenlp.audit.policy`); what it does not allow is refused, and lawful basis and DPIA come from it.
    opt_out : Path, optional
        The list of children and people not to be processed, honoured by every ``tag`` that is given no other.
    model : str
        Name of a model that comes with the package, or a folder.
    limit_chars : int
        Characters that one note may have; a longer one is rejected.
    workers : int
        Processes that tag.

    Examples
    --------
    >>> Settings(actor="s.khan", purpose="service review").who()["purpose"]
    'service review'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    purpose: Line = ""
    actor: Line = Field(default_factory=os_user)
    role: Line = ""
    lawful_basis: Line = ""
    dpia: Line = ""
    audit: Path | None = None
    key: Path | None = None
    policy: Path | None = None
    opt_out: Path | None = None
    model: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = "neural"
    limit_chars: Annotated[int, Field(ge=1)] = 2_000_000
    workers: Annotated[int, Field(ge=1, le=1024)] = 1

    def who(self) -> dict[str, str]:
        """Return what an `AuditLog` is opened with: actor, role, purpose, lawful_basis and dpia."""
        return {name: getattr(self, name) for name in ("actor", "role", "purpose", "lawful_basis", "dpia")}

    def in_force(self) -> Policy | None:
        """Read the policy, if one is set.

        Raises
        ------
        PolicyError
            If it can't be read, or has unknown or wrong fields.
        """
        if self.policy is None:
            return None
        from voicenlp.audit.policy import read_policy

        return read_policy(self.policy)

    def granted(self) -> dict[str, Any]:
        """Return what an `AuditLog` is opened with, once the policy has allowed it; lawful basis and DPIA are then the policy's.

        Without a policy they are those of the settings, and where there are none the log says ``no policy`` in their place.

        Raises
        ------
        PolicyError
            If the policy does not allow the purpose, or not to who acts; or can't be read.

        Examples
        --------
        >>> Settings(actor="s.khan", purpose="service review").granted()["lawful_basis"]
        'no policy'
        """
        from voicenlp.audit.policy import NO_POLICY

        policy = self.in_force()
        if policy is None:
            return {**self.who(), "lawful_basis": self.lawful_basis or NO_POLICY, "dpia": self.dpia or NO_POLICY, "policy": None}
        grant = policy.grant(self.purpose, self.actor, self.role)
        return {**self.who(), **grant._asdict(), "policy": policy.source}

    def noted(self) -> dict[str, Any]:
        """Return the settings that change results, for the audit log and ``run.json``; a model's folder by its base name."""
        return {"model": Path(self.model).name, "limit_chars": self.limit_chars}


def read_settings(folder: str | Path | None = None, environ: Mapping[str, str] | None = None, /, **arguments: Any) -> Settings:
    """Read the settings from all places where they can stand.

    Parameters
    ----------
    folder : str or Path, optional
        Where ``voicenlp.toml`` may lie; by default the working folder. Paths in it are taken from there.
    environ : Mapping, optional
        By default the environment of the process. An empty value counts as not set.
    **arguments
        Settings given by the caller; those that are None count as not given.

    Raises
    ------
    InputError
        If ``voicenlp.toml`` can't be read.
    UsageError
        If a setting is unknown or its value can't be used: all faults, a line each, with the place where it stands.

    Examples
    --------
    >>> read_settings("/nowhere", {"VOICENLP_WORKERS": "2", "VOICENLP_ROLE": "analyst"}, role="manager", dpia=None).workers
    2
    >>> read_settings("/nowhere", {"VOICENLP_WORKERS": "many"}, purpos="review")
    Traceback (most recent call last):
    voicenlp.errors.UsageError: argument purpos: no such setting; did you mean purpose?
    VOICENLP_WORKERS: Input should be a valid integer, unable to parse string as an integer
    """
    folder = Path(folder) if folder is not None else Path()
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    faults = []
    for name, value, place in [*_from_file(folder), *_from_environ(environ), *_from_arguments(arguments)]:
        if name in Settings.model_fields:
            values[name], places[name] = value, place
        else:
            near = difflib.get_close_matches(name, Settings.model_fields, n=1)
            faults.append(f"{place}: no such setting" + (f"; did you mean {near[0]}?" if near else ""))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        faults += [f"{places[str(fault['loc'][0])]}: {_plain(fault)}" for fault in found]
    if faults:
        raise UsageError("\n".join(faults))
    return settings


def _plain(fault: Any) -> str:
    return "must be a single line" if fault["type"] == "string_pattern_mismatch" else str(fault["msg"])


def _from_file(folder: Path) -> list[tuple[str, Any, str]]:
    path = folder / FILE
    try:
        found = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"can't be read ({error.strerror})", source=path) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text", source=path) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", source=path) from None
    paths = ("audit", "key", "policy", "opt_out")
    return [
        (name, folder / value if name in paths and isinstance(value, str) else value, f"{FILE}: {name}") for name, value in found.items()
    ]


def _from_environ(environ: Mapping[str, str]) -> list[tuple[str, Any, str]]:
    found = sorted(name for name, value in environ.items() if name.upper().startswith(_PREFIX) and value.strip())
    return [(name[len(_PREFIX) :].lower(), environ[name], name) for name in found]


def _from_arguments(arguments: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    return [(name, value, f"argument {name}") for name, value in arguments.items() if value is not None]
