"""What holds for every mode on streams: one answer a step, from the windows that cover it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import vaekit
from vaekit.artifact import Fitted
from vaekit.errors import DataError, SpecError, VaekitWarning


@pytest.fixture(autouse=True)
def _no_word_of_calibration() -> Iterator[None]:
    """Small models have too few calibration windows for alpha = 0.01."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="score: .* calibration rows|impute: nothing is missing")
        yield


def _score(model: Any, rows: Any) -> pd.DataFrame:
    told = model.score(rows)
    return pd.DataFrame(
        np.column_stack([told.total, told.cells, told.latents, told.p_value, told.causal, *told.parts.values()])
    )


# One answer a step.
BY_STEP: dict[str, Callable[[Any, Any], pd.DataFrame]] = {
    "score": _score,
    "log_prob": lambda model, rows: pd.DataFrame(model.log_prob(rows, samples=4)),
    "impute": lambda model, rows: model.impute(rows),
    "draws": lambda model, rows: pd.concat(model.impute(rows, draws=2), axis=1),
    "impute_interval": lambda model, rows: pd.concat(model.impute_interval(rows), axis=1),
    "reconstruct": lambda model, rows: model.reconstruct(rows),
    "denoise": lambda model, rows: model.denoise(rows),
    "cluster": lambda model, rows: pd.DataFrame(model.cluster(rows).probability),
}
DRAWN = {"draws"}  # random numbers follow the order and the chunks of the windows
OTHERWISE: dict[str, Callable[[Any, Any], pd.DataFrame]] = {
    "encode": lambda model, rows: pd.DataFrame(np.column_stack([model.encode(rows).mean, model.encode(rows).std])),
    "decode": lambda model, rows: model.decode(model.encode(one(model, rows)).mean, **given(model, rows)),
    "sample": lambda model, rows: model.sample(3, seed=3),
    "traverse": lambda model, rows: model.traverse(one(model, rows), dims=[0], steps=3).to_frame(),
    "centre": lambda model, rows: model.traverse(dims=[0], steps=3).to_frame(),
    "interpolate": lambda model, rows: model.interpolate(one(model, rows), one(model, rows, 40), steps=4).to_frame(),
    "shift": lambda model, rows: model.shift(one(model, rows), {0: 1.0}),
}


def one(model: Any, rows: Any, at: int = 0) -> Any:
    """The steps of one window."""
    return rows[at : at + model.fitted.steps]


def given(model: Any, rows: Any) -> dict[str, Any]:
    """What `decode` must be told of a model that is conditioned on channels."""
    names = [column.name for column in model.fitted.schema.given]
    return {"given": one(model, rows)[names]} if names else {}


def assert_close(a: pd.DataFrame, b: pd.DataFrame, why: str) -> None:
    """Equal columns and gaps; numbers to 1e-5, of which 1 in 200 may round to its other side."""
    assert list(a.columns) == list(b.columns) and len(a) == len(b), why
    for k in range(a.shape[1]):
        x, y = a.iloc[:, k].reset_index(drop=True), b.iloc[:, k].reset_index(drop=True)
        assert x.isna().equals(y.isna()), f"{why}: gaps of {a.columns[k]}"
        x, y = x.dropna(), y.dropna()
        same = np.isclose(x.astype(float), y.astype(float), rtol=1e-5, atol=1e-5) if x.dtype.kind in "fiu" else x == y
        assert np.mean(same) >= 0.995, f"{why}: {a.columns[k]}"


def windows_of(case: Any, rows: Any) -> list[Any]:
    cut = case.model.fitted.cut
    return list(cut.windows(cut.segments(pa.Table.from_pandas(rows, preserve_index=False))))


def test_the_same_question_has_the_same_answer_and_every_step_one(stream: Any) -> None:
    for name, ask in (BY_STEP | OTHERWISE).items():
        first, second = ask(stream.model, stream.rows), ask(stream.model, stream.rows)
        pd.testing.assert_frame_equal(first, second, obj=name)
        assert len(first) == len(stream.rows) or name in OTHERWISE, name
    assert not stream.model.sample(3, seed=3).equals(stream.model.sample(3, seed=4))


def test_answers_do_not_depend_on_the_chunk(stream: Any, monkeypatch: Any) -> None:
    for name in BY_STEP.keys() - DRAWN:
        ask = BY_STEP[name]
        whole = ask(stream.model, stream.rows)
        with monkeypatch.context() as patch:
            patch.setattr(Fitted, "at_once", 5)
            assert_close(whole, ask(stream.model, stream.rows), name)


def test_the_clock_orders_the_steps(fitted: Any) -> None:
    """Where there is a clock, the steps may come in any order, and their answers come in theirs."""
    case = fitted("stream")
    order = np.random.default_rng(0).permutation(len(case.rows))
    order = order[np.argsort(case.rows.machine.to_numpy()[order], kind="stable")]  # machines come in their order
    for name in BY_STEP.keys() - DRAWN:
        whole, mixed = (BY_STEP[name](case.model, rows) for rows in (case.rows, case.rows.iloc[order]))
        assert_close(whole.iloc[order], mixed, name)


