"""Learned, shared and fixed scales; identity and sigmoid means."""

import math

import numpy as np
import pytest
import torch

from vaekit.codec.field import Field
from vaekit.likelihoods.gaussian import GaussianLikelihood

FIELDS = [Field("a", "real"), Field("b", "real")]
H = torch.tensor([[[1.0, -1.0, 0.5]]])


def test_a_fixed_scale_of_root_one_half_is_the_summed_squared_error():
    made = GaussianLikelihood(3, FIELDS, scale=math.sqrt(0.5))
    x, law = torch.tensor([[0.3, -2.0]]), made(H)
    expected = -(x - law.mean).square() - 0.5 * math.log(math.pi)
    torch.testing.assert_close(law.log_prob(x), expected)
    assert made.head.linear.out_features == 2 and made.raw is None


def test_a_shared_scale_is_one_per_column_and_learns():
    made = GaussianLikelihood(3, FIELDS, scale="shared")
    with torch.no_grad():
        made.raw.copy_(torch.tensor([0.0, 2.0]))
    law = made(torch.cat([H, -H]))
    assert torch.equal(law.scale[0], law.scale[1]) and law.scale[0, 0, 0] != law.scale[0, 0, 1]
    law.log_prob(torch.zeros(1, 2)).sum().backward()
    assert (made.raw.grad != 0).all()


def test_a_learned_scale_depends_on_the_features():
    law = GaussianLikelihood(3, FIELDS)(torch.cat([H, -H]))
    assert (law.scale[0] != law.scale[1]).all()


@pytest.mark.parametrize("scale", ["learned", "shared"])
def test_the_floor_is_kept(scale):
    made = GaussianLikelihood(3, FIELDS, scale=scale, floor=0.25)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(-100.0)
    assert made(H.abs()).scale.min().item() == pytest.approx(0.25)


def test_a_sigmoid_mean_stays_between_zero_and_one():
    made = GaussianLikelihood(3, FIELDS, mean="sigmoid", scale=1.0)
    raw = made.head(H)[..., 0]
    torch.testing.assert_close(made(H).mean, raw.sigmoid())


PIXEL = Field("p", "pixel", std=255.0, resolution=1.0, quantiles=np.linspace(0, 0.5, 257))


@pytest.mark.parametrize("mean", ["identity", "sigmoid"])
@pytest.mark.parametrize("scale", ["learned", "shared"])
def test_pixels_start_where_they_lie(mean, scale):
    law = GaussianLikelihood(3, [PIXEL], scale=scale, mean=mean)(torch.zeros(1, 3))
    assert law.loc.item() == pytest.approx(0.25, abs=1e-3) and law.scale.item() == pytest.approx(0.145, abs=5e-3)


def test_a_pixel_that_never_varies_has_a_finite_density():
    made = GaussianLikelihood(3, [PIXEL, FIELDS[0]])
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(-100.0)
    assert made(H.abs()).scale[0, 0].tolist() == pytest.approx([0.5 / 255, 0.02])
    constant = Field("p", "pixel", quantiles=np.zeros(257))
    law = GaussianLikelihood(3, [constant])(H)
    law.log_prob(torch.zeros(1, 1)).sum().backward()
    assert law.scale.isfinite().all()
    assert GaussianLikelihood(3, [PIXEL], floor=0.25).floors == [0.25]


def of_rows(made, features, cells, observed):
    """The bound's Gaussian part per row over observed cells, with sigma as a function of the means: the paper's loss."""
    loc = made.head(features)[..., 0]
    squares = (cells - loc).square().where(observed, 0.0)
    error = squares.sum((0, 1)) / observed.sum(0) / len(features)
    nats = squares / (2 * error) + 0.5 * torch.log(2 * math.pi * error)
    return nats.where(observed, 0.0).sum()


def test_the_optimal_scale_has_the_gradient_of_the_paper():
    """Sigma follows the means there; here it is held fixed at the same value, where the bound has no slope in it."""
    made, noise = GaussianLikelihood(3, FIELDS, scale="optimal").double(), torch.Generator().manual_seed(0)
    features, cells = (torch.randn(*shape, 7, n, generator=noise).double() for shape, n in (((2,), 3), ((), 2)))
    observed = torch.rand(7, 2, generator=noise) < 0.7
    of_rows(made, features, cells, observed).backward()
    wanted = made.head.linear.weight.grad.clone()
    made.zero_grad()
    made.attend(features, cells, observed)
    loss = -made(features).log_prob(cells).where(observed, 0.0).sum()
    loss.backward()
    torch.testing.assert_close(made.head.linear.weight.grad, wanted)
    torch.testing.assert_close(loss, of_rows(made, features, cells, observed))


def test_the_optimal_scale_is_a_running_mean_afterwards():
    made, cells = GaussianLikelihood(3, FIELDS, scale="optimal"), torch.full((4, 2), 3.0)
    with torch.no_grad():
        made.head.linear.weight.zero_()
    nothing = torch.tensor([True, False]).expand(4, 2)
    for _ in range(200):
        made.attend(H, cells, nothing)
    assert made(H).scale[0, 0].tolist() == pytest.approx([3.0, 1.0])  # what was never seen stays as it was
    made.attend(H, cells / 3, nothing)
    assert made(H).scale[0, 0, 0].item() == pytest.approx(1.0)
    assert made.eval()(H).scale[0, 0, 0].item() == pytest.approx(math.sqrt(0.95 * 9 + 0.05 * 1), rel=1e-3)
    other = GaussianLikelihood(3, FIELDS, scale="optimal")
    other.load_state_dict(made.state_dict())
    assert torch.equal(other.eval()(H).scale, made(H).scale)


def test_the_optimal_scale_weighs_latents_as_the_bound_does():
    made, cells, seen = GaussianLikelihood(1, FIELDS[:1], scale="optimal"), torch.zeros(1, 1), torch.ones(1, 1) > 0
    with torch.no_grad():
        made.head.linear.weight.fill_(1.0)
    features = torch.tensor([[[1.0]], [[3.0]]])  # two latents of one row
    made.attend(features, cells, seen, torch.tensor([[0.75], [0.25]]))
    assert made(features).scale[0, 0, 0].item() == pytest.approx(math.sqrt(0.75 * 1 + 0.25 * 9))


def test_an_optimal_scale_keeps_its_floor_and_survives_what_is_no_number():
    made, seen = GaussianLikelihood(3, FIELDS, scale="optimal", floor=0.25), torch.ones(1, 2) > 0
    made.attend(H, made.head(H)[0, :, :, 0].detach(), seen)
    assert made(H).scale[0, 0].tolist() == pytest.approx([0.25, 0.25])
    made.attend(H, torch.full((1, 2), torch.nan), seen)
    assert made(H).scale.isfinite().all()
