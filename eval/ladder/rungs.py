"""The rungs of the ladder: how each tagger is made from the train and dev splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voicenlp.io.annotations import Record
from voicenlp.taggers.base import Tagger

__all__ = ["RUNGS", "Material", "Rung"]


@dataclass(frozen=True)
class Material:
    """What a tagger may be made from.

    Attributes
    ----------
    train, dev : sequence of Record
    folder : Path
        For the files of training.
    quick : bool
        Whether only to see that it runs.
    neural : str
        Name or folder of a neural model; empty without one.
    """

    train: Sequence[Record]
    dev: Sequence[Record]
    folder: Path
    quick: bool = False
    neural: str = ""


@dataclass(frozen=True)
class Rung:
    """A tagger on the ladder: what it is in a few words, how it is made, and which packages made it."""

    what: str
    make: Callable[[Material], Tagger]
    packages: tuple[str, ...] = ()
    trained: bool = False


def _quotes(material: Material) -> Tagger:
    from eval.ladder.quotes import QuoteTagger

    return QuoteTagger()


def _rules(material: Material) -> Tagger:
    from voicenlp.taggers.models import open_tagger

    return open_tagger("rules")


def _linear(material: Material) -> Tagger:
    from voicenlp.taggers.linear import fit_linear
    from voicenlp.taggers.models import open_tagger

    fit_linear(material.train, material.dev).save(material.folder)
    return open_tagger(material.folder)  # what is measured is what a user would open


def _spancat(material: Material) -> Tagger:
    from eval.ladder.spancat import STEPS, train_spancat

    return train_spancat(material.train, material.dev, material.folder, steps=20 if material.quick else STEPS)


def _neural(material: Material) -> Tagger:
    from voicenlp.taggers.models import open_tagger

    return open_tagger(material.neural)


RUNGS: Mapping[str, Rung] = {
    "quotes": Rung("quotation marks and “said”", _quotes),
    "rules": Rung("the rules of the package", _rules),
    "linear": Rung("logistic regression on words, people, layout and rules", _linear, ("scikit-learn", "skops"), trained=True),
    "spancat": Rung("spaCy’s span categoriser, from scratch", _spancat, ("spacy", "thinc"), trained=True),
    "neural": Rung("the model that comes with the package", _neural, ("onnxruntime",)),
}
"""Name to rung, lowest first; ``neural`` is not trained here but measured as it ships."""
