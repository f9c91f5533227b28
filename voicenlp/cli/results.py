"""Rows of an evaluation on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from voicenlp.cli.terminal import show_table

if TYPE_CHECKING:
    from voicenlp.evaluation.results import Row

__all__ = ["show_rows"]


def show_rows(rows: Sequence[Row]) -> None:
    """Print the rows of an evaluation or an agreement."""
    columns = list(type(rows[0])._fields) if rows else []
    table = [[_cell(value) for value in row] for row in rows]
    numbers = [at for at, name in enumerate(columns) if name not in ("part", "name", "measure")]
    show_table("", columns, table, numbers=numbers)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, tuple):
        return "–".join(_cell(part) for part in value)
    return str(value)
