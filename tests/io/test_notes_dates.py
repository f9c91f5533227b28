"""Days, in UK order."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicenlp.io.dates import parse_date

DAY = dt.date(2026, 3, 9)


@pytest.mark.parametrize(
    "value",
    [
        DAY,
        dt.datetime(2026, 3, 9, 23, 59),
        "2026-03-09",
        "2026-03-09T23:30:00Z",
        "2026-03-09 10:00:00.000",
        "2026-03-09T00:15:00+01:00",
        "09/03/2026",
        "9/3/2026",
        " 09/03/2026 14:30 ",
        "09/03/2026 14:30:59",
        "09/03/2026 2:30 PM",
        "09-03-2026",
        "09.03.2026",
        "9 Mar 2026",
        "09 March 2026 10:00",
        "09-Mar-2026",
        46090,
        46090.75,
    ],
)
def test_forms_that_are_read(value):
    assert parse_date(value) == DAY


@pytest.mark.parametrize("value", [None, "", "  ", float("nan")])
def test_empty(value):
    assert parse_date(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "31/02/2026",
        "03/13/2026",
        "09/03/26",
        "2026/03/09",
        "20260309",
        "9 Mai 2026",
        "March 2026",
        "0026-03-09",
        "9999-12-31",
        "09/03-2026",
        "yesterday",
        "09/03/2026 then",
        12,
        1.7e9,
        True,
        b"09/03/2026",
        float("inf"),
        "46090",
        "2026-W10-1",
    ],
)
def test_forms_that_are_not(value):
    with pytest.raises(ValueError):
        parse_date(value)


def test_words_are_never_shown():
    with pytest.raises(ValueError) as caught:
        parse_date("Tia, 7, said no")
    assert "Tia" not in str(caught.value)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 12, 31)))
def test_every_day_comes_back(day):
    for form in ("%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S", "%d %b %Y", "%d %B %Y"):
        assert parse_date(dt.datetime(day.year, day.month, day.day).strftime(form)) == day


def test_a_form_that_is_asked_for():
    assert parse_date("03/09/2026 10:00", ["%m/%d/%Y %H:%M"]) == DAY
    with pytest.raises(ValueError, match="in the form"):
        parse_date("13/09/2026 10:00", ["%m/%d/%Y %H:%M"])
