"""The network: a pretrained encoder, told of each token what the text layer knows, and one linear layer for all heads."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import nn

from voicenlp.taggers.features import FEATURES

__all__ = ["Dropout", "Network"]


class Dropout(nn.Module):
    """Dropout whose mask comes from random bytes: the coin toss that PyTorch makes for each value takes a third of a step on a CPU."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.limit = round(256 * share)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the values, a share of them 0 and the others larger, while the network learns."""
        if not self.training or not self.limit:
            return values
        count = values.numel()
        bits = torch.randint(-(2**63), 2**63 - 1, ((count + 7) // 8,), device=values.device).view(torch.uint8)[:count].view(values.shape)
        return values * ((bits >= self.limit).to(values.dtype) * (256 / (256 - self.limit)))


def _attend(
    part: Any, states: torch.Tensor, attention_mask: torch.Tensor | None = None, position_bias: torch.Tensor | None = None, **_: Any
) -> tuple[torch.Tensor]:
    """Attend as MPNet does, in one piece: its own way, step by step, takes half of a pass. Its position bias learns no more."""
    query, key, value = (
        one(states).view(*states.shape[:2], part.num_attention_heads, part.attention_head_size).transpose(1, 2)
        for one in (part.q, part.k, part.v)
    )
    bias = None
    for one in (attention_mask, position_bias):
        if one is not None:
            bias = one.detach() if bias is None else bias + one.detach()
    told = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=None if bias is None else bias.to(query.dtype))
    return (part.o(told.transpose(1, 2).flatten(2)),)


class Network(nn.Module):
    """Encoder with features added to the word embeddings, and heads over each token.

    Parameters
    ----------
    encoder : transformers.PreTrainedModel
        A BERT-like encoder that takes ``inputs_embeds``.
    width : int
        Outputs for each token; `voicenlp.taggers.heads.Heads.width`.
    dropout : float
    """

    def __init__(self, encoder: Any, width: int, dropout: float = 0.1) -> None:
        super().__init__()
        size = encoder.config.hidden_size
        self.encoder = encoder
        for part in list(encoder.modules()):
            if type(part).__name__ == "MPNetSelfAttention":
                part.forward = partial(_attend, part)
            for name, child in list(part.named_children()):
                if isinstance(child, nn.Dropout):
                    # dropped attention can't be computed in one piece, which takes twice the time
                    setattr(part, name, nn.Dropout(0.0) if type(part).__name__.endswith("SelfAttention") else Dropout(child.p))
        self.known = nn.ModuleList([nn.Embedding(count, size) for count in FEATURES.values()])
        for table in self.known:
            nn.init.normal_(table.weight, std=0.02)
            table.weight.data[0] = 0  # nothing known adds nothing
        self.drop = Dropout(dropout)
        self.mix = nn.Linear(size, size)
        self.norm = nn.LayerNorm(size)
        self.heads = nn.Linear(size, width)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Return scores of shape (notes, tokens, width) for ids and mask (notes, tokens) and features (notes, tokens, len(FEATURES))."""
        words = self.encoder.embeddings.word_embeddings(ids)
        for column, table in enumerate(self.known):
            words = words + table(features[..., column])
        hidden = self.encoder(inputs_embeds=words, attention_mask=mask).last_hidden_state
        hidden = self.norm(hidden + nn.functional.gelu(self.mix(self.drop(hidden))))
        return self.heads(self.drop(hidden))
