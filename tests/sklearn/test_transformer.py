"""Latent coordinates as features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vaekit.sklearn import VAETransformer

QUICK = {"epochs": 3}


def test_names_and_frames_of_latents(frame: Any) -> None:
    adapter = VAETransformer(latent=2, train=QUICK).set_output(transform="polars")
    out = adapter.fit_transform(frame)
    assert out.columns == ["mean_0", "mean_1"] == adapter.get_feature_names_out().tolist()
    with pytest.raises(ValueError, match="input_features"):
        adapter.get_feature_names_out(["other"])


def test_latents_lead_back_to_rows(frame: Any) -> None:
    adapter = VAETransformer(train={"epochs": 15}).fit(frame)
    back = adapter.inverse_transform(adapter.transform(frame))
    assert list(back.columns) == list(frame.columns)
    seen = frame["weight"].notna()
    assert np.corrcoef(back["weight"][seen], frame["weight"][seen])[0, 1] > 0.8
