"""What holds for every law of a cell, including the next one: the table below fails when a law is left out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from vaekit import rng
from vaekit.distributions import (
    CELL_LAWS,
    BernoulliCell,
    Bins,
    Columns,
    ContinuousBernoulliCell,
    DiscreteNormal,
    DiscretisedLogistic,
    Levels,
    NormalCell,
    Partition,
    Scale,
    Spiked,
    StudentCell,
)

S, B = 3, 1
INF = float("inf")


@dataclass(frozen=True)
class Case:
    """A law of batch shape (S, B, K) from free parameters, and where its mass lies."""

    law: Callable[..., Any]
    parameters: tuple[Tensor, ...]
    exact: list[Tensor]  # per column the cells that may hold a point mass
    smooth: list[bool]  # per column whether there is a density beside them
    number: Callable[[Tensor], Tensor] | None  # cells to numbers; None where `best` is the mode
    dead: Tensor | None = None  # parameters that are padding
    mode_is_best: bool = False

    @property
    def K(self) -> int:  # noqa: N802
        return len(self.exact)

    def build(self, *parameters: Tensor) -> Any:
        return self.law(*(parameters or self.parameters))


def draws(*shape: int, spread: float = 1.0, stream: str) -> Tensor:
    return spread * rng.table(0, shape, stream, dtype=torch.float64)


def same(cells: Tensor) -> Tensor:
    return cells


def scale_of(kinds: list[str], mean: list[float], std: list[float]) -> Scale:
    return Scale(kinds, torch.tensor(mean), torch.tensor(std)).double()


def levels() -> Case:
    logits, sizes = draws(S, B, 3, 5, stream="levels"), torch.tensor([5, 2, 4])
    dead = torch.arange(5) >= sizes[:, None]
    return Case(
        lambda raw: Levels(raw.masked_fill(dead, -INF)), (logits,), [torch.arange(5.0)] * 3, [False] * 3, None,
        dead.expand(logits.shape), mode_is_best=True,
    )  # fmt: skip


def counts() -> Case:
    units = scale_of(["log1p"] * 3, [0.9, 3.0, 0.2], [0.5, 1.2, 0.4])
    loc, raw = draws(S, B, 3, stream="loc"), draws(S, B, 3, spread=0.3, stream="scale")
    exact = [units.cell(torch.arange(20_000, dtype=torch.float64)[:, None].expand(-1, 3))[:, k] for k in range(3)]
    return Case(lambda a, b: DiscreteNormal(a, 0.6 * b.exp(), units), (loc, raw), exact, [False] * 3, units.number)


def normal() -> Case:
    units = scale_of(["linear", "log", "log1p"], [1e9, 2.0, 1.0], [5.0, 0.6, 0.7])
    loc, raw = draws(S, B, 3, stream="loc"), draws(S, B, 3, spread=0.2, stream="scale")
    return Case(lambda a, b: NormalCell(a, b.exp(), units), (loc, raw), [torch.empty(0)] * 3, [True] * 3, units.number)


def spiked() -> Case:
    spikes = torch.tensor([[-1.0, 0.5], [0.0, torch.nan]]).double()
    dead = torch.tensor([[False, False, False], [False, False, True]])
    logits = draws(S, B, 2, 3, stream="levels")
    loc, raw = draws(S, B, 2, stream="loc"), draws(S, B, 2, spread=0.2, stream="scale")

    def law(a: Tensor, b: Tensor, c: Tensor) -> Spiked:
        return Spiked(a.masked_fill(dead, -INF), b, c.exp(), spikes)

    return Case(law, (logits, loc, raw), [spikes[0], spikes[1, :1]], [True] * 2, same, None)


def bins() -> Case:
    """Atoms and bins; bins alone; wide bins on a log scale; whole numbers with atoms; atoms far out and close together."""
    units = scale_of(
        ["linear", "linear", "log", "log1p", "linear"], [2.0, 1e9, 1.0, 1.0, 0.0], [3.0, 5.0, 0.5, 0.8, 1e6]
    )
    number = torch.arange(-0.5, 40, 5, dtype=torch.float64)
    whole = (torch.log1p(number) - 1.0) / 0.8
    atoms = [torch.tensor([-0.5, 0.25]), torch.empty(0), torch.empty(0), (torch.tensor([1.0, 7.0]).log1p() - 1) / 0.8]
    edges = [
        torch.tensor([-1.0, 0.0, 2.0]),
        torch.tensor([-2.0, -1.0, 0.5, 3.0]),
        torch.tensor([-1.5, 0.2, 4.0]),
        whole,
    ]
    partition = Partition(
        [*atoms, torch.tensor([0.0, 1e-6, 3e-6])],
        [*edges, torch.tensor([-0.1, 4.0])],
        [False] * 3 + [True, False],
        units,
    ).double()
    K, M = 5, partition.M
    start = draws(S, B, K, M, stream="bins")
    start[..., -1] -= torch.tensor([1.0, 1.0, 20.0, 1.0, 1.0])  # the tail of a log scale has no honest mean
    cells = units.cell(torch.arange(2_000, dtype=torch.float64)[:, None].expand(-1, K))
    exact = [row[row.isfinite()] for row in partition.atoms]
    exact[3] = cells[:, 3]
    return Case(
        lambda raw: Bins(raw, partition), (start,), exact, [True, True, True, False, True], units.number,
        ~partition.valid.expand(start.shape),
    )  # fmt: skip


def logistic() -> Case:
    """Four bits, black and white, six bits, each a mixture of two; scales of a level and more, as the mean asks for."""
    levels = torch.tensor([16.0, 2.0, 64.0]).double()
    logits, loc = draws(S, B, 3, 2, stream="levels"), 0.5 + draws(S, B, 3, 2, spread=0.3, stream="loc")
    scale = torch.tensor([0.15, 1.5, 0.05]).log()[:, None] + draws(S, B, 3, 2, spread=0.1, stream="scale")
    exact = [torch.linspace(0, 1, int(n), dtype=torch.float64) for n in levels]

    def law(a: Tensor, b: Tensor, c: Tensor) -> DiscretisedLogistic:
        return DiscretisedLogistic(a, b, c.exp(), levels)

    return Case(law, (logits, loc, scale), exact, [False] * 3, same)


def shares() -> Case:
    """Numbers in [0, 1] as they are, and standardised; the first of three latents is next to the even law."""
    units = scale_of(["linear"] * 2, [0.0, 0.4], [1.0, 0.3])
    logits = draws(S, B, 2, spread=1.5, stream="logits")
    logits[0] *= 1e-3
    return Case(
        lambda a: ContinuousBernoulliCell(a, units), (logits,), [torch.empty(0)] * 2, [True] * 2, units.number
    )  # fmt: skip


def student() -> Case:
    units = scale_of(["linear"] * 2, [1e9, 2.0], [5.0, 0.6])
    loc, raw, tail = (draws(S, B, 2, spread=0.3, stream=name) for name in ("loc", "scale", "tail"))
    return Case(
        lambda a, b, c: StudentCell(3 + c.exp(), a, 0.5 * b.exp(), units), (loc, raw, tail), [torch.empty(0)] * 2,
        [True] * 2, units.number,
    )  # fmt: skip


CASES: dict[str, Callable[[], Case]] = {
    "bernoulli": lambda: Case(
        BernoulliCell, (draws(S, B, 4, stream="logits"),), [torch.tensor([0.0, 1.0])] * 4, [False] * 4, same,
        mode_is_best=True,
    ),
    "levels": levels,
    "discrete_normal": counts,
    "normal": normal,
    "spiked": spiked,
    "bins": bins,
    "discretised_logistic": logistic,
    "continuous_bernoulli": shares,
    "student": student,
}  # fmt: skip


def test_no_law_is_left_out():
    assert CASES.keys() == CELL_LAWS.keys()


@pytest.fixture(params=CASES)
def case(request) -> Case:
    return CASES[request.param]()


GRID = torch.linspace(-60, 60, 120_001, dtype=torch.float64)
MIDDLE, STEP = (GRID[1:] + GRID[:-1]) / 2, float(GRID[1] - GRID[0])


def masses(case: Case, law: Any) -> list[tuple[Tensor, Tensor]]:
    """Per column the cells that carry mass, (N,), and how much, (N, S, B): atoms, and slices of the density."""
    found = []
    every = law.log_prob(MIDDLE[:, None, None, None].expand(-1, 1, 1, case.K)).exp() if any(case.smooth) else None
    for k, exact in enumerate(case.exact):
        cells, mass = [exact.double()], []
        value = torch.zeros(len(exact), 1, 1, case.K, dtype=torch.float64)
        value[..., k] = exact[:, None, None]
        mass.append(law.log_prob(value).exp()[..., k])
        if case.smooth[k]:
            cells.append(MIDDLE)
            mass.append(every[..., k] * STEP)
        found.append((torch.cat(cells), torch.cat(mass)))
    return found


def test_the_batch_has_a_log_probability_per_cell(case):
    law = case.build()
    assert law.batch_shape == (S, B, case.K)
    cell = torch.stack([exact[0] if len(exact) else torch.tensor(0.3) for exact in case.exact]).double()
    assert law.log_prob(cell.expand(B, -1)).shape == (S, B, case.K)
    assert law.log_prob(cell.expand(7, 1, B, -1)).shape == (7, S, B, case.K)
    assert law.sample().shape == (S, B, case.K) and law.sample((7,)).shape == (7, S, B, case.K)
    assert law.cdf(cell.expand(B, -1)).shape == (S, B, case.K)
    assert law.mean.shape == law.mode.shape == (S, B, case.K) and law.best().shape == (B, case.K)


def test_mass_and_density_sum_to_one(case):
    for _, mass in masses(case, case.build()):
        torch.testing.assert_close(mass.sum(0), torch.ones(S, B, dtype=torch.float64), atol=2e-3, rtol=0)


def test_the_cdf_is_the_integral(case):
    law = case.build()
    at = torch.tensor([-3.1234, -1.0001, -0.2501, 0.3333, 1.0001, 1.7501, 3.9999], dtype=torch.float64)
    cdf = law.cdf(at[:, None, None, None].expand(-1, 1, 1, case.K))
    for k, (cells, mass) in enumerate(masses(case, law)):
        below = torch.stack([mass[cells <= x].sum(0) for x in at])
        torch.testing.assert_close(cdf[..., k], below, atol=2e-3, rtol=0)


def test_the_cdf_jumps_at_an_atom(case):
    law = case.build()
    for k, exact in enumerate(case.exact):
        for atom in exact[:6]:
            value = torch.full((1, case.K), 0.0, dtype=torch.float64)
            value[:, k] = atom
            jump = law.cdf(value)[..., k] - law.cdf(value - (4e-7 if case.smooth[k] else 1e-2))[..., k]
            mass = law.log_prob(value)[..., k].exp()
            torch.testing.assert_close(jump, mass, atol=2e-3, rtol=0)


def test_samples_agree_with_the_cdf(case):
    law, count = case.build(), 20_000
    with rng.seeded(1):
        samples = law.sample((count,)).double()
    at = torch.linspace(-4, 4, 81, dtype=torch.float64) + 1e-3
    expected = law.cdf(at[:, None, None, None].expand(-1, 1, 1, case.K))
    seen = torch.stack([(samples <= x).double().mean(0) for x in at])
    # Dvoretzky, Kiefer, Wolfowitz: exceeded once in a million
    assert (seen - expected).abs().max() < (14.5 / 2 / count) ** 0.5


def test_samples_have_a_finite_log_probability(case):
    law = case.build()
    with rng.seeded(2):
        assert law.log_prob(law.sample((2_000,))).isfinite().all()
    assert law.log_prob(law.mode).isfinite().all()


def test_an_atom_is_drawn_exactly(case):
    """What a law draws it also knows: the share of draws that equal an atom is the atom's mass."""
    law, count = case.build(), 20_000
    with rng.seeded(3):
        samples = law.sample((count,)).double()
    for k, exact in enumerate(case.exact):
        for atom in exact[:8]:
            value = torch.zeros(1, case.K, dtype=torch.float64)
            value[:, k] = atom
            mass = law.log_prob(value)[..., k].exp()
            seen = ((samples[..., k] - atom).abs() < 1e-7 * (1 + atom.abs())).double().mean(0)
            assert ((seen - mass).abs() < 5 * (mass * (1 - mass) / count).sqrt() + 1e-4).all()


