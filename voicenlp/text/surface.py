"""A same-length view of a note in which debris is blanked out, so that rules can read it and offsets stay those of the text that came in.

Case-management exports carry HTML tags and entities, RTF control words, no-break spaces and odd line ends inside the text. Cleaning them
away would move every offset behind them; here each of them is overwritten with blanks (or one line end) of exactly its own length.
"""

from __future__ import annotations

import html
import re

__all__ = ["surface"]

_BREAK = r"(?:br|/?p|/?div|/?li|/?tr|/?h[1-6]|/?table|/?ul|/?ol|hr)"
_TAG = re.compile(
    rf"<(?P<brk>{_BREAK})\b[^<>]{{0,200}}>|</?[a-zA-Z][a-zA-Z0-9]{{0,12}}(?:\s[^<>]{{0,300}})?/?>|<!--.{{0,500}}?-->", re.I | re.S
)
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,6});")
_RTF = re.compile(r"\\(?P<brk>par|line|pard)\b ?|\\'[0-9a-f]{2}|\\[a-z]{2,12}-?\d{0,5} ?|\{\\\*?[^{}\\]{0,80}\}|[{}]")
_APOSTROPHE = re.compile(r"(?<=\w)’(?=\w)")
_SPACES = {ord(c): " " for c in "\u00a0\u2007\u202f\u2009\u200a\u2002\u2003\u200b\ufeff\t\x0b\x0c\x00"}
_SPACES |= {ord("\r"): " ", ord("\u2028"): "\n", ord("\u2029"): "\n", ord("\x85"): "\n"}


def _blank_tag(match: re.Match[str]) -> str:
    return ("\n" if match["brk"] else " ") + " " * (len(match[0]) - 1)


def _blank_entity(match: re.Match[str]) -> str:
    char = html.unescape(match[0])
    if len(char) != 1:
        return match[0]
    return (" " if char.isspace() else char) + " " * (len(match[0]) - 1)


def surface(text: str) -> str:
    r"""Return ``text`` with debris blanked out, of the same length.

    Parameters
    ----------
    text : str
        A note as it came in.

    Returns
    -------
    str
        Same length in code points. Tags, RTF control words and entities are blanks (a block tag begins with a line end), every kind of
        space is a plain one, lone ``\r`` are line ends, curly apostrophes inside words are straight.

    Examples
    --------
    >>> surface("Tia<br/>said&nbsp;no")
    'Tia\n    said      no'
    """
    view = text
    if "\r" in view:
        view = re.sub("\r(?!\n)", "\n", view)
    if "<" in view:
        view = _TAG.sub(_blank_tag, view)
    if "&" in view:
        view = _ENTITY.sub(_blank_entity, view)
    if "\\par" in view or "{\\rtf" in view or "\\f0" in view:
        view = _RTF.sub(_blank_tag, view)
    if "’" in view:
        view = _APOSTROPHE.sub("'", view)
    return view.translate(_SPACES)
