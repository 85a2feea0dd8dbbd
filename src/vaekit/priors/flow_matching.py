"""A prior learned on the latents of the trained model, that takes a context."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Normal

from vaekit.distributions import latents as laws
from vaekit.nets.residual import Block
from vaekit.priors.normal import from_law, standard
from vaekit.spec import AtLeastOne

RUNGE_KUTTA = (
    (1 / 6, 0.0),
    (1 / 3, 0.5),
    (1 / 3, 0.5),
    (1 / 6, 1.0),
)  # weight of each slope, and how far into the step
CLOSER = 0.4  # how much closer together steps are at both ends: 0 not at all, 1 without end


class FlowMatching(nn.Module):
    """dz/dt = v(z, t, context) carries N(0, I) at t = 0 to the latents of rows that agree with the context at t = 1.

        loss = E |v((1 - t) e + t z, t, c) - (z - e)|^2,   e ~ N(0, I), z ~ q(z|row), c = a part of that row

    Stage one measures its rate against N(0, I); this law is learned afterwards, so that new rows and rows given values come
    from where the latents of real rows lie. An empty context is the unconditional prior.
    Lipman et al. 2023 (arXiv 2210.02747); two stages as in Dai and Wipf 2019 (arXiv 1903.05789), on latents of tables as in
    Zhang et al. 2024 (TabSyn, arXiv 2310.09656).

    Args:
        latents: L.
        condition: features of the given columns, 0 without any.
        width: of the velocity net.
        depth: its residual blocks.
        steps: from noise to latents, one evaluation of the velocity between two of them.

    >>> from torch.distributions import Normal
    >>> context, empty = Normal(torch.zeros(5, 3), torch.ones(5, 3)), torch.ones(5, dtype=torch.bool)
    >>> FlowMatching(3, condition=0, width=8).given(context, empty).shape
    torch.Size([5, 3])
    """

    learns = True
    one: Tensor
    centre: Tensor
    spread: Tensor
    learned: Tensor
    frequencies: Tensor

    def __init__(
        self, latents: int, *, condition: int, width: AtLeastOne = 384, depth: AtLeastOne = 3, steps: AtLeastOne = 8
    ) -> None:
        super().__init__()
        self.latents, self.steps = latents, steps
        self.register_buffer("one", torch.ones(latents), persistent=False)
        self.register_buffer("centre", torch.zeros(latents))
        self.register_buffer("spread", torch.ones(latents))
        self.register_buffer("learned", torch.tensor(False))
        self.register_buffer("frequencies", torch.linspace(0, math.log(50), 16).exp(), persistent=False)
        self.of_z, self.of_context = nn.Linear(latents, width), nn.Linear(2 * latents + condition, width)
        self.of_time = nn.Linear(32, width)
        self.body = nn.Sequential(*[Block(width) for _ in range(depth)], nn.LayerNorm(width))
        self.out = nn.Linear(width, latents)

    def forward(self) -> Normal:
        """N(0, I), the law that the bound's rate is measured against."""
        return standard(self.one)

    def start(self, mean: Tensor, std: Tensor) -> None:
        """Take centre and spread of the aggregate posterior from means and deviations of the rows' posteriors, (B, L) each."""
        self.learned.fill_(True)
        self.centre.copy_(mean.mean(0))
        self.spread.copy_((mean.var(0, correction=0) + std.square().mean(0)).sqrt().clamp(min=1e-3))

    def describe(self, context: Distribution, condition: Tensor | None = None) -> Tensor:
        """What the velocity sees of a context: its posterior's standardised mean and log-deviation, and what is given."""
        deviation = context.stddev.clamp(min=1e-6).log() / 2
        given = [] if condition is None else [condition]
        return torch.cat([(context.mean - self.centre) / self.spread, deviation, *given], -1)

    def velocity(self, z: Tensor, time: Tensor, described: Tensor) -> Tensor:
        """v(z, t, context) in standardised latents: z (B, L), time (B, 1) or (1, 1), described (B, F) as of `condition`."""
        angle = time * self.frequencies
        # of one row where all share a context
        told = self.of_time(torch.cat([angle.sin(), angle.cos()], -1)) + described
        hidden = self.of_z(z) + told
        return self.out(self.body(hidden))

    def loss(self, z: Tensor, context: Distribution, condition: Tensor | None = None) -> Tensor:
        """The flow-matching loss of latents (B, L) of rows whose parts are the contexts, per row (B,)."""
        target = (z - self.centre) / self.spread
        noise, time = torch.randn_like(target), torch.rand_like(target[:, :1])
        between = (1 - time) * noise + time * target
        velocity = self.velocity(between, time, self.of_context(self.describe(context, condition)))
        return (velocity - (target - noise)).square().mean(-1)

    def given(
        self, context: Distribution, empty: Tensor, temperature: float = 1.0, condition: Tensor | None = None
    ) -> Tensor:
        """Latents (B, L) given contexts: noise carried from t = 0 to 1.

        A step ahead follows the last two slopes (Adams-Bashforth); the slope found there corrects it (Adams-Moulton) and is the
        next step's: one evaluation between two steps, as in Zhao et al. 2023 (UniPC, arXiv 2302.04867). At t = 0 latents tell
        nothing of where they go, so the slope is E[z|context] - noise: where all rows share a context, one row's evaluation.

        Args:
            context: q(z|context), batch shape (B, L).
            empty: (B,) flags of rows whose context shows nothing: of no concern to a velocity that has been learned.
            temperature: scale of the noise.
            condition: features of the given columns (B, F).
        """
        if not self.learned:  # training was cut short before this stage
            return from_law(self(), context, empty, temperature)
        z = torch.randn_like(context.mean) * temperature
        if condition is None and len(z) > 1 and not context.mean.stride(0):  # one context stands for all rows
            context = Normal(context.mean[:1], context.stddev[:1], validate_args=False)
        described, ends = self.of_context(self.describe(context, condition)), times(max(2, self.steps))
        slopes = [self.velocity(torch.zeros_like(context.mean), z.new_zeros(1, 1), described) - z]
        seen = ends[:1]
        for start, end in pairwise(ends[:-1]):
            ahead = _moved(z, slopes[:2], seen, start, end)
            slopes, seen = [self.velocity(ahead, z.new_full((1, 1), end), described), *slopes[:2]], [end, *seen[:2]]
            z = _moved(z, slopes, seen, start, end)
        return _moved(z, slopes[:2], seen, *ends[-2:]) * self.spread + self.centre

    def log_density(self, z: Tensor, context: Distribution, condition: Tensor | None = None) -> Tensor:
        """Log p(z|context) of latents (B, L) as the flow carries them, nats a row (B,).

            log p(z|c) = log N(y(0); 0, I) - int_0^1 tr(dv/dy) dt - sum log spread,   dy/dt = v(y, t, c)

        with y(1) = (z - centre) / spread: the instantaneous change of variables with an exact trace, over as many Runge-Kutta
        steps as the sampler has. Costs 4 x steps evaluations of the velocity and 4 x steps x L products with its Jacobian.
        Differentiable in z and in the velocity. Chen et al. 2018 (arXiv 1806.07366). N(0, I) where nothing was learned yet.

        Args:
            z: (B, L).
            context: q(z|context), batch shape (B, L) or (1, L); that of a row without any cell for p(z).
            condition: features of the given columns, (B, F) or (1, F).
        """
        if not self.learned:
            return laws.log_density(self(), z)
        described = self.of_context(self.describe(context, condition))
        y, nats = (z - self.centre) / self.spread, -self.spread.log().sum()
        for step in range(self.steps):
            y, trace = self._back(y, 1 - step / self.steps, described)
            nats = nats - trace
        return nats + laws.log_density(self(), y)

    def _back(self, y: Tensor, end: float, described: Tensor) -> tuple[Tensor, Tensor]:
        """Latents one step before the time `end`, and the integral of the trace over that step, (B,)."""
        before, integral, slope, span = y, torch.zeros_like(y[:, 0]), torch.zeros_like(y), 1 / self.steps
        for weight, reach in RUNGE_KUTTA:
            time = torch.full_like(y[:, :1], end - reach * span)
            slope, trace = self._slope(y - reach * span * slope, time, described)
            before, integral = before - weight * span * slope, integral + weight * span * trace
        return before, integral

    def _slope(self, y: Tensor, time: Tensor, described: Tensor) -> tuple[Tensor, Tensor]:
        """The velocity (B, L) and the trace of its Jacobian (B,)."""
        velocity, pulled = torch.func.vjp(lambda at: self.velocity(at, time, described), y)[:2]
        units = torch.eye(self.latents).to(y)
        traces = [pulled(unit.expand_as(y))[0][:, i] for i, unit in enumerate(units)]
        return velocity, torch.stack(traces).sum(0)


