"""Totals are written down as a reader would."""

from __future__ import annotations

import math

import pytest
import torch

from vaekit.modes.formula import formula
from vaekit.modes.totals import Total, double


@pytest.mark.parametrize(
    ("weights", "rest", "logs", "told"),
    [
        ([1, -1, 1], 0.0, False, "a = b - c"),
        ([1, 1, -2.5], 4.0, False, "a = 2.5 c + 4 - b"),
        ([1, 1, 1], 0.0, False, "a = - b - c"),
        ([1, -1, 2], 0.0, True, "a = b / c^2"),
        ([1, 1, 1], math.log(60), True, "a = 60 / b / c"),
        ([1, -0.5, -1], 0.0, True, "a = b^0.5 x c"),
    ],
)
def test_a_total_is_written_down(weights: list[float], rest: float, logs: bool, told: str) -> None:
    total = Total([0, 1, 2], torch.tensor(weights), double(rest), logs, torch.zeros(3, dtype=torch.bool))
    assert formula(total, ["a", "b", "c"]) == told
