"""Children and people who are not to be processed, or not for certain purposes: a list that families and workers give."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicenlp.errors import InputError
from voicenlp.io.columns import as_id, plain

__all__ = ["OptOuts", "read_opt_outs"]

_DELIMITERS = ",;\t|"


def _same(purpose: str) -> str:
    return " ".join(purpose.casefold().split())


@dataclass(frozen=True)
class OptOuts:
    """Who is not to be processed.

    Attributes
    ----------
    children, people : Mapping[str, frozenset of str]
        By ``child_id`` and ``person_id``: the purposes for which not; an empty set where it is for no purpose at all.
    """

    children: Mapping[str, frozenset[str]] = field(default_factory=dict)
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, children: Iterable[object]) -> OptOuts:
        """Return the opt-outs of children who are not to be processed for any purpose."""
        return cls({as_id(child): frozenset() for child in children})

    @property
    def purposes(self) -> frozenset[str]:
        """All purposes that the list names, as it writes them."""
        return frozenset().union(*self.children.values(), *self.people.values())

    def for_purpose(self, purpose: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the children and the people who are left out of what is done for a purpose.

        Purposes are compared without regard to case and blanks. Where no purpose is given, whoever opted out of any is left out.

        Examples
        --------
        >>> OptOuts({"1": frozenset(), "2": frozenset({"research"})}).for_purpose("Service review")[0]
        frozenset({'1'})
        """
        wanted = _same(purpose)

        def left_out(rows: Mapping[str, frozenset[str]]) -> frozenset[str]:
            return frozenset(
                who for who, purposes in rows.items() if not purposes or not wanted or wanted in {_same(one) for one in purposes}
            )

        return left_out(self.children), left_out(self.people)


def read_opt_outs(path: str | Path) -> OptOuts:
    r"""Read the list of those who are not to be processed.

    Parameters
    ----------
    path : str or Path
        One child's id a line; or a CSV (commas, semicolons, tabs or pipes) with a column ``child_id``, or ``person_id`` (as in the roster),
        or both, of which each row holds one; and, where somebody opted out of some purposes only, ``purposes``, parted by ``;`` (by ``|``
        in a list parted by semicolons). In UTF-8. Empty lines and those that begin with ``#`` are left out, other columns are not read.

    Raises
    ------
    InputError
        If the file can't be read, is empty, is a CSV without ``child_id`` and ``person_id``, or a row names nobody, or both: a list that is
        not understood must not pass for an empty one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "out.csv").write_text("child_id,reason,purposes\n 1042 ,asked,\n1043,asked,research;training\n")
    ...     sorted(read_opt_outs(Path(folder, "out.csv")).for_purpose("research")[0])
    ['1042', '1043']
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"can't be read as a list of opt-outs ({error.strerror})", source=path) from None
    except UnicodeDecodeError:
        raise InputError(
            "a list of opt-outs is a text file in UTF-8: one id a line, or a CSV with a column child_id", source=path
        ) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not any(line.strip() for line in lines):
        raise InputError("is empty; a list on which nobody stands has a header, child_id, or a comment", source=path)
    rows, delimiter = _rows(
        [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")], path
    )
    if not rows:
        return OptOuts()
    names = [plain(cell) for cell in rows[0][1]]
    places = {name: names.index(plain(name)) for name in ("child_id", "person_id", "purposes") if plain(name) in names}
    for name in places:
        if names.count(plain(name)) > 1:
            raise InputError("comes twice in the header", source=path, row=rows[0][0], column=name)
    if "child_id" in places or "person_id" in places:
        return _listed(rows[1:], places, delimiter, path)
    for number, cells in rows:
        if len(cells) > 1 or any(mark in cells[0] for mark in _DELIMITERS):
            raise InputError("a list of opt-outs with several columns needs a header with child_id or person_id", source=path, row=number)
    return _listed(rows, {"child_id": 0}, delimiter, path)


def _listed(rows: list[tuple[int, list[str]]], places: Mapping[str, int], delimiter: str, path: Path) -> OptOuts:
    children: dict[str, frozenset[str]] = {}
    people: dict[str, frozenset[str]] = {}
    for number, cells in rows:
        value = {name: cells[at] if at < len(cells) else "" for name, at in places.items()}
        child, person = value.get("child_id", ""), value.get("person_id", "")
        where = "child_id" if "child_id" in places else "person_id"
        if not child + person or "\0" in child + person:
            raise InputError("holds no id", source=path, row=number, column=where)
        if child and person:
            raise InputError("names a child and a person; each has a row of its own", source=path, row=number, column="person_id")
        purposes = frozenset(
            one.strip() for one in value.get("purposes", "").split("|" if delimiter == ";" else ";") if one.strip()
        )  # fmt: skip
        found, who = (children, child) if child else (people, person)
        # somebody who stands there twice opted out of what either row says
        found[who] = frozenset() if not purposes or found.get(who) == frozenset() else found.get(who, frozenset()) | purposes
    return OptOuts(children, people)


def _rows(numbered: list[tuple[int, str]], path: Path) -> tuple[list[tuple[int, list[str]]], str]:
    """Return the line on which each row begins and its cells, and what parts the cells."""
    if not numbered:
        return [], ","
    header = numbered[0][1]
    delimiter = next((mark for mark in _DELIMITERS if mark in header), ",")
    return list(_cells(numbered, delimiter, path)), delimiter


def _cells(numbered: list[tuple[int, str]], delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader((line + "\n" for _, line in numbered), delimiter=delimiter, skipinitialspace=True, strict=True)
    begun = 0
    try:
        for cells in reader:
            yield numbered[begun][0], [cell.strip() for cell in cells]
            begun = reader.line_num
    except csv.Error:
        raise InputError("not readable as CSV: a quote is not closed", source=path, row=numbered[begun][0]) from None
