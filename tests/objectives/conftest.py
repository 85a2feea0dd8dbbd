"""A linear model, of which everything is known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal

from vaekit import rng
from vaekit.distributions import Columns, NormalCell, Scale
from vaekit.vae import Draw

K, L = 3, 2


@dataclass(frozen=True)
class Linear:
    """x = W z + e, e ~ N(0, 0.5^2); q(z|x) = N(mean, std) with one leaf each a row."""

    draw: Draw
    mean: Tensor
    log_std: Tensor
    weight: Tensor

    @property
    def evidence(self) -> Tensor:
        """Log p(x), (B,)."""
        covariance = self.weight @ self.weight.T + 0.25 * torch.eye(K, dtype=torch.float64)
        return MultivariateNormal(torch.zeros(K, dtype=torch.float64), covariance).log_prob(self.draw.cells)


@pytest.fixture
def linear() -> Callable[..., Linear]:
    """linear(samples, rows, seed, alike): all rows alike, for averages, or each its own."""

    def make(samples: int = 1, rows: int = 6, seed: int = 0, alike: bool = False, miss: float = 0.4) -> Linear:
        weight = rng.table(1, (K, L), "weight", dtype=torch.float64).requires_grad_()
        cells = rng.table(1, (1 if alike else rows, K), "cells", dtype=torch.float64).expand(rows, K).clone()
        precision = torch.eye(L, dtype=torch.float64) + 4 * weight.T @ weight
        exact = 4 * torch.linalg.solve(precision, (cells @ weight).T).T
        mean = (exact + miss).detach().clone().requires_grad_()
        log_std = (-precision.diagonal().log() / 2 + miss).detach().expand(rows, L).clone().requires_grad_()
        q: Any = Normal(mean, log_std.exp(), validate_args=False)
        with rng.seeded(seed):
            z = q.rsample((samples,))
        units = Scale(["linear"] * K, torch.zeros(K, dtype=torch.float64), torch.ones(K, dtype=torch.float64))
        cell = NormalCell(z @ weight.T, torch.full((K,), 0.5, dtype=torch.float64), units)
        law = Columns([cell], [torch.arange(K)], torch.arange(K))
        prior = Normal(torch.zeros(L, dtype=torch.float64), 1.0, validate_args=False)
        seen = torch.ones(rows, K, dtype=torch.bool)
        return Linear(Draw(z, q, prior, law, cells, seen, z), mean, log_std, weight)

    return make
