from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vaekit.modes import reasons
from vaekit.modes.reasons import Reason

ALPHA = 0.05


def test_shares_are_exact_shares_of_the_positive_contributions(mixed: Any) -> None:
    scores = mixed.model.score(mixed.rows, alpha=ALPHA)
    positive = np.maximum(scores.cells, 0)
    everything = positive.sum(1) + sum(np.maximum(part, 0) for part in scores.parts.values())
    for b, row in enumerate(scores.reasons):
        assert sum(reason.share for reason in row) <= 1 + 1e-9
        for reason in row:
            k = scores.columns.index(reason.column)
            assert reason.share == pytest.approx(positive[b, k] / everything[b], rel=1e-6)
        assert [reason.share for reason in row] == sorted((reason.share for reason in row), reverse=True)


def test_only_what_made_the_row_stranger_is_a_reason(mixed: Any) -> None:
    scores = mixed.model.score(mixed.rows, alpha=ALPHA, reasons=8)
    for b, row in enumerate(scores.reasons):
        assert {reason.column for reason in row} == {scores.columns[k] for k in np.flatnonzero(scores.cells[b] > 0)}


def test_a_changed_cell_is_found(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:40]
    changes = {"height": rows["height"] + 60, "income": rows["income"] * 300, "visits": rows["visits"] + 60}
    for name, values in changes.items():
        scores = mixed.model.score(rows.assign(**{name: values}), alpha=ALPHA)
        first = [row[0].column == name for row in scores.reasons]
        assert np.mean(first) > 0.9, name


def test_a_reason_tells_what_was_observed_and_what_was_expected(mixed: Any) -> None:
    row = mixed.rows.dropna()[:1]
    (reason,) = mixed.model.score(row.assign(height=260.0), alpha=ALPHA, reasons=1).reasons[0]
    assert isinstance(reason, Reason) and reason.column == "height" and reason.observed == 260.0
    assert reason.low <= reason.expected <= reason.high and abs(reason.expected - row["height"].iloc[0]) < 25
    assert type(reason.expected) is float and round(reason.expected, 1) == reason.expected, (
        "as the column writes numbers"
    )


def test_the_expectation_does_not_see_the_cell_itself(mixed: Any) -> None:
    row = mixed.rows.dropna()[:1]
    one, other = (mixed.model.score(row.assign(height=h), alpha=ALPHA, reasons=1).reasons[0][0] for h in (250.0, 270.0))
    assert (one.expected, one.low, one.high) == (other.expected, other.low, other.high)


def test_names_have_no_interval(mixed: Any) -> None:
    scores = mixed.model.score(mixed.rows, alpha=ALPHA, reasons=8)
    found = {reason.column: reason for row in scores.reasons for reason in row}
    for name in ("city", "member"):
        assert found[name].low is None and found[name].high is None
        assert found[name].expected in set(mixed.fitted_on[name].dropna())
    for name in ("grade", "joined", "visits", "debt"):
        assert found[name].low is not None and found[name].high is not None
    assert found["joined"].low <= found["joined"].high


def test_the_number_of_reasons_is_chosen(mixed: Any) -> None:
    rows = mixed.rows[:10]
    assert max(len(row) for row in mixed.model.score(rows, alpha=ALPHA, reasons=2).reasons) == 2
    assert mixed.model.score(rows, alpha=ALPHA, reasons=0).reasons == [[]] * 10
    assert list(mixed.model.score(rows, alpha=ALPHA, reasons=0).to_frame().columns)[-1] == "flagged"
    assert mixed.model.score(rows, alpha=ALPHA, reasons=100).to_frame().shape[1] == 4 + 8 * 6
    assert mixed.model.score(rows, by="latent", alpha=ALPHA).reasons == [[]] * 10, "no column owns a latent"


def test_who_asks_for_no_reason_pays_for_none(mixed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "few", lambda *_: pytest.fail("values were found that nobody asked for"))
    assert mixed.model.score(mixed.rows[:5], alpha=ALPHA, reasons=0).reasons == [[]] * 5


def test_the_table_leaves_out_what_there_is_not(mixed: Any) -> None:
    empty = dict.fromkeys(mixed.rows.columns)
    frame = pd.DataFrame(mixed.model.score([empty], alpha=ALPHA).to_frame())
    assert frame.filter(like="reason_1").isna().all(axis=None), "nothing was observed, so nothing is a reason"


def test_few_reasons_are_written_as_many_are(mixed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = mixed.model.score(mixed.rows[:12], reasons=4)
    few = scores._why.columns()
    monkeypatch.setattr(reasons, "SHORT", 0)
    many = scores._why.columns()
    assert few.keys() == many.keys() and few["reason_1_observed"].null_count < 12
    for name, own in few.items():
        assert own.type == many[name].type and own.to_pylist() == many[name].to_pylist(), name


def test_row_by_row_few_scores_say_what_the_table_says(mixed: Any) -> None:
    for count in (0, 3):
        scores = mixed.model.score(mixed.rows[:7], alpha=ALPHA, reasons=count)
        table = scores.to_arrow()
        rows = scores.to_rows()
        assert rows == table.to_pylist() and list(rows[0]) == table.column_names
    assert mixed.model.score(mixed.rows, alpha=ALPHA).to_rows() is None, "many are a table"
