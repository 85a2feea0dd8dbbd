"""A second layer of latents that knows a class, learned above the latents of the trained model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Normal, kl_divergence
from torch.nn.functional import cross_entropy

from vaekit.distributions.latents import expectation
from vaekit.posteriors.labelled import LabelledPosterior
from vaekit.priors.labelled import LabelledPrior
from vaekit.priors.normal import from_law, standard
from vaekit.spec import AtLeastOne, NonNegative


class LabelledLayer(nn.Module):
    """p(z_1) = sum_y p(y) int p(z_1|y, z_2) p(z_2) dz_2: an M2 over the latents z_1 of a model M1, which is trained first.

        -log p(z_1) <= sum_y q(y|z_1) (E_q(z_2|z_1, y)[-log p(z_1|y, z_2)] + KL) + alpha E_labelled[-log q(y|z_1)]

    M1+M2 of Kingma, Rezende, Mohamed, Welling 2014 (arXiv 1406.5298). The first layer is measured against N(0, I); new rows
    and rows given a label come from this law.

    Args:
        latents: L, of z_1.
        levels: classes of the label.
        above: latents of z_2.
        width: of the hidden layers.
        depth: hidden layers of p(z_1|y, z_2).
        alpha: weight of the classifier's error, nats a row.
        beside: rows with a label that are drawn beside every batch.

    >>> prior = LabelledLayer(4, levels=3)
    >>> prior.shares(torch.zeros(2, 4)).sum(-1).detach().round(decimals=4)
    tensor([1., 1.])
    """

    learns, labelled = True, True
    one: Tensor
    centre: Tensor
    spread: Tensor
    learned: Tensor

    def __init__(
        self, latents: int, *, levels: int, above: AtLeastOne = 8, width: AtLeastOne = 256, depth: AtLeastOne = 1,
        alpha: NonNegative = 1.0, beside: AtLeastOne = 64,
    ) -> None:  # fmt: skip
        super().__init__()
        self.latents, self.alpha, self.beside = latents, alpha, beside
        self.register_buffer("one", torch.ones(latents), persistent=False)
        self.register_buffer("centre", torch.zeros(latents))
        self.register_buffer("spread", torch.ones(latents))
        self.register_buffer("learned", torch.tensor(False))
        self.down = nn.Sequential(nn.Linear(latents, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.posterior = LabelledPosterior(width, above, levels=levels, width=width)
        self.prior = LabelledPrior(levels + above, posterior=self.posterior)
        hidden = [part for _ in range(depth - 1) for part in (nn.Linear(width, width), nn.SiLU())]
        self.up = nn.Sequential(nn.Linear(levels + above, width), nn.SiLU(), *hidden, nn.Linear(width, 2 * latents))

    def forward(self) -> Normal:
        """N(0, I), the law that the bound's rate is measured against."""
        return standard(self.one)

    def start(self, mean: Tensor, std: Tensor) -> None:
        """Take centre and spread of the aggregate posterior from means and deviations of the rows' posteriors, (B, L) each."""
        self.learned.fill_(True)
        self.centre.copy_(mean.mean(0))
        self.spread.copy_((mean.var(0, correction=0) + std.square().mean(0)).sqrt().clamp(min=1e-3))

    def shares(self, z: Tensor) -> Tensor:
        """q(y|z_1) of latents (..., L), (..., C)."""
        return self._logits(z).softmax(-1)

    def _logits(self, z: Tensor) -> Tensor:
        found: Tensor = self.posterior.of_class(self.down((z - self.centre) / self.spread))
        return found

    def _law(self, above: Tensor) -> Normal:
        """p(z_1|y, z_2), standardised."""
        loc, log_scale = self.up(above).chunk(2, -1)
        return Normal(loc, log_scale.clamp(-5, 2).exp(), validate_args=False)

    def halves(self, z: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        """-E log p(z_1|y, z_2) (B,) and the rate of each latent above (B, C + L'), of latents z_1 (B, L).

        Together the negative bound on log p(z_1), and on log p(z_1, y) where the label (B,) is not -1, in units of the spread.
        """
        target = (z - self.centre) / self.spread
        law = self.posterior(self.down(target), label)
        above, weights = law.enumerated()
        nats = self._law(above).log_prob(target).sum(-1)
        return -expectation(nats, weights), kl_divergence(law, self.prior())

    def error(self, z: Tensor, label: Tensor) -> Tensor:
        """Alpha E[-log q(y|z_1)] of latents (B, L) and their labels (B,)."""
        return self.alpha * cross_entropy(self._logits(z), label)

    def given(
        self, context: Distribution, empty: Tensor, temperature: float = 1.0, condition: Tensor | None = None, *,
        label: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Latents (B, L) given contexts: from q(z_1|context); where it shows no more than a label, from p(z_1|y).

        Args:
            context: q(z_1|context), batch shape (B, L), of what is seen beside the label.
            empty: (B,) flags of rows whose context shows nothing beside the label.
            temperature: scale of the noise.
            condition: features of given columns (B, F), which this law does not know.
            label: the class of each row (B,), -1 where the context tells none; None where none does.
        """
        if not self.learned:  # training was cut short before this stage
            return from_law(self(), context, empty, temperature)
        label = torch.full_like(empty, -1, dtype=torch.long) if label is None else label
        blank: Any = self.posterior(self.down(torch.zeros_like(context.mean)), label)
        law = self._law(self.prior.given(blank, torch.ones_like(empty), temperature))
        alone = law.mean + law.stddev * torch.randn_like(law.mean) * temperature
        return torch.where(
            empty[:, None], alone * self.spread + self.centre, from_law(self(), context, empty, temperature)
        )
