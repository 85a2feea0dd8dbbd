"""features -> q(z|x), a `torch.distributions.Distribution` over latents (B, L); see `vaekit.distributions.latents`.

A posterior is a module `Posterior(features, latents, *, options)` with `latents` (L) and `density`. Class attributes, where it
has them: `normal` says that its latents are independent and normal (or points), `prior` names the usual prior of its latents,
`numbers` is False where they are classes or bits, so that no other prior fits; `labelled` asks for the label of each row as
second argument, `width(latent, **options)` says how many numbers its latents are. `anneal(progress)`, where there is one, is
told before each step which share of the training is done.
A law with `enumerated()` lists all its values (S, B, L) with their probabilities (S, B), for an exact expectation.
"""

from torch import nn

from vaekit.posteriors.binary import Binary
from vaekit.posteriors.blocks import Product
from vaekit.posteriors.categorical import Categorical
from vaekit.posteriors.gaussian import Gaussian
from vaekit.posteriors.iaf import Flow
from vaekit.posteriors.labelled import LabelledPosterior
from vaekit.posteriors.ladder import Ladder
from vaekit.posteriors.point import Point

POSTERIORS: dict[str, type[nn.Module]] = {
    "gaussian": Gaussian,
    "point": Point,
    "flow": Flow,
    "categorical": Categorical,
    "binary": Binary,
    "product": Product,
    "labelled": LabelledPosterior,
    "ladder": Ladder,
}

__all__ = ["POSTERIORS", "Binary", "Categorical", "Flow", "Gaussian", "LabelledPosterior", "Ladder", "Point", "Product"]
