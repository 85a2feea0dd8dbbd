"""New rows and filled cells add up, and rows that do not are strange for it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from vaekit.codec.field import Field, Transform
from vaekit.errors import VaekitWarning
from vaekit.modes.contradictions import Contradictions
from vaekit.modes.dependencies import RULES, VALUES, Dependencies
from vaekit.modes.totals import RESTS, TERMS, Number, Total, Totals, double, kept

WIDE = np.array([-9.0, 9.0])


def fields(count: int = 5) -> list[Field]:
    """Whole numbers of deviation 10 around 50."""
    return [Field(f"x{k}", "real", mean=50.0, std=10.0, resolution=1.0, quantiles=WIDE, rows=99) for k in range(count)]


def total(
    on: list[int], weight: list[float], rest: float = 0.0, *, logs: bool = False, rounded: int | None = None
) -> Total:
    flags = torch.tensor([m == rounded for m in range(len(on))])
    return Total(on, torch.tensor(weight, dtype=torch.float64), double(rest), logs, flags)


SUM, SHARE = total([0, 1, 2], [1, -1, -1]), total([2, 3], [1, -0.25], rounded=0)  # x0 = x1 + x2, x2 = a quarter of x3
PRODUCT = total([0, 1, 2], [1, -1, -1], logs=True)


def cells(*rows: list[float]) -> torch.Tensor:
    return (torch.tensor(rows) - 50) / 10


def values(cells: torch.Tensor) -> list[list[float]]:
    found: list[list[float]] = (cells.double() * 10 + 50).round(decimals=3).tolist()
    return found


def flags(*at: int) -> torch.Tensor:
    return torch.tensor([[k in at for k in range(5)]])


def test_a_file_keeps_them() -> None:
    again = Totals(fields(), kept([SUM, SHARE])).totals
    for one, two in zip(again, [SUM, SHARE], strict=True):
        assert one.on == two.on and one.weight.tolist() == two.weight.tolist() and one.rest == two.rest
        assert one.rounded.tolist() == two.rounded.tolist() and one.logs == two.logs
    assert kept([]) == {} and Totals(fields(), {}).totals == []


def test_rows_that_miss_a_total_by_more_than_rounding_are_told() -> None:
    found = Totals(fields(), kept([SUM, SHARE]))
    differ, told = found.against(cells([60, 40, 20, 80, 5], [61, 40, 20, 82, 5], [60, 40, 20, 83, 5]))
    assert differ.tolist() == [[False] * 5, [True] * 3 + [False] * 2, [False] * 3 + [True] * 2]
    assert values(told[1:2, :3]) == [[60, 41, 21]] and values(told[2:, 3:]) == [[21, 80]]


@pytest.mark.parametrize("m", range(3))
@pytest.mark.parametrize("one", [SUM, PRODUCT])
def test_the_only_number_that_is_not_known_is_set(one: Total, m: int) -> None:
    right = [60.0, 40.0, 20.0, 0.0, 0.0] if one is SUM else [60.0, 12.0, 5.0, 0.0, 0.0]
    part, known = cells(right), flags(*(k for k in range(3) if k != m))
    part[0, m] = 0.123
    assert Totals(fields(), kept([one])).set(part, known)
    assert values(part)[0][:3] == right[:3] and known[0, :3].all()


def test_what_training_never_saw_is_not_set() -> None:
    part, known = cells([300, 20, 7, 0, 0]), flags(0, 1)
    assert not Totals(fields(), kept([SUM])).set(part, known)
    assert values(part)[0][2] == 7 and not known[0, 2], "280 is beyond the range of the column"


def test_two_totals_tell_of_their_numbers_together() -> None:
    gross, tax = total([0, 1, 2], [1, -1, -1]), total([2, 1], [1, -0.25], rounded=0)
    found, part, known = Totals(fields(), kept([gross, tax])), cells([60, 1, 2, 80, 5]), flags(0)
    while found.set(part, known):
        pass
    assert values(part)[0][:3] == [60, 48, 12]


def test_numbers_that_nothing_tells_are_taken_but_for_those_that_follow() -> None:
    part, known = cells([1, 40, 3, 80, 5], [1, 400, 3, 80, 5]), torch.zeros(2, 5, dtype=torch.bool)
    Totals(fields(), kept([SUM, SHARE])).close(part, known)
    assert values(part)[0] == [60, 40, 20, 80, 5], "a quarter of x3 first, then the sum"
    assert values(part)[1] == [1, -19, 20, 80, 5], "160 would be beyond the first column: another number follows"
    assert known.tolist() == [[True] * 4 + [False]] * 2


def test_a_product_with_nothing_is_nothing_and_signs_multiply() -> None:
    found = Totals(fields(), kept([PRODUCT]))
    rows = cells(
        [0, 0, 20, 9, 9], [20, 0, 20, 9, 9], [0, 3, 20, 9, 9], [0, 0, 0, 9, 9], [-20, -1, 20, 9, 9], [20, -1, 20, 9, 9]
    )
    assert found.against(rows)[0][:, 0].tolist() == [False, True, True, False, False, True]
    part, known = cells([7, 0, 20, 9, 9], [7, -2, 20, 9, 9], [0, 3, 7, 9, 9], [0, 0, 7, 9, 9]), flags(1, 2).repeat(4, 1)
    known[2:, [0, 2]] = torch.tensor([True, False])
    found.set(part, known)
    assert [row[:3] for row in values(part)] == [[0, 0, 20], [-40, -2, 20], [0, 3, 0], [0, 0, 7]]
    assert known[:, [0, 2]].tolist() == [[True, True], [True, True], [True, True], [True, False]], (
        "0 of 0 may be anything"
    )


def test_a_product_of_two_follows_where_one_is_nothing() -> None:
    part, known = cells([30, 0, 20, 9, 9]), torch.zeros(1, 5, dtype=torch.bool)
    found = Totals(fields(), kept([PRODUCT]))
    found.close(part, known)
    assert not found.wrong(part, torch.zeros_like(known)).any()


def test_what_follows_from_a_rounded_number_lies_as_far_apart_as_those_that_round_to_it() -> None:
    rules = Dependencies(fields(), kept([total([2, 3], [1, -0.25], rounded=0), SUM]))
    ends = cells([0, 0, 20, 0, 0])
    low, high = rules.between(ends, ends, flags(0, 2), 0.5)
    assert values(low)[0][:4] == [0, -20, 20, 79] and values(high)[0][:4] == [0, -20, 20, 81], (
        "20 to within a half, half of it"
    )


def test_numbers_that_follow_are_known_to_columns_that_determine() -> None:
    """Given the sum, the second part follows as soon as the first one is taken."""
    own = [replace(field, distinct=np.arange(-5.0, 10.0), rows=2_000) for field in fields(3)]
    part, given = cells([60, 40, 33], [90, 40, 33]), flags(0)[:, :3].repeat(2, 1)
    rules = {RULES: np.array([[1, -1, 2]]), VALUES: np.full(16, np.nan, dtype=np.float32)}
    settled, agree = Dependencies(own, kept([SUM]) | rules).settled(part, given)
    assert values(settled) == [[60, 40, 20], [90, 40, 50]] and agree.all()


def test_rounding_to_single_precision_is_no_contradiction() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(4), 2_000)
    own = [Field(f"s{k}", "real", mean=0.25, std=0.2, quantiles=WIDE) for k in range(4)]
    one = torch.from_numpy((shares - 0.25) / 0.2).float()
    found = Totals(own, kept([total([0, 1, 2, 3], [1, 1, 1, 1], 1.0)]))
    assert not found.against(one)[0].any()
    one[:, 2] += 1e-4
    assert found.against(one)[0].all()


@pytest.mark.parametrize("transform", ["linear", "log", "log1p"])
def test_cells_and_values_are_each_others_inverse(transform: Transform) -> None:
    number = Number(Field("x", "real", mean=3.0, std=0.5, transform=transform, resolution=0.01, quantiles=WIDE))
    given = (
        torch.linspace(2.5, 4.5, 21, dtype=torch.float64)
        if transform == "linear"
        else torch.tensor([4.25, 19.99, 80.0])
    )
    assert torch.allclose(number.values(number.cells(given).float()), given.double())


def test_blame_is_shared_by_the_numbers_of_a_total() -> None:
    rules = Contradictions(Dependencies(fields(), kept([SUM, SHARE])))
    there = torch.ones(2, 5, dtype=torch.bool)
    alone = Contradictions(Dependencies(fields(), kept([SUM])))(cells([61, 40, 20, 80, 5]), there[:1])
    assert torch.allclose(alone.blame[0], torch.tensor([1, 1, 1, 0, 0]) / 3)
    found = rules(cells([61, 40, 20, 80, 5], [60, 40, 24, 80, 5]), there)
    assert found.blame[1].tolist() == [0, 0, 1, 0, 0], "both totals speak of it"
    one_wrong = rules(cells([61, 40, 20, 80, 5], [60, 40, 20, 92, 5]), there).blame
    assert one_wrong.tolist() == [[0.5, 0.5, 0, 0, 0], [0, 0, 0, 1, 0]], "the other total confirms x2"
    assert values(found.ought[1:])[0][2] == 20


def adds_up(rows: pd.DataFrame) -> pd.Series:
    sums = (rows["bill"] - rows["parts"] - rows["labour"]).abs() < 0.006
    times = (rows["labour"] - rows["hours"] * rows["rate"]).abs() < 0.006
    return sums & times & (rows["end"] - rows["begin"] == pd.to_timedelta(rows["hours"], unit="h"))


def test_new_rows_add_up_and_those_given_a_total_too(bills: Any) -> None:
    model, rows = bills
    assert adds_up(rows).all() and len(model.fitted.arrays[RESTS]) == 3 == len(
        np.unique(model.fitted.arrays[TERMS][:, 0])
    )
    assert adds_up(model.sample(300, seed=1)).mean() > 0.98
    given = model.sample(100, given={"bill": 250.0, "hours": 4}, seed=1)
    assert (given["bill"] == 250).all() and adds_up(given).mean() > 0.9


def test_conditions_that_contradict_one_another_are_told(bills: Any, routes: Any) -> None:
    against = {"hours": 4, "rate": 10.0, "labour": 100.0}
    with pytest.warns(VaekitWarning, match="the conditions contradict .* 'hours'.* cannot have such values together"):
        given = bills[0].sample(5, given=against)
    assert (given[list(against)] == list(against.values())).all().all()
    table = (
        routes[1].loc[:3, ["start", "to", "miles"]].assign(miles=lambda rows: rows["miles"].where(rows.index != 2, 999))
    )
    with pytest.warns(VaekitWarning, match=r"1 conditions \(row 2\) contradict"):
        routes[0].sample(given=table)


def test_conditions_from_which_what_training_never_had_would_follow_are_told(bills: Any) -> None:
    model, rows = bills
    assert rows["parts"].min() >= 0
    with pytest.warns(VaekitWarning, match="'bill'.*'labour'.* cannot have such values together"):
        model.sample(5, given={"bill": rows["bill"].median(), "labour": rows["bill"].median() + 50})
    with pytest.warns(VaekitWarning, match="contradict") as told:  # the labour of one total is not that of the other
        model.sample(5, given={"bill": 250.0, "parts": 100.0, "hours": 4, "rate": 20.0})
    assert "'labour'" not in str(told[0].message) and "'bill'" in str(told[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.sample(5, given={"bill": float(rows["bill"][0]), "labour": float(rows["labour"][0])})


def test_filled_cells_add_up(bills: Any) -> None:
    model, rows = bills
    gaps = rows.head(200).copy()
    for name, step in (("bill", 2), ("parts", 3), ("end", 4), ("free", 5)):
        gaps.loc[gaps.index[::step], name] = None
    filled = model.impute(gaps)
    assert adds_up(filled).all()
    only = gaps["parts"].notna() & gaps["bill"].isna()
    assert np.allclose(filled.loc[only, "bill"], rows.head(200).loc[only, "bill"])
    low, high = model.impute_interval(gaps)
    assert (low.loc[only, "bill"] == high.loc[only, "bill"]).all()


def test_a_bill_that_does_not_add_up_is_strange(bills: Any) -> None:
    model, rows = bills
    asked = rows.head(60).copy()
    asked.loc[:9, "bill"] += 20.0
    scores = model.score(asked)
    assert scores.total[:10].min() > np.median(scores.total[10:])
    reasons = {reason.column: reason for reason in scores.reasons[0]}
    assert np.isclose(reasons["bill"].expected, rows.loc[0, "bill"])


def test_a_bill_comes_to_add_up_without_its_noise(bills: Any) -> None:
    model, rows = bills
    asked = rows.head(60).copy()
    asked.loc[:29, "bill"] += 20.0
    asked.loc[30:, "parts"] += 5.0
    assert not adds_up(asked).any() and adds_up(model.denoise(asked)).mean() > 0.9
