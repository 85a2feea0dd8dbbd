"""The bound, and the error of the classifier where labels are known."""

from dataclasses import replace

import pytest
import torch
from torch.distributions import Normal

from vaekit import rng
from vaekit.distributions.discrete import Categories
from vaekit.distributions.labelled import Labelled
from vaekit.distributions.side_by_side import SideBySide
from vaekit.objectives import Elbo, SemiSupervised
from vaekit.objectives.semi_supervised import error_of
from vaekit.vae import Draw

LOGITS, CELLS = rng.table(0, (4, 3)), rng.table(1, (4, 2))
LABEL = torch.tensor([-1, 2, -1, 0])


def law(label):
    return Labelled(LOGITS, torch.zeros(4, 3, 2), torch.ones(4, 3, 2), label)


def draw(label):
    q = law(label)
    z, weights = q.enumerated()
    prior = SideBySide([Categories(torch.zeros(1, 3)), Normal(torch.zeros(2), 1.0)])
    return Draw(z, q, prior, Normal(z[..., :2], 1.0), CELLS, CELLS == CELLS, CELLS, weights)


def test_known_labels_cost_their_cross_entropy():
    expected = -LOGITS.log_softmax(-1)[[1, 3], [2, 0]].mean()
    torch.testing.assert_close(error_of(law(LABEL)), expected)
    with rng.seeded(0):
        here = draw(LABEL)
    terms, bound = SemiSupervised(alpha=3.0)(here), Elbo()(here)
    torch.testing.assert_close(terms.loss, bound.loss + 3 * expected)
    assert torch.equal(terms.bound, bound.bound), "held out rows are told the bound"


def test_rows_beside_the_batch_take_the_place_of_its_own():
    beside = law(torch.tensor([1, 1, 1, 1]))
    terms = SemiSupervised(alpha=2.0)(replace(draw(LABEL), labelled=beside))
    torch.testing.assert_close(terms.loss - terms.bound.mean(), 2 * error_of(beside))


def test_without_labels_it_is_the_bound():
    unknown = draw(torch.full((4,), -1))
    assert error_of(unknown.posterior) is None and error_of(Normal(CELLS, 1.0)) is None
    assert SemiSupervised(beta=0.5)(unknown).loss == Elbo(beta=0.5)(unknown).loss
    assert SemiSupervised(warm_up=0.5)(unknown, 0.25).loss.item() == pytest.approx(Elbo(beta=0.5)(unknown).loss.item())
