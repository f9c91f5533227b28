"""The policy of an authority: what records may be read for, on which lawful basis, by whom, and how long what comes of it is kept.

It is a TOML file that the authority's information governance writes and keeps. What it can't do: who acts, and in which role, is what the
user's system and settings say. That only those act who may is a matter of accounts and of the folders' rights.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from voicenlp.audit.fields import FileRef
from voicenlp.errors import PolicyError

__all__ = ["NO_POLICY", "Grant", "Policy", "Purpose", "Retention", "plain_purpose", "read_policy"]

NO_POLICY = "no policy"
"""What stands for lawful basis and DPIA where neither a policy nor the settings give one."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\r\n]*$")]


def plain_purpose(purpose: str) -> str:
    """Return a purpose as purposes are compared: without regard to case and to how many blanks stand between words.

    Examples
    --------
    >>> plain_purpose("Service  Review ")
    'service review'
    """
    return " ".join(purpose.casefold().split())


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Purpose(_Part):
    """What records may be read for.

    Attributes
    ----------
    lawful_basis, dpia : str
        The basis in law, and the reference of the data protection impact assessment.
    roles, actors : tuple of str
        Who may; where neither names anybody, everybody who can use the tool.
    until : datetime.date, optional
        Last day on which it is allowed.
    """

    lawful_basis: Line
    dpia: Line
    roles: tuple[Line, ...] = ()
    actors: tuple[Line, ...] = ()
    until: dt.date | None = None

    def allows(self, actor: str, role: str) -> bool:
        """Say whether somebody may, in a role."""
        if not self.roles and not self.actors:
            return True
        return actor in self.actors or role.casefold() in {one.casefold() for one in self.roles}


class Retention(_Part):
    """How long something is kept.

    Attributes
    ----------
    covers : {"records", "derived"}
        Records of children; or what the tool made of them: spans, indicators, reports.
    counted_from : {"birth", "closed", "made"}
        In TOML ``from``: the child's birth, the day the case was closed, or the day it was made. ``derived`` goes with ``made`` only.
    years, months, days : int
        The term.
    after_death_years : int, optional
        The term from a child's death, where it died before it was 18; counted instead.
    basis : str
        The law or the schedule that says so.
    """

    covers: Literal["records", "derived"] = "records"
    counted_from: Annotated[Literal["birth", "closed", "made"], Field(alias="from")]
    years: Annotated[int, Field(ge=0, le=200)] = 0
    months: Annotated[int, Field(ge=0, le=2400)] = 0
    days: Annotated[int, Field(ge=0, le=73000)] = 0
    after_death_years: Annotated[int, Field(ge=0, le=200)] | None = None
    basis: str = ""

    @model_validator(mode="after")
    def _sensible(self) -> Retention:
        if not self.years + self.months + self.days:
            raise ValueError("a term is missing: years, months or days")
        if (self.covers == "derived") != (self.counted_from == "made"):
            raise ValueError("what is derived is kept from the day it was made, and records from birth or from the closing of the case")
        return self

    def due(self, start: dt.date, died: dt.date | None = None, born: dt.date | None = None) -> dt.date:
        """Return the day from which it is no longer kept.

        Parameters
        ----------
        start : datetime.date
            Birth, closing or making, as `counted_from` says.
        died, born : datetime.date, optional
            Of a child that died.

        Examples
        --------
        >>> LOOKED_AFTER.due(dt.date(2012, 2, 29))
        datetime.date(2087, 3, 1)
        >>> LOOKED_AFTER.due(dt.date(2012, 2, 29), died=dt.date(2020, 5, 1), born=dt.date(2012, 2, 29))
        datetime.date(2035, 5, 1)
        """
        if self.after_death_years is not None and died is not None and born is not None and died < _later(born, 18 * 12):
            return _later(died, 12 * self.after_death_years)
        return _later(start, 12 * self.years + self.months) + dt.timedelta(days=self.days)


LOOKED_AFTER = Retention.model_validate(
    {
        "from": "birth",
        "years": 75,
        "after_death_years": 15,
        "basis": "Care Planning, Placement and Case Review (England) Regulations 2010, regulation 50",
    }
)
"""The one class that the law itself sets; a policy may name more, and may not shorten it."""


