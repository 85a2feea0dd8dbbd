from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import vaekit
from vaekit.cli import main
from vaekit.errors import DataError, SpecError, UserError
from vaekit.modes import sample
from vaekit.sources import read

BRIEF = {"epochs": 1, "prior_epochs": 1, "batch": 64}
KEPT = ["id", "height", "visits", "member", "city", "joined"]


def _as(flavour: str, frame: pd.DataFrame, folder: Any) -> Any:
    if flavour == "arrow" or flavour == "file":
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, folder / "rows.parquet")
        return table if flavour == "arrow" else str(folder / "rows.parquet")
    if flavour == "rows":
        return pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    return {"pandas": lambda: frame, "polars": lambda: pl.from_pandas(frame)}[flavour]()


@pytest.mark.parametrize("flavour", ["pandas", "polars", "arrow", "file", "rows"])
def test_samples_are_of_the_fitted_type(mixed: Any, tmp_path: Any, flavour: str) -> None:
    data = _as(flavour, mixed.fitted_on[KEPT][:150], tmp_path)
    drawn = vaekit.fit(data, train=BRIEF).sample(9)
    assert len(drawn) == 9
    if flavour == "pandas":
        assert list(drawn.columns) == KEPT and (drawn.dtypes == data.dtypes).all()
    elif flavour == "polars":
        assert isinstance(drawn, pl.DataFrame) and drawn.schema == data.schema
    elif flavour == "rows":
        assert list(drawn[0]) == KEPT and isinstance(drawn[0]["id"], str)
    else:
        assert drawn.schema.names == KEPT and drawn.schema.types == pq.read_schema(tmp_path / "rows.parquet").types


def test_arrays_come_back_as_arrays(numbers: Any) -> None:
    assert isinstance(numbers.model.sample(4), np.ndarray) and numbers.model.sample(4).dtype == float
    drawn = vaekit.fit(torch.from_numpy(numbers.fitted_on[:100]).float(), train=BRIEF).sample(4)
    assert isinstance(drawn, torch.Tensor) and drawn.shape == (4, 2) and drawn.dtype == torch.float32


def test_a_loaded_model_samples_the_same_type(mixed: Any, tmp_path: Any) -> None:
    drawn = vaekit.load(mixed.model.save(tmp_path / "m.vae")).sample(5)
    assert isinstance(drawn, pd.DataFrame) and (drawn.dtypes == mixed.fitted_on.dtypes).all()
    assert list(drawn["grade"].cat.categories) == list("DCBA") and drawn["grade"].cat.ordered


def test_rows_look_like_the_training_rows(mixed: Any) -> None:
    drawn, known = mixed.model.sample(2000), mixed.fitted_on
    gaps = (drawn.isna().mean() - known.isna().mean()).abs()
    assert (gaps < 0.06).all(), f"gaps fall as they did in training: {gaps}"
    for name in ("height", "debt", "visits"):
        difference = abs(drawn[name].mean() - known[name].mean()) / known[name].astype(float).std()
        assert difference < 0.3, (name, difference)
    assert abs((drawn["debt"] == 0).mean() - (known["debt"] == 0).mean()) < 0.12, "the spike is exact and as frequent"
    assert drawn[["height", "income"]].corr("spearman").iloc[0, 1] > 0.6, "columns depend on each other"
    assert set(drawn["city"].dropna()) <= set(known["city"].dropna())


def test_values_are_legal_for_their_kind(mixed: Any) -> None:
    drawn = mixed.model.sample(500)
    assert (drawn["income"].dropna() > 0).all() and (drawn["visits"].dropna() >= 0).all()
    assert (drawn["height"].dropna().mul(10).round() / 10 == drawn["height"].dropna()).all(), (
        "one decimal, as in training"
    )
    assert (drawn["joined"].dropna().dt.normalize() == drawn["joined"].dropna()).all(), "whole days, as in training"
    assert (drawn["country"] == "CH").all()


