"""Point masses beside a density."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from vaekit import rng
from vaekit.distributions import Spiked
from vaekit.distributions.spike import match

TWO = torch.tensor([[0.0, 2.0], [-1.0, torch.nan]])


def test_a_spike_is_matched_exactly():
    cells = torch.tensor([[0.0, -1.0], [2.0, 2.0], [1.0, 0.0]])
    assert match(cells, TWO).tolist() == [[1, 1], [2, 0], [0, 0]]


@given(st.floats(1e-6, 1e3), st.sampled_from([-1, 1]))
def test_a_neighbour_of_a_spike_is_no_spike(distance, side):
    """A value next to zero in a column with one value far out: a millionth of a deviation away is still another value."""
    assert match(torch.tensor([[side * distance]]), torch.tensor([[0.0]])).item() == 0
    assert match(torch.tensor([[5.0 + side * max(distance, 1e-5)]]), torch.tensor([[5.0]])).item() == 0


@given(st.floats(-1e6, 1e6))
def test_a_spike_is_known_in_either_precision(spike):
    single = torch.tensor([[spike]])
    assert match(single, single).item() == 1
    assert match(torch.tensor([[spike]], dtype=torch.float64), single.double()).item() == 1


def test_a_spike_has_mass_and_its_neighbours_density():
    law = Spiked(torch.log(torch.tensor([[0.5, 0.3, 0.2]])), torch.zeros(1), torch.ones(1), TWO[:1])
    value = law.log_prob(torch.tensor([[0.0], [2.0], [1e-3]])).exp()[:, 0]
    assert value.tolist() == pytest.approx([0.3, 0.2, 0.5 * 0.39894], rel=1e-4)
    assert law.mean.item() == pytest.approx(0.4) and law.mode.item() == 0.0


def test_the_continuous_part_gets_no_gradient_from_a_spike():
    loc = torch.zeros(1, requires_grad=True)
    logits = torch.zeros(1, 2, requires_grad=True)
    Spiked(logits, loc, torch.ones(1), torch.zeros(1, 1)).log_prob(torch.tensor([0.0])).sum().backward()
    assert loc.grad.item() == 0.0 and logits.grad.tolist() == [[-0.5, 0.5]]


def test_padding_is_never_drawn():
    logits = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, -torch.inf]])
    law = Spiked(logits, torch.zeros(2), torch.ones(2), TWO)
    with rng.seeded(0):
        drawn = law.sample((20_000,))
    assert drawn.isfinite().all() and law.mean.isfinite().all() and law.cdf(torch.zeros(2)).isfinite().all()
    shares = [(drawn[:, 0] == 0).float().mean().item(), (drawn[:, 0] == 2).float().mean().item()]
    assert shares == pytest.approx([1 / 3, 1 / 3], abs=0.015)
