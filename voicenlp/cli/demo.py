"""``voicenlp demo``"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

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
    from voicenlp.errors import AuditError

    console = Console(highlight=False)
    run_folder, linked_folder = out / "run", out / "return-with-voice"
    out.mkdir(parents=True, exist_ok=True)
    if run_folder.exists():
        _clear(run_folder)
    inputs = out / "inputs"
    with as_file(files("voicenlp").joinpath("resources/demo")) as bundled:
        shutil.copytree(bundled, inputs, dirs_exist_ok=True)
    with _policy(inputs / "policy.toml"):
        _steps(console, inputs, run_folder, linked_folder)
    console.print("[bold]4. verify[/]   the audit log")
    result = verify(run_folder / "audit.log")
    if not result.ok:
        raise AuditError(f"{run_folder / 'audit.log'}: {result.faults[0]}")
    console.print(f"            {result.events} events, unbroken; head {result.head[:16]}…")
    console.print()
    for what, where in (
        ("notes, people, return, policy it read", inputs),
        ("spans, notes, indicators", run_folder), ("what each figure means", run_folder / "indicators.dictionary.json"),
        ("the return with voice beside it", linked_folder), ("what was done, by whom, why", run_folder / "audit.log"),
    ):  # fmt: skip
        console.print(f"{what + ':':39}{where}", soft_wrap=True)
    console.print(
        f"what was done with one child's records: voicenlp audit subject {CHILD} --audit {run_folder / 'audit.log'}", soft_wrap=True
    )
    return 0


@contextmanager
def _policy(path: Path) -> Iterator[None]:
    """Put the demo's own policy in force: that of the authority says nothing of demonstrations."""
    name = "VOICENLP_POLICY"
    before = os.environ.get(name)
    os.environ[name] = str(path)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _steps(console: Console, inputs: Path, run_folder: Path, linked_folder: Path) -> None:
    """Tag, count and attach, and show a few lines of what came of it."""
    from voicenlp.cli import attach, indicators
    from voicenlp.engines.tagging import tag

    log = run_folder / "audit.log"
    console.print("[bold]1. tag[/]      36 fictional notes of five children: who speaks, what they express")
    run = tag(inputs / "notes.csv", run_folder, people=inputs / "people.csv", purpose=PURPOSE, audit=log)
    counts = run.info["counts"]
    console.print(
        f"            {counts['notes']} notes, {counts['words']:,} words: {counts['voice']} voices, {counts['space']} chances, "
        f"{counts['audience']} times passed on, {counts['influence']} answers",
        soft_wrap=True,
    )
    console.print("[bold]2. count[/]    indicators for each child and quarter")
    indicators.command(run_folder, by="child_id,quarter", purpose=PURPOSE, audit=log)
    console.print("[bold]3. attach[/]   beside every row of a fictional SSDA903 return")
    attach.command(run_folder, to=f"ssda903:{inputs / 'return'}", out=linked_folder, purpose=PURPOSE, audit=log)
    _show(console, inputs / "notes.csv", run_folder)


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


def _show(console: Console, notes: Path, folder: Path) -> None:
    """Print the first lines of a note with its voices marked, and one child's indicators; the log is told that the words were shown."""
    import pyarrow.compute as pc
    from rich.panel import Panel

    from voicenlp.cli.logs import opened_log
    from voicenlp.indicators import load_catalogue
    from voicenlp.io.notes import read_notes
    from voicenlp.io.tables import read_table
    from voicenlp.records import Span
    from voicenlp.reports.terminal import key_of_speakers, marked_note, show_indicators

    note = next(note for batch in read_notes(notes).batches() for note in batch if note.note_id == NOTE)
    spans = [row for row in read_table(folder / "spans.parquet").to_pylist() if row["note_id"] == NOTE]
    marked = marked_note(note.text, [Span.from_dict(row) for row in spans], lines=LINES)
    with opened_log(folder, folder / "audit.log", "demo", purpose=PURPOSE) as log:
        log.append("text.opened", what="the first lines of a note, by voicenlp demo", child=log.pseudonyms.of(note.child_id), notes=1)
    console.print()
    console.print(Panel(marked, title=f"{NOTE}, {note.note_type.lower()}, {note.date}", title_align="left", width=min(console.width, 110)))
    console.print(key_of_speakers())
    table = read_table(folder / "indicators.parquet")
    rows = table.filter(pc.equal(table.column("child_id"), CHILD)).to_pylist()
    labels = {one.id: one.label for one in load_catalogue().indicators}
    console.print(f"\n[bold]{CHILD}, by quarter[/] (unreviewed: counted by a model, nobody has read them against the notes yet)")
    show_indicators(console, rows, {name: labels[name] for name in SHOWN}, "quarter")
