"""New rows come in the shares of training rows, of columns and of pairs of them, and no fewer are kept for that."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit import rng
from vaekit.codec.field import Field
from vaekit.goals import Rows
from vaekit.modes import alike as alikes
from vaekit.modes import balance as balances
from vaekit.modes.balance import BOTH, LEAST, MANY, ONES, PAIRS, Balance, Tally, balance_of, learned
from vaekit.modes.strata import GAP

FIELDS = [
    Field("a", "categorical", levels=3, shares=np.array([0.5, 0.3, 0.2]), rows=2_000),
    Field("b", "binary", levels=2, shares=np.array([0.5, 0.5]), rows=2_000),
    Field("x", "real", quantiles=np.linspace(-2, 2, 257), rows=2_000),
]

PARTS = torch.linspace(-2, 2, 17)[1:-1]


def rows(count: int, stream: str, follows: float) -> Rows:
    """Three columns, of which the second is told by the first in that share of the rows."""
    noise = rng.numpy(0, stream)
    a = noise.choice(3, count, p=[0.5, 0.3, 0.2])
    b = np.where(noise.random(count) < follows, a > 0, noise.random(count) < 0.5)
    cells = torch.from_numpy(np.column_stack([a, b, noise.uniform(-2, 2, count)])).float()
    return Rows(cells, torch.ones(count, 3, dtype=torch.bool))


def chosen(tally: Tally, own: Rows, most: float = 1.0) -> tuple[torch.Tensor, float]:
    """The rows chosen of `own`, of every four at most one, and the share of the fours that were kept."""
    picks, keeps = [], []
    at = torch.arange(len(own)).reshape(-1, 4, 64)
    for part in at:
        places = tally.balance.places(own.cells[part.flatten()], own.observed[part.flatten()]).unflatten(1, (4, -1))
        pick, kept = tally.choose(places, torch.zeros(4, 64), most, count=True)
        picks.append(part[pick, torch.arange(64)][kept])
        keeps.append(kept)
    return own.cells[torch.cat(picks)], float(torch.cat(keeps).float().mean())


def test_shares_are_those_of_the_rows() -> None:
    real = rows(2_000, "real", 1.0)
    found = learned(FIELDS, real)
    assert found[ONES].sum(1) == pytest.approx(1.0) and found[PAIRS].tolist() == [[0, 0, 1], [1, 2, 2]]
    assert found[ONES][0, :3] == pytest.approx(real.cells[:, 0].long().bincount().numpy() / 2_000)
    both = found[BOTH][0].reshape(GAP + 1, GAP + 1)
    assert both[0, 0] == pytest.approx(found[ONES][0, 0]) and both[0, 1] == 0, (
        "which rows without dependence would have"
    )
    assert np.isnan(both[5, 5]) and np.nansum(both) == pytest.approx(1.0)


def test_few_rows_of_a_pair_are_none_and_tell_nothing() -> None:
    real = rows(2_000, "real", 1.0)
    real.cells[: LEAST - 1, 1] = 1 - (real.cells[: LEAST - 1, 0] > 0).float()
    both = learned(FIELDS, real)[BOTH][0].reshape(GAP + 1, GAP + 1)
    assert both[0, 1] == 0 and both[1, 0] == 0


def test_of_many_pairs_the_most_dependent_are_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(balances, "MOST", 1)
    assert learned(FIELDS, rows(2_000, "real", 1.0))[PAIRS].tolist() == [[0], [1]]


def test_what_is_lacking_is_preferred_and_no_fewer_rows_are_kept() -> None:
    """The model draws the columns by themselves; of training rows the first tells the second."""
    real, own = rows(2_000, "real", 0.6), rows(64 * 4 * 100, "own", 0.3)
    tally = Tally(Balance(FIELDS, learned(FIELDS, real)))
    with rng.seeded(0):
        cells, kept = chosen(tally, own, most=1.5)
    assert tally.total == len(cells) and kept == pytest.approx(1 / 1.5, abs=0.06)
    share = [float(((part[:, 0] > 0) == (part[:, 1] > 0)).float().mean()) for part in (real.cells, own.cells, cells)]
    assert share[1] < share[0] - 0.1 and share[2] == pytest.approx(share[0], abs=0.015)
    counts = [part[:, 0].long().bincount() / len(part) for part in (real.cells, cells)]
    assert counts[1] == pytest.approx(counts[0], abs=0.004)
    counts = [torch.bucketize(part[:, 2].contiguous(), PARTS).bincount() / len(part) for part in (real.cells, cells)]
    noise = (1 / 16 / len(cells)) ** 0.5
    assert (counts[1] - counts[0]).abs().mean() < 0.5 * noise, "closer than independent rows come"


def test_preferences_are_bounded_and_nothing_is_known_of_a_stratum_that_is_not_a_number() -> None:
    found = learned(FIELDS, rows(2_000, "real", 1.0))
    tally = Tally(Balance(FIELDS, found))
    own = rows(256, "own", 0.0)
    places = tally.balance.places(own.cells, own.observed)
    assert not tally.preference(places).any(), "nothing is lacking at first"
    tally.counts[:], tally.total = 1e6, 1
    assert tally.preference(places).abs().max() <= 3 + balances.REACH
    found[BOTH][:], found[ONES][:] = np.nan, np.nan
    silent = Tally(Balance(FIELDS, found))
    silent.counts[:], silent.total = 1e6, 1
    assert not silent.preference(places).any()


def test_new_rows_of_a_model_come_in_the_shares_of_training_rows(mixed: Any) -> None:
    def error(model: Any) -> float:
        drawn = model.sample(1_500, seed=1)["city"].value_counts(normalize=True, dropna=False)
        real = mixed.fitted_on["city"].value_counts(normalize=True, dropna=False)
        return float(drawn.subtract(real, fill_value=0).abs().sum() / 2)

    fitted = copy.copy(mixed.model.fitted)
    nothing = torch.zeros(100, fitted.vae.K), torch.zeros(100, fitted.vae.K, dtype=torch.bool)
    assert balance_of(fitted, *nothing) is balance_of(fitted, *nothing) is not None
    fitted.arrays = {name: array for name, array in fitted.arrays.items() if not name.startswith("balance.")}
    assert balance_of(fitted, *nothing) is None
    assert error(mixed.model) < min(0.03, error(vaekit.Model(fitted)))


def test_it_is_kept_in_the_file_and_told(mixed: Any, tmp_path: Any) -> None:
    mixed.model.save(tmp_path / "m.vae")
    again = vaekit.load(tmp_path / "m.vae")
    assert again.sample(200, seed=5).equals(mixed.model.sample(200, seed=5))
    assert any("shares of columns" in each["what"] for each in again.card["keeps"])


def under(mixed: Any, model: Any, **given: Any) -> float:
    """How far the cities of new rows under a condition are from those of the training rows that meet it."""
    real, drawn = mixed.fitted_on, model.sample(1_500, given=given, seed=1)
    for name, value in given.items():
        assert (drawn[name] == value).all(), "the condition holds"
        real = real[(real[name] == value).fillna(False)]
    shares = [rows["city"].value_counts(normalize=True, dropna=False) for rows in (real, drawn)]
    return float(shares[0].subtract(shares[1], fill_value=0).abs().sum() / 2)


def test_rows_under_a_condition_come_in_the_shares_of_the_rows_that_meet_it(mixed: Any, monkeypatch: Any) -> None:
    """A condition that few of the kept rows meet, or a file that keeps none, leaves rows as the model draws them."""
    rare = under(mixed, mixed.model, member=True)
    monkeypatch.setattr(alikes, "ENOUGH", 150)
    again = copy.copy(mixed.model.fitted)
    again.prepared = {}
    balanced = under(mixed, vaekit.Model(again), member=True)
    again.arrays = {name: array for name, array in again.arrays.items() if name != "neighbours.cells"}
    again.prepared = {}
    assert balanced < min(0.05, rare / 2) and under(mixed, vaekit.Model(again), member=True) == rare


def test_rows_under_one_condition_are_balanced_and_counted_once(mixed: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(alikes, "ENOUGH", 150)
    fitted = copy.copy(mixed.model.fitted)
    fitted.prepared = {}
    k = fitted.names.index("member")
    cells, context = torch.zeros(200, fitted.vae.K), torch.zeros(200, fitted.vae.K, dtype=torch.bool)
    cells[:, k], context[:, k] = 1.0, True
    found = balance_of(fitted, cells, context)
    assert found is not None and found is balance_of(fitted, cells[:100], context[:100])
    assert found.share[k * found.strata.width :][: found.strata.width].max() == pytest.approx(1.0), "all are members"
    assert balance_of(fitted, cells[: MANY - 1], context[: MANY - 1]) is None, "too few rows to lack anything"
    cells[7, k] = 0.0
    assert balance_of(fitted, cells, context) is None, "rows under several conditions"
    model = vaekit.Model(fitted)
    assert model.sample(200, given={"member": True}, seed=3).equals(model.sample(200, given={"member": True}, seed=3))


def test_rows_of_another_temperature_and_under_what_few_rows_meet_are_as_the_model_has_them(
    mixed: Any, monkeypatch: Any
) -> None:
    from vaekit.modes import draw

    monkeypatch.setattr(draw, "Tally", None)
    assert (mixed.model.sample(100, given={"city": "Oslo"})["city"] == "Oslo").all()
    assert len(mixed.model.sample(100, temperature=0.5)) == 100


def test_rows_under_one_of_several_conditions_are_balanced_together(mixed: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(alikes, "ENOUGH", 150)
    monkeypatch.setattr(balances, "SAME", 300)
    fitted = copy.copy(mixed.model.fitted)
    fitted.prepared = {}
    asked = pd.DataFrame({"member": ([True] * 3 + [False]) * 220 + [True]}).astype("boolean")
    asked["city"] = [None] * 800 + ["Oslo"] * 81
    cells, context = torch.zeros(881, fitted.vae.K), torch.zeros(881, fitted.vae.K, dtype=torch.bool)
    member, city = fitted.names.index("member"), fitted.names.index("city")
    cells[:, member], context[:, member] = torch.from_numpy(asked["member"].to_numpy(float)).float(), True
    cells[800:, city], context[800:, city] = 2.0, True
    parts = balances.together(fitted, cells, context)
    assert [len(part) for part in parts] == [600, 281] and torch.cat(parts).sort().values.equal(torch.arange(881))
    assert (asked["member"].to_numpy(bool)[parts[0]]).all() and (parts[0] < 800).all()
    assert (
        balances.together(fitted, cells[:299], context[:299])
        == [slice(None)]
        == balances.together(fitted, cells[:1].expand(400, -1), context[:1].expand(400, -1))
    )
    drawn = vaekit.Model(fitted).sample(given=asked, seed=1)
    assert drawn["member"].equals(asked["member"]) and (drawn["city"][800:] == "Oslo").all()
    assert fitted.prepared["balance given"][1] is not None
