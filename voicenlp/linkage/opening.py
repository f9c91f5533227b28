"""Returns by name: which reader ``--to KIND:WHERE`` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicenlp.errors import UsageError

if TYPE_CHECKING:
    from voicenlp.linkage.tables import ReturnTables

__all__ = ["FORMS", "open_return", "parse_target"]

FORMS = {
    "ssda903": "FOLDER or FILE.xml",
    "cin": "FILE.xml",
    "annex-a": "FILE.xlsx",
    "ssd": "URL",
    "table": "FILE",
}


def parse_target(to: str) -> tuple[str, str]:
    """Part ``KIND:WHERE``.

    Raises
    ------
    UsageError
        If it is not of that form, or of no kind that is read.

    Examples
    --------
    >>> parse_target("cin:census.xml")
    ('cin', 'census.xml')
    """
    kind, _, where = to.partition(":")
    if kind not in FORMS or not where:
        forms = ", ".join(f"{name}:{form}" for name, form in FORMS.items())
        raise UsageError(f"--to: {to!r} must be {forms}" if "://" not in to else f"--to must be {forms}")  # a URL may hold a password
    return kind, where


def open_return(kind: str, where: str, *, columns: str | None = None, schema: str = "") -> ReturnTables:
    """Read a return.

    Parameters
    ----------
    kind, where : str
        As `parse_target` gives them.
    columns : str, optional
        For ``table``: which column is which.
    schema : str
        For ``ssd``: the database's schema.

    Raises
    ------
    InputError
        If it can't be read.
    UsageError
        If an option goes with another kind only.
    """
    if columns is not None and kind != "table":
        raise UsageError("--columns goes with table:FILE only")
    if schema and kind != "ssd":
        raise UsageError("--schema goes with ssd:URL only")
    if kind == "cin":
        from voicenlp.linkage.cin import read_cin

        return read_cin(where)
    if kind == "annex-a":
        from voicenlp.linkage.annex_a import read_annex_a

        return read_annex_a(where)
    if kind == "ssd":
        from voicenlp.linkage.ssd import read_ssd

        return read_ssd(where, schema)
    if kind == "table":
        from voicenlp.linkage.any_table import read_any_table

        return read_any_table(where, columns)
    from voicenlp.linkage.ssda903 import read_ssda903

    return read_ssda903(where)
