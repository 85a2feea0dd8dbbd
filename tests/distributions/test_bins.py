"""A histogram over a partition."""

import pytest
import torch

from vaekit import rng
from vaekit.distributions import Bins, Partition, Scale

PLAIN = Scale(["linear", "linear"], torch.zeros(2), torch.ones(2))


def two_columns():
    """An atom at 0 among two bins; and one bin alone, whose row of atoms and edges is padding."""
    return Partition(
        [torch.tensor([0.0]), torch.tensor([])],
        [torch.tensor([-1.0, 1.0, 3.0]), torch.tensor([0.0, 2.0])], [False, False], PLAIN,
    )  # fmt: skip


def test_shares_and_widths_make_the_density():
    law = Bins(torch.log(torch.tensor([[0.4, 0.3, 0.2, 0.06, 0.04], [9.0, 0.8, 9.0, 0.1, 0.1]])), two_columns())
    value = torch.tensor([[0.0, 1.0], [0.5, -1.0], [2.0, 3.0], [-2.0, 1.9]])
    expected = [
        [0.4, 0.8 / 2],
        [0.3 / 2, 0.1 * 2.718281828**-1],
        [0.2 / 2, 0.1 * 2.718281828**-1],
        [0.06 * 2.718281828**-1, 0.4],
    ]
    torch.testing.assert_close(law.log_prob(value).exp(), torch.tensor(expected))


def test_a_column_without_atoms_beside_one_with_atoms_has_a_density():
    """The padding of its row of atoms is at infinity and must equal no cell."""
    law = Bins(torch.zeros(2, 5), two_columns())
    assert law.log_prob(torch.tensor([[0.0, 0.0], [3e38, 1.0], [-3e38, -5.0]])).isfinite()[:, 1].all()
    logits = torch.zeros(2, 5, requires_grad=True)
    Bins(logits, two_columns()).log_prob(torch.tensor([[0.0, 0.0], [0.3, 1.0]])).sum().backward()
    assert logits.grad.isfinite().all() and logits.grad[1, 0] == 0


def test_the_best_value_of_dates_keeps_its_digits():
    """Seconds since 1970 within one minute: in single precision the number itself is good to two minutes only."""
    scale = Scale(["linear"], torch.tensor([1.7e9]), torch.tensor([17.0]))
    cut = Partition([torch.tensor([])], [torch.tensor([-1.0, 0.0, 1.0])], [False], scale)
    law = Bins(torch.log(torch.tensor([[[0.3, 0.7, 1e-9, 1e-9]]])), cut)
    assert law.mean.item() == pytest.approx(0.2, abs=1e-5) and law.best().item() == pytest.approx(0.2, abs=1e-5)


def test_pooling_mixes_the_shares():
    law = Bins(torch.log(torch.tensor([[[[0.9, 0.1, 1e-20, 1e-20]]], [[[0.1, 0.9, 1e-20, 1e-20]]]])), Partition(
        [torch.tensor([])], [torch.tensor([0.0, 1.0, 2.0])], [False], Scale(["linear"], torch.zeros(1), torch.ones(1))
    ))  # fmt: skip
    assert law.pooled().batch_shape == (1, 1, 1)
    torch.testing.assert_close(law.pooled().probs[0, 0, 0, :2], torch.tensor([0.5, 0.5]))
    assert law.best().item() == pytest.approx(1.0)


def test_padding_is_never_drawn():
    law = Bins(torch.zeros(2, 5), two_columns())
    with rng.seeded(0):
        assert law.sample((50_000,)).isfinite().all()
