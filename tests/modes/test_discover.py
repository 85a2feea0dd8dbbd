"""Columns that others determine are found where they are, and where columns are independent none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from vaekit import rng
from vaekit.codec.field import Field
from vaekit.goals import Rows
from vaekit.modes.dependencies import RULES, VALUES, Codes
from vaekit.modes.discover import ALONE, LEAST, learned

N = 2_000
NAMES = {"from": 4, "to": 9, "code": 6}  # levels, the last of which is "other"


def fields() -> list[Field]:
    named = [Field(name, "categorical", levels=levels) for name, levels in NAMES.items()]
    miles = Field("miles", "real", rows=N, distinct=np.arange(24) / 8)
    return [*named, miles, Field("size", "real", rows=N)]


def table(seed: int = 0) -> Rows:
    """`code` follows from `to`, `miles` from `from` and `to`, and all three from `miles`; `size` follows from nothing."""
    noise = rng.numpy(seed, "routes")
    start, to = noise.integers(0, 3, N), noise.integers(0, 8, N)
    cells = np.column_stack([start, to, to // 2 + 1, (start * 8 + to) / 8, noise.normal(size=N)])
    return Rows(torch.from_numpy(cells).float(), torch.ones(N, 5, dtype=torch.bool))


def rules(found: dict[str, Any]) -> set[tuple[int, ...]]:
    return {tuple(k for k in rule if k >= 0) for rule in found.get(RULES, np.zeros((0, 3), int)).tolist()}


def tables(found: dict[str, Any]) -> dict[tuple[int, ...], Any]:
    """What each rule says, by its columns."""
    codes = {k: Codes(field) for k, field in enumerate(fields()[:4])}
    sizes = [math.prod(codes[k].count for k in rule[:2] if k >= 0) for rule in found[RULES].tolist()]
    return dict(zip(map(tuple, found[RULES].tolist()), np.split(found[VALUES], np.cumsum(sizes)[:-1]), strict=True))


def test_columns_that_one_or_two_others_determine_are_found() -> None:
    # miles tell both ends besides, and through them the code
    assert rules(learned(fields(), table())) == {(1, 2), (3, 0), (3, 1), (3, 2), (0, 1, 3)}


def test_independent_columns_are_no_dependency() -> None:
    rows = table()
    order = [torch.from_numpy(rng.numpy(k, "order").permutation(N)) for k in range(5)]
    shuffled = torch.stack([column[at] for column, at in zip(rows.cells.T, order, strict=True)], 1)
    assert learned(fields(), Rows(shuffled, rows.observed)) == {}


def test_a_rare_exception_leaves_out_the_value_that_has_it() -> None:
    rows = table()
    at = (rows.cells[:, 1] == 3).nonzero()[0, 0]
    rows.cells[at, 2] = 4.0
    found = learned(fields(), rows)
    assert (1, 2) in rules(found), "though an eighth of the rows has the value that determines nothing"
    assert np.isnan(tables(found)[1, -1, 2][3]) and (tables(found)[1, -1, 2][[0, 1, 2, 4]] == [1, 1, 2, 3]).all()
    rows = table()
    rows.cells[:6, :3] = torch.tensor([[0.0, 7.0, 4.0]])
    rows.cells[0, 2] = 2.0
    rows.cells[(rows.cells[:, 1] == 7).nonzero()[6:, 0], 1] = 6.0
    rows.cells[6:, 2] = rows.cells[6:, 1] // 2 + 1
    found = learned(fields(), rows)
    assert (1, 2) in rules(found)
    told = tables(found)[1, -1, 2]
    assert np.isnan(told[7]) and told[6] == 4.0


def test_a_value_of_many_rows_determines_by_itself() -> None:
    rows = table()
    noise = torch.from_numpy(rng.numpy(1, "codes").integers(0, 5, N)).float()
    one = rows.cells[:, 0] == 1
    assert int(one.sum()) > ALONE
    rows.cells[:, 2], rows.cells[:, 3], rows.cells[:, 1] = noise.where(~one, 2.0), rows.cells[:, 4], rows.cells[:, 1]
    found = learned(fields(), rows)
    assert rules(found) == {(0, 2)}
    np.testing.assert_array_equal(tables(found)[0, -1, 2], [np.nan, 2.0, np.nan, np.nan, np.nan])


def test_rare_levels_and_values_of_few_rows_determine_nothing() -> None:
    rows = table()
    rows.cells[:, 1] = torch.where(rows.cells[:, 1] == 0, 8.0, rows.cells[:, 1])  # those that "other" stands for
    rows.cells[: LEAST - 1, :4] = torch.tensor([2.0, 0.0, 1.0, 2.0])
    found = learned(fields(), rows)
    told = tables(found)[1, -1, 2]
    assert np.isnan(told[[0, 8, 9]]).all() and told[1:8].tolist() == [1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]


def test_more_exceptions_than_one_in_two_hundred_rows_leave_no_rule() -> None:
    rows, noise = table(), rng.numpy(2, "wrong")
    rows.cells[torch.from_numpy(noise.choice(N, N // 40, replace=False)), 2] = 4.0
    assert (1, 2) not in rules(learned(fields(), rows))


def test_many_independent_columns_of_few_rows_with_gaps_are_no_dependency() -> None:
    noise, K = rng.numpy(3, "wide"), 40
    wide = [Field(f"x{k}", "categorical", levels=int(levels)) for k, levels in enumerate(noise.integers(3, 7, K))]
    shares = [noise.dirichlet(np.full(field.levels - 1, 0.4)) for field in wide]
    cells = np.column_stack([noise.choice(len(share), 150, p=share) for share in shares])
    there = torch.from_numpy(noise.random((150, K)) > 0.3)
    assert learned(wide, Rows(torch.from_numpy(cells).float(), there)) == {}


def test_a_column_of_two_levels_determines_with_another_one() -> None:
    noise = rng.numpy(4, "tariff")
    own = [
        Field("night", "binary", levels=2),
        Field("zone", "categorical", levels=5),
        Field("tariff", "categorical", levels=9),
    ]
    night, zone = noise.integers(0, 2, N), noise.integers(0, 4, N)
    cells = torch.from_numpy(np.column_stack([night, zone, 4 * night + zone])).float()
    assert (0, 1, 2) in rules(learned(own, Rows(cells, torch.ones(N, 3, dtype=torch.bool))))


def test_the_order_of_rows_and_their_number_do_not_matter() -> None:
    rows = table()
    order = rows.cells[:, 1].argsort()
    many = torch.cat([rows.cells[order]] * 4)
    noise = torch.from_numpy(rng.numpy(5, "more").normal(size=len(many))).float()
    many[:, 4] = noise
    assert rules(learned(fields(), Rows(many, torch.ones(len(many), 5, dtype=torch.bool)))) == rules(
        learned(fields(), rows)
    )
