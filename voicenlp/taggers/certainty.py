"""How sure a span is: from the network's answers to a probability that means what it says, by logistic regressions fitted on records it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voicenlp.errors import ModelError
from voicenlp.taggers.heads import ELEMENTS

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SIGNS", "SPEAKER_SIGNS", "Decoding", "Logistic", "signs", "speaker_signs"]

SIGNS = ("path", "weakest", "first", "last", "length", *ELEMENTS)
"""What tells of a span how sure it is: mean and least log-chance of its tags, those of its first and last token, log of its length in tokens,
and which element it is."""
SPEAKER_SIGNS = ("best", "second", "pointed", *ELEMENTS)
"""What tells of its speaker: log-chances of the likeliest and the next, the chance of its person among the people of that role, the element."""


@dataclass(frozen=True)
class Logistic:
    """A logistic regression: one weight a sign, and an offset."""

    weights: tuple[float, ...]
    offset: float

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the probability for each row of signs, shape (rows,)."""
        import numpy as np

        return np.asarray(1 / (1 + np.exp(-np.clip(rows @ np.array(self.weights) + self.offset, -30, 30))))


@dataclass(frozen=True)
class Decoding:
    """How a model's answers are read.

    Attributes
    ----------
    bias : dict of str to float
        Layer of tags to what is taken off the score of "outside" before the best path is looked for.
    span, speaker : Logistic, optional
        From `SIGNS` to the probability that the span is right, and from `SPEAKER_SIGNS` to the probability that its speaker is, given that
        the span is. Without them the raw chances count.

    Examples
    --------
    >>> Decoding.read({"bias": {"voice": 0.5}}).bias["voice"], Decoding.read({}).span is None
    (0.5, True)
    """

    bias: Mapping[str, float] = field(default_factory=dict)
    span: Logistic | None = None
    speaker: Logistic | None = None

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Decoding:
        """Take it from a model's manifest.

        Raises
        ------
        ModelError
            If what stands there is not what this version of the package writes.
        """
        try:
            found: dict[str, Logistic] = {}
            for name, wanted in (("span", SIGNS), ("speaker", SPEAKER_SIGNS)):
                if name in told:
                    if set(told[name]["weights"]) != set(wanted):
                        raise ModelError("the model's calibration is for another version of voicenlp; train it again")
                    found[name] = Logistic(tuple(float(told[name]["weights"][sign]) for sign in wanted), float(told[name]["offset"]))
            return cls({layer: float(value) for layer, value in told.get("bias", {}).items()}, **found)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ModelError("the model's calibration can't be read") from None

    def manifest(self) -> dict[str, Any]:
        """Return what a manifest says of it."""
        out: dict[str, Any] = {"bias": dict(self.bias)}
        for name, signs_, one in (("span", SIGNS, self.span), ("speaker", SPEAKER_SIGNS, self.speaker)):
            if one is not None:
                out[name] = {"weights": dict(zip(signs_, one.weights, strict=True)), "offset": one.offset}
        return out


def signs(tags: np.ndarray, first: int, last: int, element: str) -> list[float]:
    """Return the `SIGNS` of a span from the log-chances of the tags of its layer, shape (tokens, 5)."""
    import numpy as np

    path = tags[first : last + 1, 2].copy()
    if first == last:
        path[0] = tags[first, 4]
    else:
        path[0], path[-1] = tags[first, 1], tags[last, 3]
    path = np.maximum(path, -12.0)
    ends = (float(path[0]), float(path[-1]))
    return [float(path.mean()), float(path.min()), *ends, float(np.log(last - first + 1)), *(float(element == one) for one in ELEMENTS)]


def speaker_signs(chances: Sequence[float], pointed: float, element: str) -> list[float]:
    """Return the `SPEAKER_SIGNS` of a span from the log-chances of its speakers and the chance that its person has among those of that role."""
    best, second = sorted(chances, reverse=True)[:2]
    return [max(best, -12.0), max(second, -12.0), pointed, *(float(element == one) for one in ELEMENTS)]