def test_identifiers_are_fresh(mixed: Any) -> None:
    drawn = mixed.model.sample(300)["id"]
    assert drawn.is_unique and not set(drawn) & set(mixed.fitted_on["id"]) and drawn.str.fullmatch(r"C\d{5}").all()


def test_equal_seeds_equal_rows(dense: Any) -> None:
    first, again, other = (pd.DataFrame(dense.model.sample(30, seed=seed)) for seed in (1, 1, 2))
    assert first.equals(again) and not first.equals(other)
    assert first.equals(pd.DataFrame(dense.model.sample(30, given={}, seed=1)))


def test_the_global_generators_are_left_alone(words: Any) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    words.model.sample(3)
    assert torch.equal(before, torch.get_rng_state())


def test_a_lower_temperature_is_more_typical(numbers: Any) -> None:
    cool, plain = (numbers.model.sample(500, temperature=t)[:, 0].std() for t in (0.0, 1.0))
    assert cool < plain


def test_conditions_hold_and_move_the_other_columns(mixed: Any) -> None:
    low, high = (mixed.model.sample(300, given={"height": h}) for h in (158.0, 182.04))
    assert (low["height"] == 158.0).all() and (high["height"] == 182.04).all(), "as given, not as rounded"
    assert low["income"].median() * 2 < high["income"].median()
    assert (low["grade"] == "D").mean() > (high["grade"] == "D").mean() + 0.3
    several = mixed.model.sample(20, given={"member": True, "city": "Rome", "debt": 0.0})
    assert several["member"].all() and (several["city"] == "Rome").all() and (several["debt"] == 0).all()


def test_every_column_can_be_a_condition(mixed: Any) -> None:
    whole = mixed.fitted_on.dropna().iloc[0]
    for column in mixed.model.fitted.schema.modelled:
        drawn = mixed.model.sample(3, given={column.name: whole[column.name]})
        assert (drawn[column.name] == whole[column.name]).all(), column.name


def test_a_table_of_conditions_draws_a_row_for_each(mixed: Any) -> None:
    conditions = pd.DataFrame({"city": ["Rome", "Oslo", None], "height": [170.3, None, None]}, index=[7, 8, 9])
    drawn = mixed.model.sample(given=conditions)
    assert list(drawn.index) == [7, 8, 9] and list(drawn["city"][:2]) == ["Rome", "Oslo"]
    assert drawn["height"].iloc[0] == 170.3 and list(drawn.columns) == list(mixed.fitted_on.columns)
    assert list(drawn["id"]) == ["C00700", "C00701", "C00702"]
    assert isinstance(mixed.model.sample(given=pl.DataFrame({"city": ["Rome"]})), pl.DataFrame)
    assert mixed.model.sample(given=[{"city": "Rome"}, {"city": "Bern"}])[1]["city"] == "Bern"
    with pytest.raises(SpecError, match="3 conditions"):
        mixed.model.sample(5, given=conditions)


def test_a_rare_level_stays_that_level() -> None:
    colours = ["red"] * 60 + ["blue"] * 60 + ["teal", "plum", "lime"]
    frame = pd.DataFrame({"colour": colours, "size": np.arange(len(colours)) % 7 * 1.5})
    drawn = vaekit.fit(frame, schema={"colour": "categorical"}, train=BRIEF).sample(20, given={"colour": "plum"})
    assert (drawn["colour"] == "plum").all()


def test_wrong_conditions_are_refused(mixed: Any) -> None:
    with pytest.raises(DataError, match="'hieght'") as refusal:
        mixed.model.sample(2, given={"hieght": 170.0})
    assert "height" in refusal.value.hint
    with pytest.raises(DataError, match=r"'id'.*set aside.*distinct"):
        mixed.model.sample(2, given={"id": "C00001"})
    with pytest.raises(DataError, match=r"'grade'.*'Z'.*condition"):
        mixed.model.sample(2, given={"grade": "Z"})
    with pytest.raises(DataError, match=r"'city'.*'Paris'.*condition"):
        mixed.model.sample(2, given={"city": "Paris"})
    with pytest.raises(DataError, match="height"):
        mixed.model.sample(2, given={"height": "tall"})
    with pytest.raises(DataError, match="hieght"):
        mixed.model.sample(given=pd.DataFrame({"hieght": [170.0]}))


