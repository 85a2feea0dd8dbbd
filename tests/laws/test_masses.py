"""Each likelihood knows which cells have probabilities: with the slope where they have not, values sum to one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vaekit import rng, spec
from vaekit.likelihoods import LIKELIHOODS
from vaekit.likelihoods.mix import serves

FEATURES, WIDE = 6, 14.0
EVERY = [
    *((kind, {}) for kind in LIKELIHOODS),
    ("histogram", {"bins": 8}),
    ("discretised_logistic", {"components": 3}),
    ("gaussian_mixture", {"components": 1}),
    ("zero_inflated", {"counts": "poisson"}),
    ("hurdle", {"counts": "poisson"}),
]


@pytest.fixture(params=EVERY, ids=lambda pair: "-".join([pair[0], *map(str, pair[1].values())]))
def part(request, any_kind):
    """(likelihood in double precision with weights off their start, its fields)."""
    kind, options = request.param
    part = {"kind": kind, **options}
    fields = [field for field in any_kind.fields.values() if serves(part, field) and not grey(kind, field)]
    with rng.seeded(0):
        made = spec.build("likelihood", {"kind": kind, **options}, LIKELIHOODS, FEATURES, fields).double()
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return made, fields


def grey(kind, field):
    """Whether the cells are grey levels under a cross-entropy, whose sum over levels is not one."""
    return kind == "bernoulli" and len(field.distinct) > 2


def exact(field):
    """Cells that may have a probability."""
    if field.levels or field.kind == "pixel":
        steps = field.levels - 1 if field.levels else round(field.std / field.resolution)
        return np.arange(steps + 1) / (1 if field.levels else steps)
    if field.kind == "count":
        return field.cell(np.arange(20_000.0))
    return np.unique([*field.spikes, *field.distinct])


def slope(field, values):
    """Log |d cell / d value|."""
    grown = {"linear": 1.0, "log": values, "log1p": 1 + values}[field.transform]
    return -np.log(field.std) - np.log(grown)


@torch.no_grad()
def test_over_the_values_of_a_column_probability_and_density_sum_to_one(part):
    made, fields = part
    law = made(rng.table(0, (1, 1, FEATURES), "features", dtype=torch.float64))

    def density(cells, k):
        """Density or mass, and which it is, (N,) each."""
        every = torch.zeros(len(cells), len(fields), dtype=torch.float64)
        every[:, k] = torch.from_numpy(cells)
        return law.log_prob(every)[0, :, k].numpy(), made.masses(every)[:, k].numpy()

    bins = made.partition.edges.numpy() if hasattr(made, "partition") else np.full((len(fields), 1), np.inf)
    for k, field in enumerate(fields):
        log, mass = density(exact(field), k)
        total = np.exp(log[mass]).sum()
        # bins may be thinner than any grid
        edges = np.union1d(np.linspace(-WIDE, WIDE, 40_001) + 1e-7, bins[k][np.isfinite(bins[k])])
        middle = (edges[1:] + edges[:-1]) / 2
        log, mass = density(middle, k)
        total += (np.exp(log + slope(field, field.value(middle))) * np.diff(field.value(edges)))[~mass].sum()
        assert total == pytest.approx(1, abs=5e-3), field.name


def test_what_has_a_probability_is_told_cell_by_cell(any_kind):
    mixed = [any_kind.fields[name] for name in ("gain", "debt")]
    cells = torch.tensor([[*(field.spikes[0] for field in mixed)], [0.3, 0.3]], dtype=torch.float64)
    for kind in ("spike", "histogram"):
        assert LIKELIHOODS[kind](FEATURES, mixed).double().masses(cells).tolist() == [[True, True], [False, False]]
    counts = [any_kind.fields["clicks"]]
    assert LIKELIHOODS["histogram"](FEATURES, counts).masses(torch.tensor([[0.123]])).all()
    assert not LIKELIHOODS["gaussian"](FEATURES, counts).masses(torch.tensor([[0.123]])).any()
