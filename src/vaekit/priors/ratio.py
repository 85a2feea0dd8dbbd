"""How much likelier a row is among real rows than among the model's own: what a prior and a decoder leave to correct."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.nets.embed import Embed
from vaekit.nets.residual import Block

REACH = 1.0  # nats by which the net alone may move a row
WIDTH, DEPTH, DROPOUT = 128, 2, 0.1


class Ratio(nn.Module):
    """log r(row) = sum_k a_k(cell_k) + c tanh(net(row) / c), the log of p(row among real rows) / p(row among the model's own).

        loss = E_model r(row) - E_real log r(row)

    The loss is least at that ratio; of what a and the net can say, where the model's rows weighted by r make real rows
    likeliest. There each level and each bin of a column has its real share, since a_k is one number for each. What the net
    says of all cells together is held to +- c, so that no few rows stand for many.
    Nguyen, Wainwright and Jordan 2010 (arXiv 0809.0853); as the correction of a sampler Azadi et al. 2019 (arXiv
    1810.06758), of a VAE's prior Aneja et al. 2021 (arXiv 2010.02917).

    Args:
        fields: the K + G columns.

    >>> from vaekit.codec.field import Field
    >>> ratio = Ratio([Field("amount", "numeric"), Field("paid", "binary", levels=2)])
    >>> ratio(torch.randn(3, 2), torch.ones(3, 2, dtype=torch.bool))
    tensor([0., 0., 0.], grad_fn=<AddBackward0>)
    """

    alone: Tensor
    learned: Tensor
    most: Tensor

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__()
        self.embed = Embed(fields, coded=[field.levels == 0 for field in fields])
        blocks = [layer for _ in range(DEPTH) for layer in (Block(WIDTH), nn.Dropout(DROPOUT))]
        last = nn.Linear(WIDTH, 1)
        self.net = nn.Sequential(nn.Linear(self.embed.features, WIDTH), *blocks, nn.LayerNorm(WIDTH), nn.SiLU(), last)
        alone, own = self.embed.single()
        self.share = nn.Linear(len(alone), 1)
        for part in (self.share.weight, self.share.bias, last.weight, last.bias):
            nn.init.zeros_(part)
        if self.embed.table is not None:  # a number of its own for each level and bin, 0 at first
            with torch.no_grad():
                self.embed.table.weight[:, 0] = 0.0
                self.share.weight[0, own] = 1.0
        self.register_buffer("alone", alone, persistent=False)
        self.register_buffer("learned", torch.tensor(False))
        self.register_buffer("most", torch.tensor(1.0))

    def forward(self, cells: Tensor, observed: Tensor) -> Tensor:
        """Log r of rows (B, K + G), (B,) in nats."""
        features = self.embed(cells, observed)
        together = self.net(features)[..., 0]
        return self.share(features[..., self.alone])[..., 0] + REACH * torch.tanh(together / REACH)
