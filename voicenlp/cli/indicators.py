"""``voicenlp indicators``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicenlp.errors import UsageError

NAME = "indicators"
HELP = "Count what a run holds for each child and period, with a definition of every figure."


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="child_id, month, quarter, year, financial_year, ssda903_year, note_type, author_role, columns of --children.",
        ),
    ] = "child_id,quarter",
    children: Annotated[
        Path | None, typer.Option("--children", help="One row a child, with child_id: children without notes get a row too.")
    ] = None,
    windows: Annotated[Path | None, typer.Option("--windows", help="Own windows: child_id, start, end.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the table; DIR by default.")] = None,
    format: Annotated[str, typer.Option("--format", help="parquet, csv or jsonl.")] = "parquet",
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="What for; by default what the notes were tagged for. Stands in the audit log.")
    ] = None,
    recipient: Annotated[str | None, typer.Option("--recipient", help="Who gets the table; stands in the audit log.")] = None,
    audit: Annotated[Path | None, typer.Option("--audit", help="Audit log; DIR/audit.log by default.")] = None,
) -> int:
    """Write ``indicators`` and ``indicators.dictionary.json``."""
    from voicenlp.audit import FileRef
    from voicenlp.cli.logs import note_children, opened_log
    from voicenlp.engines.outputs import make_folder
    from voicenlp.engines.tagging import open_run
    from voicenlp.indicators import indicators, write_dictionary
    from voicenlp.io.tables import FORMATS, read_table, write_table

    if format not in FORMATS:
        raise UsageError(f"--format: {format!r} is none of {', '.join(FORMATS)}")
    run, where = open_run(folder), out or folder
    theirs, own = read_table(children) if children else None, read_table(windows) if windows else None
    make_folder(where)
    with opened_log(folder, audit, "indicators", settings={"by": by}, purpose=purpose) as log:
        note_children(log, run)
        table = indicators(run, by=by, children=theirs, windows=own)
        path = write_table(table, where / "indicators", format)
        write_dictionary(where / "indicators.dictionary.json", table.column_names)
        log.append("export.made", what="indicators", files=[FileRef.of(path)], rows=table.num_rows, recipient=recipient)
    typer.echo(f"{table.num_rows:,} rows, {table.num_columns} columns written to {path}")
    typer.echo(f"what each column means: {where / 'indicators.dictionary.json'}")
    return 0
