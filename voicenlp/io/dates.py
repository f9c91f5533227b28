"""Days as case-management systems write them, always in UK order (day, month, year)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

__all__ = ["parse_date"]

_TIME = r"(?:[T ,]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s*(?:[AaPp][Mm])?\s*(?:Z|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})" + _TIME)
_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})" + _TIME)
_NAMED = re.compile(r"(\d{1,2})([ -])([A-Za-z]{3,9})\2(\d{4})" + _TIME)
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_MONTH = {name[:length]: number for number, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}
_YEARS = range(1900, 2201)
_EXCEL_DAYS = range(20_000, 80_000)  # 1954 to 2119; below and above, a bare number is hardly a day
_SHOWN = {"t", "z", "am", "pm", "st", "nd", "rd", "th", *_MONTH}


def _shown(value: object) -> str:
    """Return the value for a message, or nothing: in a shifted row the words of a note may stand where the date should be."""
    text = str(value)
    if len(text) > 40 or not re.search(r"\d", text) or any(word.lower() not in _SHOWN for word in re.findall(r"[^\W\d_]+", text)):
        return " (value not shown)"
    return f": {text!r}"


def parse_date(value: object, formats: Sequence[str] = ()) -> dt.date | None:
    """Read the day out of a cell.

    Taken are dates and times of Python and Excel, ISO (``2026-03-09``, with or without a time), ``09/03/2026``, ``09-03-2026``,
    ``09.03.2026`` and ``9 Mar 2026``, each with or without a time. A time zone is not reckoned with: the day is the one written.

    Parameters
    ----------
    value : object
        Empty ones (None, NaN, blanks) give None; numbers from 20,000 to 79,999 are Excel's count of days.
    formats : sequence of str
        `strptime` formats to take instead, where an export is known to write another order.

    Raises
    ------
    ValueError
        If it is no real day from 1900 to 2200. The message shows the value only where it looks like a date.

    Examples
    --------
    >>> parse_date("09/03/2026 14:30")
    datetime.date(2026, 3, 9)
    >>> parse_date("02/13/2026")
    Traceback (most recent call last):
    ...
    ValueError: not a date in UK order (day, month, year): '02/13/2026'
    """
    day: dt.date | None = None
    if value is None or value != value:  # NaN and NaT differ from themselves
        return None
    if isinstance(value, dt.datetime):
        day = value.date()
    elif isinstance(value, dt.date):
        day = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if _EXCEL_DAYS.start <= value < _EXCEL_DAYS.stop:
            day = dt.date(1899, 12, 30) + dt.timedelta(days=int(value))
    elif isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        day = _from_formats(text, formats) if formats else _from_text(text)
    if day is None:
        kind = "in the form " + " or ".join(formats) if formats else "in UK order (day, month, year)"
        raise ValueError(f"not a date {kind}{_shown(value)}")
    if day.year not in _YEARS:
        raise ValueError(f"not a year from 1900 to 2200{_shown(value)}")
    return day


def _from_formats(text: str, formats: Sequence[str]) -> dt.date | None:
    for form in formats:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _from_text(text: str) -> dt.date | None:
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _NUMERIC.fullmatch(text):
        day, month, year = int(match[1]), int(match[3]), int(match[4])
    elif match := _NAMED.fullmatch(text):
        day, month, year = int(match[1]), _MONTH.get(match[3].lower(), 0), int(match[4])
    else:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
