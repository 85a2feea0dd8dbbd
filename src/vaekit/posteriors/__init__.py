"""features -> q(z|x), a `torch.distributions.Distribution` over latents (B, L); see `vaekit.distributions.latents`.

A posterior is a module `Posterior(features, latents, *, options)` with `latents` (L) and `density`. Class attributes, where it
has them: `normal` says that its latents are independent and normal (or points), `prior` names the usual prior of its latents,
`labelled` asks for the label of each row as second argument, `width(latent, **options)` says how many numbers its latents are.
A law with `enumerated()` lists all its values (S, B, L) with their probabilities (S, B), for an exact expectation.
"""

from torch import nn

from vaekit.posteriors.gaussian import Gaussian
from vaekit.posteriors.point import Point

POSTERIORS: dict[str, type[nn.Module]] = {"gaussian": Gaussian, "point": Point}

__all__ = ["POSTERIORS", "Gaussian", "Point"]
