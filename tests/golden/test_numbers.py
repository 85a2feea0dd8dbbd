"""The numbers of a small fixed model, to the ninth digit: what an unwanted change of a density would move.

`python tests/golden/test_numbers.py` writes them anew; a reader of the change must be told why they moved.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from vaekit.codec import Field, Layout
from vaekit.likelihoods import LIKELIHOODS, choose
from vaekit.objectives import Elbo
from vaekit.vae import Draw, assemble

FILE = Path(__file__).with_name("numbers.json")
B, S, L = 4, 2, 3
GRID = np.linspace(0, 1, 257)


def shares(*parts: float) -> np.ndarray:
    return np.array(parts)


# (likelihood, its column, cells of four rows)
COLUMNS = [
    ("gaussian", Field("a", "real", mean=3.0, std=2.0, rows=100), [0.5, -1.25, 40.0, 0.0]),
    ("positive", Field("b", "positive", mean=1.0, std=0.5, transform="log", rows=100), [0.25, -2.0, 6.0, 1.0]),
    ("bernoulli", Field("c", "binary", levels=2, shares=shares(0.75, 0.25), rows=100), [0, 1, 1, 0]),
    ("categorical", Field("d", "categorical", levels=4, shares=shares(0.5, 0.25, 0.25, 0.0), rows=100), [0, 1, 2, 3]),
    ("ordinal", Field("e", "ordinal", levels=3, shares=shares(0.25, 0.5, 0.25), rows=100), [0, 1, 2, 1]),
    ("ordinal", Field("f", "ordinal", levels=4, shares=shares(0.1, 0.2, 0.3, 0.4), rows=100), [3, 2, 1, 0]),
    ("count", Field("g", "count", mean=0.5, std=0.75, transform="log1p", rows=100), np.log1p([0, 1, 7, 90])),
    ("spike", Field("h", "mixed", spikes=(-1.5,), shares=shares(0.25), rows=100), [-1.5, 0.25, 3.0, -1.0]),
    ("spike", Field("i", "mixed", spikes=(0.0, 2.0), shares=shares(0.25, 0.5), rows=100), [0.0, 2.0, 1.0, -9.0]),
    ("histogram", Field("j", "real", quantiles=4 * GRID**2 - 2, rows=5_000), [-1.9, 0.3, 1.7, 12.0]),
    (
        "histogram",
        Field("k", "count", mean=0.5, std=0.75, transform="log1p", quantiles=4 * GRID - 0.66, rows=5_000,
              distinct=(np.log1p(np.arange(9)) - 0.5) / 0.75),
        np.log1p([0, 1, 7, 90]),
    ),
]  # fmt: skip
# pixels stand apart: (likelihood, its channel, cells of four rows)
WHOLE = Field("l", "pixel", std=255.0, resolution=1.0, rows=100, quantiles=GRID**2)
PIXELS = [
    ("gaussian", WHOLE, [0.0, 0.2, 1.0, 0.6]),
    ("bernoulli", WHOLE, [0.0, 0.2, 1.0, 0.6]),
    ("discretised_logistic", WHOLE, [0.0, 0.2, 1.0, 0.6]),
    ("logistic_mixture", WHOLE, [0.0, 0.2, 1.0, 0.6]),
    ("continuous_bernoulli", WHOLE, [0.0, 0.2, 1.0, 0.6]),
]
# and so do these columns, which came later: the model above keeps its size
REAL = Field("m", "real", mean=3.0, std=2.0, rows=100, quantiles=4 * GRID**2 - 2)
COUNTS = Field("n", "count", std=0.75, transform="log1p", rows=100, quantiles=4 * GRID**2)
APART = [
    ("student_t", REAL, [0.5, -1.25, 40.0, 0.0]),
    ("gaussian_mixture", REAL, [0.5, -1.25, 40.0, 0.0]),
    ("negative_binomial", COUNTS, np.log1p([0, 1, 7, 90]) / 0.75),
    ("zero_inflated", COUNTS, np.log1p([0, 1, 7, 90]) / 0.75),
    ("hurdle", COUNTS, np.log1p([0, 1, 7, 90]) / 0.75),
    ("hierarchical_softmax", Field("o", "categorical", levels=7, shares=np.arange(1, 8) / 28, rows=99), [0, 1, 5, 6]),
]
CELLS = torch.tensor(np.array([cells for _, _, cells in COLUMNS], dtype=float).T)
CELLS[:, [6, 10]] = (CELLS[:, [6, 10]] - 0.5) / 0.75
SEEN = torch.ones(B, len(COLUMNS), dtype=torch.bool)
SEEN[1, ::2] = SEEN[3, 1::3] = False


def waves(shape: torch.Size, phase: float) -> torch.Tensor:
    """Weights of a size that any platform computes alike: no random generator, no transcendental but one sine."""
    count = int(np.prod(shape)) if shape else 1
    return torch.from_numpy(0.4 * np.sin(np.arange(count) * 1.7 + phase)).reshape(shape)


def model():
    fields = [field for _, field, _ in COLUMNS]
    spec = {
        "net": {"kind": "residual", "width": 8, "depth": 1}, "posterior": "gaussian", "latent": L, "flags": True, "gaps": None,
        "prior": {"kind": "flow_matching", "width": 8, "depth": 1},
        "likelihood": choose(fields, {"columns": {field.name: kind for kind, field, _ in COLUMNS}}),
    }  # fmt: skip
    vae = assemble(spec, Layout(tuple(fields))).double()
    with torch.no_grad():
        for number, (_, parameter) in enumerate(sorted(vae.named_parameters())):
            parameter.copy_(waves(parameter.shape, number))
    return vae


def alone(kind: str, field: Field):
    """A likelihood of one column, its weights off their start."""
    part = LIKELIHOODS[kind](3, [field]).double()
    for name, weight in part.named_parameters():
        if name.endswith("weight"):
            weight.copy_(waves(weight.shape, 1.0))
    return part


@cache
@torch.no_grad()
def numbers() -> dict[str, list[float]]:
    vae = model()
    posterior = vae.posterior_of(CELLS, SEEN)
    z = posterior.mean + posterior.stddev * waves(torch.Size((S, B, L)), 0.5)
    law = vae.likelihood_of(z)
    terms = Elbo(beta=0.7, free_bits=0.1)(Draw(z, posterior, vae.prior(), law, CELLS, SEEN, z))
    velocity = vae.prior.velocity(z[0], waves(torch.Size((B, 1)), 1.0).abs(), waves(torch.Size((B, 8)), 2.0))
    found = {
        "posterior mean": posterior.mean, "posterior std": posterior.stddev, "kl": terms.kl, "loss": terms.loss,
        "reconstruction": terms.reconstruction, "bound": terms.bound, "velocity": velocity,
    }  # fmt: skip
    for name, value in (("log_prob", law.log_prob(CELLS)), ("mean", law.mean), ("cdf", law.cdf(CELLS + 0.001))):
        found |= {f"{name} of {field.name}, {kind}": value[..., k] for k, (kind, field, _) in enumerate(COLUMNS)}
    for of, kind, field, cells in [("pixels", *each) for each in PIXELS] + [("a column", *each) for each in APART]:
        law, cell = alone(kind, field)(waves(torch.Size((S, B, 3)), 0.5)), torch.tensor(cells).double()[:, None]
        every = {"log_prob": law.log_prob(cell), "mean": law.mean, "cdf": law.cdf(cell + 0.001)}
        found |= {f"{name} of {of}, {kind}": value[..., 0] for name, value in every.items()}
    return {name: value.flatten().tolist() for name, value in found.items()}


def test_every_likelihood_is_among_them():
    assert {kind for kind, _, _ in [*COLUMNS, *PIXELS, *APART]} == LIKELIHOODS.keys()


@pytest.mark.parametrize("name", json.loads(FILE.read_text()) if FILE.exists() else ["none"])
def test_the_numbers_have_not_moved(name):
    expected = json.loads(FILE.read_text())[name]
    assert numbers()[name] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_nothing_new_goes_unwatched():
    assert numbers().keys() == json.loads(FILE.read_text()).keys()


if __name__ == "__main__":
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in numbers().items())
    FILE.write_text(f"{{\n{lines}\n}}\n")
