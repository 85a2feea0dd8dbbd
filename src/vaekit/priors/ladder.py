"""Two layers of latents: the upper one tells the lower one where to lie."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from vaekit.distributions.two_layers import TwoLayers
from vaekit.errors import SpecError
from vaekit.posteriors.ladder import Ladder


class LadderPrior(nn.Module):
    """p(z) = N(z_top; 0, I) N(z_low; mu(z_top), diag sigma(z_top)^2).

    The nets mu and sigma are the posterior's, which meets them on its way down; this module has none of its own.
    Sønderby et al. 2016 (arXiv 1602.02282).

    Args:
        latents: L.
        posterior: of the kind `ladder`, which says how many latents are above.

    >>> LadderPrior(4, posterior=Ladder(16, 4)).state_dict()
    OrderedDict()
    """

    learns = False

    def __init__(self, latents: int, *, posterior: nn.Module) -> None:
        super().__init__()
        if not isinstance(posterior, Ladder):
            raise SpecError(
                f"prior 'ladder': it is learned with the two layers of its posterior, "
                f"posterior {type(posterior).__name__} has one",
                hint="posterior='ladder'",
            )
        self.latents = latents

    def of(self, vae: Any, cells: Tensor | None = None, observed: Tensor | None = None) -> TwoLayers:
        """p(z) by the nets of this model's posterior."""
        law: TwoLayers = vae.posterior.alone()
        return law
