"""The text of HTML: what a reader would see, without the markup."""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser

from voicenlp.io.encoding import decode

__all__ = ["html_text"]

_PARAGRAPH = frozenset(
    (
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "ul",
        "ol",
        "dl",
        "blockquote",
        "pre",
        "hr",
        "fieldset",
        "form",
        "section",
        "article",
    )
)
_LINE = frozenset(
    ("div", "li", "tr", "dt", "dd", "address", "aside", "body", "caption", "center", "details", "figcaption", "figure", "footer")
) | frozenset(("header", "html", "legend", "main", "nav", "option", "optgroup", "summary", "tbody", "tfoot", "thead"))
_UNSEEN = frozenset(("script", "style", "template", "noscript", "svg", "math", "object", "iframe"))
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "wbr", "col", "area", "base", "embed", "source", "track"))
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_LOOSE = re.compile(r"<(?!(?:/?[a-zA-Z]|[!?])[^<>]*>)")
_BLANKS = re.compile(r"[ \t\r\n\f]+")


class _Reader(HTMLParser):
    """Collects the words; block elements become line breaks, cells are parted by ``|``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.breaks = 0  # line breaks due before the next words
        self.blank = False  # a blank due before the next words
        self.unseen = 0  # open elements whose content is not shown
        self.head = False
        self.pre = 0
        self.row = 0  # where in `out` the current row begins
        self.cells: list[int] = []  # for each open table, cells so far in its row

    def _break(self, lines: int) -> None:
        self.breaks, self.blank = max(self.breaks, lines), False

    def _put(self, words: str) -> None:
        if (self.out and self.out[-1] == " | ") or (self.cells and self.cells[-1] and len(self.out) == self.row):
            pass  # a cell's first words stand on the row's line
        elif self.breaks and self.out:
            self.out.append("\n" * (1 if self.cells and self.cells[-1] > 1 else self.breaks))
        elif self.blank and self.out:
            self.out.append(" ")
        self.breaks, self.blank = 0, False
        self.out.append(words)

    def _end_row(self) -> None:
        if self.cells[-1]:
            self.cells[-1] = 0
            self.breaks, self.blank = 1, False
            if all(words in (" | ", "\n") for words in self.out[self.row :]):  # nothing but empty cells
                del self.out[self.row :]
                self.breaks = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self.unseen += 1
        elif tag == "head":
            self.head = True
        elif tag == "body":
            self.head = False
        if self.unseen or self.head:
            return
        if tag == "br":
            self._put("\n")
            self.blank = False
        elif tag in ("td", "th") and self.cells:
            self.cells[-1] += 1
            if self.cells[-1] == 1:
                if self.out and self.breaks:
                    self.out.append("\n" * self.breaks)
                self.row = len(self.out)
            else:
                while len(self.out) > self.row and not self.out[-1].strip(" \n"):
                    self.out.pop()
                self.out.append(" | ")
            self.breaks, self.blank = 0, False
        elif tag in _PARAGRAPH:
            self._break(2)
        elif tag in _LINE:
            self._break(1)
        if tag == "table":
            self.cells.append(0)
        elif tag == "tr" and self.cells:
            self._end_row()
        elif tag == "pre":
            self.pre += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.unseen = max(0, self.unseen - 1)
        elif tag == "head":
            self.head = False
        if self.unseen or self.head:
            return
        if tag == "table" and self.cells:
            self.cells.pop()
        elif tag == "tr" and self.cells:
            self._end_row()
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        if tag in _PARAGRAPH and tag != "hr":
            self._break(2)
        elif tag in _LINE:
            self._break(1)

    def handle_data(self, data: str) -> None:
        if self.unseen or self.head:
            return
        if self.pre:
            self._put(data)
            return
        words = _BLANKS.sub(" ", data)
        inner = words.strip(" ")
        if not inner:
            self.blank = self.blank or bool(words and self.out and not self.out[-1].endswith(("\n", " ")))
            return
        if words.startswith(" ") and self.out and not self.breaks and not self.out[-1].endswith(("\n", " ")):
            self.blank = True
        self._put(inner)
        self.blank = words.endswith(" ")


def html_text(data: bytes | str) -> str:
    r"""Extract the text of HTML: entities resolved, scripts and styles left out, blocks on lines of their own, ``|`` between cells.

    Runs of blanks and line breaks become one blank, as in a browser; NBSP stays. Bytes are read in the encoding that they name, if they
    fit it, else as any text file.

    Examples
    --------
    >>> html_text("<p>Mum&nbsp;said<br>no &amp; left</p><table><tr><td>Seen<td>Yes</table>")
    'Mum\xa0said\nno & left\n\nSeen | Yes'
    """
    reader = _Reader()
    reader.feed(_whole_tags(data if isinstance(data, str) else _decode(data)))
    reader.close()
    lines = "".join(reader.out).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip(" ") for line in lines)).strip("\n")


def _whole_tags(html: str) -> str:
    """Take comments out, and make every ``<`` that begins no whole tag into text.

    At each of these the parser of the standard library looks through all that follows: a broken file of a megabyte would take minutes.
    """
    kept, start = [], 0
    while (begin := html.find("<!--", start)) >= 0:
        kept.append(html[start:begin])
        end = html.find("-->", begin + 4)
        if end < 0:  # a comment that is never closed goes to the end, as in a browser
            start = len(html)
            break
        start = end + 3
    kept.append(html[start:])
    return _LOOSE.sub("&lt;", "".join(kept))


def _decode(data: bytes) -> str:
    named = _CHARSET.search(data[:4096])
    if named and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = named[1].decode("ascii").lower()
        # what calls itself Latin-1 is cp1252 in practice, and browsers read it so
        name = "cp1252" if name in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii") else name
        try:
            return data.decode(codecs.lookup(name).name)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)
