"""Columns of every kind with pixels among them, and every law of a cell from free parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.distributions import (
    BernoulliCell,
    Bins,
    ContinuousBernoulliCell,
    CountCell,
    DiscreteNormal,
    DiscretisedLogistic,
    Levels,
    LevelTree,
    NormalCell,
    NormalMixture,
    Partition,
    Scale,
    Spiked,
    StudentCell,
)
from vaekit.distributions.counts import Hurdle, NegativeBinomial, Poisson, ZeroInflated

GRID = np.linspace(0, 1, 257)
S, B = 3, 1
INF = float("inf")


def channel(name: str, cells: Any, std: float, resolution: float) -> Field:
    """A channel of pixels as its codec describes it."""
    distinct = np.unique(cells)
    return Field(
        name, "pixel", std=std, resolution=resolution, rows=len(cells), quantiles=np.quantile(cells, GRID),
        distinct=distinct if len(distinct) <= 256 else np.empty(0),
    )  # fmt: skip


@pytest.fixture(scope="session")
def any_kind(every_kind: Any) -> Any:
    """`every_kind`, and grey pixels of eight bits, others of three bits, and black and white ones."""
    noise, rows = np.random.default_rng(1), len(every_kind.cells)
    grey = (noise.beta(0.7, 2.0, rows) * 255).round() / 255
    cells = {"grey": grey, "coarse": (noise.beta(2, 2, rows) * 7).round() / 7, "ink": (grey > 0.3).astype(float)}
    pixels = {
        name: channel(name, cells[name], std, 1.0) for name, std in (("grey", 255.0), ("coarse", 7.0), ("ink", 1.0))
    }
    both = torch.cat([every_kind.cells, torch.from_numpy(np.column_stack(list(cells.values())))], 1)
    return replace(every_kind, fields=every_kind.fields | pixels, cells=both)


# -- laws of cells ---------------------------------------------------------------------------------------------------------


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


def mixture() -> Case:
    units = scale_of(["linear", "log", "log1p"], [1e9, 2.0, 1.0], [5.0, 0.6, 0.7])
    parts = [draws(S, B, 3, 4, spread=spread, stream=f"part {spread}") for spread in (1.0, 1.5, 0.2)]
    return Case(
        lambda a, b, c: NormalMixture(a, b, 0.5 * c.exp(), units), tuple(parts), [torch.empty(0)] * 3, [True] * 3,
        units.number,
    )  # fmt: skip


def counting(law: Callable[..., Any], parameters: int) -> Callable[[], Case]:
    """Of few and of many; every parameter is the log of something, or a logit."""

    def case() -> Case:
        units = scale_of(["log1p"] * 3, [0.9, 3.0, 0.2], [0.5, 1.2, 0.4])
        logs = [draws(S, B, 3, spread=0.5, stream=f"counts {i}") for i in range(parameters)]
        logs[0] += torch.tensor([0.0, 3.0, -1.0])
        exact = [units.cell(torch.arange(20_000, dtype=torch.float64)[:, None].expand(-1, 3))[:, k] for k in range(3)]
        return Case(lambda *a: CountCell(law(*a), units), tuple(logs), exact, [False] * 3, units.number)

    return case


def tree() -> Case:
    """Five, two and four levels in three clusters of two places, in an order of their own; two clusters are empty."""
    place = torch.tensor([[4, 2, 0, 3, 1, 5], [1, 0, 2, 3, 4, 5], [3, 2, 1, 0, 5, 4]])
    absent = torch.zeros(3, 3, 2)
    for k, levels in enumerate((5, 2, 4)):
        absent[k].view(-1)[place[k, levels:]] = -1e9
    dead = (absent < 0).all(-1)
    logits, inner = draws(S, B, 3, 3, stream="clusters"), draws(S, B, 3, 1, 4, stream="inner")
    weight, bias = draws(3, 3, 2, 4, stream="weight"), draws(3, 3, 2, stream="bias")
    return Case(
        lambda a, b, c, d: LevelTree(a.masked_fill(dead, -INF), b, [c], [d + absent], place), (logits, inner, weight, bias),
        [torch.arange(5.0)] * 3, [False] * 3, None, dead.expand(logits.shape), mode_is_best=True,
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
    "normal_mixture": mixture,
    "level_tree": tree,
    "count: poisson": counting(Poisson, 1),
    "count: negative binomial": counting(NegativeBinomial, 2),
    "count: zero-inflated": counting(lambda m, r, s: ZeroInflated(NegativeBinomial(m, r), s), 3),
    "count: hurdle": counting(lambda m, r, s: Hurdle(NegativeBinomial(m, r), s), 3),
    "count: hurdle of poisson": counting(lambda m, s: Hurdle(Poisson(m), s), 2),
}  # fmt: skip


@pytest.fixture
def laws_of_cells() -> dict[str, Callable[[], Case]]:
    """The table of cases."""
    return CASES


@pytest.fixture(params=CASES)
def cell_law(request: pytest.FixtureRequest) -> Case:
    """Every law of a cell in turn."""
    return CASES[request.param]()
