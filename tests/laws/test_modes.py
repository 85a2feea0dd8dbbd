"""Laws of every mode on every fitted model: the table of ways to ask is compared with MODES, so a new mode must join it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

import vaekit
from vaekit.codec.layout import Layout
from vaekit.errors import ModeUnavailable
from vaekit.modes import MODES

ROWS = 24


def _arrow(answer: Any) -> pa.Table:
    """Any table, array or object with `.to_frame()` as Arrow."""
    answer = answer.to_frame() if hasattr(answer, "to_arrow") else answer
    if isinstance(answer, pa.Table):
        return answer
    if isinstance(answer, np.ndarray):
        return pa.table({f"x{k}": column for k, column in enumerate(np.atleast_2d(answer.T))})
    return pa.Table.from_pandas(answer, preserve_index=False)


def _pair(answer: tuple[Any, Any]) -> pa.Table:
    low, high = (_arrow(end) for end in answer)
    return pa.table([*low.columns, *high.columns], names=[f"{i}" for i in range(2 * low.num_columns)])


def _score(model: Any, rows: Any) -> pa.Table:
    scores = model.score(rows)
    return _arrow(np.column_stack([scores.total, scores.cells, scores.latents, scores.p_value, *scores.parts.values()]))


# One answer a row, from rows.
BY_ROW: dict[str, Callable[[Any, Any], pa.Table]] = {
    "score": _score,
    "log_prob": lambda model, rows: _arrow(model.log_prob(rows)),
    "impute": lambda model, rows: _arrow(model.impute(rows)),
    "impute_interval": lambda model, rows: _pair(model.impute_interval(rows)),
    "reconstruct": lambda model, rows: _arrow(model.reconstruct(rows)),
    "denoise": lambda model, rows: _arrow(model.denoise(rows)),
    "encode": lambda model, rows: _arrow(model.encode(rows)),
    "cluster": lambda model, rows: _arrow(model.cluster(rows)),
    "classify": lambda model, rows: _arrow(model.classify(rows)),
}

# Everything else: what is asked, given some rows.
OTHERWISE: dict[str, Callable[[Any, Any], pa.Table]] = {
    "sample": lambda model, rows: _arrow(model.sample(12, seed=3)),
    "decode": lambda model, rows: _arrow(model.decode(model.encode(rows), **_given(model, rows))),
    "traverse": lambda model, rows: _arrow(model.traverse(rows[:1], dims=[0], steps=3)),
    "interpolate": lambda model, rows: _arrow(model.interpolate(rows[:1], rows[1:2], steps=4)),
    "shift": lambda model, rows: _arrow(model.shift(rows[:1], {0: 1.0})),
}

ELSEWHERE = {
    "evaluate",  # a report with clocks and trained judges: tests/modes/test_evaluate.py
    "compress",  # there and back, to the last bit: tests/laws/test_lossless.py
    "decompress",
}


def _given(model: Any, rows: Any) -> dict[str, Any]:
    names = [column.name for column in model.fitted.schema.given]
    return {"given": rows[names]} if names else {}


def _answers(case: Any, which: dict[str, Any]) -> Iterator[tuple[str, Callable[[Any, Any], pa.Table]]]:
    return ((name, ask) for name, ask in which.items() if case.model.modes()[name].startswith("available"))


@pytest.fixture(autouse=True)
def _no_word_of_calibration() -> Iterator[None]:
    """Small models have too few calibration rows for alpha = 0.01: tests/modes/test_score.py holds that warning."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="score: .* calibration rows|impute: nothing is missing")
        yield


def assert_same(a: pa.Table, b: pa.Table, why: str, tolerance: float = 1e-5) -> None:
    """Equal columns; numbers to the tolerance, of which 1 in 200 may round to its other side."""
    assert a.column_names == b.column_names, why
    for name in a.column_names:
        x, y = a[name].combine_chunks(), b[name].combine_chunks()
        assert x.is_null().equals(y.is_null()), f"{why}: gaps of {name}"
        if pa.types.is_floating(x.type):
            close = np.isclose(x.to_numpy(False), y.to_numpy(False), rtol=tolerance, atol=tolerance, equal_nan=True)
        else:
            close = np.array([p == q for p, q in zip(x.to_pylist(), y.to_pylist(), strict=True)])
        assert close.mean() >= 0.995, f"{why}: {name}: {x.to_pylist()} became {y.to_pylist()}"


