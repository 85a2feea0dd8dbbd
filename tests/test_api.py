"""fit and Model, end to end: bad data, options, time, interruption and what a model tells of itself."""

from __future__ import annotations

import json
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import vaekit
from vaekit.errors import ArtifactError, DataError, SchemaError, SpecError, UserError, VaekitError, VaekitWarning
from vaekit.modes.ways import WAYS

BRIEF: dict[str, Any] = {"epochs": 1, "prior_epochs": 1, "batch": 64}
SMALL: dict[str, Any] = {"train": BRIEF, "net": {"kind": "residual", "width": 16, "depth": 1}, "latent": 2}


def quick(data: Any, preset: str | None = None, **options: Any) -> vaekit.Model:
    return vaekit.fit(data, preset, **{**SMALL, **options})


# -- bad data ------------------------------------------------------------------------------------------------------------

TWICE = pd.DataFrame([[1.0, 2.0]] * 30, columns=["x", "x"])
NUMBERS = np.random.default_rng(0).normal(size=(40, 2))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"x": []}), "row|empty"),
        (pd.DataFrame(), "empty|column"),
        (pd.DataFrame(index=range(5)), "column"),
        (pd.DataFrame({"a": [1.0] * 30, "b": "x"}), "nothing to model: .*a.*b"),
        (pd.DataFrame({"a": [None] * 30}), "nothing to model"),
        (pd.DataFrame({"id": [f"u{i}" for i in range(50)]}), "nothing to model.*identifier"),
        (TWICE, "'x'"),
        (pd.DataFrame({"x": [1.0, 2.0, np.inf] * 10}), "'x'.*row 2|row 2.*'x'"),
        (pd.DataFrame({"x": [1, "a", 2.5] * 10}), "'x'"),
        (np.zeros(5), "2-D|1-D|shape"),
        (np.zeros((0, 3)), "row|empty"),
        ("no/such/file.csv", "no/such/file.csv"),
        ("no-such-*.parquet", r"no-such-\*"),
        (3, "int|given"),
        (None, "None"),
    ],
)
def test_data_that_cannot_be_fitted_are_refused_in_words(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as refusal:
        quick(data)
    assert refusal.value.hint, refusal.value.message


def test_one_row_is_refused_or_fitted_but_never_breaks() -> None:
    with pytest.raises(DataError, match=r"1 row|one row|nothing to model") as refusal:
        quick(pd.DataFrame({"x": [1.0], "c": ["a"]}))
    assert refusal.value.hint


@pytest.mark.parametrize("rows", [2, 3, 5, 9])
def test_a_handful_of_rows_can_be_fitted(rows: int) -> None:
    model = quick(pd.DataFrame({"x": np.linspace(0, 1.5, rows), "c": (["a", "b", "b"] * rows)[:rows]}))
    assert len(model.sample(3)) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VaekitWarning)
        assert np.isfinite(model.score({"x": 0.5, "c": "a"}).total).all()


def test_columns_without_information_are_set_aside_and_come_back(mixed: Any) -> None:
    model = quick(pd.DataFrame({"x": NUMBERS[:, 0], "one": 7, "none": None, "id": [f"u{i}" for i in range(40)]}))
    drawn = model.sample(4)
    assert (drawn["one"] == 7).all() and drawn["none"].isna().all() and drawn["id"].is_unique
    assert set(model.card["set_aside"]) == {"one", "none", "id"}


def test_all_gaps_in_one_row_and_column_are_legal() -> None:
    frame = pd.DataFrame(NUMBERS, columns=["x", "y"])
    frame.loc[3] = None
    model = quick(frame)
    assert not model.impute(frame[:5]).isna().any(axis=None)


@pytest.mark.parametrize("large", [1e9, 1e30, 1e200])
def test_extreme_numbers_do_not_break_training(large: float) -> None:
    rows = NUMBERS.copy()
    rows[0, 0], rows[1, 1] = large, -1e-30
    model = quick(rows)
    assert np.isfinite(model.sample(20)).all() and np.isfinite(model.log_prob(rows[:5])).all()


@pytest.mark.parametrize("value", [1e12, -1e30, 1e300])
def test_a_monstrous_number_is_very_strange_and_nothing_worse(mixed: Any, value: float) -> None:
    rows = mixed.rows.dropna()[:2]
    wrong = rows.assign(height=value)
    for by in WAYS:
        scores = mixed.model.score(wrong, by=by, alpha=0.05)
        assert np.isfinite(scores.total).all()
    scores = mixed.model.score(wrong, alpha=0.05)
    assert scores.flagged.all() and scores.reasons[0][0].column == "height" and scores.reasons[0][0].share > 0.9
    assert np.isfinite(mixed.model.log_prob(wrong)).all()
    assert (mixed.model.impute(wrong)["height"] == value).all() and (mixed.model.denoise(wrong)["height"] < 250).all()


