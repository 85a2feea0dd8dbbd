"""p(z) of the bound, and p(z|context) from which modes draw.

A prior is a module: `prior()` is the law that the rate is measured against, a `torch.distributions.Distribution` over (L,);
`prior.given(context, empty)` draws latents given a context's posterior. `learns` says that a second training fits it to the
latents of the trained model.
"""

from typing import Any

from vaekit.priors.flow_matching import FlowMatching
from vaekit.priors.normal import StandardNormal

PRIORS: dict[str, Any] = {"normal": StandardNormal, "flow_matching": FlowMatching}

__all__ = ["PRIORS", "FlowMatching", "StandardNormal"]
