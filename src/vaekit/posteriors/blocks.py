"""Latents of several kinds side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from vaekit import spec as specs
from vaekit.distributions.discrete import within
from vaekit.distributions.side_by_side import SideBySide
from vaekit.errors import SpecError
from vaekit.posteriors.binary import Binary
from vaekit.posteriors.categorical import Categorical
from vaekit.posteriors.gaussian import Gaussian

BLOCKS: dict[str, Any] = {"gaussian": Gaussian, "categorical": Categorical, "binary": Binary}
USUAL: list[dict[str, Any]] = [{"kind": "gaussian"}, {"kind": "categorical", "latent": 1, "classes": 10}]


class Product(nn.Module):
    """q(z|x) = prod_b q_b(z_b|x): normal latents, classes and bits side by side.

    Dupont 2018 (JointVAE, arXiv 1804.00104). A block of few states is gone through in training, the others are drawn.

    Args:
        features: of the encoder.
        latents: of a block that does not say itself how many it has.
        parts: the blocks, each {"kind": "gaussian" | "categorical" | "binary", "latent": how many, option: value}.

    >>> import torch
    >>> q = Product(16, 8, parts=[{"kind": "gaussian"}, {"kind": "categorical", "latent": 1, "classes": 5}])
    >>> q(torch.zeros(3, 16)).mean.shape
    torch.Size([3, 13])
    """

    density, numbers = True, False
    prior = "product"

    def __init__(self, features: int, latents: int, *, parts: list[dict[str, Any]] = USUAL) -> None:
        super().__init__()
        made = [
            specs.build("posterior 'product', part", part, BLOCKS, features, size)
            for part, size in _sized(parts, latents)
        ]
        _keep_few(made, parts)
        self.blocks = nn.ModuleList(made)
        self.latents = sum(int(block.latents) for block in made)

    @staticmethod
    def width(latent: int, parts: Sequence[Mapping[str, Any]] = USUAL, **options: Any) -> int:
        """L: the latents of all blocks.

        >>> Product.width(4, [{"kind": "binary"}, {"kind": "categorical", "latent": 2, "classes": 3}])
        10
        """
        total = 0
        for part, size in _sized(parts, latent):
            kind, chosen = specs.member("posterior 'product', part", part, BLOCKS)
            own = getattr(kind, "width", None)
            total += size if own is None else own(size, **chosen)
        return total

    def anneal(self, progress: float) -> None:
        """Set the temperatures of the blocks that have one."""
        for block in self.blocks:
            if (anneal := getattr(block, "anneal", None)) is not None:
                anneal(progress)

    def forward(self, features: Tensor) -> SideBySide:
        return SideBySide([block(features) for block in self.blocks])


def _keep_few(blocks: Sequence[Any], parts: Sequence[Mapping[str, Any]]) -> None:
    """Draw a block rather than go through its states where all together would be too many, unless the user said so."""
    total = 1
    for block, part in zip(blocks, parts, strict=True):
        if not getattr(block, "exact", False):
            continue
        if part.get("exact", "auto") == "auto" and not within(total * block.states, "auto"):
            block.exact = False
        else:
            total *= block.states
            within(total, True)


def _sized(parts: Sequence[Mapping[str, Any]], latent: int) -> list[tuple[dict[str, Any], int]]:
    """Each part without its size, and its size."""
    if not parts or not all(isinstance(part, Mapping) and "kind" in part for part in parts):
        raise SpecError(
            f"posterior 'product': parts={list(parts)!r}, expected at least one dict with a kind",
            hint='parts=[{"kind": "gaussian", "latent": 8}, {"kind": "categorical", "latent": 1, "classes": 10}]',
        )
    sized = [({k: v for k, v in part.items() if k != "latent"}, part.get("latent", latent)) for part in parts]
    if wrong := [size for _, size in sized if isinstance(size, bool) or not isinstance(size, int) or size < 1]:
        raise SpecError(f"posterior 'product': latent {wrong[0]!r}, expected a whole number from 1 on")
    return sized
