"""Whole numbers that floats cannot hold come back as they were given, in every type of table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import vaekit
from vaekit.sources import give_back, read

LARGE = 2**60 + 2 * np.arange(50) + 1
SHORT = {"epochs": 1, "prior_epochs": 1, "ratio_epochs": 1}


@pytest.mark.parametrize("dtype", ["Int64", "UInt64", "int64[pyarrow]", "object"])
def test_a_gap_leaves_large_whole_numbers_as_they_are(dtype: str) -> None:
    frame = pd.DataFrame({"account": pd.array([*LARGE.tolist(), None], dtype="Int64").astype(dtype)})
    given = read(frame)
    back = give_back(given.arrow, given)
    assert back["account"].dtype == frame["account"].dtype
    assert back["account"].tolist()[:-1] == LARGE.tolist() and pd.isna(back["account"].iloc[-1])


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_arrays_of_large_whole_numbers_come_back(kind: Any) -> None:
    rows = np.stack([LARGE, LARGE + 8], 1).astype(kind)
    given = read(rows)
    back = give_back(given.arrow, given)
    assert back.dtype == rows.dtype and np.array_equal(back, rows)


def test_tensors_of_large_whole_numbers_come_back() -> None:
    rows = torch.from_numpy(np.stack([LARGE, LARGE + 8], 1))
    given = read(rows)
    back = give_back(given.arrow, given)
    assert back.dtype == rows.dtype and torch.equal(back, rows)


def test_they_come_back_from_every_question() -> None:
    noise = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": noise.normal(size=120), "account": pd.array(noise.permutation(120) + 2**60, dtype="Int64")}
    )
    frame.loc[3, "account"] = pd.NA
    model = vaekit.fit(frame, train=SHORT, progress=False)
    pd.testing.assert_frame_equal(model.decompress(model.compress(frame)), frame)
    seen = frame["account"].notna()
    assert model.impute(frame)["account"][seen].equals(frame["account"][seen])
