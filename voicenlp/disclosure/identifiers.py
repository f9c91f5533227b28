"""Numbers and addresses by which somebody can be found: NHS and National Insurance numbers, UPNs, postcodes, phones, emails, web addresses.

The patterns are our own, with the check digits that the issuing bodies publish. Presidio's recognisers of the same things can be added
(`presidio_identifiers`, with the optional extra ``screen``), and are not the default, for what they cost was measured (presidio-analyzer
2.2.366, one by one and without any spaCy model, which works): five packages and 52 MB more (48 MB of them phone prefixes of all countries),
an older preshed beside spaCy, 6 s to import, and a look for a list of domains on the internet when its email recogniser first runs. On the
same text they find no National Insurance or phone number that is reserved for examples, and hold every 10 digits of the right sum to be an
NHS number, as we do.
"""

# ruff: noqa: E501 - patterns read better in one line than in pieces
from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from voicenlp.errors import UsageError

__all__ = ["KINDS", "Found", "apart", "find_identifiers", "nhs_number", "presidio_identifiers", "upn"]

KINDS = ("email", "web address", "username", "NHS number", "National Insurance number", "UPN", "postcode", "address", "phone", "date of birth",
         "reference")  # fmt: skip
"""What `find_identifiers` tells apart; where two overlap, the one that reaches further counts, then the one that comes first here."""


class Found(NamedTuple):
    """Something that stands in a text: offsets in code points, and of what kind."""

    start: int
    end: int
    kind: str


def nhs_number(digits: str) -> bool:
    """Whether ten digits are an NHS number: the last one is a weighted sum of the others, modulo 11 (NHS Data Dictionary).

    Examples
    --------
    >>> nhs_number("9434765919"), nhs_number("9434765918")
    (True, False)
    """
    if not re.fullmatch(r"[0-9]{10}", digits):
        return False
    return sum(int(digit) * weight for digit, weight in zip(digits, range(10, 0, -1), strict=True)) % 11 == 0


def upn(text: str) -> bool:
    """Whether 13 characters are a unique pupil number: its first letter is a weighted sum of the rest, modulo 23 (DfE guide to UPNs).

    A temporary UPN ends in a letter.

    Examples
    --------
    >>> upn("B801200005001"), upn("A801200005001")
    (True, False)
    """
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    text = text.upper()
    if not re.fullmatch(r"[A-Z][0-9]{11}[0-9A-Z]", text) or not (text[-1].isdigit() or text[-1] in letters):
        return False
    numbers = [int(char) if char.isdigit() else letters.index(char) for char in text[1:]]
    return letters[sum(number * weight for number, weight in zip(numbers, range(2, 14), strict=True)) % 23] == text[0]


_AREAS = (
    "AB AL BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY EC EH EN EX FK FY GL GU GY HA HD HG HP HR HS "
    "HU HX IG IM IP IV JE KA KT KW KY LA LD LE LL LN LS LU ME MK ML NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM SA SE SG SK SL SM SN "
    "SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB WA WC WD WF WN WR WS WV YO ZE B E G L M N S W"
).replace(" ", "|")
_ROADS = (
    "Road|Rd|Street|St|Lane|Ln|Close|Cl|Avenue|Ave|Drive|Dr|Crescent|Cres|Court|Ct|Terrace|Place|Way|Grove|Gardens|Gdns|Walk|Row|Square|Mews|"
    "Rise|Hill|View|Green|Park|Parade|Mount|Croft|Fold|Bank"
)
_REFERENCE = (
    r"(?:(?:case|client|record|incident|crime|occurrence|log|file|pupil|child|person|mosaic|liquidlogic|lcs|eclipse|system)\s?"
    r"(?:no\.?|number|num|ref\.?|reference|id)?|ref\.?|reference|urn|id|uln|uci)"
)
_BEFORE_REFERENCE = re.compile(rf"(?<![\w]){_REFERENCE}(?:\s?(?:no\.?|number|is))?\s?[:#]?\s?$", re.I)


def _postcode(match: re.Match[str], _: str) -> bool:
    # "E2 1st" and "N1 2nd" are ordinals
    return match["inward"][1:] not in ("st", "nd", "rd", "th", "yr", "hr", "wk")


