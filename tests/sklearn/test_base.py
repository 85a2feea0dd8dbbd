"""What holds for every adapter: scikit-learn's own checks, its tools, and answers equal to the model's."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import vaekit
from vaekit import sklearn as adapters
from vaekit.errors import SpecError

QUICK = {"epochs": 3, "batch": 16}
EVERY = [getattr(adapters, name)() for name in adapters.__all__]
EVERY.append(adapters.VAEOutlierDetector(convention="sklearn"))


@pytest.mark.slow
@pytest.mark.parametrize("estimator", EVERY, ids=str)
def test_scikit_learn_finds_nothing_to_complain_of(estimator: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(clone(estimator).set_params(train=QUICK), on_skip=None)
    assert len(results) >= 40 and all(result["status"] in ("passed", "skipped") for result in results)


def test_options_are_those_of_fit() -> None:
    options = set(adapters.VAETransformer().get_params()) - {"random_state"}
    assert options <= {*vaekit.presets.PARTS, "preset", "schema", "validation", "time_limit", "device"}
    for estimator in EVERY:
        assert {*options, "random_state"} <= set(estimator.get_params()), estimator


def test_an_adapter_answers_as_its_model_does(frame: Any) -> None:
    model = vaekit.fit(frame, prior="normal", train=QUICK)
    adapter = adapters.VAETransformer(train=QUICK).fit(frame)
    np.testing.assert_allclose(adapter.transform(frame), model.encode(frame).mean, atol=1e-5)
    np.testing.assert_allclose(adapter.score(frame), model.log_prob(frame, 16).mean(), rtol=1e-5)


def test_a_seed_decides_the_fit(frame: Any) -> None:
    def latents(seed: Any) -> Any:
        return adapters.VAETransformer(train=QUICK, random_state=seed).fit_transform(frame)

    assert (latents(1) == latents(1)).all() and not (latents(1) == latents(2)).all()
    first, again = (latents(np.random.RandomState(7)) for _ in range(2))
    assert (first == again).all()


def test_a_grid_is_searched_by_the_bound_on_log_p(frame: Any) -> None:
    search = GridSearchCV(adapters.VAETransformer(train=QUICK), {"latent": [1, 3]}, cv=2).fit(frame)
    assert search.best_params_["latent"] in (1, 3) and np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_columns_and_pipelines(frame: Any, kind: Any) -> None:
    numbers = make_pipeline(StandardScaler(), adapters.VAETransformer(latent=2, train=QUICK))
    columns = ColumnTransformer([("vae", numbers, ["size", "weight"]), ("rest", "drop", ["city"])])
    columns.set_output(transform="pandas")
    out = columns.fit_transform(frame)
    assert list(out.columns) == ["vae__mean_0", "vae__mean_1"] and len(out) == len(frame)
    both = make_pipeline(adapters.VAEImputer(train=QUICK), adapters.VAEClassifier(train={"epochs": 15}))
    assert both.fit(frame, kind).score(frame, kind) > 0.8


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_frames_of_any_library(frame: Any, library: str) -> None:
    import polars as pl
    import pyarrow as pa

    rows = {"pandas": frame, "polars": pl.from_pandas(frame), "arrow": pa.Table.from_pandas(frame)}[library]
    adapter = adapters.VAETransformer(train=QUICK).fit(rows)
    assert list(adapter.feature_names_in_) == ["size", "weight", "city"]
    assert adapter.transform(rows).shape[0] == 120
    with pytest.raises(ValueError, match="feature names should match"):
        adapter.transform(frame.rename(columns={"size": "length"}))


def test_arrays_for_a_model_of_frames_and_frames_for_a_model_of_arrays(frame: Any) -> None:
    numbers = frame[["size", "weight"]]
    of_frame, of_array = (adapters.VAETransformer(train=QUICK).fit(rows) for rows in (numbers, numbers.to_numpy()))
    with pytest.warns(UserWarning, match="feature names"):
        np.testing.assert_allclose(of_frame.transform(numbers.to_numpy()), of_frame.transform(numbers))
    with pytest.warns(UserWarning, match="feature names"):
        np.testing.assert_allclose(of_array.transform(numbers), of_array.transform(numbers.to_numpy()))


def test_a_fitted_adapter_travels_to_other_processes(frame: Any) -> None:
    adapter = adapters.VAEOutlierDetector(train=QUICK).fit(frame)
    there = pickle.loads(pickle.dumps(adapter))
    assert (there.decision_function(frame) == adapter.decision_function(frame)).all()


def test_the_answer_for_a_row_does_not_depend_on_its_company(frame: Any) -> None:
    adapter = adapters.VAETransformer(train=QUICK).fit(frame)
    alone = np.concatenate([adapter.transform(frame[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, adapter.transform(frame)[:5], rtol=1e-9, atol=1e-12)


def test_a_mistake_is_told_as_by_fit(frame: Any) -> None:
    with pytest.raises(SpecError, match="latent"):
        adapters.VAETransformer(latent=0).fit(frame)
