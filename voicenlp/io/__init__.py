"""Reading and writing: notes, people and tables in, tables out.

Nothing heavy is imported before it is used; the names below are loaded from their modules when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicenlp.io.columns import parse_columns
    from voicenlp.io.documents import read_document
    from voicenlp.io.notes import NoteSource, read_notes
    from voicenlp.io.people import read_people
    from voicenlp.io.presets import Preset, load_presets
    from voicenlp.io.tables import read_table, replacing, write_table

__all__ = [
    "NoteSource",
    "Preset",
    "load_presets",
    "parse_columns",
    "read_document",
    "read_notes",
    "read_people",
    "read_table",
    "replacing",
    "write_table",
]

_HOME = {
    "NoteSource": "notes",
    "Preset": "presets",
    "load_presets": "presets",
    "parse_columns": "columns",
    "read_document": "documents",
    "read_notes": "notes",
    "read_people": "people",
    "read_table": "tables",
    "replacing": "tables",
    "write_table": "tables",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