def _nhs(match: re.Match[str], text: str) -> bool:
    if re.search(r"\bNHS\b[^.\n]{0,16}$", text[max(0, match.start() - 30) : match.start()], re.I):
        return True  # whatever it is, it was given as one
    return nhs_number(re.sub(r"\D", "", match[0]))


def _insurance(match: re.Match[str], text: str) -> bool:
    if re.search(r"(?:\bNINO|\bNI|national insurance)\b[^.\n]{0,16}$", text[max(0, match.start() - 40) : match.start()], re.I):
        return True
    letters = match["prefix"].upper()
    # HMRC's manual NIM39110: letters and pairs that are not given out
    return not re.search(r"[DFIQUV]|.O", letters) and letters not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def _upn(match: re.Match[str], text: str) -> bool:
    return upn(match[0]) or bool(
        re.search(r"\b(?:UPN|pupil number)\b[^.\n]{0,12}$", text[max(0, match.start() - 30) : match.start()], re.I)
    )


def _phone(match: re.Match[str], text: str) -> bool:
    written = match[0]
    if re.match(r"\(?\d{1,2}[.\- ]\d{1,2}[.\- ](?:19|20)?\d{2}(?!\d)", written) or re.match(r"\d{4}-\d{2}-\d{2}", written):
        return False  # a date, with a time or a number behind it
    if _BEFORE_REFERENCE.search(text[max(0, match.start() - 30) : match.start()]):
        return False
    if written.startswith("+") and not written.startswith("+44"):
        return True
    digits = re.sub(r"\D", "", re.sub(r"^(?:\+|00)44[\s.-]?(?:\(0\))?", "0", written))
    if digits.startswith("00"):
        return False
    # 01 numbers may be one digit short, but ten digits in a row are more often something else
    return (len(digits) == 11 and digits[1] in "1235789") or (len(digits) == 10 and digits[1] == "1" and not written.isdigit())


def _reference(match: re.Match[str], text: str) -> bool:
    return sum(char.isdigit() for char in match["number"]) >= 4


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str], str], bool] | None, str], ...] = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+'’-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}"), None, ""),
    ("web address", re.compile(
        r"(?:https?://|\bwww\.)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]"
        r"|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.)+(?:com|org|net|info|io|(?:co|org|gov|ac|nhs|sch|police)\.uk)\b(?:/[^\s<>\"')\]]*[^\s<>\"')\].,;:!?])?", re.I), None, ""),
    ("username", re.compile(r"(?<![\w.@])@[A-Za-z_][\w.]{2,30}\b"), None, ""),
    ("NHS number", re.compile(r"(?<![\d+/-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\d/])"), _nhs, ""),
    ("National Insurance number", re.compile(r"(?<!\w)(?P<prefix>[A-Z]{2})[ .-]?\d{2}[ .-]?\d{2}[ .-]?\d{2}[ .-]?[A-D](?!\w)", re.I), _insurance, ""),
    ("UPN", re.compile(r"(?<!\w)[A-Z]\d{11}[\dA-Z](?!\w)", re.I), _upn, ""),
    ("postcode", re.compile(rf"(?<!\w)(?:GIR|(?:{_AREAS})\d[\dA-Z]?)[ \u00a0]{{0,2}}(?P<inward>\d[ABD-HJLNP-UW-Z]{{2}})(?!\w)", re.I), _postcode, ""),
    ("address", re.compile(
        rf"(?<![\w/])(?:(?:Flat|Apt|Room|Unit)\s\w{{1,4}},?\s)?\d{{1,4}}[A-Za-z]?,?\s(?:[A-Z][\w'’-]{{1,24}}\s){{1,3}}(?:{_ROADS})\b"), None, ""),
    ("phone", re.compile(
        r"(?<![\w/+.-])(?:(?:\+|00)44[\s.-]?(?:\(0\)[\s.-]?)?|\((?=0\d{1,5}\))0|0)\d(?:[ \u00a0.()-]{0,2}\d){7,9}(?![\d/])|(?<![\w/+])\+[1-9]\d{0,2}(?:[ .()-]{0,2}\d){7,12}(?!\d)"), _phone, ""),
    ("phone", re.compile(r"\b(?:tel|telephone|phone|mob|mobile)(?:\s(?:no\.?|number))?(?:\sis)?\s?[:.]?\s?(?P<number>\+?\(?\d(?:[ ().-]{0,2}\d){5,13})(?![\d/])", re.I), None, "number"),
    ("date of birth", re.compile(
        r"\b(?:d\.?o\.?b\.?|date of birth|born(?: on)?)\s?[:.]?\s?(?P<number>\d{1,2}(?:st|nd|rd|th)?[./ -](?:\d{1,2}|[A-Za-z]{3,9})[./ -]\d{2,4}|\d{4}-\d{2}-\d{2})\b", re.I), None, "number"),
    ("reference", re.compile(rf"(?<![\w]){_REFERENCE}(?:\s?(?:no\.?|number|is))?\s?[:#]?\s?(?P<number>[A-Z]{{0,4}}[/-]?\d[\dA-Z/-]{{3,20}})(?!\w)", re.I), _reference, "number"),
)  # fmt: skip


