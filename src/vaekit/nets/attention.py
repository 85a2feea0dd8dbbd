"""Attention between the columns of a table: one token a column."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaekit.errors import SpecError
from vaekit.nets.embed import ColumnSize
from vaekit.spec import AtLeastOne, Share

DECODED = (
    256  # features that the tokens of all columns leave together, so that wide tables keep heads of a bearable size
)


class AttentionBlock(nn.Module):
    """x + attend(norm(x)), then x + W_2 gelu(W_1 norm(x)), on tokens (B, N, width)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.share = heads, dropout
        self.norm, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.told = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.mix = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.ask(self.norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        share = self.share if self.training else 0.0
        told = F.scaled_dot_product_attention(query, key, value, dropout_p=share)
        x = x + self.told(told.transpose(1, 2).flatten(-2))
        return x + self.mix(self.after(x))


class Attention(nn.Module):
    """One token a column, which attend to one another; and back, mirrored.

        features of column k --W_k, b_k--> token k ---+
                                  learned queries ----+-- blocks --> the queries' tokens --> encoded
        latents --V_k, c_k--> token k ------------------- blocks --> a few features of each token --> decoded

    A column's features hold its value and its observed flag, so that the token of a missing or hidden column says that it is
    one, and nothing else. Gorishniy et al. 2021 (FT-Transformer, arXiv 2106.11959), Vaswani et al. 2017 (arXiv 1706.03762).

    Args:
        size: which features belong to which column.
        latents: latents that enter the decoder.
        width: numbers of a token.
        depth: blocks on each side.
        heads: of each block; they share the width.
        queries: tokens that gather what the encoder tells of a row.
        dropout: share of attention and of hidden units set to zero in training.

    >>> net = Attention(ColumnSize(((0, 2), (1, 3)), 2), 8, width=16, heads=2)
    >>> net.encode(torch.zeros(5, 4)).shape, net.decode(torch.zeros(3, 5, 8)).shape
    (torch.Size([5, 64]), torch.Size([3, 5, 32]))
    """

    rich = True
    on_columns = True
    places: Tensor

    def __init__(
        self, size: ColumnSize, latents: int, *, width: AtLeastOne = 64, depth: AtLeastOne = 2, heads: AtLeastOne = 4,
        queries: AtLeastOne = 4, dropout: Share = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if width % heads:
            raise SpecError(
                f"net 'attention': width {width} cannot be shared by {heads} heads",
                hint=f"width={heads * max(1, round(width / heads))}",
            )
        self.columns, most = size.modelled, max(map(len, size.places))
        places = [[*place, *[size.features] * (most - len(place))] for place in size.places]
        self.register_buffer("places", torch.tensor(places), persistent=False)
        self.weight = nn.Parameter(torch.randn(len(places), most, width) * most**-0.5)
        self.bias = nn.Parameter(torch.randn(len(places), width))
        self.queries = nn.Parameter(torch.randn(queries, width))
        self._spread = nn.Linear(latents, self.columns * width)
        narrow = max(2, min(width, DECODED // self.columns))
        self._down = nn.Sequential(*(AttentionBlock(width, heads, dropout) for _ in range(depth)))
        self._up = nn.Sequential(*(AttentionBlock(width, heads, dropout) for _ in range(depth)))
        self._in, self._out = nn.LayerNorm(width), nn.Sequential(nn.LayerNorm(width), nn.Linear(width, narrow))
        self.encoded, self.decoded = queries * width, self.columns * narrow

    def encode(self, features: Tensor) -> Tensor:
        lead, rows = features.shape[:-1], features.reshape(-1, features.shape[-1])
        slices = F.pad(rows, (0, 1))[:, self.places]  # where a column has fewer features than another there is a zero
        tokens = torch.einsum("bkp,kpw->bkw", slices, self.weight) + self.bias
        tokens = torch.cat([self.queries.expand(len(rows), -1, -1), tokens], 1)
        return self._in(self._down(tokens)[:, : len(self.queries)]).flatten(1).unflatten(0, lead)

    def decode(self, latents: Tensor) -> Tensor:
        lead, rows = latents.shape[:-1], latents.reshape(-1, latents.shape[-1])
        tokens = self._up(self._spread(rows).unflatten(-1, (self.columns, -1)))
        return self._out(tokens).flatten(1).unflatten(0, lead)