# -- options -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"given": ["citty"]}, SchemaError, "citty"),
        ({"label": "citty"}, SchemaError, "citty"),
        ({"ignore": ["citty"]}, SchemaError, "citty"),
        ({"ignore": "citty"}, SchemaError, "citty"),
        ({"schema": {"citty": "count"}}, SchemaError, "citty"),
        ({"schema": {"city": "counts"}}, SchemaError, "counts"),
        ({"schema": {"city": "real"}}, VaekitError, "city"),
        ({"validation": 2}, SpecError, "validation=2"),
        ({"time_limit": "soon"}, SpecError, "time_limit='soon'"),
        ({"device": "gpu"}, SpecError, "device='gpu'"),
        ({"seed": -1}, UserError, "seed"),
        ({"seed": "x"}, UserError, "seed"),
        ({"preset": "vea"}, SpecError, "'vea'"),
        ({"learning_rate": 3}, SpecError, "'learning_rate'"),
        ({"resume": "no/such/folder/run"}, UserError, "no/such/folder"),
    ],
)
def test_wrong_options_are_refused_before_training(
    mixed: Any, options: dict[str, Any], kind: type[VaekitError], message: str
) -> None:
    steps: list[Any] = []
    with pytest.raises(kind, match=message) as refusal:
        quick(mixed.fitted_on[["city", "height", "visits"]][:80], on_step=steps.append, **options)
    assert refusal.value.hint, refusal.value.message
    assert not steps, "nobody waits for a training that fails at its end"


def test_given_and_ignored_columns(mixed: Any) -> None:
    model = quick(mixed.fitted_on[:150], given="city", ignore=["debt"])
    roles = {column.name: column.role for column in model.fitted.schema.columns}
    assert roles["city"] == "given" and roles["debt"] == "ignored" and roles["height"] == "feature"
    assert "city" not in model.fitted.names and model.sample(3)["debt"].isna().all()
    scores = model.score(mixed.rows[:5].drop(columns="debt"), alpha=0.2)
    assert "city" not in scores.columns and len(scores) == 5


def test_equal_seeds_equal_models(words: Any) -> None:
    one, same, other = (quick(words.fitted_on, seed=seed) for seed in (3, 3, 4))
    assert (one.encode(words.rows).mean == same.encode(words.rows).mean).all()
    assert (one.encode(words.rows).mean != other.encode(words.rows).mean).any()


def test_fitting_leaves_the_global_generators_and_the_data_alone(words: Any) -> None:
    torch.manual_seed(5)
    before, data = torch.get_rng_state(), words.fitted_on.copy()
    quick(data)
    assert torch.equal(before, torch.get_rng_state()) and data.equals(words.fitted_on)


def test_the_same_rows_in_another_type_are_the_same_model(words: Any) -> None:
    latents = [
        quick(data).encode(words.rows[:5]).mean
        for data in (words.fitted_on, pl.from_pandas(words.fitted_on), pa.Table.from_pandas(words.fitted_on))
    ]
    assert (latents[0] == latents[1]).all() and (latents[0] == latents[2]).all()


def test_every_row_trains_without_validation(numbers: Any) -> None:
    model = quick(numbers.fitted_on, validation=0)
    assert model.card["held_out_rows"] == 0 and model.card["train_rows"] == 500
    assert "without p-values" in model.modes()["score"]


# -- time ----------------------------------------------------------------------------------------------------------------


def test_a_time_limit_ends_the_training_with_a_model(numbers: Any) -> None:
    began = time.monotonic()
    model = quick(numbers.fitted_on, time_limit=1.5, train={"epochs": 100_000, "prior_epochs": 100_000, "batch": 64})
    assert time.monotonic() - began < 20
    assert "time limit" in model.card["ended"].values() and len(model.sample(2)) == 2


def test_every_step_is_told_and_one_can_stop_it(numbers: Any) -> None:
    steps: list[Any] = []
    quick(numbers.fitted_on, on_step=steps.append, train={**BRIEF, "epochs": 3})
    fits = [step for step in steps if step.stage == "model"]
    assert [step.step for step in fits] == list(range(1, 22)) and fits[0].steps == 21 and fits[-1].epoch == 2
    assert all(np.isfinite(step.loss) and step.rows_per_s > 0 for step in steps) and steps[-1].stage == "ratio"

    def stop(step: Any) -> bool:
        return step.step < 3

    model = quick(numbers.fitted_on, on_step=stop, train={**BRIEF, "epochs": 500})
    assert model.card["ended"]["model"] == "stopped" and len(model.sample(2)) == 2

    seen: list[str] = []
    quick(
        numbers.fitted_on,
        on_step=lambda step: seen.append(step.stage) or len(seen) != 2,
        train={**BRIEF, "pretrain": 3},
    )
    assert seen == ["pretrain"] * 2, "whoever stops once has stopped"

    model = quick(numbers.fitted_on, on_step=lambda step: "cut short" if step.stage == "model" else None, train=BRIEF)
    assert model.card["ended"]["model"] == "cut short" and model.card["ended"]["prior"] == "complete"