@pytest.mark.parametrize(
    "options",
    [{"n": 0}, {"n": 2.5}, {"n": "3"}, {"temperature": -1}, {"temperature": "hot"}, {"seed": -1}, {"given": 3}],
)
def test_wrong_options_are_refused(words: Any, options: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        words.model.sample(**options)


def test_the_columns_that_are_given_are_drawn_as_in_training(fitted: Any) -> None:
    case = fitted("given")
    drawn = case.model.sample(800)
    share = drawn["city"].value_counts(normalize=True) - case.fitted_on["city"].value_counts(normalize=True)
    assert share.abs().max() < 0.1 and abs(drawn["city"].isna().mean() - 0.1) < 0.05
    rome, bern = (case.model.sample(200, given={"city": city}) for city in ("Rome", "Bern"))
    assert (rome["city"] == "Rome").all() and rome["joined"].mean() > bern["joined"].mean() + pd.Timedelta(200, "D")


def test_a_thousand_rows_by_default(words: Any) -> None:
    assert len(words.model.sample()) == 1000
    assert len(words.model.sample(np.int64(3))) == 3


def test_a_plain_conditional_vae_draws_its_latents_from_the_prior() -> None:
    """Its encoder never saw a row of nothing but the given columns, so q(z|given) would be no law to draw from."""
    generator = np.random.default_rng(0)
    group, x = generator.choice(["a", "b"], 500), generator.normal(size=500)
    rows = pd.DataFrame({"group": group, "x": x, "y": x + 3 * (group == "a")})
    drawn = vaekit.fit(rows, "vae", given=["group"], train={"epochs": 40}).sample(1000)
    spread = drawn.groupby("group")[["x", "y"]].std()
    assert spread.min().min() > 0.75 and spread.max().max() < 1.25


def test_numbers_stay_within_what_training_saw(mixed: Any) -> None:
    drawn = mixed.model.sample(3000, seed=3, temperature=5.0)
    filled = mixed.model.impute(mixed.rows, draws=2)
    for name in ("height", "income", "visits", "debt"):
        low, high = mixed.fitted_on[name].min() - 1e-9, mixed.fitted_on[name].max() + 1e-9
        for table in (drawn, *filled):
            known = mixed.rows[name] if len(table) == len(mixed.rows) else table[name][:0]
            values = table[name][known.isna()] if len(known) else table[name].dropna()
            assert values.between(low, high).all(), name


def test_many_rows_come_in_lots_with_noise_of_their_own(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sample, "BATCH", 16)
    rows = np.random.default_rng(0).normal(size=(90, 2))
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1})
    many = model.sample(40, seed=3)
    assert many.shape == (40, 2) and (many[:16] == model.sample(16, seed=3)).all()
    assert (many[:16] != many[16:32]).all() and (many == model.sample(40, seed=3)).all()
    model.save(tmp_path / "m.vae")
    assert (
        main(["sample", str(tmp_path / "m.vae"), "-n", "40", "--seed", "3", "-o", str(tmp_path / "new.parquet")]) == 0
    )
    assert np.allclose(np.column_stack(read(str(tmp_path / "new.parquet")).arrow.columns), many)


def test_rows_that_are_counted_or_conditioned_one_by_one_are_one_lot(monkeypatch, fitted):
    monkeypatch.setattr(sample, "BATCH", 16)
    case = fitted("label")
    assert any(column.kind == "identifier" for column in case.model.fitted.schema)
    assert sample.batches(case.model.fitted, 40, None, 0) == [(40, 0)]
    assert case.model.sample(40)["id"].is_unique
