"""The command line: one module a verb. Nothing heavy is imported before a verb runs, so that help answers at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from pathlib import Path

import typer

from voicenlp.cli import agree, attach, audit, convert, demo, evaluate, explain, indicators, models, tag, train
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
for verb in (demo, tag, indicators, attach, evaluate, agree, explain, train, convert, models):
    app.command(verb.NAME, help=verb.HELP)(verb.command)
app.add_typer(audit.app, name="audit", help=audit.HELP)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        from voicenlp import __version__

        typer.echo(f"voicenlp {__version__}")
        raise typer.Exit()


class Stopped(BaseException):
    """Ctrl-C, or the system asking the program to end."""


def _stop(number: int, _: object) -> None:
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_DFL)  # a second one ends it on the spot
    raise Stopped(number)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 wrong use, unreadable input or stopped, 2 done with rejects, 3 audit log broken."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal or file of an old code page must not end a run for one odd sign
            stream.reconfigure(errors="replace")
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {one: signal.signal(one, _stop) for one in _SIGNALS}
    try:
        code = _code()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    sys.exit(code)


def _code() -> int:
    try:
        code = app(prog_name="voicenlp", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except VoiceError as error:
        _say(*(str(error).splitlines() or [type(error).__name__]))
        return error.exit_code
    except _WrongUse as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(message)
        else:
            _say(" ".join(message.split()))
    except (typer.Abort, KeyboardInterrupt, Stopped):
        _say("stopped")
    except MemoryError:
        _say("out of memory; try fewer workers")
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):
            return _unread()
        raise
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else error.strerror or type(error).__name__)
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        _say(_unforeseen(error))
    return 1


def _say(*lines: str) -> None:
    with contextlib.suppress(OSError):
        for line in lines:
            typer.echo(f"voicenlp: {line}", err=True)


def _unread() -> int:
    """Go quietly when the reader of our output went away, as ``head`` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _unforeseen(error: Exception) -> str:
    """Say where a fault of our own lies. Its message is left out: it may quote a record."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "voicenlp" in frame.filename]
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"a fault of this program ({type(error).__name__}{place}); please report it (python -X dev -m voicenlp shows more)"
