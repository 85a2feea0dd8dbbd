"""What holds for every law of a cell, including the next one: the table in `conftest` fails when a law is left out of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from vaekit import rng
from vaekit.distributions import CELL_LAWS, Columns, Spiked

S, B = 3, 1
INF = float("inf")


def test_no_law_is_left_out(laws_of_cells):
    assert {name.split(":")[0] for name in laws_of_cells} == CELL_LAWS.keys()


GRID = torch.linspace(-60, 60, 120_001, dtype=torch.float64)
MIDDLE, STEP = (GRID[1:] + GRID[:-1]) / 2, float(GRID[1] - GRID[0])


def masses(cell_law: Any, law: Any) -> list[tuple[Tensor, Tensor]]:
    """Per column the cells that carry mass, (N,), and how much, (N, S, B): atoms, and slices of the density."""
    found = []
    every = (
        law.log_prob(MIDDLE[:, None, None, None].expand(-1, 1, 1, cell_law.K)).exp() if any(cell_law.smooth) else None
    )
    for k, exact in enumerate(cell_law.exact):
        cells, mass = [exact.double()], []
        value = torch.zeros(len(exact), 1, 1, cell_law.K, dtype=torch.float64)
        value[..., k] = exact[:, None, None]
        mass.append(law.log_prob(value).exp()[..., k])
        if cell_law.smooth[k]:
            cells.append(MIDDLE)
            mass.append(every[..., k] * STEP)
        found.append((torch.cat(cells), torch.cat(mass)))
    return found


def test_the_batch_has_a_log_probability_per_cell(cell_law):
    law = cell_law.build()
    assert law.batch_shape == (S, B, cell_law.K)
    cell = torch.stack([exact[0] if len(exact) else torch.tensor(0.3) for exact in cell_law.exact]).double()
    assert law.log_prob(cell.expand(B, -1)).shape == (S, B, cell_law.K)
    assert law.log_prob(cell.expand(7, 1, B, -1)).shape == (7, S, B, cell_law.K)
    assert law.sample().shape == (S, B, cell_law.K) and law.sample((7,)).shape == (7, S, B, cell_law.K)
    assert law.cdf(cell.expand(B, -1)).shape == (S, B, cell_law.K)
    assert law.mean.shape == law.mode.shape == (S, B, cell_law.K) and law.best().shape == (B, cell_law.K)


def test_mass_and_density_sum_to_one(cell_law):
    for _, mass in masses(cell_law, cell_law.build()):
        torch.testing.assert_close(mass.sum(0), torch.ones(S, B, dtype=torch.float64), atol=2e-3, rtol=0)


def test_the_cdf_is_the_integral(cell_law):
    law = cell_law.build()
    at = torch.tensor([-3.1234, -1.0001, -0.2501, 0.3333, 1.0001, 1.7501, 3.9999], dtype=torch.float64)
    cdf = law.cdf(at[:, None, None, None].expand(-1, 1, 1, cell_law.K))
    for k, (cells, mass) in enumerate(masses(cell_law, law)):
        below = torch.stack([mass[cells <= x].sum(0) for x in at])
        torch.testing.assert_close(cdf[..., k], below, atol=2e-3, rtol=0)


def test_the_cdf_jumps_at_an_atom(cell_law):
    law = cell_law.build()
    for k, exact in enumerate(cell_law.exact):
        for atom in exact[:6]:
            value = torch.full((1, cell_law.K), 0.0, dtype=torch.float64)
            value[:, k] = atom
            jump = law.cdf(value)[..., k] - law.cdf(value - (4e-7 if cell_law.smooth[k] else 1e-2))[..., k]
            mass = law.log_prob(value)[..., k].exp()
            torch.testing.assert_close(jump, mass, atol=2e-3, rtol=0)


def test_samples_agree_with_the_cdf(cell_law):
    law, count = cell_law.build(), 20_000
    with rng.seeded(1):
        samples = law.sample((count,)).double()
    at = torch.linspace(-4, 4, 81, dtype=torch.float64) + 1e-3
    expected = law.cdf(at[:, None, None, None].expand(-1, 1, 1, cell_law.K))
    seen = torch.stack([(samples <= x).double().mean(0) for x in at])
    # Dvoretzky, Kiefer, Wolfowitz: exceeded once in a million
    assert (seen - expected).abs().max() < (14.5 / 2 / count) ** 0.5


def test_samples_have_a_finite_log_probability(cell_law):
    law = cell_law.build()
    with rng.seeded(2):
        assert law.log_prob(law.sample((2_000,))).isfinite().all()
    assert law.log_prob(law.mode).isfinite().all()


def test_an_atom_is_drawn_exactly(cell_law):
    """What a law draws it also knows: the share of draws that equal an atom is the atom's mass."""
    law, count = cell_law.build(), 20_000
    with rng.seeded(3):
        samples = law.sample((count,)).double()
    for k, exact in enumerate(cell_law.exact):
        for atom in exact[:8]:
            value = torch.zeros(1, cell_law.K, dtype=torch.float64)
            value[:, k] = atom
            mass = law.log_prob(value)[..., k].exp()
            seen = ((samples[..., k] - atom).abs() < 1e-7 * (1 + atom.abs())).double().mean(0)
            assert ((seen - mass).abs() < 5 * (mass * (1 - mass) / count).sqrt() + 1e-4).all()


