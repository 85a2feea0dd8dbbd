"""The variational mixture of posteriors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from vaekit.distributions.mixture import NormalMixture
from vaekit.errors import SpecError
from vaekit.spec import AtLeastOne


class VampPrior(nn.Module):
    """p(z) = 1/C sum_c q(z|u_c), the posteriors of C learned inputs u_c.

    The inputs are features as `vae.embed` makes them of a row, so that they may be of any kind of column; they start at rows of
    the training data. Every step of the training encodes them beside its batch. Tomczak and Welling 2018 (arXiv 1705.07120).

    Args:
        latents: L.
        features: numbers that the encoder is given of a row.
        posterior: whose laws are mixed.
        components: C; the paper has 500.

    >>> from vaekit.posteriors import Gaussian
    >>> VampPrior(2, features=7, posterior=Gaussian(5, 2), components=3).inputs.shape
    torch.Size([3, 7])
    """

    learns = False

    def __init__(self, latents: int, *, features: int, posterior: nn.Module, components: AtLeastOne = 100) -> None:
        super().__init__()
        if not (getattr(posterior, "normal", False) and posterior.density):
            raise SpecError(
                f"prior 'vamp': it mixes normal posteriors, posterior {type(posterior).__name__} is none",
                hint="posterior='gaussian'",
            )
        self.inputs = nn.Parameter(torch.randn(components, features) / 2)

    @torch.no_grad()
    def begin(self, embedded: Tensor) -> None:
        """Begin at these embedded rows (B, F), again and a little apart where they are fewer than the components."""
        rows = torch.arange(len(self.inputs), device=embedded.device) % len(embedded)
        self.inputs.copy_(embedded[rows] + 0.01 * torch.randn_like(self.inputs))

    def of(self, vae: Any, cells: Tensor | None = None, observed: Tensor | None = None) -> NormalMixture:
        """The mixture of the posteriors that this model gives the inputs."""
        law = vae.posterior(vae.net.encode(self.inputs))
        return NormalMixture(torch.zeros_like(law.mean[:, 0]), law.mean, law.stddev)
