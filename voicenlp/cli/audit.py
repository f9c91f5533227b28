"""``voicenlp audit``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "What was done with whose records: read the log, check it, keep a checkpoint of it."
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Log = Annotated[Path, typer.Option("--audit", help="The audit log.")]


@app.command("log", help="Print the events in plain words, oldest first.")
def log(
    audit: Log = Path("audit.log"), last: Annotated[int, typer.Option("--last", min=0, help="Only the last so many events; 0 for all.")] = 0
) -> int:
    """Print the log."""
    from voicenlp.audit import describe, read_events, tail

    for event in tail(audit, last) if last else read_events(audit):
        typer.echo(describe(event))
    return 0


@app.command("verify", help="Find any edit, deletion, insertion, reordering, and, given a checkpoint, truncation or rewriting.")
def verify(
    audit: Log = Path("audit.log"),
    checkpoint: Annotated[Path | None, typer.Option("--checkpoint", help="A checkpoint kept elsewhere.")] = None,
) -> int:
    """Exit with 3 where the log is broken."""
    from voicenlp.audit import verify as check

    result = check(audit, checkpoint=checkpoint)
    for fault in result.faults:
        typer.echo(f"voicenlp: {audit}: {fault}", err=True)
    if not result.ok:
        return 3
    typer.echo(f"{audit}: {result.events:,} events, unbroken; head {result.head}")
    return 0


@app.command("checkpoint", help="Write a checkpoint, to be kept where nobody who can write the log can reach it.")
def checkpoint(out: Annotated[Path, typer.Option("--out", help="File for the checkpoint.")], audit: Log = Path("audit.log")) -> int:
    """Write a checkpoint."""
    from voicenlp.audit import checkpoint as keep

    keep(audit, out)
    typer.echo(f"checkpoint of {audit} written to {out}; keep it elsewhere")
    return 0
