"""The network: a pretrained encoder, told of each token what the text layer knows, and one linear layer for all heads."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from voicenlp.taggers.features import FEATURES

__all__ = ["Network"]


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
        self.known = nn.ModuleList([nn.Embedding(count, size) for count in FEATURES.values()])
        for table in self.known:
            nn.init.normal_(table.weight, std=0.02)
            table.weight.data[0] = 0  # nothing known adds nothing
        self.drop = nn.Dropout(dropout)
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
