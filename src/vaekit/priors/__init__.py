"""p(z) of the bound, and p(z|context) from which modes draw.

A prior is a module: `prior()` is the law that the rate is measured against, a `torch.distributions.Distribution` over (L,), or
over events (L,) where it holds the latents of a row together. `prior.given(context, empty)` draws latents given a context's
posterior. `learns` says that a second training fits it to the latents of the trained model, by `loss(z, context, condition)`
from where `start(mean, std)` puts it; a prior that learns with the model may have a `start` for after a pretraining. One that
names `posterior` among its keywords is told of the posterior that it belongs to (which latents are classes, say). A prior that
depends on other parts of the model or on given columns has `of(vae, cells, observed)` in place of `prior()`: ask
`VAE.prior_law`. One without `given` draws by `from_law`: ask `VAE.latents_from`. `begin(features)` is told embedded rows
before any training.
"""

from typing import Any

from vaekit.errors import SpecError
from vaekit.priors.conditional import ConditionalNormal
from vaekit.priors.discrete import BernoulliPrior, CategoricalPrior, ProductPrior
from vaekit.priors.flow import Flow
from vaekit.priors.flow_matching import FlowMatching
from vaekit.priors.labelled import LabelledPrior
from vaekit.priors.labelled_layer import LabelledLayer
from vaekit.priors.ladder import LadderPrior
from vaekit.priors.mixture import Mixture
from vaekit.priors.normal import StandardNormal
from vaekit.priors.vamp import VampPrior

PRIORS: dict[str, Any] = {
    "normal": StandardNormal,
    "conditional": ConditionalNormal,
    "flow_matching": FlowMatching,
    "mixture": Mixture,
    "vamp": VampPrior,
    "flow": Flow,
    "categorical": CategoricalPrior,
    "bernoulli": BernoulliPrior,
    "product": ProductPrior,
    "labelled": LabelledPrior,
    "labelled_layer": LabelledLayer,
    "ladder": LadderPrior,
}

__all__ = [
    "PRIORS",
    "BernoulliPrior",
    "CategoricalPrior",
    "ConditionalNormal",
    "Flow",
    "FlowMatching",
    "LabelledLayer",
    "LabelledPrior",
    "LadderPrior",
    "Mixture",
    "ProductPrior",
    "StandardNormal",
    "VampPrior",
    "check_prior",
]


def check_prior(prior: Any, posterior: Any) -> None:
    """Whether a prior speaks of the latents that the posterior has."""
    usual = getattr(posterior, "prior", "normal")
    if prior.learns and not getattr(posterior, "normal", False):
        why = "it is learned on normal latents"
    elif not getattr(posterior, "numbers", True) and not isinstance(prior, PRIORS[usual]):
        why = "it is a law of numbers"
    elif not posterior.density and not prior.learns and any(part.requires_grad for part in prior.parameters()):
        why, usual = "its place would never be learned, as points have no rate", "normal"
    else:
        return
    raise SpecError(
        f"prior {type(prior).__name__}: {why}, posterior {type(posterior).__name__} has others", hint=f"prior={usual!r}"
    )
