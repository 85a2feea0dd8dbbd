"""Priors of latents that are classes, bits, or several kinds side by side."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from vaekit.distributions.discrete import Bits, Categories
from vaekit.distributions.side_by_side import SideBySide
from vaekit.errors import SpecError
from vaekit.priors.normal import StandardNormal

Shares = Literal["uniform", "learned"]


class CategoricalPrior(nn.Module):
    """p(z) = prod_v p_v(class), for latents that are classes: uniform, or with shares learned beside the model.

    Jang, Gu, Poole 2017 (arXiv 1611.01144).

    Args:
        latents: L.
        posterior: whose latents these are.
        shares: "uniform", or "learned" for each variable.

    >>> from vaekit.posteriors import Categorical
    >>> CategoricalPrior(6, posterior=Categorical(8, 2, classes=3))().mean
    tensor([0.3333, 0.3333, 0.3333, 0.3333, 0.3333, 0.3333])
    """

    learns = False
    zero: Tensor
    logits: nn.Parameter | None

    def __init__(self, latents: int, *, posterior: Any, shares: Shares = "uniform") -> None:
        super().__init__()
        classes = fact(posterior, "categorical", "classes")
        self.latents = latents
        equal(self, torch.zeros(latents // classes, classes), shares)

    def forward(self) -> Categories:
        return Categories(self.zero if self.logits is None else self.logits)


class BernoulliPrior(nn.Module):
    """p(z) = prod_l p_l^z_l (1 - p_l)^(1 - z_l), for latents that are bits: all 1/2, or with learned shares.

    Args:
        latents: L.
        posterior: whose latents these are.
        shares: "uniform", or "learned" for each bit.

    >>> from vaekit.posteriors import Binary
    >>> BernoulliPrior(3, posterior=Binary(8, 3))().mean
    tensor([0.5000, 0.5000, 0.5000])
    """

    learns = False
    zero: Tensor
    logits: nn.Parameter | None

    def __init__(self, latents: int, *, posterior: Any, shares: Shares = "uniform") -> None:
        super().__init__()
        fact(posterior, "bernoulli", "latents")
        self.latents = latents
        equal(self, torch.zeros(latents), shares)

    def forward(self) -> Bits:
        return Bits(self.zero if self.logits is None else self.logits)


class ProductPrior(nn.Module):
    """p(z) = prod_b p_b(z_b): beside each block of a product posterior the prior that suits it.

    Args:
        latents: L.
        posterior: whose latents these are.
        shares: of classes and bits: "uniform" or "learned".

    >>> from vaekit.posteriors import Product
    >>> parts = [{"kind": "gaussian", "latent": 2}, {"kind": "binary", "latent": 1}]
    >>> ProductPrior(3, posterior=Product(8, 3, parts=parts))().mean
    tensor([0.0000, 0.0000, 0.5000])
    """

    learns = False

    def __init__(self, latents: int, *, posterior: Any, shares: Shares = "uniform") -> None:
        super().__init__()
        fact(posterior, "product", "blocks")
        self.latents = latents
        self.blocks = nn.ModuleList([_beside(block, shares) for block in posterior.blocks])

    def forward(self) -> SideBySide:
        return SideBySide([block() for block in self.blocks])


def _beside(block: Any, shares: Shares) -> nn.Module:
    """The prior of one block."""
    kinds = {"categorical": CategoricalPrior, "bernoulli": BernoulliPrior}
    kind: Any = kinds.get(getattr(block, "prior", ""))
    return StandardNormal(block.latents) if kind is None else kind(block.latents, posterior=block, shares=shares)


def fact(posterior: Any, prior: str, name: str) -> int:
    """What a prior needs to know of its posterior, which must be of its kind."""
    if getattr(posterior, "prior", None) != prior:
        raise SpecError(
            f"prior {prior!r}: posterior {type(posterior).__name__} has other latents",
            hint=f"leave prior= out: the usual one of this posterior is {getattr(posterior, 'prior', 'normal')!r}",
        )
    value = getattr(posterior, name)
    return value if isinstance(value, int) else len(value)


def equal(module: nn.Module, zero: Tensor, shares: Shares) -> None:
    """Equal logits as they are, or as parameters."""
    module.register_buffer("zero", zero, persistent=False)
    module.register_parameter("logits", nn.Parameter(zero.clone()) if shares == "learned" else None)
