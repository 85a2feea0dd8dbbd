"""Laws of latents side by side: some are numbers, others classes or bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution, kl_divergence
from torch.distributions.kl import register_kl

from vaekit.distributions.latents import place


class SideBySide(Distribution):
    """p(z) = prod_b p_b(z_b), blocks of latents that are independent of one another, one log-density a latent.

    Where some blocks list their values, so does the whole: the other blocks are drawn anew for each value.

    >>> from torch.distributions import Normal
    >>> law = SideBySide([Normal(torch.zeros(2, 3), 1.0), Normal(torch.ones(2, 1), 1.0)])
    >>> law.mean[0], law.rsample((5,)).shape
    (tensor([0., 0., 0., 1.]), torch.Size([5, 2, 4]))
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = True

    def __init__(self, laws: Sequence[Any]) -> None:
        self.laws = list(laws)
        self.sizes = [law.batch_shape[-1] for law in self.laws]
        few = any(getattr(law, "enumerated", None) is not None for law in self.laws)
        self.enumerated: Callable[[], tuple[Tensor, Tensor]] | None = self._all if few else None
        super().__init__(Size((*self.laws[0].batch_shape[:-1], sum(self.sizes))), validate_args=False)

    @property
    def mean(self) -> Tensor:
        return torch.cat([law.mean for law in self.laws], -1)

    @property
    def stddev(self) -> Tensor:
        return torch.cat([law.stddev for law in self.laws], -1)

    @property
    def variance(self) -> Tensor:
        return self.stddev.square()

    def log_prob(self, value: Tensor) -> Tensor:
        parts = value.split(self.sizes, -1)
        return torch.cat([law.log_prob(part) for law, part in zip(self.laws, parts, strict=True)], -1)

    def rsample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return torch.cat([law.rsample(torch.Size(sample_shape)) for law in self.laws], -1)

    def place(self, noise: Tensor) -> Tensor:
        """The latents that standard normal noise (S, 1, L) or (S, B, L) stands for, block by block."""
        parts = zip(self.laws, noise.split(self.sizes, -1), strict=True)
        return torch.cat([place(law, part) for law, part in parts], -1)

    def _all(self) -> tuple[Tensor, Tensor]:
        """Every combination of the values that blocks list, (S, B, L), and their probabilities, (S, B)."""
        listed = [law.enumerated() if getattr(law, "enumerated", None) is not None else None for law in self.laws]
        counts = [1 if each is None else len(each[1]) for each in listed]
        at = torch.cartesian_prod(*[torch.arange(n) for n in counts]).reshape(-1, len(counts))
        parts, weights = [], torch.ones(1)
        for b, (law, each) in enumerate(zip(self.laws, listed, strict=True)):
            if each is None:
                parts.append(law.rsample(torch.Size((len(at),))))
            else:
                parts.append(each[0][at[:, b]])
                weights = weights.to(each[1]) * each[1][at[:, b]]
        return torch.cat(parts, -1), weights


@register_kl(SideBySide, SideBySide)  # type: ignore[untyped-decorator]
def _kl_of_blocks(q: SideBySide, p: SideBySide) -> Tensor:
    if q.sizes != p.sizes:
        raise NotImplementedError
    return torch.cat([kl_divergence(*pair) for pair in zip(q.laws, p.laws, strict=True)], -1)
