"""The shape of a column as a histogram."""

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.histogram import HistogramLikelihood


def column(values, **options):
    distinct = np.unique(values)
    return Field(
        "x", "real", quantiles=np.quantile(values, np.linspace(0, 1, 257)), rows=len(values),
        distinct=distinct if len(distinct) <= 256 else np.empty(0), **options,
    )  # fmt: skip


def two_modes(rows=4_000):
    noise = np.random.default_rng(0)
    return np.where(noise.random(rows) < 0.5, noise.normal(-1, 0.1, rows), noise.normal(1, 0.1, rows))


def test_at_the_start_it_is_the_training_histogram():
    """Two modes and a gap between them, which no single normal law has."""
    values = two_modes()
    law = HistogramLikelihood(3, [column(values)])(torch.zeros(1, 3))
    gap, mode = law.log_prob(torch.tensor([[0.0], [1.0]]))[:, 0]
    assert mode - gap > 3
    with rng.seeded(0):
        drawn = law.sample((20_000,))[:, 0, 0].double().numpy()
    at = np.linspace(-1.5, 1.5, 31)
    seen, expected = ((part[:, None] <= at).mean(0) for part in (drawn, values))
    assert np.abs(seen - expected).max() < 0.03


@pytest.mark.parametrize(
    ("rows", "bins", "expected"), [(4_000, 128, 128), (4_000, 16, 16), (400, 128, 20), (30, 128, 4)]
)
def test_bins_hold_at_least_twenty_rows(rows, bins, expected):
    made = HistogramLikelihood(3, [column(two_modes(rows))], bins=bins)
    assert expected == made.partition.J


def test_a_single_column_of_few_values_is_atoms():
    values = np.random.default_rng(0).integers(0, 5, 1_000) / 2
    law = HistogramLikelihood(3, [column(values)])(torch.zeros(1, 3))
    mass = law.log_prob(torch.arange(5)[:, None] / 2).exp()
    assert mass.sum().item() == pytest.approx(1.0, abs=0.01)


def test_a_far_outlier_has_a_finite_log_probability_and_gradient():
    made = HistogramLikelihood(3, [column(two_modes())])
    value = made(torch.ones(1, 3)).log_prob(torch.tensor([[1e6]]))
    value.backward()
    assert value.isfinite() and made.head.linear.bias.grad.isfinite().all()


def test_a_value_that_moves_with_the_features_is_two_numbers():
    """The location of the normal law alone carries the whole histogram along, and its spread makes it sharp."""
    made = HistogramLikelihood(2, [column(np.random.default_rng(0).normal(size=4_000))])
    loc, raw = made.partition.M, made.partition.M + 1
    with torch.no_grad():
        made.head.linear.weight.zero_()
        made.head.linear.weight[loc, 0], made.head.linear.weight[raw, 1] = 1.0, 1.0
    law = made(torch.tensor([[[-1.0, -1.5], [0.0, -1.5], [1.5, -1.5], [1.0, 0.0]]]))
    assert law.mean[0, :3, 0].tolist() == pytest.approx([-1.0, 0.0, 1.5], abs=0.1)
    half = (law.quantile(0.84) - law.quantile(0.16))[:, 0] / 2  # a standard deviation of a normal law
    assert half[:3].tolist() == pytest.approx([0.34] * 3, abs=0.05) and half[3].item() == pytest.approx(1.0, abs=0.1)


def test_normal_scores_follow_the_order_of_the_values():
    """Atoms among bins, with the tails at the ends."""
    values = np.where(np.arange(4_000) % 4 == 0, 0.25, two_modes())
    field = Field("x", "mixed", quantiles=np.quantile(two_modes(), np.linspace(0, 1, 257)), rows=4_000, spikes=(0.25,),
                  shares=np.array([0.25]))  # fmt: skip
    made = HistogramLikelihood(2, [field])
    atom, tails, bins = made.score[0, 0], made.score[0, -2:], made.score[0, 1:-2]
    assert (bins.diff() > 0).all() and tails[0] < bins[0] and tails[1] > bins[-1]
    below = (values < 0.25).mean() + 0.125
    assert torch.special.ndtr(atom).item() == pytest.approx(below, abs=0.02)


def test_few_values_begin_at_their_training_shares():
    """With and without spikes among them."""
    values = np.random.default_rng(0).choice([0.0, 0.5, 1.0, 1.5], 4_000, p=[0.5, 0.1, 0.1, 0.3])
    plain = column(values)
    rest = values[values > 0]
    spiked = Field("x", "mixed", quantiles=np.quantile(rest, np.linspace(0, 1, 257)), rows=4_000, spikes=(0.0,),
                   shares=np.array([(values == 0).mean()]), distinct=np.unique(values))  # fmt: skip
    for field in (plain, spiked):
        law = HistogramLikelihood(3, [field])(torch.zeros(1, 3))
        mass = law.log_prob(torch.tensor([[0.0], [0.5], [1.0], [1.5]])).exp()[:, 0]
        assert mass.tolist() == pytest.approx([(values == v).mean() for v in (0, 0.5, 1, 1.5)], abs=0.02)


@pytest.mark.parametrize("kind", ["real", "count"])
def test_a_frequent_value_among_many_begins_at_its_training_share(kind):
    values = np.random.default_rng(0).integers(0, 3_000, 6_000)
    field = Field("x", kind, quantiles=np.quantile(values, np.linspace(0, 1, 257)), rows=8_000, spikes=(400.0,),
                  shares=np.array([0.25]))  # fmt: skip
    law = HistogramLikelihood(3, [field])(torch.zeros(1, 3))
    below, at = law.cdf(torch.tensor([[399.0], [400.0]]))[:, 0].tolist()
    assert at - below == pytest.approx(0.25, abs=0.02)
    assert below == pytest.approx(0.75 * 400 / 3_000, abs=0.02)
