"""The command line: one module a verb. Nothing heavy is imported before a verb runs, so that help answers at once."""

from __future__ import annotations

import os
import sys

import typer

from voicenlp.cli import agree, attach, audit, convert, demo, evaluate, indicators, models, tag
from voicenlp.errors import VoiceError

__all__ = ["app", "main"]

# the base of all faults in a command line, wherever typer takes its click from
_WrongUse: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="voicenlp",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Reads the voices of children, families and workers in case records, and sets them beside the statutory returns. "
    "It describes records; it scores nobody.",
)
for verb in (demo, tag, indicators, attach, evaluate, agree, convert, models):
    app.command(verb.NAME, help=verb.HELP)(verb.command)
app.add_typer(audit.app, name="audit", help=audit.HELP)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        from voicenlp import __version__

        typer.echo(f"voicenlp {__version__}")
        raise typer.Exit()


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 wrong use or unreadable input, 2 done with rejects, 3 audit log broken."""
    try:
        code = app(standalone_mode=False)
    except VoiceError as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            typer.echo(f"voicenlp: {line}", err=True)
        sys.exit(error.exit_code)
    except _WrongUse as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        bare = type(error).__name__ == "NoArgsIsHelpError"
        typer.echo(message if bare else f"voicenlp: {' '.join(message.split())}", err=not bare)
        sys.exit(1)
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("voicenlp: stopped", err=True)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError:
        typer.echo("voicenlp: out of memory; try fewer workers", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
