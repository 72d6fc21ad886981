"""A layer of the Transformer: every token looks at all tokens, then at itself alone.

Vaswani et al.: Attention Is All You Need. NeurIPS 2017, arXiv:1706.03762, in the form of
Dosovitskiy et al., arXiv:2010.11929: the norm stands before each block, the sum behind it (Eq. 2
and 3); dropout follows every linear layer but the projection to queries, keys and values (B.1).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

EPS = 1e-6  # of the norms, in the released code


class SelfAttention(nn.Module):
    """Each token becomes a weighted mean of all tokens, in `heads` subspaces: (N, L, D) alike."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * channels, channels))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * channels))
        self.out_proj = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        projected = functional.linear(tokens, self.in_proj_weight, self.in_proj_bias)  # Eq. 5
        projected = projected.unflatten(2, (3, self.heads, -1))  # (N, L, 3, heads, D / heads)
        queries, keys, values = projected.permute(2, 0, 3, 1, 4)  # each (N, heads, L, D / heads)
        # Eq. 6 and 7 in one: softmax(queries @ keys.mT / sqrt(D / heads)) @ values
        attended = functional.scaled_dot_product_attention(queries, keys, values)
        return self.out_proj(attended.transpose(1, 2).flatten(2))  # Eq. 8


class EncoderLayer(nn.Module):
    """Attention, then a perceptron, each added to its input (Fig. 1 right): (N, L, D) alike."""

    def __init__(self, channels: int, heads: int, *, dropout: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(channels, eps=EPS)
        self.self_attention = SelfAttention(channels, heads)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = nn.LayerNorm(channels, eps=EPS)
        self.mlp = nn.Sequential(
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(4 * channels, channels),
            nn.Dropout(dropout),
        )

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.dropout(self.self_attention(self.ln_1(tokens)))  # Eq. 2
        return tokens + self.mlp(self.ln_2(tokens))  # Eq. 3
