"""A normalising flow as prior: any shape, with an exact density."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from vaekit.distributions.joint import Joint
from vaekit.errors import UserError
from vaekit.priors.normal import from_law, standard
from vaekit.spec import AtLeastOne


class Flow(nn.Module):
    """log p(z) = log N(f(z); 0, I) + log |det df/dz|, f autoregressive: splines, or shifts and scales.

    Learned with the bound (p(z) alone), or afterwards on the latents of the trained model as p(z|context), the context being
    what is known of a row: then new rows, completions and conditional rows come from it, and everything that is asked later is
    measured against p(z|nothing known, what is given). Durkan et al. 2019 (arXiv 1906.04032); Papamakarios et al. 2017
    (arXiv 1705.07057). Needs zuko: pip install 'vaekit[flows]'.

    Args:
        latents: L.
        condition: features of the given columns, 0 without any.
        shape: "spline", or "affine" for shifts and scales alone.
        steps: autoregressive transformations, one after the other.
        width: of their two hidden layers.
        when: "during" the training of the model, or "after" it, on the latents of the training rows.

    >>> prior = Flow(3, condition=0, width=8)
    >>> prior().log_prob(torch.zeros(5, 3)).shape
    torch.Size([5])
    """

    one: Tensor
    centre: Tensor
    spread: Tensor
    learned: Tensor

    def __init__(
        self, latents: int, *, condition: int, shape: Literal["spline", "affine"] = "spline", steps: AtLeastOne = 3,
        width: AtLeastOne = 64, when: Literal["during", "after"] = "during",
    ) -> None:  # fmt: skip
        super().__init__()
        self.latents, self.learns = latents, when == "after"
        kind = {"spline": "NSF", "affine": "MAF"}[shape]
        told = 2 * latents + condition if self.learns else 0
        self.flow = getattr(flows(), kind)(latents, told, transforms=steps, hidden_features=(width, width))
        self.register_buffer("one", torch.ones(latents), persistent=False)
        self.register_buffer("centre", torch.zeros(latents))
        self.register_buffer("spread", torch.ones(latents))
        self.register_buffer("learned", torch.tensor(not self.learns))

    def forward(self) -> Distribution:
        """P(z) of a flow that learns with the model; N(0, I) of one that has yet to be learned."""
        return standard(self.one) if self.learns else self.law(None)

    def of(self, vae: Any, cells: Tensor | None = None, observed: Tensor | None = None) -> Distribution:
        """p(z|nothing known), or p(z|what is given) of these rows, where it was learned afterwards."""
        if not self.learns or not self.learned:
            return self()
        if cells is None or observed is None or vae.given is None:
            cells = self.one.new_zeros(1, vae.K + len(vae.layout.given))
            observed = torch.zeros_like(cells, dtype=torch.bool)
        context = torch.cat([torch.zeros_like(observed[:, : vae.K]), observed[:, vae.K :]], -1)
        described = self.describe(vae.posterior_of(cells, context), vae.told(cells, context))
        return self.law(described if len(described) > 1 else described[0])

    def law(self, described: Tensor | None) -> Shifted:
        """The law of latents in their own units, given contexts as `describe` tells them, (B, F)."""
        return Shifted(self.flow(described), self.centre, self.spread)

    def describe(self, context: Distribution, condition: Tensor | None = None) -> Tensor:
        """What the flow sees of a context: its posterior's standardised mean and log-deviation, and what is given."""
        deviation = context.stddev.clamp(min=1e-6).log() / 2
        given = [] if condition is None or not condition.shape[-1] else [condition]
        return torch.cat([(context.mean - self.centre) / self.spread, deviation, *given], -1)

    @torch.no_grad()
    def start(self, mean: Tensor, std: Tensor) -> None:
        """Take centre and spread of the latents from means and deviations of the rows' posteriors, (B, L) each."""
        self.learned.fill_(True)
        self.centre.copy_(mean.mean(0))
        self.spread.copy_((mean.var(0, correction=0) + std.square().mean(0)).sqrt().clamp(min=1e-3))

    def loss(self, z: Tensor, context: Distribution, condition: Tensor | None = None) -> Tensor:
        """-log p(z|context) of latents (B, L), per row and latent (B,)."""
        return -self.law(self.describe(context, condition)).log_prob(z) / self.latents

    def given(
        self, context: Distribution, empty: Tensor, temperature: float = 1.0, condition: Tensor | None = None
    ) -> Tensor:
        """Latents (B, L) given contexts: learned afterwards, from p(z|context); else see `from_law`."""
        if not self.learns or not self.learned:
            return from_law(self(), context, empty, temperature)
        noise = torch.randn_like(context.mean) * temperature
        return self.law(self.describe(context, condition)).place(noise)


class Shifted(Joint):
    """The law of centre + spread y, where y has the law of a flow; batch shape as the flow's context."""

    def __init__(self, flow: Any, centre: Tensor, spread: Tensor) -> None:
        self._flow, self._centre, self._spread = flow, centre, spread
        super().__init__(flow.batch_shape, len(centre), centre)

    def place(self, noise: Tensor) -> Tensor:
        return self._centre + self._spread * self._flow.transform.inv(noise)

    def log_prob(self, value: Tensor) -> Tensor:
        return self._flow.log_prob((value - self._centre) / self._spread) - self._spread.log().sum()


def flows() -> Any:
    """zuko.flows, with torch.distributions as it was before: zuko turns its checks off for everybody.

    Raises:
        UserError: when zuko is not installed.
    """
    kept = {name: Distribution.__dict__[name] for name in ("_validate_args", "arg_constraints")}
    try:
        import zuko.flows
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("zuko"):
            raise
        raise UserError("prior 'flow' needs zuko", hint="pip install 'vaekit[flows]'") from None
    finally:
        for name, value in kept.items():
            setattr(Distribution, name, value)
    zuko.distributions.NormalizingFlow._validate_args = False
    return zuko.flows
