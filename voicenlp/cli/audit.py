"""``voicenlp audit``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicenlp.cli import children
from voicenlp.errors import UsageError

HELP = "What was done with whose records: read the log, check it, keep checkpoints of it, prove what is in it."
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Log = Annotated[str | None, typer.Argument(metavar="[LOG]", help="The audit log; audit.log by default.", show_default=False)]
Audit = Annotated[str | None, typer.Option("--audit", help="The audit log, named as the other verbs name it.", show_default=False)]
Key = Annotated[Path | None, typer.Option("--key", help="Signing key; LOG.signing-key by default, made where missing.")]


def _chosen(log: str | None, audit: str | None) -> str:
    if log is not None and audit is not None:
        raise UsageError("the log is named twice: as LOG and with --audit")
    return log or audit or "audit.log"


@app.command("log", help="Print the events in plain words, oldest first.")
def log(
    log: Log = None,
    audit: Audit = None,
    last: Annotated[int, typer.Option("--last", min=0, help="Only the last so many events; 0 for all.")] = 0,
) -> int:
    """Print the log."""
    from voicenlp.audit import describe, read_events, tail

    place = _chosen(log, audit)
    for event in tail(place, last) if last else read_events(place):
        typer.echo(describe(event))
    return 0


@app.command("verify", help="Find any edit, deletion, insertion, reordering, and, given a checkpoint, truncation or rewriting.")
def verify(
    log: Log = None,
    audit: Audit = None,
    checkpoint: Annotated[Path | None, typer.Option("--checkpoint", help="A checkpoint kept elsewhere.")] = None,
    verifier_key: Annotated[
        list[str] | None, typer.Option("--verifier-key", help="Key that must have signed it (name+hash+base64), or a file that holds it.")
    ] = None,
) -> int:
    """Exit with 3 where the log is broken."""
    from voicenlp.audit import Checkpoint
    from voicenlp.audit import verify as check
    from voicenlp.audit.store import open_store

    place = _chosen(log, audit)
    point = Checkpoint.read(checkpoint) if checkpoint is not None else None
    result = check(place, checkpoint=point, verifier_key=verifier_key or ())
    name = open_store(place).name
    for fault in result.faults:
        typer.echo(f"voicenlp: {name}: {fault}", err=True)
    if not result.ok:
        return 3
    typer.echo(f"{name}: {result.events:,} events, unbroken; head {result.head}")
    if point is None:
        typer.echo("no checkpoint was given: events cut off at the end, or a log rewritten whole, would not be seen")
    elif verifier_key:
        typer.echo(f"the first {point.size:,} events are those of {checkpoint}, which is rightly signed")
    else:
        typer.echo(f"the first {point.size:,} events are those of {checkpoint}; its signature was not checked (--verifier-key)")
    return 0


@app.command("keygen", help="Make a key that signs checkpoints, and print its verifier key, which auditors and courts need.")
def keygen(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File for the private key; FILE.pub gets the verifier key.")],
    name: Annotated[str, typer.Option("--name", help="Whose key it is, such as council.example/voice; no spaces, no '+'.")],
) -> int:
    """Make a signing key."""
    from voicenlp.audit import SigningKey

    key = SigningKey.make(file, name)
    typer.echo(f"private key: {file}; keep it where those who write the log can't read it")
    typer.echo(f"verifier key: {key.verifier}")
    return 0


@app.command("checkpoint", help="Write a signed checkpoint, to be kept where nobody who can write the log can reach it.")
def checkpoint(
    out: Annotated[Path, typer.Option("--out", help="File for the checkpoint.")], log: Log = None, audit: Audit = None, key: Key = None
) -> int:
    """Write a checkpoint."""
    from voicenlp.audit import SigningKey
    from voicenlp.audit import checkpoint as keep
    from voicenlp.audit.store import beside, open_store

    place = _chosen(log, audit)
    made = keep(place, out, key=key)
    signer = key or beside(place, ".signing-key")
    assert signer is not None
    typer.echo(f"checkpoint of {open_store(place).name} ({made.size:,} events) written to {out}; keep it elsewhere")
    typer.echo(f"verifier key: {SigningKey.read(signer).verifier}")
    return 0


@app.command(
    "proof", help="Prove that an event is in the log, or that the log has only grown; checked with voicenlp/audit/verifier.py alone."
)
def proof(
    out: Annotated[Path, typer.Option("--out", help="File for the proof; the event's line goes to FILE.json.")],
    log: Log = None,
    audit: Audit = None,
    entry: Annotated[int | None, typer.Option("--entry", min=0, help="Number of the event (its seq, from 0).")] = None,
    size: Annotated[int | None, typer.Option("--from", min=1, help="Number of events at an earlier checkpoint.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="Signed checkpoint that the proof leads to; a new one, in FILE.checkpoint, by default."),
    ] = None,
    key: Key = None,
) -> int:
    """Write a proof."""
    from voicenlp.audit import Checkpoint, consistency_proof, inclusion_proof
    from voicenlp.audit import checkpoint as keep

    if (entry is None) == (size is None):
        raise UsageError("say what is to be proved: --entry N or --from SIZE")
    place = _chosen(log, audit)
    point = Checkpoint.read(checkpoint) if checkpoint is not None else keep(place, Path(f"{out}.checkpoint"), key=key)
    if size is not None:
        _write(out, consistency_proof(place, size, point).encode())
        typer.echo(f"{out}: the log has only grown, from {size:,} to {point.size:,} events")
        return 0
    assert entry is not None
    shown, line = inclusion_proof(place, entry, point)
    _write(Path(f"{out}.json"), line)
    _write(out, shown.encode())
    typer.echo(f"{out}: event {entry:,}, which stands in {out}.json, is in the log of {point.size:,} events")
    return 0


@app.command("export", help="Write the lines of a log to a plain file, so that one kept in a database can be handed to an auditor.")
def export(out: Annotated[Path, typer.Option("--out", help="File for the lines.")], log: Log = None, audit: Audit = None) -> int:
    """Copy the log as it stands."""
    from voicenlp.audit.store import open_store
    from voicenlp.errors import AuditError

    store = open_store(_chosen(log, audit))
    lines = store.lines()
    try:
        first = next(lines, b"")
    except OSError as error:
        raise AuditError(f"{store.name}: no audit log that can be read ({error.strerror})") from None
    count = 1 if first else 0
    try:
        with out.open("xb") as file:
            file.write(first)
            for line in lines:
                count += 1
                file.write(line)
    except FileExistsError:
        raise UsageError(f"{out}: there already; it is not written over") from None
    except OSError as error:
        raise UsageError(f"{out}: can't be written ({error.strerror})") from None
    typer.echo(f"{count:,} events of {store.name} written to {out}")
    return 0


def _write(path: Path, data: bytes) -> None:
    """Write a proof or what belongs to it; anything else that is there (the log itself, perhaps) is left alone."""
    from voicenlp.audit.verifier import CONSISTENCY, INCLUSION

    try:
        there = path.read_bytes() if path.exists() else data
        if there != data and not there.startswith((INCLUSION.encode(), CONSISTENCY.encode())):
            raise UsageError(f"{path}: there already and no proof; it is not written over")
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror})") from None


children.add_to(app)