def _later(day: dt.date, months: int) -> dt.date:
    """Return the same day some months later; the first of the next month where that month has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return dt.date(year, month + 1, day.day)
    except ValueError:
        year, month = divmod(year * 12 + month + 1, 12)
        return dt.date(year, month + 1, 1)


class Grant(NamedTuple):
    """What a policy gives with a purpose."""

    purpose: str
    lawful_basis: str
    dpia: str


class Policy(_Part):
    """A policy as it was read.

    Attributes
    ----------
    authority, contact, version : str
        Whose policy it is, whom families turn to, and which edition.
    purposes : dict of str to Purpose
    retention : dict of str to Retention
        By class; ``looked_after`` (75 years from birth) is there also where the file does not name it.
    source : FileRef
        Name and hash of the file.
    """

    authority: Line = ""
    contact: Line = ""
    version: Line = ""
    purposes: Annotated[dict[Line, Purpose], Field(min_length=1)]
    retention: dict[Line, Retention] = Field(default_factory=dict)
    source: FileRef

    def grant(self, purpose: str, actor: str, role: str, today: dt.date | None = None) -> Grant:
        """Look whether somebody may read records for a purpose.

        Raises
        ------
        PolicyError
            If not, with the reason.
        """
        named = {plain_purpose(name): name for name in self.purposes}
        there = f"it allows: {'; '.join(self.purposes)}"
        if not purpose.strip():
            raise PolicyError(f"{self.source.name}: the policy wants a purpose to be given (--purpose); {there}")
        name = named.get(plain_purpose(purpose))
        if name is None:
            raise PolicyError(f"{self.source.name}: the policy does not allow the purpose {purpose!r}; {there}")
        found = self.purposes[name]
        if found.until is not None and (today or dt.datetime.now(dt.UTC).date()) > found.until:
            raise PolicyError(f"{self.source.name}: the policy allowed the purpose {name!r} until {found.until:%d/%m/%Y}")
        if not found.allows(actor, role):
            may = [f"in the role {role}" for role in found.roles] + list(found.actors)
            acting = f"{actor} in the role {role}" if role else f"{actor}, who has no role (VOICENLP_ROLE, or role in voicenlp.toml)"
            raise PolicyError(f"{self.source.name}: the policy does not allow the purpose {name!r} to {acting}; who may: {', '.join(may)}")
        return Grant(name, found.lawful_basis, found.dpia)


def read_policy(path: str | Path) -> Policy:
    r"""Read a policy file.

    Parameters
    ----------
    path : str or Path
        TOML: ``authority``, ``contact``, ``version``; a table ``[purposes."NAME"]`` for each purpose (`Purpose`), and ``[retention.NAME]``
        for each class of retention (`Retention`).

    Raises
    ------
    PolicyError
        If it can't be read, or has unknown, missing or wrong fields: all faults, a line each.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "policy.toml")
    ...     _ = path.write_text('[purposes."service review"]\nlawful_basis = "6(1)(e)"\ndpia = "DPIA 14"\nroles = ["analyst"]\n')
    ...     read_policy(path).grant("Service review", actor="s.khan", role="analyst").dpia
    'DPIA 14'
    """
    try:
        data = Path(path).read_bytes()
        found = tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise PolicyError(f"{path}: the policy can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: the policy is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}: the policy is not TOML: {error}") from None
    faults = ["source: no such field"] if found.pop("source", None) is not None else []
    source = FileRef(name=Path(path).resolve().name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    policy = None
    try:
        policy = Policy.model_validate({**found, "source": source})
    except ValidationError as error:
        faults += [_fault(one) for one in error.errors(include_url=False, include_input=False, include_context=False)]
    if policy is not None:
        faults += _contradictions(policy)
    if faults or policy is None:
        raise PolicyError("\n".join(f"{path}: {fault}" for fault in faults))
    return policy.model_copy(update={"retention": {"looked_after": LOOKED_AFTER, **policy.retention}})


def _contradictions(policy: Policy) -> list[str]:
    faults = []
    seen: dict[str, str] = {}
    for name in policy.purposes:
        if other := seen.get(plain_purpose(name)):
            faults.append(f"purposes.{name}: the same purpose as {other}")
        seen[plain_purpose(name)] = name
    own = policy.retention.get("looked_after")
    if own is not None and (own.covers != "records" or own.counted_from != "birth" or own.years < LOOKED_AFTER.years):
        faults.append(f"retention.looked_after: the law keeps these records {LOOKED_AFTER.years} years from birth; it can't be less")
    return faults


_SAID = {"missing": "is missing", "too_short": "names none", "dict_type": "must be a table", "model_type": "must be a table"}


def _fault(fault: Any) -> str:
    place = [str(part) for part in fault["loc"] if part != "[key]"]
    where = ".".join(place) or "policy"
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _fields_at(place[:-1]), n=1)
        return f"{where}: no such field" + (f"; did you mean {near[0]}?" if near else "")
    return f"{where}: {_SAID.get(fault['type'], str(fault['msg']).removeprefix('Value error, '))}"


def _fields_at(place: list[str]) -> list[str]:
    """Return the names that fields have at a place of the file."""
    cls: Any = Policy
    for part in place:
        if isinstance(cls, type) and issubclass(cls, BaseModel):
            field = cls.model_fields.get(part)
            cls = field.annotation if field else None
            continue
        cls = get_args(cls)[1] if get_origin(cls) is dict else None
    if not (isinstance(cls, type) and issubclass(cls, BaseModel)):
        return []
    return [field.alias or name for name, field in cls.model_fields.items() if name != "source"]
