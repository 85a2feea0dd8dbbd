"""A normal law that depends on the given columns."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Normal

from vaekit.errors import SpecError
from vaekit.spec import AtLeastOne


class ConditionalNormal(nn.Module):
    """p(z|given) = N(mu(given), diag sigma(given)^2), both a small net of the given columns' features.

    Learned with the bound, in which the rate of a row is measured against the law under what that row is given: new rows under
    a condition then have latents that rows of the condition have. It begins at N(0, I). Sohn, Lee, Yan 2015 (NeurIPS, Learning
    structured output representation using deep conditional generative models).

    Args:
        latents: L.
        condition: features of the given columns.
        given: how many columns are given, at least one.
        width: of the hidden layer.

    >>> prior = ConditionalNormal(2, condition=3, given=1, width=8)
    >>> prior.law(torch.ones(5, 3)).mean.shape
    torch.Size([5, 2])
    """

    learns = False

    def __init__(self, latents: int, *, condition: int, given: int, width: AtLeastOne = 64) -> None:
        super().__init__()
        if not given:
            raise SpecError("prior 'conditional': the model is given no columns", hint="fit(data, given=['column'])")
        self.latents = latents
        self.hidden, self.parameters_of = nn.Linear(condition, width), nn.Linear(width, 2 * latents)
        nn.init.zeros_(self.parameters_of.weight)
        nn.init.zeros_(self.parameters_of.bias)

    def law(self, condition: Tensor) -> Normal:
        """p(z|given) of features (..., F) of the given columns."""
        mu, log_variance = self.parameters_of(nn.functional.silu(self.hidden(condition))).chunk(2, -1)
        return Normal(mu, (log_variance.clamp(-14, 6) / 2).exp(), validate_args=False)

    def of(self, vae: Any, cells: Tensor | None = None, observed: Tensor | None = None) -> Normal:
        """p(z|what these rows are given), batch shape (B, L); without rows p(z|nothing known), (L,)."""
        if cells is None or observed is None:
            blank = self.parameters_of.weight.new_zeros(1, vae.K + len(vae.layout.given))
            law = self.of(vae, blank, torch.zeros_like(blank, dtype=torch.bool))
            return Normal(law.mean[0], law.stddev[0], validate_args=False)
        given = torch.cat([torch.zeros_like(observed[:, : vae.K]), observed[:, vae.K :]], -1)
        return self.law(vae.told(cells, given))
