"""Numbers in [0, 1] with a density."""

import pytest
import torch

from vaekit import rng
from vaekit.distributions import ContinuousBernoulliCell, Scale

PLAIN = Scale(["linear"], torch.zeros(1), torch.ones(1))
LOGITS = [-90.0, -3.0, -0.11, -0.09, -1e-6, 0.0, 1e-3, 0.4, 12.0]


def law(logit, dtype=torch.float32):
    return ContinuousBernoulliCell(torch.tensor([logit], dtype=dtype), PLAIN.to(dtype))


@pytest.mark.parametrize("logit", LOGITS)
def test_torch_says_the_same(logit):
    """Torch's own expands its constant in a series between 0.499 and 0.501 only."""
    value = torch.tensor([0.0, 0.2, 0.7, 1.0]).double()[:, None]
    ours, theirs = (
        law(logit, torch.float64),
        torch.distributions.ContinuousBernoulli(logits=torch.tensor(logit).double()),
    )
    if abs(logit) < 50:
        torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value), atol=1e-6, rtol=1e-6)
        torch.testing.assert_close(ours.mean[0], theirs.mean, atol=1e-6, rtol=1e-6)
        torch.testing.assert_close(ours.cdf(value), theirs.cdf(value), atol=2e-4, rtol=0)  # torch calls those even
    assert ours.log_prob(value).isfinite().all()


@pytest.mark.parametrize("logit", LOGITS)
def test_single_precision_is_enough_next_to_one_half(logit):
    value = torch.linspace(0, 1, 11)[:, None]
    for name in ("log_prob", "cdf"):
        single, double = (getattr(law(logit, dtype), name)(value.to(dtype)) for dtype in (torch.float32, torch.float64))
        torch.testing.assert_close(single.double(), double, atol=2e-5, rtol=1e-5)
    torch.testing.assert_close(law(logit).mean.double(), law(logit, torch.float64).mean, atol=1e-5, rtol=0)


@pytest.mark.parametrize("logit", LOGITS)
def test_the_slope_is_the_distance_from_the_mean(logit):
    """An exponential family: d log p / d logit = x - E[x]."""
    raw = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    ContinuousBernoulliCell(raw, PLAIN.double()).log_prob(torch.tensor([0.8])).backward()
    assert raw.grad.item() == pytest.approx(0.8 - law(logit, torch.float64).mean.item(), abs=1e-3)


def test_outside_there_is_nothing():
    assert (law(1.0).log_prob(torch.tensor([[-0.01], [1.01]])) < -900).all()
    assert law(1.0).log_prob(torch.tensor([1.0000005])).item() > 0  # rounding is no reason
    assert law(1.0).cdf(torch.tensor([[-3.0], [3.0]])).flatten().tolist() == [0.0, 1.0]


def test_samples_lie_inside():
    with rng.seeded(0):
        drawn = torch.stack([law(logit).sample((2_000,)) for logit in LOGITS])
    assert drawn.min() >= 0 and drawn.max() <= 1
    means = torch.cat([law(logit).mean for logit in LOGITS])
    torch.testing.assert_close(drawn.mean((1, 2)), means, atol=0.03, rtol=0)
