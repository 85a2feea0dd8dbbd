"""New rows and filled cells agree with what determines them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tests.modes.test_discover import fields, table

import vaekit
from vaekit.errors import VaekitWarning
from vaekit.modes.dependencies import Dependencies
from vaekit.modes.discover import learned


def asked(cells: Any, given: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of which some columns are given."""
    flags = torch.zeros(len(cells), 5, dtype=torch.bool)
    flags[:, list(given)] = True
    return torch.tensor(cells, dtype=torch.float32), flags


def settled(found: dict[str, Any], cells: Any, given: Any = ()) -> tuple[list[Any], list[bool]]:
    """Rows after the rules."""
    values, agree = Dependencies(fields(), found).settled(*asked(cells, given))
    return values.tolist(), agree.tolist()


def test_drawn_cells_agree_and_known_ones_stay() -> None:
    found = learned(fields(), table())
    wrong = [[1.0, 5.0, 0.0, 99.0, 7.0]]
    values, agree = settled(found, wrong)
    assert agree == [True] and values == [[1.0, 5.0, 3.0, 13 / 8, 7.0]]
    values, agree = settled(found, wrong, [2])
    assert agree == [False] and values[0][2] == 0.0, "nothing else than a destination of that code would do"
    values, agree = settled(found, [[0.0, 0.0, 0.0, 20 / 8, 7.0]], [3])
    assert agree == [True] and values == [[2.0, 4.0, 3.0, 20 / 8, 7.0]]
    values, agree = settled(found, wrong, [0, 1, 2, 3])
    assert agree == [True] and np.allclose(values, wrong), "what is known may contradict itself"


def test_given_cells_alone_determine_where_nothing_is_drawn() -> None:
    found, guess = Dependencies(fields(), learned(fields(), table())), [[1.0, 5.0, 0.0, 99.0, 7.0]]
    cells, nothing = asked(guess, [])
    assert all(end.tolist() == guess for end in found.between(cells, cells, nothing, 0.9))
    cells, given = asked(guess, [1])
    low, high = found.between(cells, cells + ~given, given, 0.9)
    assert low.tolist() == [[1.0, 5.0, 3.0, 99.0, 7.0]] and high.tolist() == [[2.0, 5.0, 3.0, 100.0, 8.0]]


def truth(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["start", "to", "miles", "name"]].drop_duplicates()


def test_new_rows_of_a_model_contradict_no_dependency(routes: Any) -> None:
    model, rows = routes
    asked: list[dict[str, Any]] = [{}, {"given": {"to": "BOS"}}, {"temperature": 0.8}]
    for drawn in (model.sample(400, seed=1, **options) for options in asked):
        assert len(drawn.merge(truth(rows))) == len(drawn)
    drawn = model.sample(300, given={"name": "Atlanta"}, seed=2)
    assert set(drawn["to"]) == {"ATL"} and len(drawn.merge(truth(rows))) == len(drawn)
    with pytest.warns(VaekitWarning, match="'to', 'name' cannot have such values together"):
        drawn = model.sample(20, given={"name": "Atlanta", "to": "BOS"}, seed=2)
    assert (drawn["to"] == "BOS").all() and (drawn["name"] == "Atlanta").all(), (
        "conditions hold, even where none do together"
    )


def test_a_missing_cell_is_what_the_others_determine(routes: Any, tmp_path: Any) -> None:
    model, rows = routes
    holes = rows.head(200).copy()
    holes[["miles", "name"]] = np.nan
    model.save(tmp_path / "routes.vae")
    for each in (model, vaekit.load(tmp_path / "routes.vae")):
        filled = each.impute(holes)
        assert (filled["miles"] == rows["miles"].head(200)).all() and (filled["name"] == rows["name"].head(200)).all()
        low, high = each.impute_interval(holes)
        assert (low["miles"] == high["miles"]).all() and (low["miles"] == rows["miles"].head(200)).all()
    holes["to"] = None
    for drawn in model.impute(holes, draws=3):
        assert len(drawn[["start", "to", "miles", "name"]].merge(truth(rows))) == 200


def test_the_card_tells_what_determines(routes: Any, numbers: Any) -> None:
    what = [each["what"] for each in routes[0].card["keeps"]]
    assert "what start, to, miles determine" in what
    assert not any(each["what"].endswith("determine") for each in numbers.model.card["keeps"])
