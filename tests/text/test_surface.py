"""Debris is blanked out, and nothing moves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicenlp.text.surface import surface


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("Tia\r\nsaid", "Tia \nsaid"),
        ("Tia\rsaid", "Tia\nsaid"),
        ("a\u00a0b\u202fc\td", "a b c d"),
        ("<b>no</b>", "   no    "),
        ("x<br/>y", "x\n    y"),
        ("a &amp; b", "a &     b"),
        ("3 < 4 > 2", "3 < 4 > 2"),
        ("<3 she loves it", "<3 she loves it"),
        ("R&B; Q&A", "R&B; Q&A"),
        ("{\\rtf1\\ansi Hi\\par ho}", "            Hi\n    ho "),
    ],
)
def test_debris_becomes_blanks(text, view):
    assert surface(text) == view


@given(st.text(st.sampled_from("<>/&;#x\\par{}'br \r\n\t\u00a0e\u0301😀a1"), max_size=80))
@settings(max_examples=300, deadline=None)
def test_length_never_changes(text):
    assert len(surface(text)) == len(text)
