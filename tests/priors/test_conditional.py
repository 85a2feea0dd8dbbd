"""A normal law that depends on the given columns: it is where the latents of rows with these columns are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit.errors import SpecError
from vaekit.priors import ConditionalNormal

TRAIN = {"epochs": 25, "batch": 50, "rate": 1e-2, "hide": 0.0}


def table(rows, seed=0):
    """Numbers whose spread, not only their mean, depends on a column of words."""
    noise = np.random.default_rng(seed)
    wide = noise.random(rows) < 0.5
    x = noise.normal(size=(rows, 1)) * np.where(wide, 3.0, 0.3)[:, None] + noise.normal(size=(rows, 3)) * 0.1
    return pd.DataFrame(x, columns=list("abc")).assign(which=np.where(wide, "wide", "narrow"))


@pytest.fixture(scope="module")
def model():
    return vaekit.fit(table(600), "cvae", given=["which"], latent=2, train=TRAIN)


def test_it_begins_at_the_standard_normal():
    law = ConditionalNormal(3, condition=4, given=1).law(torch.ones(5, 4))
    assert (law.mean == 0).all() and (law.stddev == 1).all() and law.batch_shape == (5, 3)


def test_a_condition_moves_the_prior_and_modelled_cells_do_not(model):
    from vaekit.modes.ask import ask

    asked = ask(model.fitted, table(200, 1))
    with torch.no_grad():
        law = model.module.prior_law(asked.cells, asked.observed)
        moved = model.module.prior_law(asked.cells + torch.tensor([1.0, 1.0, 1.0, 0.0]), asked.observed)
        alone = model.module.prior_law()
    wide = torch.tensor((table(200, 1)["which"] == "wide").to_list())
    assert torch.equal(law.mean, moved.mean) and torch.equal(law.stddev, moved.stddev)
    ratio = (law.stddev[wide][0] / law.stddev[~wide][0]).log().abs().max()
    assert ratio > 0.3 and alone.batch_shape == (2,)
    assert (law.mean[wide] == law.mean[wide][0]).all()


def test_rows_under_a_condition_are_spread_as_rows_of_the_condition_are(model):
    for which, spread in (("wide", 3.0), ("narrow", 0.32)):
        drawn = model.sample(given=pd.DataFrame({"which": [which] * 1_000}), seed=0)
        assert drawn["a"].std() == pytest.approx(spread, rel=0.35)


def test_its_bounds_are_finite_and_its_rows_compress(model):
    rows = table(40, 2)
    assert np.isfinite(model.log_prob(rows, samples=4)).all()
    pytest.importorskip("constriction")
    assert model.decompress(model.compress(rows)).equals(rows)


def test_without_given_columns_it_is_refused():
    with pytest.raises(SpecError, match="given no columns") as refusal:
        vaekit.fit(table(50), prior="conditional", train={"epochs": 1})
    assert refusal.value.hint == "fit(data, given=['column'])"
