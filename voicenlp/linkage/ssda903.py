"""The SSDA903 return (children looked after): a folder of CSV files, or one XML file, read as text with every value kept as it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from voicenlp.errors import InputError
from voicenlp.linkage.delimited import read_bytes, read_csv
from voicenlp.linkage.elements import XML, Element, read_elements
from voicenlp.linkage.layouts import Layout, read_layout
from voicenlp.linkage.returns import Finding
from voicenlp.linkage.tables import ReturnTable, ReturnTables, make_return, make_table

__all__ = ["layout", "read_ssda903"]

XPATH = "xpath"
ROOTS = ("EXPSSDA903", "SSDA903")
ELEMENTS = {
    "EPISODE": "episodes", "AREVIEW": "reviews", "AMISSING": "missing", "OC2": "oc2", "OC3": "oc3", "AD1": "ad1", "UASC": "uasc",
    "PERMANENCE": "previous_permanence", "AD_PLACED": "placed_for_adoption",
}  # fmt: skip
_IN_XML = {"CHILDID": "CHILD", "PL": "PLACE", "GENDER": "SEX"}
_OF_THE_CHILD = ("CHILD", "DOB", "SEX")  # columns that tables repeat from the header


@cache
def layout() -> Layout:
    """Return the return's tables, columns and codes (``resources/ssda903.toml``)."""
    return read_layout(
        "resources/ssda903.toml",
        name="ssda903",
        id="CHILD",
        register="header",
        aliases={"gender": "SEX", "childid": "CHILD"},
        within={"reviews": ("episodes", "no episode of the child on this day")},
        code_finding="not a code of this column in any year from 2017 to 2027",
    )


def read_ssda903(path: str | Path) -> ReturnTables:
    """Read every table of an SSDA903 return.

    File names, column names and their case, byte-order marks, UTF-8 or cp1252, comma, semicolon or tab, and dates day first or ISO are all
    taken as they come. Nothing is corrected: faults are listed.

    Parameters
    ----------
    path : str or Path
        Folder with ``header.csv``, ``episodes.csv``, ``reviews.csv`` … (a file that is no known table is read too), or the XML file; a
        folder without CSV files may hold the XML file.

    Returns
    -------
    ReturnTables
        By file name; from XML by the names of `layout`, with an ``xpath`` for each row, and the file itself in ``originals``.

    Raises
    ------
    InputError
        If there is no such folder or file, it holds no table of the return, can't be read as text, or its XML is not well-formed or
        declares entities.
    """
    path = Path(path)
    if path.is_file():
        if path.suffix.lower() == ".csv":
            raise InputError("is one table of a return: name the folder in which they all are", source=path)
        return _read_xml(path)
    if not path.is_dir():
        raise InputError("no such folder", source=path)
    found = sorted((one for one in path.iterdir() if one.is_file()), key=lambda one: one.name.casefold())
    sheets, marked = ([one for one in found if one.suffix.lower() == ending] for ending in (".csv", ".xml"))
    if not sheets and len(marked) == 1:
        return _read_xml(marked[0])
    tables: dict[str, ReturnTable] = {}
    findings: list[Finding] = []
    for file in sheets:
        one, faults = read_csv(file, layout())
        findings += faults
        if one is not None:
            tables[one.name] = one
    if not any(one.kind for one in tables.values()):
        raise InputError("no CSV file of an SSDA903 return (header.csv, episodes.csv, reviews.csv, …) in this folder", source=path)
    return make_return(path, layout(), tables, findings)


def _read_xml(path: Path) -> ReturnTables:
    data = read_bytes(path)
    records = _Records()
    root, findings = read_elements(data, path, "CHILD", records.child)
    if root.tag not in ROOTS and not records.rows.get("header"):
        raise InputError("not an SSDA903 return: no <CHILD> with a <HEADER>", source=path)
    tables = {}
    for kind, rule in layout().tables.items():
        rows = records.rows.get(kind, [])
        if rows or kind == "header":
            columns = list(dict.fromkeys([XPATH, *rule["columns"], *(column for row in rows for column in row)]))
            body = [[row.get(column, "") for column in columns] for row in rows]
            tables[kind] = make_table(layout(), kind, columns, body, list(range(2, len(rows) + 2)), kind)
    return make_return(path, layout(), tables, [*findings, *records.findings], {path.name: data})


class _Records:
    """Rows by kind of table, gathered a child at a time."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {}
        self.findings: list[Finding] = []

    def child(self, one: Element) -> None:
        """Take one child with all that is nested in it."""
        headers = list(one.find("HEADER"))
        head: dict[str, str] = {XPATH: one.path}
        for part in headers or [one]:
            for leaf in part.leaves():
                if leaf.tag not in ELEMENTS or leaf.text.strip():
                    self._set(head, leaf)
        of_child = {name: head[name] for name in _OF_THE_CHILD if name in head}
        kinds = {column: kind for kind, rule in layout().tables.items() for column in rule["columns"] if column not in _OF_THE_CHILD}
        mine = layout().tables["header"]["columns"]
        elsewhere: dict[str, dict[str, str]] = {}
        for name in [name for name in head if name in kinds and name not in mine]:  # such as DUC, which the header holds in XML
            value = head.pop(name)
            if value.strip():
                elsewhere.setdefault(kinds[name], {XPATH: one.path})[name] = value
        if head.get("UASC", "").strip() == "1":
            elsewhere.setdefault("uasc", {XPATH: one.path})
        self.rows.setdefault("header", []).append(head)
        for kind, row in elsewhere.items():
            self._add(kind, row, of_child)
        for part in [*one.children, *(inner for header in headers for inner in header.children)]:
            if part.children and part.tag != "HEADER":
                self._record(part, of_child)

    def _record(self, part: Element, of_child: dict[str, str]) -> None:
        row = {XPATH: part.path}
        for leaf in part.leaves():
            self._set(row, leaf)
        kind = ELEMENTS.get(part.tag) or _likeliest(row)
        if not kind:
            self.findings.append(Finding(XML, part.line, part.tag, "table", "not a record of the return; only in the XML"))
            return
        self._add(kind, row, of_child)
        for inner in part.children:
            if inner.children:
                self._record(inner, of_child)

    def _add(self, kind: str, row: dict[str, str], of_child: dict[str, str]) -> None:
        columns = layout().tables[kind]["columns"]
        self.rows.setdefault(kind, []).append({name: value for name, value in of_child.items() if name in columns} | row)

    def _set(self, row: dict[str, str], leaf: Element) -> None:
        name = _IN_XML.get(leaf.tag, leaf.tag)
        if name in row:
            self.findings.append(Finding(XML, leaf.line, leaf.tag, "row", "stands twice in one record; the first counts"))
        else:
            row[name] = leaf.text


def _likeliest(row: dict[str, str]) -> str:
    """Return the kind of table that has most of a record's columns; empty if none has any."""
    shares = {kind: len(set(rule["columns"]) & set(row) - set(_OF_THE_CHILD)) for kind, rule in layout().tables.items()}
    best = max(shares, key=lambda kind: shares[kind])
    return best if shares[best] else ""
