"""``voicenlp demo``"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

NAME = "demo"
HELP = "The main job on bundled fictional records, start to finish, offline."

PURPOSE = "demonstration on fictional records"
NOTE = "N003"
CHILD = "DEMO0001"
LINES = 14
SHOWN = (
    "notes", "seen_alone", "voices_child", "voices_parent", "voices_carer", "child_share", "child_own_words", "child_challenges",
    "chances_missed", "child_wishes_answered", "child_wishes_unanswered", "days_since_heard",
)  # fmt: skip


def command(out: Annotated[Path, typer.Option("--out", help="Folder for everything that it writes.")] = Path("voicenlp-demo")) -> int:
    """Tag, count, attach, verify; then show a few lines of it."""
    from rich.console import Console

    from voicenlp.audit import verify
    from voicenlp.cli import attach, indicators
    from voicenlp.engines.tagging import tag
    from voicenlp.errors import AuditError

    console = Console(highlight=False)
    run_folder, linked_folder = out / "run", out / "return-with-voice"
    out.mkdir(parents=True, exist_ok=True)
    if run_folder.exists():
        _clear(run_folder)
    inputs = out / "inputs"
    with as_file(files("voicenlp").joinpath("resources/demo")) as bundled:
        shutil.copytree(bundled, inputs, dirs_exist_ok=True)
    console.print("[bold]1. tag[/]      36 fictional notes of five children: who speaks, what they express")
    run = tag(inputs / "notes.csv", run_folder, people=inputs / "people.csv", purpose=PURPOSE)
    counts = run.info["counts"]
    console.print(
        f"            {counts['notes']} notes, {counts['words']:,} words: {counts['voice']} voices, {counts['space']} chances, "
        f"{counts['audience']} times passed on, {counts['influence']} answers",
        soft_wrap=True,
    )
    console.print("[bold]2. count[/]    indicators for each child and quarter")
    indicators.command(run_folder, by="child_id,quarter", purpose=PURPOSE)
    console.print("[bold]3. attach[/]   beside every row of a fictional SSDA903 return")
    attach.command(run_folder, to=f"ssda903:{inputs / 'return'}", out=linked_folder, purpose=PURPOSE)
    _show(console, inputs / "notes.csv", run_folder)
    console.print("[bold]4. verify[/]   the audit log")
    result = verify(run_folder / "audit.log")
    if not result.ok:
        raise AuditError(f"{run_folder / 'audit.log'}: {result.faults[0]}")
    console.print(f"            {result.events} events, unbroken; head {result.head[:16]}…")
    console.print()
    for what, where in (
        ("notes, people and return it read", inputs),
        ("spans, notes, indicators", run_folder), ("what each figure means", run_folder / "indicators.dictionary.json"),
        ("the return with voice beside it", linked_folder), ("what was done, by whom, why", run_folder / "audit.log"),
    ):  # fmt: skip
        console.print(f"{what + ':':34}{where}", soft_wrap=True)
    return 0


def _clear(folder: Path) -> None:
    """Remove an earlier demo, log included; anything else in its place is somebody's work and stays."""
    from voicenlp.audit import read_events
    from voicenlp.errors import UsageError, VoiceError

    try:
        purposes = {
            event["purpose"]
            for event in read_events(folder / "audit.log")
            if event["event"] == "run.opened" and event["data"]["command"] == "tag"
        }
        ours = purposes == {PURPOSE}
    except VoiceError:
        ours = False
    if not ours:
        raise UsageError(f"{folder}: is there already and is no demo; name another folder with --out")
    shutil.rmtree(folder)


def _show(console: object, notes: Path, folder: Path) -> None:
    """Print the first lines of a note with its voices marked, and one child's indicators."""
    import pyarrow.compute as pc
    from rich.console import Console
    from rich.panel import Panel

    from voicenlp.indicators import load_catalogue
    from voicenlp.io.notes import read_notes
    from voicenlp.io.tables import read_table
    from voicenlp.records import Span
    from voicenlp.reports.terminal import key_of_speakers, marked_note, show_indicators

    assert isinstance(console, Console)
    note = next(note for batch in read_notes(notes).batches() for note in batch if note.note_id == NOTE)
    spans = [row for row in read_table(folder / "spans.parquet").to_pylist() if row["note_id"] == NOTE]
    marked = marked_note(note.text, [Span.from_dict(row) for row in spans], lines=LINES)
    console.print()
    console.print(Panel(marked, title=f"{NOTE}, {note.note_type.lower()}, {note.date}", title_align="left", width=min(console.width, 110)))
    console.print(key_of_speakers())
    table = read_table(folder / "indicators.parquet")
    rows = table.filter(pc.equal(table.column("child_id"), CHILD)).to_pylist()
    labels = {one.id: one.label for one in load_catalogue().indicators}
    console.print(f"\n[bold]{CHILD}, by quarter[/] (unreviewed: counted by rules, nobody has read them against the notes yet)")
    show_indicators(console, rows, {name: labels[name] for name in SHOWN}, "quarter")
