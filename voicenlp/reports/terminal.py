"""A note on the terminal with its voices marked, and the indicators of one child in plain words.

Each speaker has a colour and a letter, so that nothing hangs on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from voicenlp.records import Span

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["LOOKS", "key_of_speakers", "marked_note", "show_indicators"]

LOOKS: Mapping[str, tuple[str, str]] = {
    "child": ("C", "bold black on bright_yellow"),
    "parent": ("P", "black on bright_cyan"),
    "carer": ("K", "black on bright_green"),
    "family": ("F", "black on bright_magenta"),
    "practitioner": ("W", "white on blue"),
    "professional": ("X", "white on dark_green"),
    "manager": ("M", "white on red"),
    "other": ("O", "black on white"),
}
"""Speaker to letter and style."""

_ELEMENTS = {"space": "underline", "audience": "underline", "influence": "underline"}


def marked_note(text: str, spans: Iterable[Span], *, lines: int | None = None) -> Text:
    """Return a note with its spans marked.

    Parameters
    ----------
    text : str
        The note.
    spans : iterable of Span
        Voices are set in the colour of their speaker, with its letter and what is expressed behind; the other elements are underlined.
    lines : int, optional
        Only the first so many lines.

    Examples
    --------
    >>> marked_note("Kai wants to go home.", [Span("voice", 4, 20, "child", expression=("wish",))]).plain
    'Kai wants to go home[C wish].'
    """
    from rich.text import Text

    out, at = Text(), 0
    end = len(text)
    if lines is not None:
        kept = text.split("\n")[:lines]
        end = len("\n".join(kept))
    for span in sorted((s for s in spans if s.end <= end), key=lambda s: (s.start, -s.end)):
        if span.start < at:
            continue  # nested: the outer one is shown
        out.append(text[at : span.start])
        if span.element == "voice":
            letter, style = LOOKS.get(span.speaker, LOOKS["other"])
            out.append(text[span.start : span.end], style=style)
            told = ", ".join([*span.expression, *([f"via {span.via}"] if span.via else []), *(["own words"] if span.verbatim else [])])
            out.append(f"[{letter} {told}]", style="dim")
        else:
            out.append(text[span.start : span.end], style=_ELEMENTS[span.element])
            told = span.how if span.element == "space" else span.outcome
            out.append(f"[{span.element}{' ' + told if told else ''}]", style="dim italic")
        at = span.end
    out.append(text[at:end])
    if end < len(text):
        out.append(" …", style="dim")
    return out


def key_of_speakers() -> Text:
    """Return the line that explains letters and colours."""
    from rich.text import Text

    out = Text("speakers: ")
    for speaker, (letter, style) in LOOKS.items():
        out.append(f" {letter} {speaker} ", style=style)
        out.append(" ")
    return out


def show_indicators(console: Console, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str], key: str) -> None:
    """Print indicators, one row an indicator and one column a period; figures that are null are dashes.

    Parameters
    ----------
    console : rich.console.Console
    rows : iterable of Mapping
        Of an indicator table, one for each period.
    columns : Mapping of str to str
        Indicator to the words that stand for it.
    key : str
        The column that names the period.
    """
    from rich import box
    from rich.table import Table

    kept = list(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for row in kept:
        table.add_column(str(row[key]), justify="right")
    for name, label in columns.items():
        table.add_row(label, *(_figure(row.get(name)) for row in kept))
    console.print(table)


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.0%}" if isinstance(value, float) else str(value)
