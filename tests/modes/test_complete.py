"""Rows with what the model made of their missing cells, and every observed cell as it was given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

import vaekit
from vaekit.modes.ask import ask
from vaekit.modes.complete import complete, with_aside
from vaekit.schema.tensors import ndarray_of


def test_known_cells_stay_and_the_others_are_taken(mixed: Any) -> None:
    fitted = mixed.model.fitted
    asked = ask(fitted, mixed.rows[:20])
    filled = torch.zeros(20, fitted.layout.K)
    table = complete(fitted, asked, asked.observed, filled)
    assert table.column_names == list(mixed.rows.columns)
    kept = asked.arrow["height"].combine_chunks()
    height = table["height"].combine_chunks()
    assert height.null_count == 0 and height.filter(kept.is_valid()).equals(kept.drop_null())
    filled_in = height.filter(kept.is_null()).to_numpy()
    assert (filled_in == filled_in[0]).all() and abs(filled_in[0] - mixed.fitted_on.height.mean()) < 1
    everything = complete(fitted, asked, None, filled)
    assert len(everything["height"].unique()) == 1 and everything["id"].equals(asked.arrow["id"])


def test_blank_columns_keep_their_gaps(mixed: Any) -> None:
    asked = ask(mixed.model.fitted, mixed.rows[:60])
    filled = torch.zeros(60, mixed.model.fitted.layout.K)
    table = complete(mixed.model.fitted, asked, asked.observed, filled, blank=("city",))
    assert table["city"].null_count == asked.arrow["city"].null_count > 0 == table["height"].null_count


def test_pixels_are_kept_one_by_one(fitted: Any) -> None:
    case = fitted("image-colour")
    own = case.model.fitted
    asked = ask(own, case.rows)
    filled = torch.full((30, own.layout.K), 0.5)
    images = ndarray_of(complete(own, asked, asked.rows.observed, filled)["image"])[0]
    gone = np.isnan(case.rows)
    assert gone.any() and np.array_equal(images[~gone], case.rows[~gone])
    np.testing.assert_allclose(images[gone], own.layout.channels[0].value(0.5), rtol=1e-6)
    assert images.dtype == case.rows.dtype


def test_steps_that_no_window_covers_stay_null(fitted: Any) -> None:
    import pandas as pd
    import pytest

    case = fitted("stream")
    own, short = case.model.fitted, case.rows[-4:].assign(machine="c", heat=None)
    with pytest.warns(UserWarning, match="4 steps lie"):
        asked = ask(own, pd.concat([case.rows[:30], short], ignore_index=True))
    table = complete(own, asked, asked.rows.observed, torch.zeros(len(asked), own.layout.K))
    assert table["heat"][:30].null_count == 0 and table["heat"][30:].null_count == 4
    assert table["load"][30:].to_pylist() == asked.arrow["load"][30:].to_pylist()
    assert complete(own, asked, None, torch.zeros(len(asked), own.layout.K))["load"][30:].null_count == 4


def test_what_is_not_modelled_is_as_it_was_given(fitted: Any) -> None:
    case = fitted("given")
    asked = ask(case.model.fitted, case.rows[:5])
    decoded = pa.table({name: pa.nulls(5) for name in case.model.fitted.schema.names})
    table = with_aside(case.model.fitted, decoded, asked)
    assert table["city"].equals(asked.arrow["city"]) and table["id"].equals(asked.arrow["id"])
    assert table["height"].null_count == 5


def test_a_missing_cell_of_a_constant_column_is_its_one_value() -> None:
    rows = pd.DataFrame({"a": np.random.default_rng(0).normal(size=200), "unit": "kg", "version": 3})
    model = vaekit.fit(rows, "vae", train={"epochs": 1}, latent=2, progress=False)
    gaps = rows.head(6).astype(object)
    gaps.loc[::2, ["unit", "version"]] = None
    filled = model.impute(gaps)
    assert (filled["unit"] == "kg").all() and (filled["version"] == 3).all()
    low, high = model.impute_interval(gaps)
    assert (
        (low["version"] == 3).all()
        and (high["version"] == 3).all()
        and low["unit"].isna().tolist() == [True, False] * 3
    )
    assert (model.impute(gaps.assign(unit="lb"))["unit"] == "lb").all(), "what is known stays"
