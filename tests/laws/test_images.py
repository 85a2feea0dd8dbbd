"""What holds for every mode on images: grey and coloured, with a digit beside them that is given or is the label."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import vaekit
from vaekit.artifact import Fitted
from vaekit.sources.images import Images

Numbers = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def _no_word_of_calibration() -> Iterator[None]:
    """Small models have too few calibration rows for alpha = 0.01."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="score: .* calibration rows|impute: nothing is missing")
        yield


def pixels(answer: Any) -> Numbers:
    """The images of an answer, (B, H, W) or (B, H, W, C)."""
    return np.asarray(answer.array if isinstance(answer, Images) else answer)


def flat(answer: Any) -> Numbers:
    """An answer as numbers, one line an image: its pixels, then the columns beside them."""
    images = pixels(answer).astype(float)
    beside = answer.columns.values() if isinstance(answer, Images) else ()
    return np.column_stack([images.reshape(len(images), -1), *(np.asarray(column, dtype=float) for column in beside)])


def _score(model: Any, rows: Any) -> Numbers:
    told = model.score(rows, alpha=0.2)
    return np.column_stack([told.total, told.cells, told.latents, told.p_value, *told.parts.values()])


def given(model: Any, rows: Any) -> dict[str, Any]:
    """What `decode` must be told of a model that is conditioned on the digit."""
    return {"given": {"digit": list(rows["digit"])}} if model.fitted.schema.given else {}


BY_ROW: dict[str, Callable[[Any, Any], Numbers]] = {
    "score": _score,
    "log_prob": lambda model, rows: model.log_prob(rows, samples=4)[:, None],
    "impute": lambda model, rows: flat(model.impute(rows)),
    "impute_interval": lambda model, rows: np.column_stack([flat(end) for end in model.impute_interval(rows)]),
    "reconstruct": lambda model, rows: flat(model.reconstruct(rows)),
    "denoise": lambda model, rows: flat(model.denoise(rows)),
    "encode": lambda model, rows: np.column_stack([model.encode(rows).mean, model.encode(rows).std]),
    "cluster": lambda model, rows: model.cluster(rows).probability,
    "decode": lambda model, rows: flat(model.decode(model.encode(rows), **given(model, rows))),
}
OTHERWISE: dict[str, Callable[[Any, Any], Numbers]] = {
    "sample": lambda model, rows: flat(model.sample(5, seed=3)),
    "draws": lambda model, rows: np.concatenate([flat(each) for each in model.impute(rows, draws=2, seed=3)]),
    "traverse": lambda model, rows: flat(model.traverse(rows[:1], dims=[0], steps=3).to_frame()),
    "interpolate": lambda model, rows: flat(model.interpolate(rows[:1], rows[1:2], steps=4).to_frame()),
    "shift": lambda model, rows: flat(model.shift(rows[:1], {0: 1.0})),
}


NEAR = {"cluster": 1e-4}  # the least difference of latents moves shares of groups, which fall steeply


def assert_close(a: Numbers, b: Numbers, why: str, near: float = 1e-5) -> None:
    """Equal, of which 1 in 200 may round to the next grey level."""
    assert np.isclose(a, b, rtol=near, atol=near, equal_nan=True).mean() >= 0.995, why


def test_the_same_question_has_the_same_answer(pictures: Any) -> None:
    for name, ask in (BY_ROW | OTHERWISE).items():
        first, second = ask(pictures.model, pictures.rows), ask(pictures.model, pictures.rows)
        np.testing.assert_array_equal(first, second, err_msg=name)
    assert not np.array_equal(flat(pictures.model.sample(5, seed=3)), flat(pictures.model.sample(5, seed=4)))


def test_an_image_does_not_depend_on_its_neighbours(pictures: Any, monkeypatch: Any) -> None:
    rows = pictures.rows[:12]
    for name, ask in BY_ROW.items():
        whole, near = ask(pictures.model, rows), NEAR.get(name, 1e-5)
        assert len(whole) == 12 and np.isfinite(whole).all(), name
        assert_close(whole, ask(pictures.model, rows[::-1])[::-1], f"{name} backwards", near)
        assert_close(whole[:5], ask(pictures.model, rows[:5]), f"{name} of the first five", near)
        with monkeypatch.context() as patch:
            patch.setattr(Fitted, "at_once", 5)
            assert_close(whole, ask(pictures.model, rows), f"{name} in chunks", near)


def test_cells_and_parts_sum_to_the_score(pictures: Any) -> None:
    model, rows = pictures.model, pictures.rows
    for by in ("default", "likelihood", "reconstruction", "latent"):
        told = model.score(rows, by=by, alpha=0.2)
        assert told.cells.shape == (len(rows), len(told.columns))
        np.testing.assert_allclose(told.cells.sum(1) + sum(told.parts.values()), told.total, rtol=1e-9, atol=1e-9)
        assert ((told.p_value > 0) & (told.p_value <= 1)).all()


def test_reasons_are_tiles_and_columns_and_their_shares_are_true(pictures: Any) -> None:
    told = pictures.model.score(pictures.rows, reasons=99, alpha=0.2)
    positive = [part.clip(min=0) for part in told.parts.values()]
    for b, reasons in enumerate(told.reasons):
        assert all(reason.column.startswith(("image[", "digit")) for reason in reasons)
        shares = [reason.share for reason in reasons]
        assert shares == sorted(shares, reverse=True) and sum(shares) <= 1 + 1e-9
        alone = sum(float(part[b]) for part in positive)
        if reasons and not alone:
            assert sum(shares) == pytest.approx(1)