def test_every_mode_is_asked() -> None:
    assert {*BY_ROW, *OTHERWISE, *ELSEWHERE} == set(MODES)


def test_every_mode_is_a_method_and_every_question_a_mode() -> None:
    apart = {"save", "export", "modes"}
    methods = {name for name, value in vars(vaekit.Model).items() if inspect.isfunction(value) and name[0] != "_"}
    assert methods - apart == set(MODES)


def test_the_same_question_has_the_same_answer(case: Any) -> None:
    for name, ask in _answers(case, BY_ROW | OTHERWISE):
        rows = case.rows[:ROWS]
        assert ask(case.model, rows).equals(ask(case.model, rows)), name


def test_a_row_does_not_depend_on_its_neighbours(case: Any) -> None:
    """Backwards, and in batches of five, a row gets the answer that it got before."""
    rows = case.rows[:ROWS]
    for name, ask in _answers(case, BY_ROW):
        whole = ask(case.model, rows)
        back = ask(case.model, rows[::-1])
        assert_same(whole, back.take(list(range(ROWS))[::-1]), f"{name} backwards")
        batches = [ask(case.model, rows[at : at + 5]) for at in range(0, ROWS, 5)]
        assert_same(whole, pa.concat_tables(batches, promote_options="permissive"), f"{name} in batches")


def test_the_order_of_columns_does_not_matter(case: Any) -> None:
    if isinstance(case.rows, np.ndarray):
        pytest.skip("the columns of an array have no names")
    rows = case.rows[:ROWS]
    for name, ask in _answers(case, BY_ROW):
        assert ask(case.model, rows).equals(ask(case.model, rows[list(rows.columns)[::-1]])), name


def test_an_answer_is_the_same_by_any_number_of_cores(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, where rows pass in several lots side by side."""
    monkeypatch.setattr(Layout, "at_once", 7)
    rows, cores = case.rows[:ROWS], torch.get_num_threads()
    try:
        for name, ask in _answers(case, BY_ROW | OTHERWISE):
            found = []
            for count in (1, 3):
                torch.set_num_threads(count)
                found.append(ask(case.model, rows))
            assert found[0].equals(found[1]), name
    finally:
        torch.set_num_threads(cores)


def test_one_answer_a_row(case: Any) -> None:
    for name, ask in _answers(case, BY_ROW):
        assert ask(case.model, case.rows[:7]).num_rows == 7, name
        assert ask(case.model, case.rows[:1]).num_rows == 1, name


def test_a_row_of_gaps_is_a_row(case: Any) -> None:
    names = list(case.model.fitted.schema.names)
    empty = np.full((1, len(names)), np.nan) if isinstance(case.rows, np.ndarray) else [dict.fromkeys(names)]
    for name, _ in _answers(case, BY_ROW):
        assert getattr(case.model, name)(empty) is not None, name
    assert np.isfinite(case.model.score(empty).total).all()


def test_a_loaded_model_answers_bit_for_bit(case: Any, tmp_path: Any) -> None:
    loaded = vaekit.load(case.model.save(tmp_path / "model.vae"))
    assert loaded.card == case.model.card
    for name, ask in _answers(case, BY_ROW | OTHERWISE):
        assert ask(case.model, case.rows[:ROWS]).equals(ask(loaded, case.rows[:ROWS])), name


def test_what_is_not_available_says_why(case: Any) -> None:
    for name, state in case.model.modes().items():
        if not state.startswith("available"):
            arguments = () if name == "sample" else (case.rows[:2],)
            with pytest.raises(ModeUnavailable, match=f"{name}: not available: ") as refusal:
                getattr(case.model, name)(*arguments)
            assert state in str(refusal.value)
            assert "fit" in state, "the reason names the way out"
