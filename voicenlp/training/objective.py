"""What the network is trained for: the right tag for each token, the right attributes for each span from the mean of its tokens, the
person behind each span among all who are mentioned, and the voices that an influence answers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from voicenlp.taggers.heads import LAYERS, Heads
from voicenlp.training.examples import AUTHOR, Batch, targets_of

__all__ = ["WEIGHTS", "objective"]

WEIGHTS = {
    "tags": 8.0, "speaker": 1.5, "whose": 0.5, "expression": 1.75, "themes": 1.5, "channel": 0.5, "verbatim": 0.5, "challenge": 0.5,
    "via": 0.5, "given": 0.5, "how": 0.5, "outcome": 0.5, "mentioned": 0.75, "person": 0.75, "answers": 0.3,
}  # fmt: skip
"""How much each head counts: spans first, then the speaker. A first choice, not searched for."""


def objective(scores: torch.Tensor, batch: Batch, heads: Heads) -> torch.Tensor:
    """Return the loss of a batch.

    Parameters
    ----------
    scores : Tensor, shape (windows, tokens, heads.width)
    batch : Batch
    heads : Heads
    """
    loss = scores.new_zeros(())
    device = scores.device
    tags = torch.from_numpy(batch.tags).to(device)
    for column, layer in enumerate(LAYERS):
        part = scores[..., heads.slices[f"tags.{layer}"]]
        loss = loss + WEIGHTS["tags"] / 4 * functional.cross_entropy(part.flatten(0, 1), tags[..., column].flatten(), ignore_index=-100)
    sums = torch.cat([torch.zeros_like(scores[:, :1]), torch.cumsum(scores, 1)], 1)
    if batch.roles:
        means = _means(sums, batch.roles)[:, heads.slices["mentioned"]]
        loss = loss + WEIGHTS["mentioned"] * functional.cross_entropy(means, torch.tensor([role[3] for role in batch.roles], device=device))
    if not batch.spans:
        return loss
    means = _means(sums, batch.spans)
    wanted: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for at, (*_, span, _) in enumerate(batch.spans):
        for name, target in targets_of(span, heads).items():
            wanted[name].append((at, target))
    for name, pairs in wanted.items():
        part = means[[at for at, _ in pairs]][:, heads.slices[name]]
        if isinstance(pairs[0][1], np.ndarray):
            target = torch.from_numpy(np.stack([target for _, target in pairs])).to(device)
            loss = loss + WEIGHTS[name] * functional.binary_cross_entropy_with_logits(part, target)
        else:
            loss = loss + WEIGHTS[name] * functional.cross_entropy(part, torch.tensor([target for _, target in pairs], device=device))
    loss = loss + WEIGHTS["person"] * _person(sums, means, batch, heads)
    return loss + WEIGHTS["answers"] * _answers(means, batch, heads)


def _means(sums: torch.Tensor, places: Any) -> torch.Tensor:
    """Return the mean score of the tokens of each place (row, first, last, …) from the running sums of a batch."""
    rows, first, last = (torch.tensor([place[at] for place in places], device=sums.device) for at in range(3))
    return (sums[rows, last + 1] - sums[rows, first]) / (last - first + 1).unsqueeze(-1)


def _person(sums: torch.Tensor, means: torch.Tensor, batch: Batch, heads: Heads) -> torch.Tensor:
    """Return how surprised the network is that a span's person is who it is, among those mentioned in the window and whoever writes."""
    author = means[:, heads.slices["person.author"]]
    logits, right = [author], [[AUTHOR in actors] for *_, actors in batch.spans]
    if batch.mentions:
        keys = _means(sums, batch.mentions)[:, heads.slices["person.key"]]
        products = means[:, heads.slices["person.query"]] @ keys.T
        span_rows = torch.tensor([span[0] for span in batch.spans], device=sums.device)
        mention_rows = torch.tensor([mention[0] for mention in batch.mentions], device=sums.device)
        logits.append(products.masked_fill(span_rows[:, None] != mention_rows[None, :], -1e4))
        right = [
            own + [row == at and actor in actors for at, _, _, actor in batch.mentions]
            for own, (row, *_, actors) in zip(right, batch.spans, strict=True)
        ]
    return _surprise(torch.cat(logits, 1), torch.tensor(right, device=means.device))


def _answers(means: torch.Tensor, batch: Batch, heads: Heads) -> torch.Tensor:
    """Return how surprised the network is that an influence answers the voices that it does, among those of the window and none."""
    asked = [at for at, span in enumerate(batch.spans) if span[3].element == "influence"]
    voices = [at for at, span in enumerate(batch.spans) if span[3].element == "voice"]
    if not asked or not voices:
        return means.new_zeros(())
    rows = torch.tensor([span[0] for span in batch.spans], device=means.device)
    products = means[asked][:, heads.slices["answers.query"]] @ means[voices][:, heads.slices["answers.key"]].T
    products = products.masked_fill(rows[asked][:, None] != rows[voices][None, :], -1e4)
    right = []
    for at in asked:
        row, _, _, span, _ = batch.spans[at]
        own = [batch.spans[voice][0] == row and batch.spans[voice][3].span_id in span.of for voice in voices]
        right.append([not any(own), *own])
    return _surprise(torch.cat([means[asked][:, heads.slices["answers.none"]], products], 1), torch.tensor(right, device=means.device))


def _surprise(logits: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the mean of -log of the chance that falls on right answers, over the rows that have one."""
    rows = right.any(1)
    if not bool(rows.any()):
        return logits.new_zeros(())
    logits, right = logits[rows], right[rows]
    return (logits.logsumexp(1) - logits.masked_fill(~right, -1e9).logsumexp(1)).mean()
