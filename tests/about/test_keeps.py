from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import vaekit


def _rows_of(model: Any) -> dict[str, Any]:
    return {each["what"]: each["rows"] for each in model.card["keeps"] if each["rows"] is not None}


def test_rows_are_counted_by_what_the_file_holds_of_them(mixed: Any, fitted: Any) -> None:
    assert _rows_of(mixed.model) == {"cells": 560, "latents": 560}
    assert _rows_of(fitted("given").model) == {"cells": 630, "latents": 630, "given columns": 630}
    assert _rows_of(fitted("image-mlp").model) == {"latents": 128}, "pixels are not kept"
    assert all(each["of"] == 560 for each in mixed.model.card["keeps"])


def test_rows_that_are_said_to_be_kept_can_be_found_in_the_file_and_no_others() -> None:
    rows = np.random.default_rng(0).normal(size=(90, 2))
    options: dict[str, Any] = {"train": {"epochs": 1, "prior_epochs": 1}}
    kept, none = vaekit.fit(rows, **options), vaekit.fit(rows, store_rows=False, **options)
    field = kept.fitted.fields[0]
    found = field.value(kept.fitted.arrays["neighbours.cells"][:, 0].astype(float))
    assert np.isclose(np.sort(rows[:, 0])[:, None], found, rtol=1e-5).any(1).sum() == 81
    assert _rows_of(none) == {} and "keeps no training row" in none.card["limits"]["privacy"]
    assert none.card["kept_training_rows"] == 0


def test_what_columns_tell_of_rows_is_told_too(mixed: Any, numbers: Any) -> None:
    shown = {each["what"]: each["shows"] for each in mixed.model.card["keeps"] if each["rows"] is None}
    assert any(what.startswith("names in ") and "city" in what for what in shown) and "quantiles of numbers" in shown
    assert not any(each["what"].startswith("names") for each in numbers.model.card["keeps"])


@pytest.mark.parametrize("preset", ["vamp", "vae"])
def test_pseudo_inputs_began_at_rows(preset: str) -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2))
    card = vaekit.fit(rows, preset, train={"epochs": 1}).card
    assert any(each["what"] == "pseudo-inputs" for each in card["keeps"]) == (preset == "vamp")
    json.dumps(card)
