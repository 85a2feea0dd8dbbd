from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from vaekit.distributions.latents import log_density
from vaekit.distributions.mixture import NormalMixture
from vaekit.modes.ans import Stack, filler
from vaekit.modes.latent_bits import LatentBits

L, N, STEP, BOUND = 3, 400, 1 / 16, 300


def mixture(components: int, *, whole: bool) -> NormalMixture:
    noise = torch.Generator().manual_seed(components)
    logits, loc, scale = (torch.randn(components, *size, generator=noise).double() for size in ((), (L,), (L,)))
    slopes = torch.randn(components, L, L, generator=noise).double().tril(-1) if whole else None
    return NormalMixture(logits, 2 * loc, (scale / 2).exp(), slopes)


LAWS = {
    "normal": Normal(torch.linspace(-1, 1, L).double(), torch.linspace(0.5, 2, L).double()),
    "of each row": Normal(torch.linspace(-1, 1, N * L).double().reshape(N, L), 1.0),
    "one component": mixture(1, whole=False),
    "mixture": mixture(5, whole=False),
    "whole covariances": mixture(5, whole=True),
    "a wide alphabet": mixture(60, whole=False),
}


@pytest.mark.parametrize("name", LAWS)
def test_latents_cost_their_density_and_come_back_with_what_they_lent(name: str) -> None:
    law: Any = LAWS[name]
    torch.manual_seed(0)
    z = law.sample((N,)) if name != "of each row" else law.sample()
    buckets = (z / STEP).round().int().numpy().ravel()
    bits, stack = LatentBits(law, N, STEP, BOUND), Stack(filler(1_000))
    of = bits.choose(stack, buckets)
    bits.push(stack, buckets, of)
    at = torch.from_numpy(buckets.reshape(N, L) * STEP)
    cost = -float(log_density(law, at).sum() + N * L * math.log(STEP)) / math.log(2)
    assert 32 * (len(stack) - 1_000) == pytest.approx(cost, rel=0.01)
    back, found = bits.pop(stack)
    bits.give_back(stack, back, found)
    assert np.array_equal(back, buckets) and np.array_equal(found, of)
    assert np.array_equal(stack.words(), filler(1_000))
