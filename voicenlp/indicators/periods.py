"""Calendar periods by which notes can be grouped, each as the SQL that names it and gives its first and last day."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PERIODS", "Period"]


@dataclass(frozen=True, slots=True)
class Period:
    """A kind of period.

    Attributes
    ----------
    title, definition : str
        For the data dictionary.
    type : str
        ``string`` or ``integer``: what names one such period.
    name_sql, start_sql, end_sql : str
        Expressions over a column ``date``: the period's name, its first day and its last day.
    """

    title: str
    definition: str
    type: str
    name_sql: str
    start_sql: str
    end_sql: str


_APRIL = "CAST(year(date) - CAST(month(date) < 4 AS INTEGER) AS INTEGER)"  # the calendar year in which the year from 1 April began

PERIODS = {
    "month": Period(
        "Month", "Calendar month of the notes, as in 2026-01.", "string", "strftime(date, '%Y-%m')",
        "CAST(date_trunc('month', date) AS DATE)", "last_day(date)",
    ),
    "quarter": Period(
        "Quarter", "Calendar quarter of the notes; 2026-Q1 is January to March 2026.", "string", "year(date) || '-Q' || quarter(date)",
        "CAST(date_trunc('quarter', date) AS DATE)", "CAST(date_trunc('quarter', date) + INTERVAL 3 MONTH - INTERVAL 1 DAY AS DATE)",
    ),
    "year": Period(
        "Year", "Calendar year of the notes.", "integer", "CAST(year(date) AS BIGINT)",
        "make_date(year(date), 1, 1)", "make_date(year(date), 12, 31)",
    ),
    "financial_year": Period(
        "Financial year", "Year from 1 April to 31 March, as in 2025-26.", "string",
        f"{_APRIL} || '-' || lpad(CAST(({_APRIL} + 1) % 100 AS VARCHAR), 2, '0')",
        f"make_date({_APRIL}, 4, 1)", f"make_date({_APRIL} + 1, 3, 31)",
    ),
    "ssda903_year": Period(
        "SSDA903 year", "Collection year of the SSDA903 return: 1 April to 31 March, named by the year in which it ends.", "integer",
        f"CAST({_APRIL} + 1 AS BIGINT)", f"make_date({_APRIL}, 4, 1)", f"make_date({_APRIL} + 1, 3, 31)",
    ),
}  # fmt: skip
