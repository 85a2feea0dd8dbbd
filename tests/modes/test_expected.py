"""What is expected of few rows is what is expected of many."""

from __future__ import annotations

from typing import Any

import pytest

from vaekit.modes import reasons


def _same(own: Any, other: Any) -> bool:
    number = isinstance(other, float | int) and not isinstance(other, bool)
    return bool(own == (pytest.approx(other, rel=1e-4, abs=1e-5) if number else other))


@pytest.mark.parametrize("by", ["default", "likelihood"])
def test_reasons_do_not_depend_on_how_many_rows_are_asked_about(
    mixed: Any, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = mixed.model.score(mixed.rows[:12], by=by, reasons=4).reasons
    monkeypatch.setattr(reasons, "FEW", 0)
    many = mixed.model.score(mixed.rows[:12], by=by, reasons=4).reasons
    assert sum(map(len, many)) > 12
    for own, other in zip(few, many, strict=True):
        assert [reason.column for reason in own] == [reason.column for reason in other]
        for one, two in zip(own, other, strict=True):
            assert all(map(_same, one, two)), (one, two)


def test_rows_without_reasons_need_nothing(mixed: Any) -> None:
    assert mixed.model.score(mixed.rows[:5], reasons=0).reasons == [[]] * 5
