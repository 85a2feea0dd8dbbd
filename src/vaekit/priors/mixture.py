"""A mixture of normal laws as prior: rows fall into groups."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from vaekit.distributions.mixture import NormalMixture
from vaekit.priors.groups import by_density, by_neighbours
from vaekit.priors.normal import standard
from vaekit.spec import AtLeastOne

NARROWEST = 1e-2
FOUND = {"density": (by_density, 20_000), "neighbours": (by_neighbours, 60_000)}  # and of how many rows at most


class Mixture(nn.Module):
    """p(z) = sum_c w_c N(mu_c, Sigma_c): each component a group of rows.

    Learned with the bound, as in Dilokthanakul et al. 2016 (arXiv 1611.02648) and Jiang et al. 2017 (VaDE, arXiv 1611.05148,
    with train={"pretrain": ...}), or afterwards on the latents of the trained model (Ghosh et al. 2020, arXiv 1903.12436),
    when the bound of the training is measured against N(0, I) and everything that is asked later against the mixture.

    Args:
        latents: L.
        components: how many groups, at most.
        when: "during" the training of the model, or "after" it, on the latents of the training rows.
        groups: where it starts, if latents are known by then: at groups by "density", a Gaussian mixture's, or at those of
            "neighbours", which may have any shape and serve images better (docs/notes/0009-groups.md).
        covariance: of the components, "diagonal" as in the papers, or "full": groups seldom lie along the axes.

    >>> prior = Mixture(2, components=3)
    >>> prior.responsibilities(torch.zeros(5, 2)).shape
    torch.Size([5, 3])
    """

    one: Tensor
    learned: Tensor

    def __init__(
        self, latents: int, *, components: AtLeastOne = 10, when: Literal["during", "after"] = "during",
        groups: Literal["density", "neighbours"] = "density", covariance: Literal["diagonal", "full"] = "diagonal",
    ) -> None:  # fmt: skip
        super().__init__()
        self.latents, self.components, self.learns, self.groups = latents, components, when == "after", groups
        self.register_buffer("one", torch.ones(latents), persistent=False)
        self.register_buffer("learned", torch.tensor(not self.learns))
        self.logits = nn.Parameter(torch.zeros(components))
        self.loc = nn.Parameter(torch.randn(components, latents) / 2)
        self.log_scale = nn.Parameter(torch.zeros(components, latents))
        pairs = latents * (latents - 1) // 2 if covariance == "full" else 0
        self.slopes = nn.Parameter(torch.zeros(components, pairs)) if pairs else None

    @property
    def mixture(self) -> NormalMixture:
        """The mixture, whether it has been learned or not."""
        scale = self.log_scale.clamp(min=-7).exp()
        if self.slopes is None:
            return NormalMixture(self.logits, self.loc, scale)
        later, before = torch.tril_indices(self.latents, self.latents, -1)
        slopes = self.slopes.new_zeros(self.components, self.latents, self.latents)
        slopes[:, later, before] = self.slopes
        return NormalMixture(self.logits, self.loc, scale, slopes)

    def forward(self) -> Distribution:
        """The mixture; N(0, I) as long as it has yet to be learned."""
        return self.mixture if not self.learns or self.learned else standard(self.one)

    def responsibilities(self, z: Tensor) -> Tensor:
        """p(group|z) of latents (..., L), (..., C)."""
        return self.mixture.responsibilities(z)

    @torch.no_grad()
    def start(self, mean: Tensor, std: Tensor) -> None:
        """Begin at the groups of the means of the rows' posteriors, widened by their deviations, (B, L) each.

        Groups have whole covariances, since they seldom lie along the axes; a component with a diagonal one keeps the
        variances of its group (docs/notes/0009-groups.md).
        """
        find, most = FOUND[self.groups]
        rows = mean[:: -(-len(mean) // most)].double().cpu().numpy()
        count = min(self.components, len(np.unique(rows, axis=0)))
        found = find(rows, count)
        of = torch.arange(self.components) % count  # fewer different rows than groups: some groups are twins
        weight, loc, spread = (
            torch.from_numpy(part)[of].to(self.loc) for part in (found.weights_, found.means_, found.covariances_)
        )
        self.logits.copy_(weight.log())
        self.loc.copy_(loc)
        self._spread(spread + std.square().mean(0).diag_embed())
        self.learned.fill_(True)

    def _spread(self, covariance: Tensor) -> None:
        """Give the components these covariances (C, L, L), or their variances."""
        scale = covariance.diagonal(dim1=-2, dim2=-1).sqrt()
        if self.slopes is not None:  # covariance = A A^T, A^-1 = (I + T) / sigma
            root = torch.linalg.cholesky(covariance.double())
            scale = root.diagonal(dim1=-2, dim2=-1)
            later, before = torch.tril_indices(self.latents, self.latents, -1)
            self.slopes.copy_((scale[..., None] * torch.linalg.inv(root))[:, later, before])
        self.log_scale.copy_(scale.clamp(min=NARROWEST).log())

    def loss(self, z: Tensor, context: Distribution, condition: Tensor | None = None) -> Tensor:
        """-log p(z) of latents (B, L) of rows, per row and latent (B,); of contexts it takes no notice."""
        return -self.mixture.log_prob(z) / self.latents
