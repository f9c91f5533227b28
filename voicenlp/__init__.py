"""voicenlp: reads the voices of children, families and workers in children's social care records.

The names below are loaded when first asked for, so that ``import voicenlp`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicenlp.engines.tagging import Run, open_run, tag
    from voicenlp.evaluation.agreement import agree
    from voicenlp.evaluation.metrics import evaluate
    from voicenlp.indicators.counts import indicators
    from voicenlp.io.annotations import read_annotations, write_annotations
    from voicenlp.io.notes import read_notes
    from voicenlp.io.people import read_people
    from voicenlp.linkage.attach import attach
    from voicenlp.linkage.ssda903 import read_ssda903
    from voicenlp.pipeline import load, spans_of
    from voicenlp.taggers.models import models

__version__ = "0.1.0"
__all__ = [
    "Run",
    "agree",
    "attach",
    "evaluate",
    "indicators",
    "load",
    "models",
    "open_run",
    "read_annotations",
    "read_notes",
    "read_people",
    "read_ssda903",
    "spans_of",
    "tag",
    "write_annotations",
]

_HOME = {
    "Run": "engines.tagging",
    "agree": "evaluation.agreement",
    "attach": "linkage.attach",
    "evaluate": "evaluation.metrics",
    "indicators": "indicators.counts",
    "load": "pipeline",
    "models": "taggers.models",
    "open_run": "engines.tagging",
    "read_annotations": "io.annotations",
    "read_notes": "io.notes",
    "read_people": "io.people",
    "read_ssda903": "linkage.ssda903",
    "spans_of": "pipeline",
    "tag": "engines.tagging",
    "write_annotations": "io.annotations",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"voicenlp.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'voicenlp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
