"""What the network is trained for: the right tag for each token, and the right attributes for each span from the mean of its tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from voicenlp.records import Span
from voicenlp.taggers.heads import ELEMENTS, Heads
from voicenlp.training.examples import targets_of

__all__ = ["WEIGHTS", "objective"]

WEIGHTS = {
    "tags": 8.0, "speaker": 1.5, "whose": 0.5, "expression": 1.75, "themes": 1.5, "channel": 0.5, "verbatim": 0.5, "challenge": 0.5,
    "via": 0.5, "given": 0.5, "how": 0.5, "outcome": 0.5,
}  # fmt: skip
"""How much each head counts: spans first, then the speaker. A first choice, not searched for."""


def objective(scores: torch.Tensor, tags: torch.Tensor, spans: Sequence[tuple[int, int, int, Span]], heads: Heads) -> torch.Tensor:
    """Return the loss of a batch.

    Parameters
    ----------
    scores : Tensor, shape (notes, tokens, heads.width)
    tags : Tensor, shape (notes, tokens, 4)
        -100 where there is no token.
    spans : sequence of (row, first, last, Span)
        Tokens of the batch, last included.
    heads : Heads
    """
    loss = scores.new_zeros(())
    for column, element in enumerate(ELEMENTS):
        part = scores[..., heads.slices[f"tags.{element}"]]
        loss = loss + WEIGHTS["tags"] / len(ELEMENTS) * functional.cross_entropy(
            part.flatten(0, 1), tags[..., column].flatten(), ignore_index=-100
        )
    if not spans:
        return loss
    rows, first, last = (torch.tensor([span[at] for span in spans]) for at in range(3))
    sums = torch.cat([torch.zeros_like(scores[:, :1]), torch.cumsum(scores, 1)], 1)
    means = (sums[rows, last + 1] - sums[rows, first]) / (last - first + 1).unsqueeze(-1)
    wanted: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for at, (*_, span) in enumerate(spans):
        for name, target in targets_of(span, heads).items():
            wanted[name].append((at, target))
    for name, pairs in wanted.items():
        part = means[[at for at, _ in pairs]][:, heads.slices[name]]
        if isinstance(pairs[0][1], np.ndarray):
            target = torch.from_numpy(np.stack([target for _, target in pairs]))
            loss = loss + WEIGHTS[name] * functional.binary_cross_entropy_with_logits(part, target)
        else:
            loss = loss + WEIGHTS[name] * functional.cross_entropy(part, torch.tensor([target for _, target in pairs]))
    return loss
