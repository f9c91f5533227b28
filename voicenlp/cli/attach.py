"""``voicenlp attach``"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicenlp.cli.terminal import show_table
from voicenlp.errors import UsageError

if TYPE_CHECKING:
    from voicenlp.linkage import Linked

NAME = "attach"
HELP = "Set the indicators beside every row of a statutory return."


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    to: Annotated[str, typer.Option("--to", help="The return, as ssda903:FOLDER.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables.")],
    format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    review_window: Annotated[
        str, typer.Option("--review-window", help="Days before and after a review whose notes count for it.")
    ] = "183,28",
    purpose: Annotated[str | None, typer.Option("--purpose", help="What for; stands in the audit log.")] = None,
    audit: Annotated[Path | None, typer.Option("--audit", help="Audit log; DIR/audit.log by default.")] = None,
) -> int:
    """Write one table for each of the return, every row kept, in order."""
    from voicenlp.audit import FileRef
    from voicenlp.cli.logs import opened_log
    from voicenlp.engines.tagging import open_run
    from voicenlp.linkage import attach, read_ssda903, write

    kind, _, where = to.partition(":")
    if kind != "ssda903" or not where:
        raise UsageError(f"--to: {to!r} must be ssda903:FOLDER")
    if format not in ("csv", "parquet"):
        raise UsageError(f"--format: {format!r} is none of csv, parquet")
    window = _days(review_window)
    run, to_return = open_run(folder), read_ssda903(where)
    with opened_log(folder, audit, "attach", settings={"to": kind, "review_window": review_window}, purpose=purpose) as log:
        linked = attach(run, to_return, review_window=window)
        paths = write(linked, out, format)
        rows = {name: table.num_rows for name, table in linked.tables.items()}
        log.append(
            "return.attached", to=kind, inputs=[FileRef.of(where)], outputs=[FileRef.of(path) for path in paths.values()], counts=rows
        )
    report(linked)
    typer.echo(f"written to {out}")
    return 0


def report(linked: Linked) -> None:
    """Print how many rows of each table were linked."""
    rows: dict[str, list[Any]] = {}
    for line in linked.coverage.to_pylist():
        if line["table"] in linked.tables:
            row = rows.setdefault(line["table"], [line["table"], linked.tables[line["table"]].num_rows, 0])
            if line["outcome"] == "linked":
                row[2] += line["rows"]
    show_table("", ["table", "rows", "linked"], list(rows.values()), numbers=(1, 2))
    typer.echo(
        f"{linked.unlinked.num_rows:,} rows not linked (unlinked), {linked.findings.num_rows:,} findings in the return's values (findings)"
    )


def _days(given: str) -> tuple[int, int]:
    try:
        before, after = (int(part) for part in given.split(","))
    except ValueError:
        raise UsageError(f"--review-window: {given!r} must be two numbers of days, as 183,28") from None
    return before, after
