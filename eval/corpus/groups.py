"""Which children a record is about, as its metadata say: one reading of them, for the datasheet and for the models' cards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from voicenlp.io.annotations import Record

__all__ = ["GROUPS", "groups_of"]

GROUPS = {
    "disabled": r"disab|autis|wheelchair|pmld|cerebral|learning|down|hearing|deaf|blind|epilep|sen\b|send\b|adhd|visual",
    "does not use speech": r"no_speech|non-?verbal|makaton|pecs|eye[ -]?(?:gaze|point|yes)|no speech|bsl|signs"
    r"|signing|podd|not use speech|communication aid|pre-?verbal",
    "first language not English": r"\beal\b|language|interpreter|arabic|polish|somali|romanian|kurdish|tigrinya|dari|urdu",
    "unaccompanied": r"unaccompanied|uasc|asylum",
    "care leaver": r"care[_ ]leaver|leaving care",
    "early years": r"early_years|baby|toddler|nursery",
    "siblings": r"sibling|twin",
}
"""Groups, with what in the metadata tells of each. Second-person records are one more."""
_RELATIVE = re.compile(r"\b(?:brother|sister|sibling|twin|mother|mum|father|dad|parent|carer)s?\b[^,;.]*")
_YOU = re.compile(r"\b[Yy]ou (?:told|said|showed) (?:me|us)\b")


def groups_of(record: Record) -> set[str]:
    """Return the groups of the child in focus, from the list ``child_groups`` where there is one, else from the notes on the child.

    Of free notes, what is said of a relative ("brother non-verbal") does not count for the child.

    >>> sorted(groups_of(Record("n1", "", meta={"focus_child": {"age": 3, "notes": "eye gaze; parent care leaver"}})))
    ['does not use speech', 'early years']
    >>> groups_of(Record("n2", "", meta={"child_groups": ["disabled", "ethnicity:Polish"]}))
    {'disabled'}
    """
    labels, age = record.meta.get("child_groups"), _focus(record.meta).get("age")
    if isinstance(labels, list):
        told = own = " ".join(one for one in map(str, labels) if not one.startswith("ethnicity")).lower()
    else:
        told = str(_focus(record.meta).get("notes") or "").lower()
        own = _RELATIVE.sub(" ", told)
    found = {name for name, pattern in GROUPS.items() if re.search(pattern, told if name == "siblings" else own)}
    if isinstance(age, int | float):  # surer than words: "baby" may be a brother
        found = found | {"early years"} if age < 5 else found - {"early years"}
    flag = record.meta.get("second_person")
    if flag if isinstance(flag, bool) else _YOU.search(record.text):
        found.add("second person")
    return found


def _focus(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    focus = meta.get("focus_child")
    return focus if isinstance(focus, Mapping) else {}