def test_observed_pixels_are_untouched_and_missing_ones_are_filled(pictures: Any) -> None:
    rows = pictures.rows
    before = pixels(rows)
    for filled in (pictures.model.impute(rows), *pictures.model.impute(rows, draws=2)):
        after = pixels(filled)
        assert type(filled) is type(rows) and after.dtype == before.dtype and after.shape == before.shape
        seen = ~np.isnan(before) if before.dtype.kind == "f" else np.ones(before.shape, dtype=bool)
        assert np.array_equal(after[seen], before[seen]) and np.isfinite(after).all()
        if isinstance(rows, Images):
            assert filled.columns["digit"].tolist() == rows.columns["digit"].tolist()


def masks(shape: tuple[int, ...], library: Any) -> Iterator[Any]:
    """The same mask, the lower half of every image, in every form that is accepted."""
    B, H, W, *C = shape
    one = np.arange(H)[:, None].repeat(W, 1) >= H // 2
    every = np.broadcast_to(one, (B, H, W))
    channels = C[0] if C else 1
    wide = np.broadcast_to(every[..., None], (B, H, W, channels))
    yield from (one, every, wide[0], wide, np.moveaxis(wide, -1, 1), one.tolist(), {"image": one})
    yield library.images(every)


def test_a_mask_may_have_any_form(pictures: Any) -> None:
    rows = pictures.rows
    before = pixels(rows)
    half = before.shape[1] // 2
    first = None
    for mask in masks(before.shape, vaekit):
        after = pixels(pictures.model.impute(rows, missing=mask))
        first = after if first is None else first
        assert np.array_equal(after, first)
        assert np.array_equal(after[:, :half], before[:, :half]) or before.dtype.kind == "f"
        assert (after[:, half:] != before[:, half:]).any()
    low, high = (pixels(end)[:, half:] for end in pictures.model.impute_interval(rows, missing=mask))
    assert (low <= high).all() and (low < high).any()


def test_what_is_masked_has_no_say(pictures: Any) -> None:
    rows = pictures.rows
    half = pixels(rows).shape[1] // 2
    other = pixels(rows).copy()
    other[:, half:] = other[::-1, half:]
    other = vaekit.images(other, columns=rows.columns) if isinstance(rows, Images) else other
    mask = np.zeros(pixels(rows).shape[1:3], dtype=bool)
    mask[half:] = True
    first, second = (pictures.model.impute(each, missing=mask) for each in (rows, other))
    assert np.array_equal(pixels(first), pixels(second))


def test_a_walk_begins_and_ends_at_its_ends(pictures: Any) -> None:
    a, b = pictures.rows[:1], pictures.rows[1:2]
    for path in ("linear", "spherical"):
        walk = pictures.model.interpolate(a, b, steps=4, path=path)
        images = pixels(walk.to_frame())
        assert len(images) == len(walk) == 4
        kinds = {"equal_nan": True} if images.dtype.kind == "f" else {}
        assert np.array_equal(images[0], pixels(a)[0], **kinds) and np.array_equal(images[-1], pixels(b)[0], **kinds)


def test_a_condition_comes_back(fitted: Any) -> None:
    for name in ("image-given", "image-label"):
        model = fitted(name).model
        drawn = model.sample(6, given={"digit": 2})
        assert drawn.shape == (6, 8, 6) and drawn["digit"].tolist() == [2] * 6
        table = model.sample(given={"digit": [0, 2, 1]})
        assert len(table) == 3 and table["digit"].tolist() == [0, 2, 1]
    rows = fitted("image-colour").rows[:4]
    seen = ~np.isnan(rows)
    np.testing.assert_allclose(fitted("image-colour").model.sample(given=rows)[seen], rows[seen], rtol=1e-5, atol=1e-6)


def test_a_saved_model_answers_the_same(pictures: Any, tmp_path: Any) -> None:
    loaded = vaekit.load(pictures.model.save(tmp_path / "pictures.vae"))
    assert loaded.card == pictures.model.card
    for name, ask in (BY_ROW | OTHERWISE).items():
        first, second = (ask(model, pictures.rows[:6]) for model in (pictures.model, loaded))
        np.testing.assert_array_equal(first, second, err_msg=name)


def test_decoding_the_mean_is_the_reconstruction(pictures: Any) -> None:
    rows = pictures.rows
    back = pictures.model.decode(pictures.model.encode(rows), **given(pictures.model, rows))
    assert_close(pixels(back).astype(float), pixels(pictures.model.reconstruct(rows)).astype(float), pictures.name)


def test_the_label_is_classified_whether_or_not_it_is_there(fitted: Any) -> None:
    case = fitted("image-label")
    hidden = vaekit.images(case.rows.array, columns={"digit": [None] * len(case.rows)})
    first, second = (case.model.classify(rows) for rows in (case.rows, hidden))
    np.testing.assert_allclose(first.probability, second.probability, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(first.probability.sum(1), 1, rtol=1e-5)
    assert first.values == [0, 1, 2] and set(first.label) <= {0, 1, 2}


def test_a_null_image_is_an_image_of_gaps(fitted: Any) -> None:
    import pyarrow as pa

    model = fitted("image-label").model
    kind = fitted("image-label").rows.to_arrow().schema.field("image").type
    rows = pa.table({"image": pa.nulls(2, kind), "digit": pa.array([1, None])})
    filled = model.impute(rows)
    assert filled["image"].null_count == 0 and filled["digit"].null_count == 0 and filled["digit"][0].as_py() == 1
    assert np.isfinite(model.score(rows, alpha=0.2).total).all() and np.isfinite(model.log_prob(rows)).all()
