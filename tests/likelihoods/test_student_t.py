"""Outliers, and how far the tails reach."""

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.likelihoods.gaussian import GaussianLikelihood
from vaekit.likelihoods.student_t import LEAST, MOST, StudentTLikelihood

FIELD = Field("x", "real", rows=2_000)


def learnt(maker, cells):
    with rng.seeded(0):
        made = maker(1, [FIELD])
    optimiser = torch.optim.Adam(made.parameters(), 0.05)
    for _ in range(300):
        loss = -made(torch.ones(1, 1)).log_prob(cells).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return made(torch.ones(1, 1)), loss.item()


def test_it_learns_the_degrees_of_freedom():
    noise = np.random.default_rng(0)
    heavy = torch.from_numpy(noise.standard_t(2.5, (4_000, 1))).float()
    law, nats = learnt(StudentTLikelihood, heavy)
    assert law.df.item() == pytest.approx(2.5, abs=0.4)
    assert nats < learnt(GaussianLikelihood, heavy)[1] - 0.1
    normal, _ = learnt(StudentTLikelihood, torch.from_numpy(noise.normal(size=(4_000, 1))).float())
    assert normal.df.item() > 20


def test_outliers_do_not_move_the_middle():
    cells = torch.cat([torch.randn(200, 1, generator=rng.generator(0)), torch.full((10, 1), 40.0)])
    assert abs(learnt(StudentTLikelihood, cells)[0].loc.item()) < 0.3
    assert learnt(GaussianLikelihood, cells)[0].loc.item() > 1


@pytest.mark.parametrize("raw", [-100.0, 100.0])
def test_the_degrees_of_freedom_and_the_floor_are_kept(raw):
    made = StudentTLikelihood(1, [FIELD, Field("p", "pixel", quantiles=np.linspace(0, 1, 257))])
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.fill_(raw)
    law = made(torch.zeros(1, 1))
    assert ((law.df > LEAST) & (law.df <= MOST + 1e-3)).all()
    if raw < 0:
        assert law.scale[0].tolist() == pytest.approx([0.02, 0.5 / 255])
