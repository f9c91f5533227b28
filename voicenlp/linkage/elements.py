"""XML of a return, read safely and a child at a time: no document type, no entities, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat  # entities and document types are refused below, as defusedxml does

from voicenlp.errors import InputError
from voicenlp.linkage.returns import Finding

__all__ = ["XML", "Element", "read_elements"]

XML = "(xml)"
"""Stands for the XML file itself in findings, whose row is then a line of the file."""

DEEPEST = 32
LARGEST = 2 << 30
_BLOCK = 1 << 16


@dataclass(slots=True)
class Element:
    """One element: its name without a namespace, its own text, where it stands, and the elements in it."""

    tag: str
    line: int
    path: str
    text: str = ""
    children: list[Element] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=dict)

    def leaves(self) -> Iterator[Element]:
        """Yield the elements directly in it that hold no others."""
        return (one for one in self.children if not one.children)

    def find(self, tag: str) -> Iterator[Element]:
        """Yield the elements of a name directly in it."""
        return (one for one in self.children if one.tag == tag)


def read_elements(data: bytes, source: Path, unit: str, take: Callable[[Element], None]) -> tuple[Element, list[Finding]]:
    """Go through XML and hand over each element of one name, whole, as it ends; it is forgotten then.

    Parameters
    ----------
    data : bytes
        The file.
    source : Path
        For messages.
    unit : str
        Name of the elements to hand over (``Child``).
    take : callable
        Gets each of them.

    Returns
    -------
    root : Element
        The outermost element with what is not inside of a unit.
    findings : list of Finding
        Text that stands between elements, where only elements should.

    Raises
    ------
    InputError
        If it is not well-formed, declares a document type or entities (with which a small file can be made to fill the memory, or to read
        other files), is nested too deeply or too large.

    Examples
    --------
    >>> root, _ = read_elements(b"<M><Child><Id>7</Id></Child></M>", Path("a.xml"), "Child", lambda one: print(one.children[0].path))
    /M/Child[1]/Id[1]
    """
    if len(data) > LARGEST:
        raise InputError("is too large to be read safely", source=source)
    reader = _Reader(source, unit, take)
    parser = reader.parser
    try:
        for start in range(0, len(data), _BLOCK):
            parser.Parse(data[start : start + _BLOCK], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        said = expat.ErrorString(error.code)
        raise InputError(f"not well-formed XML ({said})", source=source, row=error.lineno) from None
    except (LookupError, ValueError):  # an encoding that Python does not know, or one of several bytes that expat can't take
        raise InputError("is in an encoding that can't be read: save it as UTF-8", source=source) from None
    assert reader.root is not None  # expat refuses a file without an element
    return reader.root, reader.findings


class _Reader:
    def __init__(self, source: Path, unit: str, take: Callable[[Element], None]) -> None:
        self.source, self.unit, self.take = source, unit, take
        self.open: list[Element] = []
        self.root: Element | None = None
        self.findings: list[Finding] = []
        self.parser: Any = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse

    def _refuse(self, *_: object) -> int:
        line = self.parser.CurrentLineNumber
        raise InputError("declares a document type or entities, which a return has no need of; not read", source=self.source, row=line)

    def _start(self, name: str, _: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        if len(self.open) >= DEEPEST:
            raise InputError("is nested too deeply to be a return", source=self.source, row=line)
        tag = name.rpartition(":")[2]
        around = self.open[-1] if self.open else None
        if around is None:
            path = f"/{tag}"
        else:
            around.count[tag] = around.count.get(tag, 0) + 1
            path = f"{around.path}/{tag}[{around.count[tag]}]"
            if around.text.strip():
                self._stray(around)
        one = Element(tag, line, path)
        if around is None:
            self.root = one
        else:
            around.children.append(one)
        self.open.append(one)

    def _end(self, _: str) -> None:
        one = self.open.pop()
        if one.children and one.text.strip():
            self._stray(one)
        elif one.children:
            one.text = ""
        if one.tag == self.unit:
            self.take(one)
            if self.open:
                self.open[-1].children.pop()

    def _text(self, data: str) -> None:
        if self.open:
            self.open[-1].text += data

    def _stray(self, one: Element) -> None:
        """List text between elements; expat says where it is by now, which is the line of the tag after it."""
        self.findings.append(Finding(XML, self.parser.CurrentLineNumber, one.tag, "text", "text stands between the elements; left alone"))
        one.text = ""