def test_the_mean_is_the_expected_number(case):
    law = case.build()
    if case.number is None:
        assert torch.equal(law.mean, law.mode)
        return
    mean = case.number(law.mean)
    for k, (cells, mass) in enumerate(masses(case, law)):
        numbers = case.number(cells[:, None].expand(-1, case.K))[:, k]
        anchor = numbers[0]  # seconds since 1970 would drown the difference
        expected = anchor + ((numbers - anchor)[:, None, None] * mass).sum(0)
        spread = ((numbers - anchor).square()[:, None, None] * mass).sum(0).sqrt()
        assert ((mean[..., k] - expected).abs() < 3e-3 * spread).all()


def test_the_best_value_is_that_of_the_mixture(case):
    law = case.build()
    if case.mode_is_best:
        pooled = torch.stack([law.log_prob(torch.full((B, case.K), float(m)).double()).exp().mean(0) for m in range(2)])
        if case.number is not None:
            assert torch.equal(law.best(), (pooled[1] > 0.5).to(law.best().dtype))
        else:
            assert torch.equal(law.best(), law.probs.mean(0).argmax(-1).double())
        return
    mean = torch.stack([case.number(law.mean[s]) for s in range(S)]).mean(0)
    torch.testing.assert_close(case.number(law.best()), mean, rtol=1e-9, atol=1e-6)