def test_the_mean_is_the_expected_number(cell_law):
    law = cell_law.build()
    if cell_law.number is None:
        assert torch.equal(law.mean, law.mode)
        return
    mean = cell_law.number(law.mean)
    for k, (cells, mass) in enumerate(masses(cell_law, law)):
        numbers = cell_law.number(cells[:, None].expand(-1, cell_law.K))[:, k]
        anchor = numbers[0]  # seconds since 1970 would drown the difference
        expected = anchor + ((numbers - anchor)[:, None, None] * mass).sum(0)
        spread = ((numbers - anchor).square()[:, None, None] * mass).sum(0).sqrt()
        assert ((mean[..., k] - expected).abs() < 3e-3 * spread).all()


def test_the_best_value_is_that_of_the_mixture(cell_law):
    law = cell_law.build()
    if cell_law.mode_is_best:
        pooled = torch.stack(
            [law.log_prob(torch.full((B, cell_law.K), float(m)).double()).exp().mean(0) for m in range(2)]
        )
        if cell_law.number is not None:
            assert torch.equal(law.best(), (pooled[1] > 0.5).to(law.best().dtype))
        else:
            assert torch.equal(law.best(), law.probs.mean(0).argmax(-1).double())
        return
    mean = torch.stack([cell_law.number(law.mean[s]) for s in range(S)]).mean(0)
    torch.testing.assert_close(cell_law.number(law.best()), mean, rtol=1e-9, atol=1e-6)


def test_pooling_keeps_the_mixture(cell_law):
    law = cell_law.build()
    at = torch.tensor([-1.0, 0.0, 0.7, 2.0], dtype=torch.float64)[:, None, None].expand(-1, B, cell_law.K)
    for x in at:
        torch.testing.assert_close(law.pooled().cdf(x).mean(0), law.cdf(x).mean(0), atol=1e-9, rtol=0)


@pytest.mark.parametrize("level", [0.001, 0.05, 0.5, 0.95, 0.999])
def test_the_quantile_inverts_the_cdf(cell_law, level):
    joined = Columns([cell_law.build()], [torch.arange(cell_law.K)], torch.arange(cell_law.K))
    cell = joined.quantile(level).double()
    # where whole numbers stand side by side the steps lie a little below them
    back = torch.where(torch.tensor(cell_law.smooth), 1e-6 * (1 + cell.abs()), 1e-2)
    reached, before = joined.mixture_cdf(cell), joined.mixture_cdf(cell - back)
    assert (reached >= level - 1e-9).all()
    assert (before <= level + 1e-5).all()


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero(cell_law):
    leaves = [parameter.clone().requires_grad_() for parameter in cell_law.parameters]
    law = cell_law.build(*leaves)
    with rng.seeded(4):
        value = law.sample((200,)).detach()
    law.log_prob(value).sum().backward()
    for leaf in leaves:
        assert leaf.grad.isfinite().all()
        dead = torch.zeros_like(leaf, dtype=torch.bool)
        if cell_law.dead is not None and cell_law.dead.shape == leaf.shape:
            dead = cell_law.dead
        assert (leaf.grad[dead] == 0).all()
    live = [leaf.grad.abs().sum((0, 1)) for leaf in leaves]
    if cell_law.dead is None and not isinstance(law, Spiked):
        assert all((gradient > 0).all() for gradient in live)
    assert all(gradient.sum() > 0 for gradient in live)


@pytest.mark.parametrize("far", [-1e4, -300.0, -40.0, 40.0, 300.0, 1e4])
def test_single_precision_survives_far_cells(cell_law, far):
    if not any(cell_law.smooth) and cell_law.number is None:
        far = max(min(far, 4.0), 0.0)  # levels are what the codec says they are
    leaves = [parameter.float().requires_grad_() for parameter in cell_law.parameters]
    law = cell_law.build(*leaves)
    value = law.log_prob(torch.full((B, cell_law.K), far, dtype=torch.float32))
    alive = value > -INF  # padding levels have none
    assert not value.isnan().any()
    value[alive].sum().backward()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)
    assert alive.all() or cell_law.number is None
