"""What adds up is found as it is written down, in spite of gaps, exceptions and rounding; what does not is not."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from vaekit import codec as codecs
from vaekit import rng
from vaekit.goals import Rows
from vaekit.modes import find_totals
from vaekit.modes.ask import tensors
from vaekit.modes.find_totals import learned
from vaekit.schema import Schema

N = 1_500


def bills() -> pd.DataFrame:
    noise = rng.numpy(0, "bills")
    count, price = noise.integers(1, 12, N), noise.lognormal(3, 0.6, N).round(2)
    net = (count * price).round(2)
    tax = (0.19 * net).round(2)
    parts = {
        "injury": noise.gamma(2, 100, N).round(2) * (noise.random(N) < 0.6),
        "damage": noise.gamma(2, 300, N).round(2),
    }
    celsius = noise.normal(15, 8, N).round(1)
    shares = noise.dirichlet(np.ones(4), N)
    return pd.DataFrame(
        {"count": count, "price": price, "net": net, "tax": tax, "gross": (net + tax).round(2), **parts}
        | {"claim": (parts["injury"] + parts["damage"]).round(2), "celsius": celsius, "free": noise.normal(size=N)}
        | {"fahrenheit": (1.8 * celsius + 32).round(2)} | {f"share{k}": shares[:, k] for k in range(4)}
    )  # fmt: skip


def found(rows: pd.DataFrame) -> set[str]:
    """The totals, written down."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    schema = Schema.infer(table)
    table = schema.conform(table)
    codec = codecs.fit(table, schema)
    assert [column.name for column in codec.columns] == list(rows)
    cells, observed = tensors(codec, table)
    return {
        " ".join(f"{w:+g} {codec.names[k]}{'~' if r else ''}" for k, w, r in zip(one.on, one.weight, one.rounded, strict=True))
        + f" = {one.rest:g}" + (" (logs)" if one.logs else "")
        for one in learned(codec.fields, Rows(cells, observed))
    }  # fmt: skip


TOLD = {
    "+1 gross -1 net -1 tax = 0", "+1 tax~ -0.19 net = 0", "+1 net -1 price -1 count = 0 (logs)",
    "+1 claim -1 damage -1 injury = 0", "+1 fahrenheit -1.8 celsius = 32",
}  # fmt: skip


def test_sums_shares_products_and_units_are_found_and_nothing_else() -> None:
    told = found(bills())
    (shares,) = told - TOLD
    assert told > TOLD and shares.count("share") == 4 and shares.endswith("= 1")


