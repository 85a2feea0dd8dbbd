from __future__ import annotations

from typing import Any

import numpy as np
import torch

import vaekit
from vaekit.goals import Rows
from vaekit.modes.bits_back import BUCKETS, Scheme
from vaekit.modes.grey import grey_counts, grey_shares, has_grey
from vaekit.modes.verbatim import Alphabets, to_symbols
from vaekit.sources import read


def shades(rows: int = 120) -> np.ndarray[Any, Any]:
    """Images (B, 4, 4) of a bright and a dark half, a few bright levels each."""
    noise = np.random.default_rng(0)
    bright = noise.choice(np.array([240, 250, 255], np.uint8), size=(rows, 4, 2))
    return np.concatenate([bright, np.zeros((rows, 4, 2), np.uint8)], 2)


def test_levels_are_counted_at_the_log_odds_that_the_model_gives_them() -> None:
    images = shades()
    brief = {"epochs": 40, "prior_epochs": 1, "batch": 16, "rate": 1e-2}
    model = vaekit.fit(images, likelihood="bernoulli", net={"kind": "mlp", "hidden": [16]}, train=brief)
    alphabets = Alphabets.of(model.fitted.codec)
    coded = to_symbols(alphabets, read(images).arrow)
    scheme = Scheme(model.fitted.vae.double(), alphabets.books, 16, 1.0, 8, np.empty((0, 0)))
    assert has_grey(scheme.vae)
    given = Rows(torch.zeros(len(images), 0), torch.zeros(len(images), 0, dtype=torch.bool))
    with torch.no_grad():
        counts = grey_counts(scheme, coded.symbols, coded.cells(alphabets), given)
    shares = grey_shares(counts)
    middle, seen = BUCKETS // 2, counts.any(1)
    assert counts.shape[0] == BUCKETS and np.isclose(shares.sum(1), 1).all()
    assert shares[: middle - 3][seen[: middle - 3], 0].min() > 0.9
    assert shares[middle + 4 :][seen[middle + 4 :]][:, [240, 250, 255]].sum(1).min() > 0.9


def test_a_default_table_has_no_grey(mixed: Any) -> None:
    assert not has_grey(mixed.model.fitted.vae)
