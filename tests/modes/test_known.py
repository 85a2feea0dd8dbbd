"""Which cells an extra mask hides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

import vaekit
from vaekit.errors import SpecError
from vaekit.modes.ask import ask
from vaekit.modes.known import contexts, known_cells

LOWER = np.arange(8)[:, None].repeat(6, 1) >= 4


def known(case: Any, missing: Any) -> Any:
    asked = ask(case.model.fitted, case.rows)
    return known_cells(case.model.fitted, asked, missing), asked.rows.observed


def test_without_a_mask_what_is_observed_is_known(mixed: Any) -> None:
    found, observed = known(mixed, None)
    assert torch.equal(found, observed)


def test_a_table_says_it_column_by_column(mixed: Any) -> None:
    flags = np.random.default_rng(0).random(mixed.rows.shape) < 0.3
    found, observed = known(mixed, flags)
    names = [name for name in mixed.rows.columns if name in mixed.model.fitted.names]
    wanted = torch.from_numpy(flags[:, [list(mixed.rows.columns).index(name) for name in names]])
    assert names == list(mixed.model.fitted.names) and torch.equal(found, observed & ~wanted)
    frame = pd.DataFrame(flags, columns=mixed.rows.columns)
    for other in (frame, pl.from_pandas(frame), frame[frame.columns[::-1]], torch.from_numpy(flags), flags.tolist()):
        assert torch.equal(known(mixed, other)[0], found)


def test_what_is_given_stays_known(fitted: Any) -> None:
    for name in ("given", "stream-given"):
        case = fitted(name)
        found, observed = known(case, np.ones(case.rows.shape, dtype=bool))
        K = case.model.fitted.codec.modelled
        assert not found[:, :K].any() and torch.equal(found[:, K:], observed[:, K:])


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (np.ones((3, 2), dtype=bool), r"missing has shape \(3, 2\) of bool, expected \(200, 10\)"),
        (np.ones((200, 10)), "of float64"),
        (pd.DataFrame({"height": np.ones(200, dtype=bool)}), r"missing has no column|expected \(200, 1\)"),
    ],
)
def test_a_mask_of_another_shape_or_type_is_refused(mixed: Any, missing: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        known(mixed, missing)
    assert caught.value.hint


def test_a_mask_of_pixels_spares_the_columns_beside_them(fitted: Any) -> None:
    case = fitted("image-label")
    found, observed = known(case, LOWER)
    assert torch.equal(found[:, 48:], observed[:, 48:])
    assert torch.equal(found[:, :48], torch.from_numpy(~LOWER.ravel()).expand(30, -1))
    digits = np.arange(30) % 2 == 0
    both, _ = known(case, {"image": LOWER, "digit": digits})
    assert torch.equal(both[:, :48], found[:, :48]) and torch.equal(both[:, 48], torch.from_numpy(~digits))
    alone, _ = known(case, {"digit": digits})
    assert alone[:, :48].all() and torch.equal(alone[:, 48], both[:, 48])
    images = vaekit.images(np.broadcast_to(LOWER, (30, 8, 6)), columns={"digit": digits})
    assert torch.equal(known(case, images)[0], both)


def test_one_colour_may_be_missing(fitted: Any) -> None:
    case = fitted("image-colour")
    red = np.zeros((6, 5, 3), dtype=bool)
    red[..., 0] = True
    found, observed = known(case, red)
    assert torch.equal(found, observed & torch.from_numpy(~red.ravel()))
    assert torch.equal(known(case, np.moveaxis(np.broadcast_to(red, (30, 6, 5, 3)), -1, 1))[0], found)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (LOWER.astype(np.uint8), r"missing has shape \(8, 6\) of uint8"),
        (LOWER.T, r"missing has shape \(6, 8\) of bool, expected \(30, 8, 6\)"),
        (np.ones((29, 8, 6), dtype=bool), "missing has shape"),
        ({"picture": LOWER}, "missing has no column 'picture'"),
        ({"image": LOWER, "digit": [True]}, r"missing\['digit'\] has shape \(1,\)"),
    ],
)
def test_a_mask_that_fits_no_image_is_refused(fitted: Any, missing: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        known(fitted("image-label"), missing)


def test_the_context_of_a_window_is_what_is_known_of_its_steps(stream: Any) -> None:
    flags = np.zeros(stream.rows.shape, dtype=bool)
    flags[20:30] = True
    fitted = stream.model.fitted
    asked = ask(fitted, stream.rows)
    steps = known_cells(fitted, asked, flags)
    context = contexts(fitted, asked, steps)
    K, C = fitted.layout.K, len(fitted.layout.channels)
    assert context.shape == asked.observed.shape and torch.equal(
        contexts(fitted, asked, asked.rows.observed), asked.observed
    )
    assert torch.equal(context[:, :K].reshape(len(asked), -1, C), steps[torch.from_numpy(asked.at)][..., :C])
