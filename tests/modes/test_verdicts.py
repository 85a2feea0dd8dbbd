from __future__ import annotations

from typing import Any

import pytest

from vaekit.modes.verdicts import CHECKS, Verdict, verdicts, worst_first

FINE: dict[str, Any] = {
    "of": "rows",
    "latents": {"active_units": 3, "count": 4},
    "generalisation": {"gap": 0.1, "spread": 2.0, "shift": 0.0, "loss": 1.0, "held_out_loss": 1.1, "fell": 3.0},
    "memory": {"kept_rows": 100, "nearer_than_real": 0.45, "copies": 0.0, "trained": 0.0},
    "imputation": {"coverage": 0.9, "coverage_by_column": {"a": 0.91}, "cells_by_column": {"a": 500}},
    "drift": {"columns": {"a": {"distance": 0.02, "by_chance": 0.05}}, "furthest": "a"},
    "calibration": {"flagged_share": {"0.01": 0.011}},
    "samples": {"two_sample_auc": 0.6},
}


def _state(about: str, **changed: Any) -> str:
    (found,) = [each for each in verdicts({**FINE, **changed}) if each.about == about]
    return found.state


def test_all_is_fine_where_all_is_fine() -> None:
    found = verdicts(FINE)
    assert [each.about for each in found] == list(CHECKS) and {each.state for each in found} == {"fine"}
    assert all(each.says.endswith(".") for each in found)


@pytest.mark.parametrize(
    ("about", "changed", "state"),
    [
        ("collapse", {"latents": {"active_units": 0, "count": 4}}, "worry"),
        ("collapse", {"latents": {"active_units": 1, "count": 4}}, "look"),
        ("collapse", {"latents": {"active_units": 1, "count": 1}}, "fine"),
        ("overfitting", {"generalisation": FINE["generalisation"] | {"gap": 1.5}}, "look"),
        ("overfitting", {"generalisation": FINE["generalisation"] | {"gap": 2.5}}, "worry"),
        ("overfitting", {"generalisation": FINE["generalisation"] | {"gap": None}}, "fine"),
        ("overfitting", {"generalisation": FINE["generalisation"] | {"gap": None, "held_out_loss": 3.0}}, "look"),
        ("overfitting", {"generalisation": FINE["generalisation"] | {"gap": None, "held_out_loss": 9.0}}, "worry"),
        ("overfitting", {"generalisation": FINE["generalisation"] | {"gap": None, "held_out_loss": None}}, "unknown"),
        ("memorisation", {"memory": FINE["memory"] | {"nearer_than_real": 0.65}}, "look"),
        ("memorisation", {"memory": FINE["memory"] | {"nearer_than_real": 0.9, "copies": 0.3}}, "worry"),
        ("memorisation", {"memory": {"kept_rows": 0}}, "unknown"),
        ("intervals", {"imputation": FINE["imputation"] | {"coverage_by_column": {"a": 0.75}}}, "look"),
        ("intervals", {"imputation": FINE["imputation"] | {"coverage_by_column": {"a": 1.0}}}, "look"),
        ("drift", {"drift": {"columns": {"a": {"distance": 0.15, "by_chance": 0.05}}}}, "look"),
        ("drift", {"drift": {"columns": {"a": {"distance": 0.4, "by_chance": 0.05}}}}, "worry"),
        ("drift", {"drift": {"columns": {"a": {"distance": 0.4, "by_chance": 0.5}}}}, "fine"),
        ("drift", {"calibration": {"flagged_share": {"0.01": 0.05}}}, "look"),
        ("drift", {"calibration": {"flagged_share": {"0.01": 0.5}}}, "worry"),
        ("drift", {"calibration": {"flagged_share": None}}, "fine"),
        ("samples", {"samples": {"two_sample_auc": 0.8}}, "look"),
        ("samples", {"samples": {"two_sample_auc": 0.95}}, "worry"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(about: str, changed: dict[str, Any], state: str) -> None:
    assert _state(about, **changed) == state


def test_few_hidden_cells_are_no_evidence_against_an_interval() -> None:
    few = {"coverage": 0.9, "coverage_by_column": {"a": 0.8}, "cells_by_column": {"a": 20}}
    assert _state("intervals", imputation=few) == "fine"


def test_intervals_that_are_off_by_little_in_every_column_are_off_together() -> None:
    all_wide = {
        "coverage": 0.99,
        "coverage_by_column": dict.fromkeys("abcdefgh", 0.99),
        "cells_by_column": dict.fromkeys("abcdefgh", 60),
    }
    assert _state("intervals", imputation=all_wide) == "look"


def test_samples_are_not_blamed_for_rows_that_drifted() -> None:
    moved = {"drift": {"columns": {"a": {"distance": 0.4, "by_chance": 0.05}}}, "samples": {"two_sample_auc": 0.95}}
    assert "drifted" in next(each.says for each in verdicts({**FINE, **moved}) if each.about == "samples")


def test_what_was_not_measured_has_no_verdict() -> None:
    assert [each.about for each in verdicts({"latents": {"active_units": 1, "count": 2}})] == ["collapse"]


def test_worries_come_first() -> None:
    made = [
        Verdict("a", "unknown", "."),
        Verdict("b", "fine", "."),
        Verdict("c", "worry", "."),
        Verdict("d", "look", "."),
    ]
    assert [each.about for each in worst_first(made)] == ["c", "d", "b", "a"]
