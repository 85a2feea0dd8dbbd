from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from vaekit.modes.ask import ask
from vaekit.modes.calibrate import p_values, raw_scores
from vaekit.modes.leave_out import leave_out
from vaekit.modes.ways import USUAL, WAYS


def test_p_values_count_the_rows_at_least_as_strange(mixed: Any) -> None:
    known = mixed.model.fitted.arrays["calibration.default"]
    assert len(known) == 140 and (np.diff(known) >= 0).all()
    total = torch.tensor([known.max() + 1, known.max(), known.min(), known.min() - 1, np.median(known)])
    p = p_values(mixed.model.fitted, "default", total)
    np.testing.assert_allclose(p[:4], [1 / 141, 2 / 141, 1, 1])
    assert p[4] == (1 + (known >= np.median(known)).sum()) / 141


def test_a_calibration_row_meets_itself_among_the_rows(mixed: Any) -> None:
    """The last digits of a row scored alone must not move it past itself."""
    known = mixed.model.fitted.arrays["calibration.default"]
    p = p_values(mixed.model.fitted, "default", torch.from_numpy(known * (1 + 1e-6) + 1e-6))
    assert p[0] == 1 and p[-1] == 2 / 141


def test_every_way_is_calibrated(mixed: Any) -> None:
    arrays = mixed.model.fitted.arrays
    assert all(f"calibration.{by}" in arrays and f"centre.{by}" in arrays for by in WAYS)
    assert not arrays["centre.reconstruction"].any(), "errors stay what they are"


def test_raw_scores_do_not_depend_on_the_chunk(mixed: Any, monkeypatch: Any) -> None:
    codec = mixed.model.fitted.codec
    import pyarrow as pa

    cells, observed = codec.encode(
        mixed.model.fitted.schema.conform(pa.Table.from_pandas(mixed.rows[:30], preserve_index=False))
    )
    pair = torch.from_numpy(cells).float(), torch.from_numpy(observed)
    with torch.no_grad():
        whole = raw_scores(mixed.model.fitted, "default", *pair)
        monkeypatch.setattr("vaekit.modes.calibrate.chunks", lambda count, size: [slice(0, 7), slice(7, count)])
        parts = raw_scores(mixed.model.fitted, "default", *pair)
    assert whole.cells.dtype == torch.float64
    torch.testing.assert_close(whole.cells, parts.cells, rtol=1e-5, atol=1e-5)


def test_one_image_held_out_weighs_nothing_up() -> None:
    """Of a single image there is no spread to divide by."""
    import vaekit

    images = np.random.default_rng(0).integers(0, 256, (10, 4, 4)).astype(np.uint8)
    net = {"kind": "mlp", "hidden": [4]}
    model = vaekit.fit(images, net=net, train={"epochs": 1, "prior_epochs": 1}, validation=0.1)
    assert model.card["held_out_rows"] == 1 and (model.fitted.arrays["weight.default"] == 1).all()
    assert np.isfinite(model.score(images, alpha=0.5).total).all()


def test_pixels_and_neighbours_weigh_by_their_spread(fitted: Any) -> None:
    """Over the calibration images the error of the pixels has a spread of 1, the distance to the neighbours one of 2."""
    model = fitted("image-mlp").model
    apart = _held_out(fitted("image-mlp").fitted_on)
    told = model.score(apart, alpha=0.2)
    assert told.cells.sum(1).std(ddof=1) == pytest.approx(1, rel=1e-4)
    assert told.parts["(neighbours)"].std(ddof=1) == pytest.approx(2, rel=1e-4)


def _held_out(rows: Any) -> Any:
    from vaekit.fitting import split

    return rows[split(len(rows), 0.2, 0)[1]]


def test_the_usual_nats_of_a_cell_left_out_are_kept(mixed: Any) -> None:
    """They tell a strange cell from an ordinary one, whatever else the score adds up."""
    fitted = mixed.model.fitted
    asked = ask(fitted, mixed.rows)
    with torch.no_grad():
        nats = leave_out(fitted, asked.cells, asked.observed).nats.sum(0) / asked.observed.sum(0)
    assert np.abs(fitted.arrays[USUAL] - nats.numpy()).max() < 0.5
