"""Children whose records are not to be read: a list that families and workers give."""

from __future__ import annotations

import csv
from pathlib import Path

from voicenlp.errors import InputError

__all__ = ["read_opt_outs"]


def read_opt_outs(path: str | Path) -> frozenset[str]:
    r"""Read the ids of children not to be processed.

    Parameters
    ----------
    path : str or Path
        One id a line, or a CSV with a column ``child_id``. Lines that begin with ``#`` are comments.

    Raises
    ------
    InputError
        If the file can't be read, or is a CSV without ``child_id``: a list that is not understood must not pass for an empty one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "out.csv").write_text("child_id,reason\n 1042 ,asked\n")
    ...     read_opt_outs(Path(folder, "out.csv"))
    frozenset({'1042'})
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"can't be read as a list of opt-outs ({type(error).__name__})", source=Path(path).name) from None
    lines = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return frozenset()
    header = [cell.strip().lower() for cell in next(csv.reader(lines[:1]))]
    if "child_id" in header:
        at = header.index("child_id")
        rows = csv.reader(lines[1:])
        return frozenset(row[at].strip() for row in rows if len(row) > at and row[at].strip())
    if len(header) > 1:
        raise InputError("a list of opt-outs with several columns needs one called child_id", source=Path(path).name, row=1)
    return frozenset(line.strip() for line in lines)
