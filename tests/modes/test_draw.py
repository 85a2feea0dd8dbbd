"""Rows are kept in proportion to the ratio, and conditions hold all the same."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch

import vaekit
from vaekit import rng
from vaekit.modes import draw as drawing
from vaekit.modes.draw import as_given_back, chosen, draw, log_ratio, plain
from vaekit.priors.ratio import Ratio


@pytest.fixture
def tilted(mixed: Any) -> Any:
    """The model under a ratio that finds one city five times as likely as the others, whatever the rest of the row."""
    fitted = copy.deepcopy(mixed.model.fitted)
    fitted.arrays = {name: array for name, array in fitted.arrays.items() if not name.startswith("balance.")}
    ratio = Ratio([*fitted.layout.fields, *fitted.layout.given]).eval()
    k = fitted.names.index("city")
    place = int(ratio.embed.offsets[(ratio.embed.levels == k).nonzero()[0, 0]]) + 2
    with torch.no_grad():
        ratio.embed.table.weight[place, 0] = math.log(5.0)  # type: ignore[union-attr]
    ratio.learned.fill_(True)
    ratio.most.fill_(5.0)
    fitted.vae.ratio = ratio
    return fitted, k


def nothing(fitted: Any, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(count, fitted.vae.K), torch.zeros(count, fitted.vae.K, dtype=torch.bool)


@torch.no_grad()
def test_rows_are_kept_in_proportion_to_the_ratio(tilted: Any) -> None:
    fitted, k = tilted
    with rng.seeded(0):
        bare, kept = (f(fitted, *nothing(fitted, 6_000)) for f in (plain, draw))
    before, after = (float(((values[:, k] == 2) & present[:, k]).float().mean()) for values, present in (bare, kept))
    assert after == pytest.approx(5 * before / (1 + 4 * before), abs=0.025)


@torch.no_grad()
def test_of_the_rows_that_the_same_latents_give_one_is_chosen(tilted: Any) -> None:
    fitted, k = tilted
    with rng.seeded(0):
        values, present, weight = chosen(fitted, *nothing(fitted, 2_000))
    ratio = log_ratio(fitted, *as_given_back(fitted, values, present))
    liked, city = (ratio.exp() - 5).abs() < 1e-3, (values[:, k] == 2) & present[:, k]
    assert liked[city].all() and (liked & ~city).sum() < 5  # "other" is given back as one of the names it stands for
    assert (
        weight.min() >= 1 and weight.max() <= 5 and set(weight.round(decimals=3).tolist()) == {1.0, 2.0, 3.0, 4.0, 5.0}
    )


@torch.no_grad()
def test_a_condition_holds_although_rows_like_it_are_hardly_ever_kept(tilted: Any, monkeypatch: Any) -> None:
    fitted, k = tilted
    monkeypatch.setattr(drawing, "TRIES", 3)
    fitted.vae.ratio.most.fill_(1e6)
    cells, context = nothing(fitted, 50)
    cells[:, k], context[:, k] = 1.0, True
    values, present = draw(fitted, cells, context)
    assert (values[:, k] == 1).all() and present[:, k].all() and values.isfinite().all()


@torch.no_grad()
def test_few_rows_are_kept_in_the_same_proportion_in_fewer_passes(tilted: Any, monkeypatch: Any) -> None:
    """Of a few rows that wait several draws each are made at once, and the first that is kept counts."""
    fitted, k = tilted
    passes = []
    monkeypatch.setattr(drawing, "chosen", lambda *args: (passes.append(len(args[1])), chosen(*args))[1])
    with rng.seeded(0):
        bare, kept = plain(fitted, *nothing(fitted, 4_000)), [draw(fitted, *nothing(fitted, 10)) for _ in range(100)]
    before = float(((bare[0][:, k] == 2) & bare[1][:, k]).float().mean())
    after = float(torch.cat([(values[:, k] == 2) & present[:, k] for values, present in kept]).float().mean())
    assert after == pytest.approx(5 * before / (1 + 4 * before), abs=0.06)
    assert len(passes) < 300 and max(passes) <= drawing.FEW


def test_equal_seeds_draw_equal_rows(mixed: Any) -> None:
    model = mixed.model
    assert model.fitted.vae.ratio is not None and bool(model.fitted.vae.ratio.learned)
    assert model.sample(300, seed=3).equals(model.sample(300, seed=3))
    assert not model.sample(300, seed=3).equals(model.sample(300, seed=4))
    assert vaekit.Model(model.fitted).sample(7).shape == (7, len(mixed.fitted_on.columns))
