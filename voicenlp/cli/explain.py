"""``voicenlp explain``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "explain"
HELP = "Show why a model tagged what it tagged in one note: the words that drove each span, and the rules that agree."


def command(
    note: Annotated[Path, typer.Argument(metavar="NOTE.txt", help="The note: a text file (or Word, HTML, RTF).")],
    at: Annotated[int | None, typer.Option("--at", min=0, help="Only the spans over this character, counted from 0.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Name of a model, or a folder.")] = None,
) -> int:
    """Print the strongest words and the rules of each span."""
    from voicenlp.config import read_settings
    from voicenlp.errors import InputError, UsageError
    from voicenlp.io.documents import DocumentFault, read_document
    from voicenlp.records import Note
    from voicenlp.taggers.explain import explanations
    from voicenlp.taggers.models import open_tagger
    from voicenlp.text.reading import read

    if not note.is_file():
        raise InputError("no such file", source=note)
    settings = read_settings(model=model)
    try:
        text = read_document(note, limit_chars=settings.limit_chars)
    except DocumentFault as fault:
        raise InputError(str(fault), source=note) from None
    if at is not None and at >= len(text):
        raise UsageError(f"--at: the note has {len(text):,} characters, counted from 0")
    tagger = open_tagger(settings.model)
    reading = read(Note(note.stem, text))
    spans = tagger.tag_reading(reading)
    if at is not None:
        spans = [span for span in spans if span.start <= at < span.end]
    if not spans:
        typer.echo("no span" if at is None else f"no span over character {at}")
        return 0
    weighed = False
    for told in explanations(reading, spans, tagger):
        typer.echo(told.plain(text))
        weighed |= bool(told.words)
    if weighed:
        typer.echo("\nFigures: by how much the log-chance of the span's tags, or of its speaker, falls when the word is hidden.")
    return 0
