"""A class beside numbers that do not depend on it."""

import pytest
import torch

from vaekit import rng
from vaekit.errors import SpecError
from vaekit.posteriors import Gaussian, LabelledPosterior
from vaekit.priors import LabelledPrior

Q = LabelledPosterior(5, 2, levels=3)
PRIOR = LabelledPrior(5, posterior=Q)


def test_a_label_alone_leaves_the_numbers_to_the_prior():
    label = torch.arange(9_000) % 3 - 1  # unknown, the first, the second class
    context = Q(rng.table(0, (1, 5)).expand(9_000, -1), label)
    with rng.seeded(0), torch.no_grad():
        z = PRIOR.given(context, torch.ones(9_000, dtype=torch.bool))
        cold = PRIOR.given(context, torch.ones(9_000, dtype=torch.bool), temperature=0.0)
    torch.testing.assert_close(z[:, 3:].mean(0), torch.zeros(2), atol=0.04, rtol=0)
    torch.testing.assert_close(z[:, 3:].std(0), torch.ones(2), atol=0.04, rtol=0)
    torch.testing.assert_close(z[label < 0, :3].mean(0), torch.full((3,), 1 / 3), atol=0.03, rtol=0)
    assert all((z[label == c, c] == 1).all() for c in (0, 1)) and (cold[:, 3:] == 0).all()


def test_a_context_draws_from_its_posterior():
    context = Q(rng.table(0, (1, 5)).expand(20_000, -1), torch.full((20_000,), -1))
    with rng.seeded(0), torch.no_grad():
        z = PRIOR.given(context, torch.zeros(20_000, dtype=torch.bool))
    torch.testing.assert_close(z.mean(0), context.mean[0].detach(), atol=0.04, rtol=0)


def test_other_latents_are_refused():
    with pytest.raises(SpecError, match="prior 'labelled': posterior Gaussian has other latents"):
        LabelledPrior(5, posterior=Gaussian(5, 5))