def test_a_step_has_the_mean_of_its_windows(stream: Any) -> None:
    model, rows = stream.model, stream.rows
    told, at = model.score(rows), windows_of(stream, rows)
    found: dict[int, list[float]] = {}
    for window in at:
        alone = model.score(rows.iloc[window], reasons=0)
        np.testing.assert_allclose(alone.total, alone.total[0], rtol=1e-9)  # one window, one number
        for step in window:
            found.setdefault(int(step), []).append(alone.total[0])
    mean = [np.mean(found[step]) if step in found else np.nan for step in range(len(rows))]
    np.testing.assert_allclose(told.total, mean, rtol=1e-5, atol=1e-5)


def test_cells_and_parts_sum_to_the_score(stream: Any) -> None:
    for by in ("default", "likelihood", "reconstruction", "latent"):
        told = stream.model.score(stream.rows, by=by)
        assert told.cells.shape == (len(stream.rows), len(told.columns))
        np.testing.assert_allclose(told.cells.sum(1) + sum(told.parts.values()), told.total, rtol=1e-9, atol=1e-9)
        assert (told.p_value > 0).all() and (told.p_value <= 1).all()


def test_reasons_name_channels_and_their_shares_are_true(stream: Any) -> None:
    told = stream.model.score(stream.rows, reasons=99)
    for step, reasons in enumerate(told.reasons):
        assert {reason.column for reason in reasons} <= {*told.columns}
        shares = [reason.share for reason in reasons]
        assert shares == sorted(shares, reverse=True) and sum(shares) <= 1 + 1e-9
        for reason in reasons:
            seen = stream.rows[reason.column].iloc[step]
            assert (pd.isna(seen) and reason.observed is None) or reason.observed == seen
            assert reason.low is None or reason.low <= reason.high


def test_a_live_score_never_looks_ahead(stream: Any) -> None:
    """Later steps may be anything, or not there at all."""
    model, rows, now = stream.model, stream.rows, 90
    told = model.score(rows).causal
    other = pd.concat([rows[:now], rows[now:].assign(**{stream.model.fitted.layout.channels[0].name: 99.0})])
    for later in (rows[:now], other):
        np.testing.assert_allclose(model.score(later).causal[:now], told[:now], rtol=1e-5, atol=1e-5)
    T, ends = model.fitted.steps, {int(window[-1]) for window in windows_of(stream, rows)}
    assert np.isnan(told[: T - 1]).all() and np.isfinite(told[sorted(ends)]).all()
    alone = model.score(rows[now - T : now], reasons=0).total[0]
    assert told[now - 1] == pytest.approx(alone, rel=1e-5, abs=1e-5)


def test_observed_cells_are_untouched_and_gaps_are_filled(stream: Any) -> None:
    rows = stream.rows
    for filled in (stream.model.impute(rows), *stream.model.impute(rows, draws=2)):
        assert list(filled.columns) == list(rows.columns) and (filled.dtypes == rows.dtypes).all()
        modelled = [field.name for field in stream.model.fitted.layout.channels]
        assert not filled[modelled].isna().any(axis=None)
        pd.testing.assert_frame_equal(filled.where(rows.notna()), rows.where(rows.notna()))


def test_a_mask_may_have_any_form(stream: Any) -> None:
    rows, name = stream.rows, stream.model.fitted.layout.channels[0].name
    mask = pd.DataFrame(False, index=rows.index, columns=rows.columns)
    mask.loc[20:30, name] = True
    plain = stream.model.impute(rows)
    first = stream.model.impute(rows, missing=mask)
    assert (first[name][20:31] != rows[name][20:31]).all()
    pd.testing.assert_frame_equal(first.drop(columns=name).where(rows.notna()), rows.drop(columns=name))
    assert first[name].where(~mask[name]).notna().sum() == plain[name].where(~mask[name]).notna().sum()
    array = mask.to_numpy()
    for other in (array, array.tolist(), mask[list(rows.columns)[::-1]]):
        pd.testing.assert_frame_equal(stream.model.impute(rows, missing=other), first)
    low, high = stream.model.impute_interval(rows, missing=mask)
    assert (low[name] <= high[name]).all() and (low[name] < high[name]).any()
    with pytest.raises(SpecError, match="missing has shape"):
        stream.model.impute(rows, missing=array[:-1])


def test_what_is_masked_has_no_say(stream: Any) -> None:
    rows, name = stream.rows, stream.model.fitted.layout.channels[0].name
    mask = pd.DataFrame(False, index=rows.index, columns=rows.columns)
    mask.loc[20:30, name] = True
    other = rows.assign(**{name: rows[name].where(~mask[name], 21.5)})
    pd.testing.assert_frame_equal(*(stream.model.impute(each, missing=mask) for each in (rows, other)))