def test_ctrl_c_keeps_the_best_so_far(numbers: Any) -> None:
    def interrupt(step: Any) -> None:
        if step.step == 10:
            raise KeyboardInterrupt

    model = quick(numbers.fitted_on, on_step=interrupt, train={**BRIEF, "epochs": 500})
    assert model.card["ended"]["model"] == "interrupted" and len(model.sample(2)) == 2


def test_a_resumed_training_is_the_training(numbers: Any, tmp_path: Any) -> None:
    train = {**BRIEF, "epochs": 4, "prior_epochs": 2}
    straight = quick(numbers.fitted_on, train=train)

    class Broken(Exception):
        """The machine goes down."""

    def down(step: Any) -> None:
        if step.stage == "model" and step.epoch == 2:
            raise Broken

    path = tmp_path / "run.ckpt"
    with pytest.raises(Broken):
        quick(numbers.fitted_on, train=train, resume=path, on_step=down)
    assert path.exists()
    epochs: list[int] = []
    resumed = quick(
        numbers.fitted_on,
        train=train,
        resume=path,
        on_step=lambda s: epochs.append(s.epoch) if s.stage == "model" else None,
    )
    assert min(epochs) == 2, "what was trained is not trained again"
    assert (resumed.encode(numbers.rows).mean == straight.encode(numbers.rows).mean).all()
    assert len(resumed.history) == len(straight.history)


def test_a_checkpoint_of_another_training_is_refused(numbers: Any, tmp_path: Any) -> None:
    path = tmp_path / "run.ckpt"
    quick(numbers.fitted_on, resume=path)
    with pytest.raises(ArtifactError, match=r"run\.ckpt") as refusal:
        quick(numbers.fitted_on, resume=path, latent=3)
    assert refusal.value.hint
    path.write_bytes(b"something else")
    with pytest.raises(ArtifactError, match=r"run\.ckpt"):
        quick(numbers.fitted_on, resume=path)


# -- what a model tells --------------------------------------------------------------------------------------------------


def test_the_history_is_a_table_of_the_fitted_type(mixed: Any) -> None:
    table = mixed.model.history
    assert isinstance(table, pd.DataFrame) and {"loss", "reconstruction", "kl_0", "kl_7", "rows_per_s"} <= set(table)
    assert table.loc[table["stage"] == "model", "kl_0"].notna().all()


def test_a_model_shows_itself_in_a_line(mixed: Any, numbers: Any) -> None:
    assert repr(mixed.model).startswith("Model(default, 700 rows, 8 latents; height: real") and "2 more" in repr(
        mixed.model
    )
    assert repr(numbers.model) == "Model(default, 500 rows, 2 latents; x0: real, x1: real)"


def test_the_module_speaks_as_the_tutorials_do(mixed: Any) -> None:
    module = mixed.model.module
    x = torch.rand(5, module.K).round()  # legal for every column: numbers near their mean, the first two levels
    x[0, 0] = torch.nan
    recon, mu, log_variance = module(x)
    assert recon.shape == x.shape and mu.shape == log_variance.shape == (5, 8)
    assert torch.equal(module.encode(x)[0], mu) and torch.equal(module.decode(mu), recon) and not recon.isnan().any()
    assert not module.training


def test_the_schema_and_the_card_are_plain(mixed: Any) -> None:
    import json

    assert json.loads(json.dumps(mixed.model.card)) == mixed.model.card
    assert mixed.model.fitted.schema.names == tuple(mixed.fitted_on.columns) or list(
        mixed.model.fitted.schema.names
    ) == list(mixed.fitted_on)


def test_a_real_table_end_to_end(adult: Any) -> None:
    model, rows = adult.model, adult.rows
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VaekitWarning)
        scores = model.score(rows.slice(0, 60), alpha=0.05)
        assert np.isfinite(scores.total).all() and scores.to_frame().num_rows == 60
        assert np.isfinite(model.log_prob(rows.slice(0, 20), samples=8)).all()
        filled = model.impute(rows.slice(0, 40))
    drawn = model.sample(50, given={"marital-status": "Divorced", "age": 40})
    assert drawn.schema.types == rows.schema.types and drawn.schema.names == rows.schema.names
    assert set(drawn["marital-status"].to_pylist()) == {"Divorced"} and set(drawn["age"].to_pylist()) == {40}
    for name in rows.column_names:
        before, after = rows.slice(0, 40)[name].to_pylist(), filled[name].to_pylist()
        assert all(b is None or a == b for a, b in zip(after, before, strict=True)) and None not in after


def test_the_schema_is_plain_and_may_be_given_back(mixed: Any) -> None:
    schema = mixed.model.schema
    assert list(schema) == list(mixed.fitted_on.columns) and json.loads(json.dumps(schema)) == schema
    assert schema["income"]["kind"] == "positive" and "distinct" in schema["id"]["reason"]
