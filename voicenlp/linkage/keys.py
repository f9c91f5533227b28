"""Children's ids: tidied so that the same id written in two ways is found, without joining what is not the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["KeyClash", "KeyMatch", "match_keys", "tidy_key"]

# Spaces of every kind, byte-order marks and zero-width characters come along when ids are copied between systems.
_DEBRIS = re.compile(r"[\s\u00a0\ufeff\u200b-\u200d\u2060]+")
LIMIT = 10  # characters that a child's id has at most in the statutory returns; some systems cut longer ones


@dataclass(frozen=True, slots=True)
class KeyClash:
    """Two or more different ids on one side that can't be told apart: they tidy to one key, or begin with the same ten characters.

    Attributes
    ----------
    side : str
        ``return`` or ``notes``.
    ids : tuple of str
        The ids as written, sorted.
    cut : bool
        Whether it is the first ten characters that they share.
    """

    side: str
    ids: tuple[str, ...]
    cut: bool = False


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
    cut : frozenset of str
        Ids of the return that were joined by their first ten characters.
    crossed : frozenset of str
        Ids of the return that were joined by a crosswalk.
    """

    pairs: dict[str, str]
    clashes: tuple[KeyClash, ...]
    unclear: frozenset[str]
    cut: frozenset[str] = field(default_factory=frozenset)
    crossed: frozenset[str] = field(default_factory=frozenset)


def tidy_key(raw: str | None) -> str:
    """Return an id without spaces and invisible characters, case-folded, without leading zeros; empty for none.

    Examples
    --------
    >>> tidy_key(" 0012AB "), tidy_key("000"), tidy_key(None)
    ('12ab', '0', '')
    """
    bare = _bare(raw)
    return bare.lstrip("0") or ("0" if bare else "")


def _bare(raw: str | None) -> str:
    return _DEBRIS.sub("", raw or "").casefold()


def match_keys(
    in_return: Iterable[str], in_notes: Iterable[str], crosswalk: Mapping[str, str] | None = None, nobodys: Iterable[str] = ()
) -> KeyMatch:
    """Match the ids of a return with those of the notes.

    An id that both sides write alike is the same. Beyond that, two ids are the same where they tidy to one key and no other id on either
    side does. Last, where one side never writes more than ten characters, an id of ten is taken for a longer one of the other side that it
    begins, if it begins no other.

    Parameters
    ----------
    in_return, in_notes : iterable of str
        Ids as written.
    crosswalk : mapping of str to str, optional
        Id of the return to id of the notes, both as written here; empty: it can't be told which. These are joined so and in no other way:
        an id of either side that the crosswalk names is no longer matched by what it looks like.
    nobodys : iterable of str
        Ids of the notes that are not to be matched at all.

    Examples
    --------
    >>> match = match_keys(["0012", "AB1", "7"], ["12", "ab1", "07", "007"])
    >>> match.pairs
    {'0012': '12', 'AB1': 'ab1'}
    >>> [(clash.side, clash.ids) for clash in match.clashes], sorted(match.unclear)
    ([('notes', ('007', '07'))], ['7'])
    """
    crosswalk = crosswalk or {}
    left, right = dict.fromkeys(i for i in in_return if tidy_key(i)), dict.fromkeys(i for i in in_notes if tidy_key(i))
    crossed = {here: there for here, there in crosswalk.items() if here in left and there in right}
    taken = {*crosswalk.values(), *nobodys}
    left = {one: None for one in left if one not in crosswalk}
    right = {one: None for one in right if one not in taken}
    by_key: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for side, ids in enumerate((left, right)):
        for one in ids:
            by_key[tidy_key(one)][side].append(one)
    pairs, clashes = dict(crossed), []
    unclear = {here for here, there in crosswalk.items() if not there}
    for here, there in by_key.values():
        clashes += [KeyClash(name, tuple(sorted(ids))) for name, ids in (("return", here), ("notes", there)) if len(ids) > 1]
        for one in here:
            if one in right:
                pairs[one] = one
            elif there and len(here) == len(there) == 1:
                pairs[one] = there[0]
            elif there:
                unclear.add(one)
    used = set(pairs.values())
    cut, cut_clashes, cut_unclear = _cut(
        [i for i in left if i not in pairs and i not in unclear], [i for i in right if i not in used], left, right
    )
    return KeyMatch(pairs | cut, (*clashes, *cut_clashes), frozenset(unclear | cut_unclear), frozenset(cut), frozenset(crossed))


def _cut(
    here: list[str], there: list[str], all_here: Iterable[str], all_there: Iterable[str]
) -> tuple[dict[str, str], list[KeyClash], set[str]]:
    """Match ids that one side cut at ten characters; of those left over, but against all ids of the longer side."""
    pairs: dict[str, str] = {}
    clashes: list[KeyClash] = []
    unclear: set[str] = set()
    for short, long, every_short, every_long, turned in (
        (here, there, all_here, all_there, False),
        (there, here, all_there, all_here, True),
    ):
        if any(len(_bare(one)) > LIMIT for one in every_short):
            continue  # that side has no such limit
        begins: dict[str, list[str]] = defaultdict(list)
        for one in every_long:
            if len(_bare(one)) > LIMIT:
                begins[_bare(one)[:LIMIT]].append(one)
        left_over = set(long)
        same: dict[str, list[str]] = defaultdict(list)
        for one in short:
            if len(_bare(one)) == LIMIT and _bare(one) in begins:
                same[_bare(one)].append(one)
        for start, ones in same.items():
            longer = begins[start]
            if len(ones) == len(longer) == 1 and longer[0] in left_over:
                pair = (longer[0], ones[0]) if turned else (ones[0], longer[0])
                pairs[pair[0]] = pair[1]
            else:
                clashes += [KeyClash("return" if turned else "notes", tuple(sorted(longer)), cut=True)] if len(longer) > 1 else []
                unclear.update((one for one in longer if one in left_over) if turned else ones)
    return pairs, clashes, unclear
