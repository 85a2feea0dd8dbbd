"""The linear path between the cells of a grid and the latents."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vaekit.nets.grid import GridSize


class Straight(nn.Module):
    """x = W z + m + e with e ~ N(0, I) over the numbers of a grid, and its exact posterior under any context.

        G = I + sum over seen cells of w w',   q(z|seen) has the mean G^-1 sum w (x - m) and the variances diag G^-1

    A hidden cell says nothing: no value stands in for it. `vaekit.principal.begin` sets W and m, training leaves them alone.
    Tipping and Bishop 1999 (doi 10.1111/1467-9868.00196).

    Args:
        size: features on the grid.
        latents: L.

    >>> path = Straight(GridSize((4,), 2, 0, 1, (0,)), 3)
    >>> path.encode(torch.zeros(5, 8)).shape, path.decode(torch.zeros(5, 3)).shape
    (torch.Size([5, 6]), torch.Size([5, 4, 1]))
    """

    weight: Tensor
    mean: Tensor

    def __init__(self, size: GridSize, latents: int) -> None:
        super().__init__()
        self.size, self.positions = size, math.prod(size.shape)
        self.register_buffer("weight", torch.zeros(self.positions, size.channels, latents))
        self.register_buffer("mean", torch.zeros(self.positions, size.channels))

    def encode(self, features: Tensor) -> Tensor:
        """Means and log-variances of the posterior, (B, 2 L), from features (B, F)."""
        places = features[:, : self.positions * self.size.local].unflatten(-1, (self.positions, -1))
        at = list(self.size.numbers)
        values = places[..., : len(at)].flatten(1)
        seen = torch.ones_like(values)
        if self.size.flags:
            seen = places[..., -self.size.channels :][..., at].flatten(1)
        weight = self.weight[:, at].flatten(0, 1)
        precision = seen @ (weight[:, :, None] * weight[:, None, :]).flatten(1)
        precision = precision.unflatten(-1, (weight.shape[-1], -1)) + torch.eye(weight.shape[-1]).to(weight)
        inverse = inverted(precision)
        pull = (values - seen * self.mean[:, at].flatten()) @ weight
        mean = (inverse @ pull[..., None])[..., 0]
        return torch.cat([mean, inverse.diagonal(dim1=-2, dim2=-1).log()], -1)

    def decode(self, latents: Tensor) -> Tensor:
        """The expected cells of latents (B, L): (B, positions, channels)."""
        return torch.einsum("bl,pcl->bpc", latents, self.weight) + self.mean


def inverted(matrix: Tensor) -> Tensor:
    """The inverse of positive definite matrices (..., L, L); within a graph by elimination, which is made of plain steps.

    >>> matrix = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    >>> torch.allclose(inverted(matrix), eliminated(matrix))
    True
    """
    if torch.compiler.is_compiling():
        return eliminated(matrix)
    return torch.cholesky_inverse(torch.linalg.cholesky(matrix))


def eliminated(matrix: Tensor) -> Tensor:
    """The inverse by Gauss and Jordan's elimination, which needs no search for pivots where matrices are positive definite.

        A - (A e - e) (e' A + e') / (e' A e)    turns column e of A into that of the inverse, and row e with it

    First the diagonal is scaled to one, so that no pivot is large and no digit is lost in its place.
    """
    found, one = matrix.double(), torch.eye(matrix.shape[-1], dtype=torch.double, device=matrix.device)
    scale = found.diagonal(dim1=-2, dim2=-1).rsqrt()
    scale = scale[..., :, None] * scale[..., None, :]
    found = found * scale
    for k in range(matrix.shape[-1]):
        row, column = found[..., k : k + 1, :], found[..., :, k : k + 1]
        found = found - (column - one[:, k : k + 1]) * ((row + one[k : k + 1]) / row[..., k : k + 1])
    return (found * scale).to(matrix.dtype)
