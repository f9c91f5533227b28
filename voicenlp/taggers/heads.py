"""What the encoder answers for each token: the names, widths and values of its heads, in the order of its output.

A model's manifest repeats them, so that a model made for other values is refused rather than misread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicenlp.errors import ModelError
from voicenlp.scheme import Scheme
from voicenlp.taggers.decoding import TAGS
from voicenlp.taggers.features import FEATURES

__all__ = ["ELEMENTS", "INNER", "LAYERS", "VECTORS", "Heads"]

ELEMENTS = ("voice", "space", "audience", "influence")
INNER = "inner"
LAYERS = (*ELEMENTS, INNER)
"""Tags that a token has side by side: one for each element, and one for a voice inside a voice."""

VECTORS = {"person.query": 32, "person.key": 32, "person.author": 1, "answers.query": 16, "answers.key": 16, "answers.none": 1}
"""Numbers that are compared rather than read: a span's query with the key of each mention of a person (or the writer), and an influence's
with the key of each voice (or none), by their product."""


class Heads:
    """The heads of a network for a scheme.

    Parameters
    ----------
    scheme : Scheme

    Attributes
    ----------
    values : dict of str to tuple of str
        Head to the values of its outputs. ``tags.<layer>`` are the BIES tags of an element; ``speaker`` belongs to voice,
        ``whose`` to the other elements; ``mentioned`` is the role of a person who is mentioned; ``expression`` and ``themes`` are several
        labels; the rest have one.
    slices : dict of str to slice
        Where each head stands in the output, `VECTORS` after the others.
    width : int
        Outputs for each token.

    Examples
    --------
    >>> from voicenlp.scheme import default_scheme
    >>> heads = Heads(default_scheme())
    >>> heads.values["expression"], heads.slices["tags.voice"], heads.width
    (('wish', 'feeling', 'view', 'experience', 'priority'), slice(0, 5, None), 202)
    """

    def __init__(self, scheme: Scheme) -> None:
        speakers = tuple(scheme.speakers)
        self.values: dict[str, tuple[str, ...]] = {f"tags.{layer}": TAGS for layer in LAYERS}
        self.values |= {
            "speaker": speakers,
            "whose": speakers,
            "expression": tuple(scheme.expressions),
            "themes": tuple(scheme.themes),
            "channel": tuple(scheme.channels),
            "verbatim": ("no", "yes"),
            "challenge": ("no", "yes"),
            "via": ("", *speakers),
            "given": ("no", "yes"),
            "how": (*scheme.given, *scheme.missed),
            "outcome": tuple(scheme.outcomes),
            "mentioned": speakers,
        }
        self.slices: dict[str, slice] = {}
        at = 0
        for name, values in self.values.items():
            self.slices[name] = slice(at, at + len(values))
            at += len(values)
        for name, size in VECTORS.items():
            self.slices[name] = slice(at, at + size)
            at += size
        self.width = at
        self.scheme = scheme

    def manifest(self) -> dict[str, Any]:
        """Return what a model's manifest says of its heads and features."""
        return {
            "scheme": self.scheme.version,
            "heads": {name: list(values) for name, values in self.values.items()},
            "features": dict(FEATURES),
            "vectors": dict(VECTORS),
        }

    def check(self, manifest: Mapping[str, Any], source: object) -> None:
        """Refuse a model that was made for another scheme or other features.

        Raises
        ------
        ModelError
        """
        own = self.manifest()
        if manifest.get("scheme") != own["scheme"]:
            raise ModelError(f"{source}: was made for scheme {manifest.get('scheme')}, this is scheme {own['scheme']}; train it again")
        for part in ("heads", "features", "vectors"):
            if manifest.get(part) != own[part]:
                raise ModelError(f"{source}: its {part} are not those of this version of voicenlp; train it again")
