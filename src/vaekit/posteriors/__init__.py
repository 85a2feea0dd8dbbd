"""features -> q(z|x), a `torch.distributions.Distribution` over latents (B, L)."""

from torch import nn

from vaekit.posteriors.gaussian import Gaussian
from vaekit.posteriors.point import Point

POSTERIORS: dict[str, type[nn.Module]] = {"gaussian": Gaussian, "point": Point}

__all__ = ["POSTERIORS", "Gaussian", "Point"]
