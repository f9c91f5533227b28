"""``voicenlp attach``"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicenlp.cli.terminal import show_table
from voicenlp.errors import UsageError

if TYPE_CHECKING:
    from voicenlp.linkage import Linked

NAME = "attach"
HELP = "Set the indicators beside every row of a statutory return, or of any table with an id and dates."
TO = "The return: ssda903:FOLDER, ssda903:FILE.xml, cin:FILE.xml, annex-a:FILE.xlsx, ssd:URL (SQLAlchemy) or table:FILE."


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    to: Annotated[str, typer.Option("--to", metavar="KIND:WHERE", help=TO)],
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables.")],
    format: Annotated[str, typer.Option("--format", help="csv, parquet or xlsx.")] = "csv",
    review_window: Annotated[
        str, typer.Option("--review-window", help="Days before and after a review whose notes count for it.")
    ] = "183,28",
    columns: Annotated[
        str | None, typer.Option("--columns", help="For table:FILE: child_id=ID,date=Date; or start=…,end=…; or note_id=….")
    ] = None,
    crosswalk: Annotated[Path | None, typer.Option("--crosswalk", help="Table with return_id and notes_id, where the ids differ.")] = None,
    schema: Annotated[str, typer.Option("--schema", help="For ssd:URL: the database's schema.")] = "",
    write_back: Annotated[
        bool, typer.Option("--write-back", help="For ssd:URL: write the table ssd_voice into the database too; nothing else is touched.")
    ] = False,
    purpose: Annotated[str | None, typer.Option("--purpose", help="What for; stands in the audit log.")] = None,
    audit: Annotated[Path | None, typer.Option("--audit", help="Audit log; DIR/audit.log by default.")] = None,
) -> int:
    """Write one table for each of the return, every row kept, in order."""
    from voicenlp.audit import FileRef
    from voicenlp.cli.logs import note_children, opened_log
    from voicenlp.engines.tagging import open_run
    from voicenlp.linkage import attach, read_crosswalk, write
    from voicenlp.linkage.opening import open_return, parse_target
    from voicenlp.linkage.writing import FORMATS

    kind, where = parse_target(to)
    if format not in FORMATS:
        raise UsageError(f"--format: {format!r} is none of {', '.join(FORMATS)}")
    if write_back and kind != "ssd":
        raise UsageError("--write-back goes with ssd:URL only")
    window = _days(review_window)
    run, to_return = open_run(folder), open_return(kind, where, columns=columns, schema=schema)
    ids = read_crosswalk(crosswalk) if crosswalk else None
    settings: dict[str, Any] = {"to": kind, "review_window": review_window}
    settings |= {"columns": columns} if columns else {}
    settings |= {"write_back": True} if write_back else {}
    with opened_log(folder, audit, "attach", settings=settings, purpose=purpose) as log:
        note_children(log, run)
        linked = attach(run, to_return, review_window=window, crosswalk=ids)
        inputs = [FileRef(name="database") if kind == "ssd" else FileRef.of(where)]
        inputs += [FileRef.of(crosswalk)] if crosswalk else []
        if kind == "ssd":
            from voicenlp.linkage.ssd import VOICE_TABLE, with_voice_table, write_voice_table

            linked = with_voice_table(linked, to_return)
        paths = write(linked, out, format)
        if write_back:
            write_voice_table(linked.tables[VOICE_TABLE], to_return)
        outputs = [FileRef.of(path) for path in dict.fromkeys(paths.values())]
        log.append("return.attached", to=kind, inputs=inputs, outputs=outputs, counts=_counts(linked))
    report(linked)
    typer.echo(f"written to {out}")
    return 0


def _counts(linked: Linked) -> dict[str, int]:
    """Rows by table, under names that the audit log can hold."""
    counts: Counter[str] = Counter()
    for name, table in linked.tables.items():
        plain = re.sub(r"[^A-Za-z0-9_.:+-]", "_", name)[:60]
        counts[plain if plain[:1].isalpha() else f"t_{plain}"] += table.num_rows
    return dict(counts)


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
