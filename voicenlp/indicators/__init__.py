"""Indicators: what the notes hold for each child, period or window, with a plain definition of every figure."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from voicenlp.indicators.catalogue import Catalogue, Fact, Indicator, load_catalogue
from voicenlp.indicators.counts import catalogue_faults, indicators, roll_up
from voicenlp.indicators.dictionary import data_dictionary, write_dictionary
from voicenlp.indicators.rows import run_tables

__all__ = [
    "Catalogue",
    "Fact",
    "Indicator",
    "catalogue_faults",
    "data_dictionary",
    "indicators",
    "load_catalogue",
    "roll_up",
    "run_tables",
    "write_dictionary",
]


class _CallablePackage(ModuleType):
    """Lets ``voicenlp.indicators(...)`` work although the package of that name takes the function's place once it is imported."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return indicators(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
