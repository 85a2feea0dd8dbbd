"""Gaps of arrays and of frames."""

from __future__ import annotations

from typing import Any

import numpy as np

from vaekit.sklearn import VAEImputer

QUICK = {"epochs": 3}


def test_an_array_comes_back_whole_and_observed_cells_as_they_were() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    rows[::5, 1] = np.nan
    out = VAEImputer(train=QUICK).fit_transform(rows)
    assert out.dtype == np.float32 and not np.isnan(out).any()
    seen = ~np.isnan(rows)
    assert (out[seen] == rows[seen]).all()


def test_a_frame_keeps_its_types(frame: Any) -> None:
    out = VAEImputer(train=QUICK).fit_transform(frame)
    assert out.dtypes.equals(frame.dtypes) and out.isna().sum().sum() == 0
    assert set(out["city"]) == {"Oslo", "Rome"}
    assert VAEImputer(train=QUICK).fit(frame).get_feature_names_out().tolist() == list(frame.columns)


def test_random_completions_follow_the_seed(frame: Any) -> None:
    adapter = VAEImputer(sample_posterior=True, train=QUICK).fit(frame)
    first, again = adapter.transform(frame), adapter.transform(frame)
    assert first.equals(again)
    assert not adapter.set_params(random_state=1).transform(frame).equals(first)
    assert not adapter.set_params(sample_posterior=False).transform(frame).equals(first)
