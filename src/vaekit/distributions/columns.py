"""Several groups of columns, each under its own law, as one law with one log-probability per cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

FAR = 2.0**20  # no quantile is looked for beyond


class Columns(Distribution):
    """log p(cell k) = log p_g(cell k) for the group g that column k belongs to.

        cells (..., K) --take--> group 1 (..., K1) -- law 1 --+
                       --take--> group 2 (..., K2) -- law 2 --+--cat, restore order--> (..., K)

    Args:
        laws: one distribution a group, batch shapes (S, B, K_g).
        groups: for each law the indices of its columns, (K_g,); `slice(None)` for one law of all columns in their order.
        order: the inverse permutation, (K,): `cat(groups)[order]` is 0, 1, ..., K - 1.

    >>> from torch.distributions import Normal
    >>> laws = [Normal(torch.zeros(1, 1, 2), 1.0), Normal(torch.ones(1, 1, 1), 1.0)]
    >>> Columns(laws, [torch.tensor([0, 2]), torch.tensor([1])], torch.tensor([0, 2, 1])).mean
    tensor([[[0., 1., 0.]]])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = False

    def __init__(self, laws: Sequence[Any], groups: Sequence[Tensor | slice], order: Tensor) -> None:
        self.laws, self.groups, self.order = list(laws), list(groups), order
        batch = laws[0].batch_shape[:-1]
        super().__init__(Size((*batch, len(order))), validate_args=False)

    def _join(self, part: Callable[[Any, Any], Tensor]) -> Tensor:
        if isinstance(self.groups[0], slice):  # nothing to bring into order
            return part(self.laws[0], self.groups[0])
        return torch.cat([part(law, at) for law, at in zip(self.laws, self.groups, strict=True)], -1)[..., self.order]

    @property
    def places(self) -> list[Tensor]:
        """For each law the indices of its columns, (K_g,)."""
        every = torch.arange(len(self.order), device=self.order.device)
        return [every[at] for at in self.groups]

    @property
    def mean(self) -> Tensor:
        return self._join(lambda law, _: law.mean)

    @property
    def mode(self) -> Tensor:
        return self._join(lambda law, _: law.mode)

    def best(self) -> Tensor:
        """The best single value of each cell under the mixture over the first axis, (B, K): mean for numbers, else mode."""
        return self._join(lambda law, _: law.best())

    def pooled(self) -> Columns:
        """The mixture over the first axis with as few terms as its laws allow."""
        return self._with([law.pooled() for law in self.laws])

    def quantile(self, level: float | Tensor, steps: int = 40) -> Tensor:
        """Smallest cells (B, K) whose probability under the mixture over the first axis reaches `level`, one or (K,); of
        several levels (Q, 1, K) at once cells (Q, B, K).

        By bisection where a law has no `quantile` of its own, or none in closed form.
        """
        levels = torch.as_tensor(level, dtype=torch.float64, device=self.order.device)
        levels = levels.expand(*levels.shape[:-1], len(self.order))
        return self._join(lambda law, at: quantile(law, levels[..., at], steps))

    def mixture_cdf(self, value: Tensor) -> Tensor:
        """P(cell <= value) under the mixture over the first axis, for cells (B, K)."""
        return self._join(lambda law, at: law.cdf(value[..., at]).mean(0))

    def _with(self, laws: Sequence[Any]) -> Columns:
        return Columns(laws, self.groups, self.order)

    def log_prob(self, value: Tensor) -> Tensor:
        return self._join(lambda law, at: law.log_prob(value[..., at]))

    def cdf(self, value: Tensor) -> Tensor:
        return self._join(lambda law, at: law.cdf(value[..., at]))

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self._join(lambda law, _: law.sample(Size(sample_shape)))


def quantile(law: Any, level: Tensor, steps: int = 40) -> Tensor:
    """Smallest cells (B, K) whose probability under the mixture over the first axis of one law reaches `level` (K,); of several
    levels (Q, 1, K) cells (Q, B, K).
    """
    if (found := closed_quantile(law, level)) is not None:
        return found
    if level.dim() > 1:
        return torch.stack([quantile(law, each[0], steps) for each in level])
    pooled = law.pooled()
    cdf = lambda value: pooled.cdf(value).mean(0)  # noqa: E731
    found = bisect(cdf, law.batch_shape[1:], level.device, level, steps)
    return torch.as_tensor(law.exact(found)) if hasattr(law, "exact") else found


def closed_quantile(law: Any, level: Tensor) -> Tensor | None:
    """The same without a search; None for a law that has no such form."""
    own = getattr(law, "quantile", None)
    found = None if own is None else own(level)
    return None if found is None else torch.as_tensor(found)


def bisect(
    cdf: Callable[[Tensor], Tensor], shape: Size, device: torch.device, level: float | Tensor, steps: int = 40
) -> Tensor:
    """The smallest cells whose probability reaches `level`.

    >>> bisect(torch.special.ndtr, Size((1,)), torch.device("cpu"), 0.5).abs() < 1e-6
    tensor([True])
    """
    high = torch.full(shape, 64.0, device=device)
    low = -high
    while (short := (cdf(high) < level) & (high < FAR)).any():
        high = torch.where(short, 4 * high, high)
    while (short := (cdf(low) >= level) & (low > -FAR)).any():
        low = torch.where(short, 4 * low, low)
    for _ in range(steps):
        middle = (low + high) / 2
        reached = cdf(middle) >= level
        low, high = torch.where(reached, low, middle), torch.where(reached, middle, high)
    return high
