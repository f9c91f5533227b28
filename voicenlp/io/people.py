"""People in: the roster of who is who in a child's life, as the authority knows them."""

from __future__ import annotations

from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.columns import as_id, find_column, listed
from voicenlp.io.notes import open_rows
from voicenlp.records import Person

__all__ = ["read_people"]

_COLUMNS = ("child_id", "person_id", "name", "also", "role")


def read_people(source: Any) -> dict[str, list[Person]]:
    """Read a roster.

    Parameters
    ----------
    source : path, table or iterable of mappings
        CSV, Parquet, JSON Lines, Excel or a table, with the columns ``name`` and, where known, ``child_id``, ``person_id``, ``also`` (other
        names, parted by ``;``, or a list) and ``role``. Names of columns are taken without regard to case, blanks and underscores.

    Returns
    -------
    dict[str, list[Person]]
        Each child's people, in order of the rows; under the empty string those of no named child (workers, say).

    Raises
    ------
    InputError
        If the source can't be read, has no ``name`` column, or a row has no name.

    Examples
    --------
    >>> people = read_people([{"child_id": 7, "person_id": "p1", "name": "Karen Holt", "also": "Kaz; Mum", "role": "mother"}])
    >>> people["7"][0].also
    ('Kaz', 'Mum')
    """
    rows = open_rows(source)
    present = rows.columns()
    found = {name: column for name in _COLUMNS if (column := find_column(present, name, rows.name)) is not None}
    if "name" not in found:
        raise InputError(f"is missing; {listed(present)}", source=rows.name, column="name")
    out: dict[str, list[Person]] = {}
    for row, cells in rows.rows(list(found.values())):
        value = {}
        for name, cell in zip(found, cells, strict=True):
            if name == "also" and isinstance(cell, list | tuple):
                cell = ";".join(str(one) for one in cell if one is not None)
            try:
                value[name] = as_id(cell)
            except ValueError as error:
                raise InputError(str(error), source=rows.name, row=row, column=found[name]) from None
        if not value["name"]:
            raise InputError("is empty", source=rows.name, row=row, column=found["name"])
        also = tuple(dict.fromkeys(one.strip() for one in value.get("also", "").split(";") if one.strip()))
        person = Person(value.get("child_id", ""), value.get("person_id", ""), value["name"], also, value.get("role", ""))
        out.setdefault(person.child_id, []).append(person)
    return out