def test_pooling_keeps_the_mixture(case):
    law = case.build()
    at = torch.tensor([-1.0, 0.0, 0.7, 2.0], dtype=torch.float64)[:, None, None].expand(-1, B, case.K)
    for x in at:
        torch.testing.assert_close(law.pooled().cdf(x).mean(0), law.cdf(x).mean(0), atol=1e-9, rtol=0)


@pytest.mark.parametrize("level", [0.001, 0.05, 0.5, 0.95, 0.999])
def test_the_quantile_inverts_the_cdf(case, level):
    joined = Columns([case.build()], [torch.arange(case.K)], torch.arange(case.K))
    cell = joined.quantile(level).double()
    reached, before = joined.mixture_cdf(cell), joined.mixture_cdf(cell - 1e-6 * (1 + cell.abs()))
    assert (reached >= level - 1e-9).all()
    assert (before <= level + 1e-5).all()


def test_every_parameter_gets_a_finite_gradient_that_is_not_zero(case):
    leaves = [parameter.clone().requires_grad_() for parameter in case.parameters]
    law = case.build(*leaves)
    with rng.seeded(4):
        value = law.sample((200,)).detach()
    law.log_prob(value).sum().backward()
    for leaf in leaves:
        assert leaf.grad.isfinite().all()
        dead = torch.zeros_like(leaf, dtype=torch.bool)
        if case.dead is not None and case.dead.shape == leaf.shape:
            dead = case.dead
        assert (leaf.grad[dead] == 0).all()
    live = [leaf.grad.abs().sum((0, 1)) for leaf in leaves]
    if case.dead is None and not isinstance(law, Spiked):
        assert all((gradient > 0).all() for gradient in live)
    assert all(gradient.sum() > 0 for gradient in live)


@pytest.mark.parametrize("far", [-1e4, -300.0, -40.0, 40.0, 300.0, 1e4])
def test_single_precision_survives_far_cells(case, far):
    if not any(case.smooth) and case.number is None:
        far = max(min(far, 4.0), 0.0)  # levels are what the codec says they are
    leaves = [parameter.float().requires_grad_() for parameter in case.parameters]
    law = case.build(*leaves)
    value = law.log_prob(torch.full((B, case.K), far, dtype=torch.float32))
    alive = value > -INF  # padding levels have none
    assert not value.isnan().any()
    value[alive].sum().backward()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)
    assert alive.all() or case.number is None
