"""What the verbs print: tables, progress, numbers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import typer

__all__ = ["progress_of", "show_table"]

PLAIN_EVERY = 5.0
"""Seconds between progress lines where there is no terminal."""

NARROWEST, WIDTH = 80, 132
"""Columns that a table has at least (narrower, its words would be cut to pieces), and has where there is no terminal."""


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()  # there is none where the caller closed it


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[int] = ()) -> None:
    """Print a table; ``numbers`` are the columns set to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console = Console(width=max(console.width, NARROWEST) if _is_terminal(sys.stdout) else WIDTH)
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)


@contextmanager
def progress_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show notes done, notes a second and time left: a bar on a terminal, a line now and then elsewhere."""
    if _is_terminal(sys.stderr):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=None, rate="")
            begun = time.monotonic()

            def show(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total, rate=f"{done / max(time.monotonic() - begun, 1e-9):,.0f} notes/s")

            yield show
        return
    begun = last = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PLAIN_EVERY:
            last = now
            rate = done / max(now - begun, 1e-9)
            left = (total - done) / rate if rate else 0
            typer.echo(f"{what}: {done:,} of {total:,} notes, {rate:,.0f} notes/s, {left:,.0f} s left", err=True)

    yield line