def test_pieces_shorter_than_a_window_have_null_answers_and_one_warning(fitted: Any) -> None:
    case = fitted("stream")
    rows = pd.concat([case.rows[:60], case.rows[-5:].assign(machine="c")], ignore_index=True)
    names = [field.name for field in case.model.fitted.layout.channels]
    for name, ask in (BY_STEP | {"encode": OTHERWISE["encode"]}).items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", VaekitWarning)
            warnings.filterwarnings("ignore", message="score: .* calibration rows|impute: nothing is missing")
            answer = ask(case.model, rows)
        told = [str(warning.message) for warning in caught]
        assert told and all("5 steps lie" in message for message in told), (name, told)
        assert len(told) == 1 or name == "encode", name
        if name in ("score", "log_prob"):
            assert answer[-5:].isna().all(axis=None) and answer[30:60].notna().all(axis=None)
        elif name == "reconstruct":
            assert answer[names][-5:].isna().all(axis=None) and answer[names][:60].notna().all(axis=None)
        elif name in ("impute", "denoise"):
            pd.testing.assert_frame_equal(answer[names][-5:], rows[names][-5:])


def test_a_stream_without_a_window_is_refused_by_every_mode(stream: Any) -> None:
    for name, ask in BY_STEP.items():
        with pytest.raises(DataError, match="shorter than a window"):
            ask(stream.model, stream.rows[:7])
        assert name


def test_a_walk_begins_and_ends_at_its_ends(stream: Any) -> None:
    model = stream.model
    a, b, T = one(model, stream.rows), one(model, stream.rows, 40), model.fitted.steps
    for path in ("linear", "spherical"):
        walk = model.interpolate(a, b, steps=4, path=path)
        frame = walk.to_frame()
        assert len(walk) == 4 and len(frame) == 4 * T
        assert frame.window.tolist() == np.repeat(range(4), T).tolist() and frame.step.tolist() == [*range(T)] * 4
        for end, part in ((a, frame[:T]), (b, frame[-T:])):
            names = [name for name in end.columns if name not in model.fitted.cut.aside]
            pd.testing.assert_frame_equal(part[names].reset_index(drop=True), end[names].reset_index(drop=True))
    with pytest.raises(DataError, match="give as many steps as one window has"):
        model.interpolate(stream.rows[:60], b)


def test_a_condition_comes_back_at_every_step(fitted: Any) -> None:
    wanted = {
        "stream": {"heat": 21.5, "valve": "open"},
        "stream-given": {"valve": "open"},
        "stream-mlp": {"heat": 19.0},
    }
    for name, values in wanted.items():
        drawn = fitted(name).model.sample(2, given=values)
        assert len(drawn) == 2 * fitted(name).model.fitted.steps
        assert all((drawn[column] == value).all() for column, value in values.items())
    case = fitted("stream")
    table = case.rows[["heat", "phase"]][:24]
    drawn = case.model.sample(given=table)
    assert len(drawn) == 24
    assert ((drawn[["heat", "phase"]] == table) | table.isna()).all(axis=None)
    with pytest.raises(DataError, match="whole windows of 12"):
        case.model.sample(given=table[:-1])


def test_a_saved_model_answers_the_same(stream: Any, tmp_path: Any) -> None:
    loaded = vaekit.load(stream.model.save(tmp_path / "stream.vae"))
    assert loaded.card == stream.model.card and loaded.fitted.cut == stream.model.fitted.cut
    for name, ask in (BY_STEP | OTHERWISE).items():
        pd.testing.assert_frame_equal(ask(loaded, stream.rows), ask(stream.model, stream.rows), obj=name)


def test_decoding_the_mean_is_the_reconstruction_of_a_window(stream: Any) -> None:
    rows = one(stream.model, stream.rows, 24)
    names = [field.name for field in stream.model.fitted.layout.channels]
    told = [column.name for column in stream.model.fitted.schema.given]
    back = stream.model.decode(stream.model.encode(rows), **({"given": rows[told]} if told else {}))
    assert_close(back[names], stream.model.reconstruct(rows)[names], stream.name)


def test_arrays_and_files_are_streams_as_well(tmp_path: Any) -> None:
    noise = np.random.default_rng(0)
    rows = np.column_stack([np.sin(np.arange(120) / 4), noise.normal(size=120)])
    np.save(tmp_path / "rows.npy", rows)
    options = {"train": {"epochs": 1, "prior_epochs": 1}, "net": {"kind": "conv", "widths": [4], "hidden": 8}}
    model = vaekit.fit(vaekit.windows(rows, size=8), **options)
    again = vaekit.fit(vaekit.windows(tmp_path / "rows.npy", size=8), **options)
    assert model.impute(rows).shape == (120, 2) and model.sample(2).shape == (16, 4)
    np.testing.assert_allclose(model.score(rows).total, again.score(tmp_path / "rows.npy").total, rtol=1e-6)
