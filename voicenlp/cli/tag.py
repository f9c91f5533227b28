"""``voicenlp tag``"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from voicenlp.cli.terminal import progress_of
from voicenlp.errors import UsageError

NAME = "tag"
HELP = "Tag every note of an archive: who speaks, what they express, whether they had a chance, what came of it."


def command(
    notes: Annotated[
        str,
        typer.Argument(metavar="NOTES", help="CSV, Parquet, JSON Lines, Excel, a folder of documents, or a database URL (with --query)."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables.")],
    people: Annotated[Path | None, typer.Option("--people", help="Roster: child_id, person_id, name, also, role.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Name of a model, or a folder.")] = None,
    columns: Annotated[str | None, typer.Option("--columns", help="Column names, as note_id=ID,text=NoteText.")] = None,
    preset: Annotated[str | None, typer.Option("--preset", help="Columns of a known export, such as liquidlogic_case_notes.")] = None,
    presets_file: Annotated[Path | None, typer.Option("--presets", help="TOML file with presets of your own.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="SQL query, where NOTES is a database URL.")] = None,
    workers: Annotated[str | None, typer.Option("--workers", help="Processes, or auto; 1 by default.")] = None,
    engine: Annotated[str, typer.Option("--engine", help="Where it runs: local.")] = "local",
    format: Annotated[str, typer.Option("--format", help="parquet, or jsonl (one line a note, with its text).")] = "parquet",
    with_text: Annotated[bool, typer.Option("--with-text", help="Write the words of each span too.")] = False,
    purpose: Annotated[
        str | None,
        typer.Option("--purpose", help="What the records are read for; stands in the audit log. Needed here, or in voicenlp.toml."),
    ] = None,
    opt_out: Annotated[
        Path | None, typer.Option("--opt-out", help="Who is not to be processed: child_id or person_id, and purposes where for some only.")
    ] = None,
    audit: Annotated[Path | None, typer.Option("--audit", help="Audit log; DIR/audit.log by default.")] = None,
) -> int:
    """Tag an archive; exit code 2 where notes were rejected."""
    from voicenlp.engines.tagging import tag

    if engine != "local":
        raise UsageError(f"--engine: {engine!r} is not to be had here; there is local")
    if not notes.strip():
        raise UsageError("NOTES is empty")
    purpose = _purpose(purpose)
    with progress_of("tagging") as progress:
        run = tag(
            notes, out, people=people, model=model, columns=columns, preset=preset, presets_file=presets_file, query=query,
            workers=_workers(workers), format=format, with_text=with_text, opt_out=opt_out, audit=audit, purpose=purpose, progress=progress,
        )  # fmt: skip
    counts = run.info["counts"]
    rate = counts["words"] / max(run.info["seconds"], 1e-9)
    typer.echo(
        f"{counts['notes']:,} notes, {counts['words']:,} words in {run.info['seconds']:.1f} s ({rate:,.0f} words/s): "
        f"{counts['voice']:,} voices, {counts['space']:,} space, {counts['audience']:,} audience, {counts['influence']:,} influence"
    )
    if counts["left_out"]:
        typer.echo(f"{counts['left_out']:,} notes left out: their children opted out")
    if counts["withheld"]:
        typer.echo(f"{counts['withheld']:,} spans left out: the people in them opted out")
    if counts["opt_outs_of_other_purposes"]:
        typer.echo(f"{counts['opt_outs_of_other_purposes']:,} on the opt-out list opted out of other purposes only, and were not left out")
    for what, name in (("opt-out list", "opt_outs_not_met"), ("roster", "roster_not_met")):
        if counts[name]:
            typer.echo(
                f"{counts[name]:,} children of the {what} are in no note: is their child_id written as it is in the notes?", err=True
            )
    typer.echo(f"written to {out}")
    if counts["rejects"]:
        typer.echo(f"{counts['rejects']:,} notes rejected; the reasons are in {out / 'rejects.parquet'}", err=True)
        return 2
    return 0


def _purpose(given: str | None) -> str:
    """Return what the records are read for, from the command line, the settings, or the person at the terminal."""
    from voicenlp.config import read_settings

    found = read_settings(purpose=given).purpose
    if found:
        return found
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("--purpose is missing: what are the records read for? (or purpose in voicenlp.toml, or VOICENLP_PURPOSE)")
    return str(typer.prompt("What are the records read for (it will stand in the audit log)")).strip()


def _workers(given: str | None) -> int | None:
    if given is None:
        return None  # as voicenlp.toml or the environment say
    if given == "auto":
        import os

        return max(1, os.cpu_count() or 1)
    if not (given.isascii() and given.isdigit()) or int(given) < 1:
        raise UsageError(f"--workers: {given!r} is neither auto nor a number from 1")
    return int(given)
