"""The codec as JSON."""

from __future__ import annotations

import json
from typing import Any

from vaekit.export.describe import describe


def test_the_description_is_json_and_counts_every_cell(case: Any) -> None:
    model = case.model.fitted
    about = json.loads(json.dumps(describe(model), allow_nan=False))
    assert about["modelled_cells"] == model.layout.K and about["latents"] == model.vae.latents
    assert [column["name"] for column in about["columns"]] == list(model.codec.names)
    assert about["calibration"] is None or about["calibration"] == sorted(about["calibration"])