def times(steps: int) -> list[float]:
    """Where the steps from 0 to 1 end: closer together at both ends, where the velocity changes most.

    >>> [round(time, 3) for time in times(4)]
    [0.0, 0.186, 0.5, 0.814, 1.0]
    """
    even = [step / steps for step in range(steps + 1)]
    return [u - CLOSER * math.sin(2 * math.pi * u) / (2 * math.pi) for u in even[:-1]] + [1.0]


def _moved(z: Tensor, slopes: Sequence[Tensor], seen: Sequence[float], start: float, end: float) -> Tensor:
    """Latents at the time `end` from those at `start`, along the polynomial through the slopes seen at so many times."""
    for slope, weight in zip(slopes, adams(seen[: len(slopes)], start, end), strict=True):
        z = z.add(slope, alpha=weight)
    return z


def adams(seen: Sequence[float], start: float, end: float) -> list[float]:
    """Weights that turn what a function is at the times `seen` into its integral from `start` to `end`: exact for polynomials
    of as many terms as there are times.

    >>> adams([1.0, 0.0], 1.0, 2.0)  # Adams-Bashforth of second order
    [1.5, -0.5]
    >>> adams([1.0, 0.0], 0.0, 1.0)  # the trapezoidal rule
    [0.5, 0.5]
    """
    powers = np.arange(len(seen))
    moments = (end - start) ** (powers + 1) / (powers + 1)
    return [float(weight) for weight in np.linalg.solve((np.array(seen) - start) ** powers[:, None], moments)]
