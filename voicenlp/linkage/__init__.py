"""Linkage: voice indicators set beside the records that an authority already keeps."""

from voicenlp.linkage.attach import Linked, attach
from voicenlp.linkage.keys import KeyClash, KeyMatch, match_keys, tidy_key
from voicenlp.linkage.returns import Return, WindowSettings
from voicenlp.linkage.ssda903 import Return903, read_ssda903
from voicenlp.linkage.writing import write

__all__ = [
    "KeyClash",
    "KeyMatch",
    "Linked",
    "Return",
    "Return903",
    "WindowSettings",
    "attach",
    "match_keys",
    "read_ssda903",
    "tidy_key",
    "write",
]
