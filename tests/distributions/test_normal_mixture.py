"""Several centres in one law."""

import pytest
import torch

from vaekit.distributions import Columns, NormalCell, NormalMixture, Scale

UNITS = Scale(["linear", "log"], torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.5]))
LOC, SCALE = torch.tensor([[-2.0, 2.0], [-1.0, 3.0]]), torch.tensor([[0.1, 0.5], [0.3, 0.6]])
LAW = NormalMixture(torch.tensor([[0.0, 0.0], [2.0, 0.0]]), LOC, SCALE, UNITS)


def test_one_component_is_a_normal_law():
    one, normal = (
        NormalMixture(torch.zeros(2, 1), LOC[:, :1], SCALE[:, :1], UNITS),
        NormalCell(LOC[:, 0], SCALE[:, 0], UNITS),
    )
    cell = torch.tensor([[-1.0, 0.3]])
    for name in ("log_prob", "cdf"):
        torch.testing.assert_close(getattr(one, name)(cell), getattr(normal, name)(cell))
    torch.testing.assert_close(one.mean, normal.mean)


def test_the_mode_is_the_sharper_centre_and_the_mean_between():
    assert LAW.mode.tolist() == [-2.0, -1.0]
    assert LAW.mean[0].item() == pytest.approx(0.0, abs=1e-6)


def test_quantiles_leap_over_the_gap():
    joined = Columns([NormalMixture(LAW.logits[None, None], LOC[None, None], SCALE[None, None], UNITS)],
                     [torch.arange(2)], torch.arange(2))  # fmt: skip
    below, above = joined.quantile(0.49)[0, 0], joined.quantile(0.51)[0, 0]
    assert below < -1.5 and above > 0.5
