"""The default net of tables: residual blocks of fully connected layers."""

from __future__ import annotations

from torch import Tensor, nn

from vaekit.spec import AtLeastOne, Natural, Share


class Block(nn.Module):
    """x + W_2 silu(W_1 norm(x)), the identity at first (W_2 = 0), so that any depth trains."""

    def __init__(self, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)
        self.activation, self.dropout = nn.SiLU(), nn.Dropout(dropout)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.activation(self.up(self.norm(x)))
        return x + self.down(self.dropout(hidden) if self.training else hidden)  # fewer steps


class ResidualMlp(nn.Module):
    """Linear, then `depth` residual blocks and a layer norm, on both sides of the latents.

    He, Zhang, Ren, Sun 2016 (arXiv 1603.05027), pre-activation; for tables Gorishniy et al. 2021 (arXiv 2106.11959).

    Args:
        features: features that enter the encoder.
        latents: latents that enter the decoder.
        width: of every layer.
        depth: residual blocks on each side.
        dropout: share of units set to zero in training.

    >>> ResidualMlp(20, 8, width=64).encoded
    64
    """

    rich = True

    def __init__(
        self, features: int, latents: int, *, width: AtLeastOne = 256, depth: Natural = 2, dropout: Share = 0.0
    ) -> None:
        super().__init__()
        self._down = _tower(features, width, depth, dropout)
        self._up = _tower(latents, width, depth, dropout)
        self.encoded = self.decoded = width

    def encode(self, features: Tensor) -> Tensor:
        return self._down(features)

    def decode(self, latents: Tensor) -> Tensor:
        return self._up(latents)


def _tower(size: int, width: int, depth: int, dropout: float) -> nn.Sequential:
    blocks = [Block(width, dropout) for _ in range(depth)]
    return nn.Sequential(nn.Linear(size, width), *blocks, nn.LayerNorm(width))
