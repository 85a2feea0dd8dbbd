"""A few exact values beside a continuous part."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions import Spiked
from vaekit.distributions.spike import match
from vaekit.likelihoods.head import Head, log_shares, positive
from vaekit.spec import Positive


class SpikeLikelihood(nn.Module):
    """p(x|z) = share_j(z) at spike j, share_0(z) N(x; mu(z), sigma(z)^2) elsewhere: spike and slab, any number of spikes.

    Args:
        features: features of the decoder.
        fields: K columns with spikes.
        floor: least sigma of the continuous part, in its standard deviations.
    """

    kinds = ("mixed",)

    spikes: Tensor

    def __init__(self, features: int, fields: Sequence[Field], *, floor: Positive = 0.02) -> None:
        super().__init__()
        self.floor = floor
        J = max(1, *(len(field.spikes) for field in fields))
        spikes = torch.full((len(fields), J), torch.nan)
        for k, field in enumerate(fields):
            spikes[k, : len(field.spikes)] = torch.tensor(field.spikes)
        self.register_buffer("spikes", spikes, persistent=False)
        spiked = torch.tensor([float(sum(field.shares)) for field in fields]).clamp(1e-3, 1 - 1e-3)[:, None]
        shares = log_shares(fields, [max(1, len(field.spikes)) for field in fields]) + spiked.log()
        self.head = Head(features, torch.cat([(1 - spiked).log(), shares, torch.zeros(len(fields), 2)], 1))

    def forward(self, features: Tensor) -> Spiked:
        parameters = self.head(features)
        logits, loc, raw = parameters[..., :-2], parameters[..., -2], parameters[..., -1]
        absent = torch.cat([torch.zeros_like(self.spikes[:, :1], dtype=torch.bool), self.spikes.isnan()], 1)
        return Spiked(logits.masked_fill(absent, -torch.inf), loc, positive(raw, self.floor), self.spikes)

    def masses(self, cells: Tensor) -> Tensor:
        """Cells on a spike have a probability, elsewhere there is a density."""
        return match(cells, self.spikes) > 0
