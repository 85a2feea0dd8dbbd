"""Rows that contradict what columns determine are strange for it, and told what would not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tests.modes.test_discover import fields, table

import vaekit
from vaekit.modes.contradictions import COST, Contradictions, cost
from vaekit.modes.dependencies import Dependencies
from vaekit.modes.discover import learned

RULED = [2.0, 4.0, 3.0, 20 / 8, 7.0]  # start, destination, its code, miles and what is free


def blamed(cells: Any, hidden: Any = ()) -> list[list[float]]:
    """The blame of rows of which some cells are missing."""
    there = torch.ones(len(cells), 5, dtype=torch.bool)
    there[:, list(hidden)] = False
    rules = Contradictions(Dependencies(fields(), learned(fields(), table())))
    found: list[list[float]] = rules(torch.tensor(cells), there).blame.tolist()
    return found


def test_what_agrees_is_not_blamed_nor_what_is_missing() -> None:
    wrong = [*RULED[:2], 0.0, *RULED[3:]]
    assert blamed([RULED, wrong]) == [[0.0] * 5, [0.0, 0.0, 1.0, 0.0, 0.0]]
    assert blamed([wrong], hidden=[2]) == [[0.0] * 5]


def test_the_cell_that_most_rules_speak_against_is_blamed() -> None:
    (wrong,) = blamed([[RULED[0], 1.0, *RULED[2:]]])  # against its code, and with the start against the miles
    assert wrong[1] == 1.0 and sum(wrong) == 1.0


def test_what_a_wrong_cell_says_is_not_told_of_others() -> None:
    rules = Contradictions(Dependencies(fields(), learned(fields(), table())))
    there = torch.ones(1, 5, dtype=torch.bool)
    (ought,) = rules(torch.tensor([[RULED[0], 1.0, *RULED[2:]]]), there).ought
    assert ought[1] == RULED[1] and ought[[0, 2, 3, 4]].isnan().all()


@pytest.fixture(scope="module")
def strange(routes: Any) -> tuple[Any, pd.DataFrame]:
    """The model, and rows of which the first three contradict themselves."""
    model, rows = routes
    rows = rows.head(40).copy()
    rows.loc[0, "miles"] = next(miles for miles in rows["miles"].unique() if miles != rows.loc[0, "miles"])
    rows.loc[1, "name"] = "Boston" if rows.loc[1, "name"] != "Boston" else "Atlanta"
    rows.loc[2, "miles"] = next(miles for miles in rows["miles"].unique() if miles != rows.loc[2, "miles"])
    return model, rows


def test_a_contradiction_is_strange_and_what_would_be_right_is_told(routes: Any, strange: Any) -> None:
    (model, known), (_, rows) = routes, strange
    scores = model.score(rows, alpha=0.05)
    assert scores.p_value[:3].max() < 0.02 < np.median(scores.p_value[3:])
    assert np.allclose(scores.cells.sum(1) + sum(scores.parts.values()), scores.total)
    told = {reason.column: reason for reason in scores.reasons[0]}["miles"]
    assert told.observed == rows.loc[0, "miles"] and told.expected == told.low == told.high == known.loc[0, "miles"]
    assert scores.to_frame().loc[0, "reason_1_share"] == scores.reasons[0][0].share


def test_one_row_is_told_the_same_as_many(strange: Any) -> None:
    model, rows = strange
    several = model.score(pd.concat([rows] * 30, ignore_index=True))
    for i in range(3):
        one = model.score(rows.iloc[[i]])
        assert np.isclose(one.total[0], several.total[i], atol=1e-4)
        assert [reason[:3] for reason in one.reasons[0]] == [reason[:3] for reason in several.reasons[i]]


def test_rows_that_agree_know_nothing_of_it(strange: Any) -> None:
    model, rows = strange
    with_rules = model.score(rows, reasons=0)
    kept = model.fitted.arrays.pop(COST)
    try:
        without = model.score(rows, reasons=0)
    finally:
        model.fitted.arrays[COST] = kept
    assert np.array_equal(with_rules.cells[3:], without.cells[3:])
    assert (with_rules.total[:3] > without.total[:3] + 0.3 * kept[0]).all()


def test_what_no_held_out_row_tells_of_costs_nothing(routes: Any, numbers: Any) -> None:
    rows = routes[1].head(400)
    model = vaekit.fit(rows, train={"epochs": 1, "prior_epochs": 1, "ratio_epochs": 1}, validation=0, progress=False)
    assert COST not in model.fitted.arrays
    assert cost(numbers.model.fitted, torch.zeros(1, 2), torch.ones(1, 2, dtype=torch.bool)) is None
