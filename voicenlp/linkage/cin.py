"""The children in need census: an XML file whose nested records become one table each; the XML itself goes out as it came."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

from voicenlp.errors import InputError
from voicenlp.linkage.delimited import read_bytes
from voicenlp.linkage.elements import XML, Element, read_elements
from voicenlp.linkage.layouts import Layout, read_layout
from voicenlp.linkage.returns import Finding
from voicenlp.linkage.tables import ReturnTables, make_return, make_table

__all__ = ["read_cin"]

XPATH = "xpath"
YEARS = range(2021, 2027)
_PERSON = ("ChildIdentifiers", "ChildCharacteristics")
_FACTORS = "FactorsIdentifiedAtAssessment"
_GROUPS = (_FACTORS, "Reviews", "Disabilities")  # hold records of their own, also where one is empty


@cache
def layout() -> Layout:
    """Return the census's tables, elements and codes (``resources/cin.toml``)."""
    return read_layout("resources/cin.toml")


def read_cin(path: str | Path) -> ReturnTables:
    """Read a children in need census.

    Each child, and each nested record (details, assessment, plan, section 47 enquiry, protection plan, review, disability,
    pre-proceedings), becomes a row of the table of its kind, with the child's id and an XPath that says which element it is. Values are the
    elements' text as it stands; an element that is not of the census is kept as a column where it stands in a record, and listed.

    Parameters
    ----------
    path : str or Path
        The XML file, of any year from 2021 to 2026.

    Returns
    -------
    ReturnTables
        ``children``, ``disabilities``, ``cin_details``, ``assessments``, ``cin_plans``, ``section47``, ``cp_plans``, ``cp_reviews`` and
        ``pre_proceedings``, those without a record left out; ``originals`` holds the file, byte for byte.

    Raises
    ------
    InputError
        If the file can't be read, is not well-formed, declares entities, or is no census.
    """
    path = Path(path)
    data = read_bytes(path)
    records = _Records()
    root, findings = read_elements(data, path, "Child", records.child)
    if root.tag != "Message" or not any(True for _ in root.find("Children")):
        raise InputError("not a CIN census: no <Message> with <Children>", source=path)
    findings += _year(root)
    spec = layout()
    tables = {}
    for kind, rule in spec.tables.items():
        rows = records.rows[kind]
        if rows or kind == "children":
            columns = [XPATH, *rule["columns"], *records.more[kind]]
            body = [[row.get(column, "") for column in columns] for row in rows]
            tables[kind] = make_table(spec, kind, columns, body, list(range(2, len(rows) + 2)), kind)
    return make_return(path, spec, tables, [*findings, *records.findings], {path.name: data})


def _year(root: Element) -> list[Finding]:
    details = [one for header in root.find("Header") for one in header.find("CollectionDetails")]
    values = {leaf.tag: leaf for one in details for leaf in one.leaves()}
    found = []
    collection, year = values.get("Collection"), values.get("Year")
    if collection is None or collection.text.strip().upper() != "CIN":
        found.append(Finding(XML, collection.line if collection else None, "Collection", "table", "the header does not say CIN"))
    if year is None or not year.text.strip().isdecimal() or int(year.text) not in YEARS:
        found.append(Finding(XML, year.line if year else None, "Year", "table", "not a year from 2021 to 2026; read as the latest"))
    return found


class _Records:
    """Rows by kind of table, gathered a child at a time."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.more: dict[str, dict[str, None]] = defaultdict(dict)
        self.findings: list[Finding] = []
        self.kinds = {rule["element"]: kind for kind, rule in layout().tables.items() if "element" in rule}

    def child(self, one: Element) -> None:
        """Take one child with all that is nested in it."""
        row = self._row("children", one, "")
        for part in one.children:
            if part.tag in _PERSON:
                self._leaves("children", row, part)
        child = row.get("LAchildID", "")
        for part in one.children:
            if part.tag == "ChildCharacteristics":
                for group in part.find("Disabilities"):
                    self._each("disabilities", group, child)
            elif part.tag == "CINdetails":
                self._details(part, child)
            elif part.tag not in _PERSON:
                self._unknown(part)

    def _details(self, one: Element, child: str) -> None:
        self._leaves("cin_details", self._row("cin_details", one, child), one)
        for part in one.children:
            kind = self.kinds.get(part.tag)
            if kind is None:
                if part.children:
                    self._unknown(part)
                continue
            row = self._row(kind, part, child)
            self._leaves(kind, row, part)
            for group in part.children:
                if group.tag == _FACTORS:
                    row["AssessmentFactors"] = ";".join(leaf.text for leaf in group.find("AssessmentFactors"))
                elif group.tag == "Reviews":
                    self._each("cp_reviews", group, child)
                elif group.children:
                    self._unknown(group)

    def _row(self, kind: str, one: Element, child: str) -> dict[str, str]:
        row = {XPATH: one.path, "LAchildID": child}
        self.rows[kind].append(row)
        return row

    def _each(self, kind: str, group: Element, child: str) -> None:
        """One row for each element of a group that holds nothing but text."""
        wanted = layout().tables[kind]["element"]
        for leaf in group.children:
            if leaf.tag == wanted:
                self._row(kind, leaf, child)[wanted] = leaf.text
            else:
                self._unknown(leaf)

    def _leaves(self, kind: str, row: dict[str, str], part: Element) -> None:
        known = layout().tables[kind]["columns"]
        seen = {XPATH} if kind == "children" else {XPATH, "LAchildID"}  # the record's own, which the row has already
        for leaf in part.leaves():
            if leaf.tag in self.kinds or leaf.tag in _GROUPS:
                continue
            if leaf.tag in seen:
                self.findings.append(Finding(XML, leaf.line, leaf.tag, "row", "stands twice in one record; the first counts"))
                continue
            seen.add(leaf.tag)
            if leaf.tag not in known:
                self.more[kind][leaf.tag] = None
                self.findings.append(Finding(XML, leaf.line, leaf.tag, "table", "not an element of the census; kept as a column"))
            row[leaf.tag] = leaf.text

    def _unknown(self, one: Element) -> None:
        self.findings.append(Finding(XML, one.line, one.tag, "table", "not an element of the census; only in the XML"))
