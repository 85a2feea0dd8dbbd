"""A posterior of any shape: an inverse autoregressive flow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaekit.distributions.joint import Joint, Remembered
from vaekit.spec import AtLeastOne


class Flow(nn.Module):
    """z_0 = mu(x) + sigma(x) e, then z_t = s_t z_(t-1) + (1 - s_t) m_t with (m_t, s_t) autoregressive in z_(t-1), given x.

        log q(z_T|x) = log N(e; 0, I) - sum_i log sigma_i - sum_t sum_i log s_(t,i)

    A draw and its density cost one pass through small masked nets a step; the order of the latents turns round after each step.
    Kingma et al. 2016 (arXiv 1606.04934); masks as in Germain et al. 2015 (MADE, arXiv 1502.03509).

    Args:
        features: of the encoder.
        latents: L.
        steps: T, of the flow.
        width: of the masked nets.
        context: numbers that the encoder tells each of them.

    >>> law = Flow(16, 4)(torch.zeros(2, 16))
    >>> law.rsample((3,)).shape, law.log_prob(law.rsample((3,))).shape
    (torch.Size([3, 2, 4]), torch.Size([3, 2]))
    """

    normal = False
    density = True
    prior = "normal"

    def __init__(
        self, features: int, latents: int, *, steps: AtLeastOne = 2, width: AtLeastOne = 64, context: AtLeastOne = 16
    ) -> None:
        super().__init__()
        self.latents = latents
        self.parameters_of = nn.Linear(features, 2 * latents)
        self.context_of = nn.Linear(features, context)
        self.steps = nn.ModuleList(Autoregressive(latents, width, context, turned=t % 2 == 1) for t in range(steps))

    def forward(self, features: Tensor) -> Flowed:
        mu, log_variance = self.parameters_of(features).chunk(2, -1)
        return Flowed(mu, log_variance.clamp(-14, 6) / 2, self.context_of(features), list(self.steps))


class Autoregressive(nn.Module):
    """(z (..., L), context (..., F)) -> (m, log s), each (..., L), of which entry i depends on z_j, j < i, alone.

    Args:
        latents: L.
        width: of the hidden layer.
        context: F, which every entry depends on.
        turned: whether it is j > i instead.
    """

    inner: Tensor
    outer: Tensor

    def __init__(self, latents: int, width: int, context: int, *, turned: bool) -> None:
        super().__init__()
        order = torch.arange(latents)
        order = order.flip(0) if turned else order
        hidden = torch.arange(width) % max(latents - 1, 1)
        self.register_buffer("inner", (hidden[:, None] >= order).float(), persistent=False)
        self.register_buffer("outer", (order[:, None] > hidden).float().repeat(2, 1), persistent=False)
        self.of_z, self.of_context = nn.Linear(latents, width), nn.Linear(context, width)
        self.out, self.shown = nn.Linear(width, 2 * latents), nn.Linear(context, 2 * latents)
        self.order: list[int] = order.argsort().tolist()
        nn.init.zeros_(self.shown.weight)

    def forward(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        hidden = F.linear(z, self.of_z.weight * self.inner, self.of_z.bias) + self.of_context(context)
        found = F.linear(F.silu(hidden), self.out.weight * self.outer, self.out.bias) + self.shown(context)
        mean, gate = found.chunk(2, -1)
        return mean, F.logsigmoid(gate + 1.5)  # begins near z_t = z_(t-1)


class Flowed(Joint):
    """q(z|x) of B rows: mu and log sigma (B, L), context (B, F), and the steps that carry z_0 on."""

    def __init__(self, mu: Tensor, log_sigma: Tensor, context: Tensor, steps: Sequence[Any]) -> None:
        self._mu, self._log_sigma, self._context, self._steps = mu, log_sigma, context, steps
        self._known = Remembered()
        super().__init__(mu.shape[:-1], mu.shape[-1], mu)

    def place(self, noise: Tensor) -> Tensor:
        z = self._mu + self._log_sigma.exp() * noise
        nats = _of_noise(noise, self._log_sigma)
        for step in self._steps:
            mean, log_gate = step(z, self._context)
            z = torch.lerp(mean, z, log_gate.exp())
            nats = nats - log_gate.sum(-1)
        return self._known.keep(z, nats)

    def log_prob(self, value: Tensor) -> Tensor:
        known = self._known.of(value)
        return self._inverse(value) if known is None else known

    def _inverse(self, z: Tensor) -> Tensor:
        """The log-density of latents that are not its own last draw: back through every step, one latent after the other."""
        nats = torch.zeros_like(z[..., 0])
        for step in reversed(self._steps):
            before = [torch.zeros_like(z[..., 0]) for _ in range(z.shape[-1])]
            for i in step.order:
                mean, log_gate = step(torch.stack(before, -1), self._context)
                gate = log_gate[..., i].exp()
                before[i] = (z[..., i] - (1 - gate) * mean[..., i]) / gate
                nats = nats - log_gate[..., i]
            z = torch.stack(before, -1)
        return nats + _of_noise((z - self._mu) * (-self._log_sigma).exp(), self._log_sigma)


def _of_noise(noise: Tensor, log_sigma: Tensor) -> Tensor:
    """Log N(e; 0, I) - sum log sigma."""
    return -(noise.square() / 2 + log_sigma + math.log(2 * math.pi) / 2).sum(-1)