def test_a_few_rows_may_be_wrong_and_some_cells_missing() -> None:
    rows = bills()
    rows.loc[rng.numpy(1, "wrong").choice(N, 5, replace=False), "claim"] *= 1.3
    for name in ("gross", "share1", "injury"):
        rows.loc[rng.numpy(2, name).choice(N, N // 10, replace=False), name] = None
    assert found(rows) >= TOLD


def test_what_adds_up_in_most_rows_alone_is_not_a_total() -> None:
    rows = bills()[["claim", "damage", "injury"]]
    rows.loc[::50, "claim"] += 1.0
    assert found(rows) == set()


@pytest.mark.parametrize("noise", [0.02, 1.0])
def test_what_nearly_adds_up_is_not_a_total(noise: float) -> None:
    own = rng.numpy(3, "noise")
    a, b = own.normal(size=(2, N))
    assert found(pd.DataFrame({"a": a, "b": b, "sum": a + b + noise * own.normal(size=N)})) == set()


def test_columns_that_hardly_ever_vary_say_nothing() -> None:
    own = rng.numpy(4, "rare")
    rare = np.where(own.random(N) < 0.005, own.normal(5, 1, N), 0.0)
    assert found(pd.DataFrame({"a": own.normal(size=N), "b": rare, "c": rare.round(3)})) == set()


def test_few_rows_say_nothing() -> None:
    cells = torch.randn(30, 3)
    fields = [codecs.Field(name, "real", quantiles=np.array([-5.0, 5.0])) for name in "abc"]
    cells[:, 2] = cells[:, 0] + cells[:, 1]
    assert learned(fields, Rows(cells, torch.ones(30, 3, dtype=torch.bool))) == []
    assert learned(fields[:1], Rows(cells[:, :1], torch.ones(30, 1, dtype=torch.bool))) == []


def test_a_ratio_is_found_though_it_was_rounded_coarsely() -> None:
    own = rng.numpy(5, "people")
    height, weight = own.normal(1.7, 0.1, N).round(2), own.normal(75, 12, N).round(1)
    told = found(pd.DataFrame({"height": height, "weight": weight, "bmi": (weight / height**2).round(1)}))
    assert told == {"+1 bmi~ -1 weight +2 height = 0 (logs)"}


@pytest.mark.parametrize("size", [1e300, 1e-300, 1e140])
def test_numbers_whose_squares_no_double_holds_are_left_alone(size: float) -> None:
    a, b = (rng.numpy(6, name).normal(size=N) * size for name in "ab")
    with np.errstate(all="raise", under="ignore"):
        assert len(found(pd.DataFrame({"a": a, "b": b, "c": a / 2 + b / 2}))) == (size == 1e140)


@pytest.mark.parametrize("days", [30, 365, 1500])
def test_a_short_time_between_moments_that_lie_years_apart_is_found(days: int) -> None:
    own = rng.numpy(7, "trips")
    begin = pd.Timestamp("2024-01-01") + pd.to_timedelta(own.integers(0, days * 86_400, N), unit="s")
    minutes = own.gamma(2, 15, N).round()
    rows = {"begin": begin, "minutes": minutes, "end": begin + pd.to_timedelta(minutes, unit="min")}
    (one,) = found(pd.DataFrame(rows))
    assert one.count("begin") == one.count("end") == one.count("minutes") == 1


def test_sums_in_single_precision_add_up() -> None:
    own = rng.numpy(11, "single")
    a, b = (own.normal(10, 1, N).astype(np.float32) for _ in range(2))
    assert found(pd.DataFrame({"a": a, "b": b, "sum": a + b})) == {"+1 sum -1 a -1 b = 0"}


@pytest.mark.parametrize("share", [0.2, 0.35])
def test_gaps_in_all_columns_hide_no_total(share: float) -> None:
    own = rng.numpy(8, "holes")
    rows = bills().head(1_000)[["net", "tax", "gross", "damage", "injury", "claim"]]
    rows = rows.assign(**{f"free{k}": own.normal(size=len(rows)) for k in range(14)})
    told = found(rows.mask(own.random(rows.shape) < share))
    assert {"+1 gross -1 net -1 tax = 0", "+1 tax~ -0.19 net = 0", "+1 claim -1 damage -1 injury = 0"} == told


def test_products_with_nothing_and_below_it_are_found_but_none_that_a_zero_breaks() -> None:
    own = rng.numpy(9, "refunds")
    count, price = own.integers(-9, 30, N), own.lognormal(2, 0.5, N).round(2)
    rows = pd.DataFrame({"count": count, "price": price, "amount": (count * price).round(2)})
    assert found(rows) == {"+1 amount -1 price -1 count = 0 (logs)"}
    assert found(rows.assign(amount=rows["amount"].where(count != 0, 5.0))) == set()
    assert found(rows.assign(amount=rows["amount"].abs())) == set()


def test_many_columns_that_nearly_add_up_take_no_longer() -> None:
    own = rng.numpy(10, "sensors")
    plain = own.normal(size=(N, 6)) @ own.normal(size=(6, 120))
    rows = pd.DataFrame(plain + 0.003 * own.normal(size=plain.shape), columns=[f"s{k}" for k in range(120)])
    with patch.object(find_totals, "_held", wraps=find_totals._held) as held:
        assert found(rows) == set()
    assert held.call_count <= find_totals.FAILED * 9, "nine ways to look"


def test_gaps_in_many_columns_hide_no_total() -> None:
    own = rng.numpy(12, "wide")
    values = own.normal(size=(3_000, 60))
    values[:, 5], values[:, 30] = values[:, 10] + values[:, 20], values[:, 31:34].sum(1) - values[:, 34]
    cells, spread = torch.from_numpy(values / values.std(0)).float(), values.std(0)
    fields = [
        codecs.Field(f"x{k}", "real", std=std, quantiles=np.array([-5.0, 5.0])) for k, std in enumerate(spread.tolist())
    ]
    told = learned(fields, Rows(cells, torch.from_numpy(own.random(values.shape) > 0.3)))
    assert sorted(sorted(one.on) for one in told) == [[5, 10, 20], [30, 31, 32, 33, 34]]
