"""p(z) of the bound, and p(z|context) from which modes draw.

A prior is a module: `prior()` is the law that the rate is measured against, a `torch.distributions.Distribution` over (L,), or
over events (L,) where it holds the latents of a row together. `prior.given(context, empty)` draws latents given a context's
posterior. `learns` says that a second training fits it to the latents of the trained model. A prior that names `posterior`
among its keywords is told of the posterior that it belongs to (which latents are classes, say).
"""

from typing import Any

from vaekit.priors.flow_matching import FlowMatching
from vaekit.priors.normal import StandardNormal

PRIORS: dict[str, Any] = {"normal": StandardNormal, "flow_matching": FlowMatching}

__all__ = ["PRIORS", "FlowMatching", "StandardNormal"]
