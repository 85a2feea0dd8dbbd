"""From the windows that a model sees to the steps that were given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from vaekit.errors import ModeUnavailable
from vaekit.modes.ask import ask
from vaekit.modes.stream import by_row, mostly, numbered, per_step


@pytest.fixture(scope="module")
def case(fitted: Any) -> Any:
    return fitted("stream")


@pytest.fixture(scope="module")
def asked(case: Any) -> Any:
    return ask(case.model.fitted, case.rows)


def test_windows_that_hold_the_steps_themselves_give_them_back(case: Any, asked: Any) -> None:
    fitted = case.model.fitted
    for drawn in (False, True):
        values, covered = by_row(fitted, asked, asked.cells[:, : fitted.layout.K], drawn=drawn)
        assert covered.all()
        torch.testing.assert_close(values, asked.steps.cells[:, : values.shape[1]], rtol=1e-6, atol=1e-6)


def test_numbers_are_averaged_and_levels_and_draws_come_from_one_window(case: Any, asked: Any) -> None:
    """Each window says its own number of every cell."""
    fitted, (W, T) = case.model.fitted, asked.at.shape
    C = len(fitted.layout.channels)
    cells = torch.arange(float(W))[:, None].expand(W, T * C)
    mean, _ = by_row(fitted, asked, cells)
    drawn, _ = by_row(fitted, asked, cells, drawn=True)
    covering = [np.flatnonzero((asked.at == step).any(1)) for step in range(len(case.rows))]
    named = [field.levels > 0 for field in fitted.layout.channels]
    assert [field.name for field in fitted.layout.channels] == ["heat", "load", "valve", "phase", "jobs"]
    assert named == [False, False, True, True, False]
    wanted = torch.tensor([each.mean() for each in covering])
    for c in range(C):
        assert all(float(value) in each for value, each in zip(drawn[:, c], covering, strict=True))
        torch.testing.assert_close(mean[:, c], drawn[:, c] if named[c] else wanted, check_dtype=False)
    middle = asked.at[len(asked.at) // 4]
    assert drawn[middle[T // 2], 0] == len(asked.at) // 4


def test_random_completions_keep_their_spread(case: Any) -> None:
    """Were windows averaged, a step that four of them cover would move half as far from draw to draw."""
    rows, T = case.rows, case.model.fitted.steps
    mask = np.zeros(rows.shape, dtype=bool)
    mask[:, list(rows.columns).index("load")] = True
    alone = np.stack([each.load.to_numpy(float) for each in case.model.impute(rows[:T], draws=40, missing=mask[:T])])
    stream = np.stack([each.load.to_numpy(float)[: 4 * T] for each in case.model.impute(rows, draws=40, missing=mask)])
    assert 0.75 < stream.std(0).mean() / alone.std(0).mean() < 1.25


def test_a_step_is_strange_where_most_windows_say_so(case: Any, asked: Any) -> None:
    fitted, (W, T) = case.model.fitted, asked.at.shape
    C = len(fitted.layout.channels)
    flags = torch.zeros(W, T, C, dtype=torch.bool)
    flags[torch.from_numpy(asked.at == 30)] = True  # all windows that cover step 30
    flags[(asked.at == 50).any(1).argmax(), 0, 0] = True  # one window alone says it of its first step
    found = mostly(fitted, asked, flags.flatten(1))
    assert found[30].all() and found.sum() == C


def test_numbers_of_windows_are_averaged_over_the_steps_they_cover(asked: Any) -> None:
    whole = per_step(asked, np.ones((len(asked), 3)))
    assert whole.shape == (asked.arrow.num_rows, 3) and (whole == 1).all()


def test_new_windows_are_numbered_and_rows_of_tables_are_not(case: Any, mixed: Any) -> None:
    T = case.model.fitted.steps
    steps = pa.Table.from_pandas(case.rows[: 2 * T], preserve_index=False)
    made = numbered(case.model.fitted, steps, 2)
    assert made.column_names == ["window", "step", "heat", "load", "valve", "phase", "jobs"]
    assert made["step"].to_pylist() == [*range(T)] * 2 and made["window"].to_pylist() == [0] * T + [1] * T
    rows = pa.table({"x": [1]})
    assert numbered(mixed.model.fitted, rows, 1) is rows


def test_rows_that_do_not_follow_one_another_have_no_live_score(mixed: Any) -> None:
    with pytest.raises(ModeUnavailable, match="causal scores are for streams"):
        _ = mixed.model.score(mixed.rows[:3], alpha=0.1).causal
