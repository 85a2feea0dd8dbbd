"""The optimiser of every training: AdamW over all weights in one pass, gradients clipped on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

BETAS, EPSILON = (0.9, 0.99), 1e-8
State = dict[str, Tensor]


class Part(NamedTuple):
    """What a step moves of a parameter, with the rows that this is where it is not all."""

    weight: Tensor
    mean: Tensor
    square: Tensor
    gradient: Tensor
    rows: Tensor | None


class AdamW:
    """Moments of the gradients, and steps along them.

        m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,  w <- w - rate (decay w + m' / (sqrt(v') + 1e-8))

    with m' = m / (1 - b1^t), v' = v / (1 - b2^t) and g the gradient, scaled down where the norm of all is above `clip`.

    Loshchilov and Hutter 2019 (arXiv 1711.05101). The numbers are those of `torch.optim.AdamW(fused=True)` after
    `clip_grad_norm_`; a step costs half as much for a model of many small tensors, and the first one does not import torch's
    compiler, which takes a second. A parameter without a gradient is left as it is, and so are the rows that a sparse gradient
    (`vaekit.lookup`) does not hold: their moments and their decay wait until they have a gradient again.

    Args:
        parameters: what is trained.
        decay: weight decay, in shares of the rate.
        clip: largest norm of all gradients together.

    >>> weight = nn.Parameter(torch.tensor([3.0, -4.0]))
    >>> optimiser = AdamW([weight], decay=0.0, clip=1.0)
    >>> weight.square().sum().backward()
    >>> optimiser.step(0.1)
    >>> weight.data
    tensor([ 2.9000, -3.9000])
    """

    def __init__(self, parameters: Iterable[nn.Parameter], *, decay: float, clip: float) -> None:
        self.parameters, self.decay, self.clip = list(parameters), decay, clip
        # by the number of the parameter: "step" (), "exp_avg" and "exp_avg_sq" like the parameter
        self.state: dict[int, State] = {}
        device = self.parameters[0].device if self.parameters else None
        self._steps = torch.zeros(len(self.parameters), device=device)  # each parameter's own count
        self._live: list[int] = []
        self._groups: list[list[int]] = []

    def zero_grad(self) -> None:
        """Forget the gradients; the next ones take their place rather than add to them."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move every parameter that has a gradient."""
        gradients = {i: each.grad for i, each in enumerate(self.parameters) if each.grad is not None}
        if (live := list(gradients)) != self._live:
            self._begin(live)
        parts = {i: self._part(i, gradient) for i, gradient in gradients.items()}
        scale = self._scale([[parts[i].gradient for i in group] for group in self._groups])
        self._steps += self._moves
        for group in self._groups:
            own, steps = [parts[i] for i in group], [self.state[i]["step"] for i in group]
            torch._fused_adamw_(
                [each.weight for each in own], [each.gradient for each in own], [each.mean for each in own],
                [each.square for each in own], [], steps,
                lr=rate, beta1=BETAS[0], beta2=BETAS[1], weight_decay=self.decay, eps=EPSILON, amsgrad=False,
                maximize=False, grad_scale=scale, found_inf=None,
            )  # fmt: skip
        for i, part in parts.items():
            if part.rows is not None:
                for whole, moved in zip(self._whole(i), part[:3], strict=True):
                    whole.view(-1, *moved.shape[1:]).index_copy_(0, part.rows, moved)

    def _whole(self, i: int) -> tuple[Tensor, Tensor, Tensor]:
        return self.parameters[i], self.state[i]["exp_avg"], self.state[i]["exp_avg_sq"]

    def _part(self, i: int, gradient: Tensor) -> Part:
        """What a step moves: the parameter and its moments, or copies of the rows that a sparse gradient holds."""
        whole = self._whole(i)
        if not gradient.is_sparse:
            return Part(*whole, gradient, None)
        gradient = gradient.coalesce()
        at, values = gradient.indices(), gradient.values()
        rows = at[0]
        for axis in range(1, len(at)):
            rows = rows * gradient.shape[axis] + at[axis]
        weight, mean, square = (each.view(-1, *values.shape[1:]).index_select(0, rows) for each in whole)
        return Part(weight, mean, square, values, rows)

    def _begin(self, live: list[int]) -> None:
        """Moments of parameters that had no gradient before; those of one precision are a group."""
        self._live, groups = live, dict[torch.dtype, list[int]]()
        for i in live:
            parameter = self.parameters[i].detach()
            groups.setdefault(parameter.dtype, []).append(i)
            if i not in self.state:
                moments = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
                self.state[i] = {"step": self._steps[i], **moments}
        self._groups = list(groups.values())
        self._moves = torch.zeros_like(self._steps)
        self._moves[live] = 1.0

    def _scale(self, gradients: list[list[Tensor]]) -> Tensor | None:
        """What gradients are divided by, (); None where their norm is small: an accelerator would have to wait to know."""
        if not gradients:
            return None
        norm = torch.linalg.vector_norm(
            torch.stack([norm for group in gradients for norm in torch._foreach_norm(group)])
        )
        if norm.device.type == "cpu" and norm <= self.clip:
            return None
        return ((norm + 1e-6) / self.clip).clamp(min=1.0).float()

    def clear(self) -> None:
        """Forget all moments, as if no step had been taken."""
        self.state.clear()
        self._live = []
        self._steps.zero_()

    def load(self, state: Mapping[int, State]) -> None:
        """Go on from the state of another training of the same parameters.

        Raises:
            ValueError: for a state of other parameters.
        """
        self.clear()
        for i, moments in state.items():
            if not 0 <= i < len(self.parameters) or moments["exp_avg"].shape != self.parameters[i].shape:
                raise ValueError(f"the state of the optimiser is of other parameters: {i} does not fit")
            self._steps[i] = moments["step"]
            own = {name: moments[name].to(self.parameters[i]) for name in ("exp_avg", "exp_avg_sq")}
            self.state[i] = {"step": self._steps[i], **own}