def find_identifiers(text: str, ids: Iterable[str] = ()) -> list[Found]:
    """Find the identifiers in a text.

    Parameters
    ----------
    text : str
    ids : iterable of str
        Numbers of the case-management system that are known to belong to these people; those of fewer than four characters are left aside.

    Returns
    -------
    list of Found
        In reading order, none overlapping another.

    Examples
    --------
    >>> text = "Ring 0113 496 0999, NHS no 943 476 5919, seen 01.02.2024 at LS1 4AP."
    >>> [(text[one.start : one.end], one.kind) for one in find_identifiers(text)]
    [('0113 496 0999', 'phone'), ('943 476 5919', 'NHS number'), ('LS1 4AP', 'postcode')]
    """
    found = []
    for kind, pattern, check, group in _RULES:
        for match in pattern.finditer(text):
            if check is None or check(match, text):
                found.append(Found(*match.span(group or 0), kind))
    for known in {one for one in ids if len(one) >= 4}:
        found += [Found(*match.span(), "reference") for match in re.finditer(rf"(?<!\w){re.escape(known)}(?!\w)", text, re.I)]
    return apart(found)


def apart(found: Iterable[Found]) -> list[Found]:
    """Keep of those that overlap the longest, and of equally long ones the kind that stands first in `KINDS`."""
    out: list[Found] = []
    order = {kind: at for at, kind in enumerate(KINDS)}
    together: list[Found] = []
    reach = 0
    for one in [*sorted(found), None]:  # one bunch that hangs together after the other, so that a long text takes no longer than it must
        if one is not None and (not together or one.start < reach):
            together.append(one)
            reach = max(reach, one.end)
            continue
        kept: list[Found] = []
        for other in sorted(together, key=lambda one: (one.start - one.end, order.get(one.kind, -1), one.start)):
            if all(other.end <= before.start or other.start >= before.end for before in kept):
                kept.append(other)
        out += sorted(kept)
        if one is not None:
            together, reach = [one], one.end
    return out


_PRESIDIO = {"UK_NHS": "NHS number", "UK_NINO": "National Insurance number", "UK_POSTCODE": "postcode", "PHONE_NUMBER": "phone"}


@cache
def _recognisers() -> list[tuple[str, Any]]:
    try:
        from presidio_analyzer import predefined_recognizers as known  # type: ignore[import-not-found]
    except ImportError:
        raise UsageError("Presidio's recognisers need more packages: pip install voicenlp[screen]") from None
    # the recognisers of emails and web addresses are left out: they ask the internet for a list of domains
    made = (known.NhsRecognizer(), known.UkNinoRecognizer(), known.UkPostcodeRecognizer(), known.PhoneRecognizer(supported_regions=("GB",)))
    return list(zip(_PRESIDIO, made, strict=True))


def presidio_identifiers(text: str) -> list[Found]:
    """Find identifiers by Presidio's recognisers of UK numbers, one by one, without its engine and without a language model.

    Raises
    ------
    UsageError
        If ``presidio-analyzer`` is not installed.
    """
    return apart(
        Found(hit.start, hit.end, _PRESIDIO[entity])
        for entity, recogniser in _recognisers()
        for hit in recogniser.analyze(text, [entity], None)
    )
