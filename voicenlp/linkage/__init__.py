"""Linkage: voice indicators set beside the records that an authority already keeps."""

from voicenlp.linkage.annex_a import read_annex_a
from voicenlp.linkage.any_table import read_any_table
from voicenlp.linkage.attach import Linked, attach
from voicenlp.linkage.cin import read_cin
from voicenlp.linkage.crosswalk import Crosswalk, read_crosswalk
from voicenlp.linkage.keys import KeyClash, KeyMatch, match_keys, tidy_key
from voicenlp.linkage.returns import Return, WindowSettings
from voicenlp.linkage.ssd import read_ssd
from voicenlp.linkage.ssda903 import read_ssda903
from voicenlp.linkage.tables import ReturnTable, ReturnTables
from voicenlp.linkage.writing import write

__all__ = [
    "Crosswalk",
    "KeyClash",
    "KeyMatch",
    "Linked",
    "Return",
    "ReturnTable",
    "ReturnTables",
    "WindowSettings",
    "attach",
    "match_keys",
    "read_annex_a",
    "read_any_table",
    "read_cin",
    "read_crosswalk",
    "read_ssd",
    "read_ssda903",
    "tidy_key",
    "write",
]
