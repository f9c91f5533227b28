"""The data dictionary: what every column of an indicator table means, as a Frictionless Table Schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from voicenlp.indicators.catalogue import Catalogue, load_catalogue
from voicenlp.indicators.periods import PERIODS
from voicenlp.io.tables import replacing

__all__ = ["data_dictionary", "write_dictionary"]

GROUPS: dict[str, tuple[str, str, str]] = {
    "child_id": ("Child", "The child's id, as the notes give it; empty for notes that name no child.", "string"),
    "note_type": ("Kind of note", "The kind of note, as the case-management system gives it; empty where it gives none.", "string"),
    "author_role": ("Author's role", "The author's role, as the case-management system gives it; empty where it gives none.", "string"),
    **{name: (one.title, f"{one.definition} Empty for notes without a date.", one.type) for name, one in PERIODS.items()},
    "period_start": ("First day of the period", "First day of the period that the row is about; empty for notes without a date.", "date"),
    "period_end": ("Last day of the period", "Last day of the period that the row is about; empty for notes without a date.", "date"),
    "start": ("First day of the window", "First day of the window in which notes were counted; empty: no bound.", "date"),
    "end": ("Last day of the window", "Last day of the window in which notes were counted; empty: no bound.", "date"),
    "status": ("Status", "Whether a person has checked the figures against the records: 'unreviewed' until someone has.", "string"),
}  # fmt: skip


def data_dictionary(
    columns: Iterable[str],
    *,
    prefix: str = "",
    own: Mapping[str, Mapping[str, Any]] | None = None,
    catalogue: Catalogue | None = None,
) -> dict[str, Any]:
    """Describe the columns of a table.

    Parameters
    ----------
    columns : iterable of str
        Names of the columns, in order (``table.column_names``).
    prefix : str
        What stands before the names of columns that voicenlp made (``voice_`` in attached tables).
    own : mapping of str to mapping, optional
        Entries (``title``, ``description``, ``type``) for columns that voicenlp did not make or that mean something else here; looked up
        by the full name.
    catalogue : Catalogue, optional
        The one that the table was made with.

    Returns
    -------
    dict
        A Frictionless Table Schema: ``{"fields": [...], "missingValues": [""]}``; each field has ``name``, ``title``, ``description``,
        ``type`` and, for indicators, ``unit``. A column that nothing else explains is described as handed in.

    Examples
    --------
    >>> data_dictionary(["child_id", "voices"])["fields"][1]["description"]
    'Number of voice spans, whoever speaks.'
    """
    known = {one.id: one for one in (catalogue or load_catalogue()).indicators}
    fields: list[dict[str, Any]] = []
    for column in columns:
        name = column.removeprefix(prefix) if prefix and column.startswith(prefix) else column
        made = not prefix or name != column
        if own and column in own:
            fields.append({"name": column, **own[column]})
        elif made and name in known:
            one = known[name]
            fields.append({"name": column, "title": one.label, "description": one.definition, "type": one.type, "unit": one.unit})
        elif made and name in GROUPS:
            title, description, kind = GROUPS[name]
            fields.append({"name": column, "title": title, "description": description, "type": kind})
        else:
            fields.append({"name": column, "title": column, "description": "As handed in; not made by voicenlp.", "type": "any"})
    for field in fields:
        if field["type"] == "date":
            field["format"] = "default"  # ISO 8601, as in 2026-03-31
    return {"fields": fields, "missingValues": [""]}


def write_dictionary(path: str | Path, columns: Iterable[str] | None = None, *, catalogue: Catalogue | None = None) -> Path:
    """Write the data dictionary as JSON, of the given columns or of every column that an indicator table can have.

    The file appears under its name only when it is whole.
    """
    catalogue = catalogue or load_catalogue()
    if columns is None:
        columns = [*(name for name in GROUPS if name != "status"), *catalogue.ids, "status"]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write((json.dumps(data_dictionary(columns, catalogue=catalogue), ensure_ascii=False, indent=2) + "\n").encode())
    return path
