"""Children's ids: tidied so that the same id written in two ways is found, without joining what is not the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["KeyClash", "KeyMatch", "match_keys", "tidy_key"]

# Spaces of every kind, byte-order marks and zero-width characters come along when ids are copied between systems.
_DEBRIS = re.compile(r"[\s\u00a0\ufeff\u200b-\u200d\u2060]+")


@dataclass(frozen=True, slots=True)
class KeyClash:
    """Two or more different ids on one side that tidy to the same key.

    Attributes
    ----------
    side : str
        ``return`` or ``notes``.
    ids : tuple of str
        The ids as written, sorted.
    """

    side: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class KeyMatch:
    """Which id of the return is which id of the notes.

    Attributes
    ----------
    pairs : dict of str to str
        Id as the return writes it to the id as the notes write it.
    clashes : tuple of KeyClash
        Ids that could not be told apart once tidied; they are joined only where both sides write them alike.
    unclear : frozenset of str
        Ids of the return that were not joined because of a clash.
    """

    pairs: dict[str, str]
    clashes: tuple[KeyClash, ...]
    unclear: frozenset[str]


def tidy_key(raw: str | None) -> str:
    """Return an id without spaces and invisible characters, case-folded, without leading zeros; empty for none.

    Examples
    --------
    >>> tidy_key(" 0012AB "), tidy_key("000"), tidy_key(None)
    ('12ab', '0', '')
    """
    bare = _DEBRIS.sub("", raw or "").casefold()
    return bare.lstrip("0") or ("0" if bare else "")


def match_keys(in_return: Iterable[str], in_notes: Iterable[str]) -> KeyMatch:
    """Match the ids of a return with those of the notes.

    An id that both sides write alike is the same. Beyond that, two ids are the same where they tidy to one key and no other id on either
    side does.

    Examples
    --------
    >>> match = match_keys(["0012", "AB1", "7"], ["12", "ab1", "07", "007"])
    >>> match.pairs
    {'0012': '12', 'AB1': 'ab1'}
    >>> [(clash.side, clash.ids) for clash in match.clashes], sorted(match.unclear)
    ([('notes', ('007', '07'))], ['7'])
    """
    left, right = dict.fromkeys(i for i in in_return if tidy_key(i)), dict.fromkeys(i for i in in_notes if tidy_key(i))
    by_key: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, ids in enumerate((left, right)):
        for one in ids:
            by_key[tidy_key(one)][side].append(one)
    pairs, clashes, unclear = {}, [], set()
    for here, there in by_key.values():
        clashes += [KeyClash(name, tuple(sorted(ids))) for name, ids in (("return", here), ("notes", there)) if len(ids) > 1]
        for one in here:
            if one in right:
                pairs[one] = one
            elif there and len(here) == len(there) == 1:
                pairs[one] = there[0]
            elif there:
                unclear.add(one)
    return KeyMatch(pairs, tuple(clashes), frozenset(unclear))
