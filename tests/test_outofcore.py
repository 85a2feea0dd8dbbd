"""A fit on files larger than memory is a fit: the same columns, codec and answers as in memory, to the error of a sample."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest

import vaekit
from vaekit import fitting, outofcore
from vaekit.codec.levels import Levels
from vaekit.errors import DataError, SpecError
from vaekit.schema import Schema
from vaekit.sources import Table, read

ROWS, SAMPLE, APART = 6_000, 1_500, 250
NET = {"kind": "residual", "width": 32, "depth": 1}


def table(rows: int = ROWS, seed: int = 0) -> pa.Table:
    noise = np.random.default_rng(seed)
    a, b = noise.normal(size=(2, rows))
    return pa.table({
        "id": [f"C-{number:06d}" for number in range(rows)],
        "x": pa.array(10 * a + b, mask=noise.random(rows) < 0.1),
        "price": np.round(np.exp(2 + 0.5 * a + 0.2 * noise.normal(size=rows)), 2),
        "visits": noise.poisson(np.exp(1 + 0.5 * b)),
        "member": b > 0,
        "city": np.array(["Bern", "Jena", "Lima", "Oslo"])[np.clip((b + 2).astype(int), 0, 3)],
        "article": [f"a{number}" for number in np.minimum(noise.zipf(1.3, rows), 2_000)],
        "debt": np.where(noise.random(rows) < 0.3, 0.0, np.round(50 + 20 * a, 2)),
        "day": (np.datetime64("2020-01-01") + np.round(99 * b).astype("timedelta64[D]")).astype("datetime64[s]"),
        "country": ["CH"] * rows,
    })  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outofcore, "LEAST", SAMPLE)
    monkeypatch.setattr(outofcore, "CELLS", 1)
    monkeypatch.setattr(outofcore, "HELD_OUT", APART)


@pytest.fixture(params=["parquet", "csv"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    place = tmp_path / f"rows.{request.param}"
    if request.param == "parquet":
        pa_parquet.write_table(table(), place, row_group_size=250)
    else:
        monkeypatch.setattr(sys.modules["vaekit.sources.lines"], "BYTES", 15_000)
        pa_csv.write_csv(table(), place)
    return str(place)


def planned(path: str, **options: Any) -> fitting.Plan:
    return outofcore.plan([path], None, options.pop("parts", {}), 0.1, 0, **options)


def in_memory(path: str) -> fitting.Plan:
    whole = read(path)
    return fitting.plan(whole, Schema.infer(whole.arrow), None, {}, 0.1, 0)


def test_the_schema_is_that_of_all_rows(path: str) -> None:
    found, whole = planned(path).codec.schema, in_memory(path).codec.schema
    for one, other in zip(found.columns, whole.columns, strict=True):
        assert one.model_copy(update={"reason": ""}) == other.model_copy(update={"reason": ""})


def test_the_codec_is_exact_where_it_must_be_and_near_elsewhere(path: str) -> None:
    plan, whole = planned(path), in_memory(path)
    for field in plan.layout.fields:
        other = next(each for each in whole.layout.fields if each.name == field.name)
        if field.levels:
            assert field.rows == ROWS - APART and abs(field.levels - other.levels) < 0.1 * other.levels + 1
            assert np.abs(field.shares[:4] - other.shares[:4]).max() < 0.01
            continue
        assert (field.resolution, len(field.distinct) > 0) == (other.resolution, len(other.distinct) > 0)
        assert abs(field.mean - other.mean) < 4 * other.std / SAMPLE**0.5
        assert abs(field.std / other.std - 1) < 0.06
        ranks = np.searchsorted(np.sort(other.quantiles), other.cell(field.value(field.quantiles))) / 256
        assert np.abs(ranks[1:-1] - np.linspace(0, 1, 257)[1:-1]).max() < 0.06 or len(field.distinct)
    low, high = pa.compute.min_max(table()["price"]).as_py().values()
    price = next(field for field in plan.layout.fields if field.name == "price")
    assert np.allclose(price.value(price.quantiles[[0, -1]]), [low, high])


def test_new_identifiers_go_on_after_the_last_of_all_rows(path: str) -> None:
    part: Any = planned(path).codec.parts["id"]
    assert part.generate(1).to_pylist() == [f"C-{ROWS:06d}"]


def test_levels_are_counted_in_all_rows_that_train(path: str) -> None:
    plan = planned(path)
    article: Any = plan.codec.parts["article"]
    assert isinstance(article, Levels) and article.counts.sum() == ROWS - APART
    values = table()["article"].to_pylist()
    told = dict(zip(article.known.to_pylist(), article.counts.tolist(), strict=True))
    assert 0 <= values.count("a1") - told["a1"] < APART and set(told) <= set(values)


def test_lots_hold_training_rows_of_the_whole_file_and_never_those_held_out(path: str) -> None:
    plan = planned(path)
    assert plan.lots is not None and (len(plan.train), len(plan.held_out or ()), plan.rows) == (
        SAMPLE,
        APART,
        ROWS - APART,
    )
    held = {row.tobytes() for row in plan.held_out.cells.numpy()}  # type: ignore[union-attr]
    lot = plan.lots.make(1, lambda: False)
    assert abs(len(lot) - SAMPLE) < 300 and not held & {row.tobytes() for row in lot.cells.numpy()}
    both = np.concatenate([plan.train.cells.numpy(), lot.cells.numpy()])
    assert len(np.unique(both, axis=0)) > 1.5 * SAMPLE
    assert abs(float(lot.cells[:, 1].mean() - plan.train.cells[:, 1].mean())) < 0.15
    again = planned(path).lots
    assert again is not None and np.array_equal(again.make(1, lambda: False).cells, lot.cells)


FEW = ["x", "price", "city", "day"]
QUICK: dict[str, Any] = {"net": NET, "ignore": [name for name in table(9).column_names if name not in FEW], "latent": 3}


@pytest.fixture
def parquet(tmp_path: Path) -> str:
    pa_parquet.write_table(table(), tmp_path / "rows.parquet", row_group_size=250)
    return str(tmp_path / "rows.parquet")


def test_a_fit_says_what_a_fit_in_memory_says(parquet: str) -> None:
    train = {"epochs": 2, "batch": 128, "prior_epochs": 1, "rate": 5e-3}
    model = vaekit.fit(parquet, **QUICK, train={**train, "memory": 0})
    whole = vaekit.fit(parquet, **QUICK, train=train)
    assert [model.card[name] for name in ("rows", "train_rows", "held_out_rows")] == [ROWS, ROWS - APART, APART]
    assert model.card["ended"] == {"model": "complete", "prior": "complete", "ratio": "complete"}
    fresh = table(200, seed=1).select(FEW)
    one, other = model.log_prob(fresh, 8), whole.log_prob(fresh, 8)
    assert abs(one.mean() - other.mean()) < 1.5 and np.corrcoef(one, other)[0, 1] > 0.8
    score, known = model.score(fresh, reasons=0), whole.score(fresh, reasons=0)
    assert np.corrcoef(score.total, known.total)[0, 1] > 0.9 and 0.3 < np.mean(score.p_value) < 0.7
    assert len(model.fitted.arrays["neighbours.cells"]) == len(model.fitted.arrays["neighbours.latents"]) == SAMPLE
    assert model.sample(20).num_rows == 20 and model.modes().keys() == whole.modes().keys()


def test_an_epoch_that_was_asked_for_is_a_pass_over_all_rows(path: str) -> None:
    plan = planned(path, parts={"train": {"epochs": 2, "patience": 1}})
    lots = (ROWS - APART) / SAMPLE
    assert (plan.spec["train"]["epochs"], plan.spec["train"]["patience"]) == (round(2 * lots + 0.5), round(lots + 0.5))


def test_a_training_goes_on_from_a_checkpoint(tmp_path: Path, parquet: str) -> None:
    options = {**QUICK, "prior": "normal", "train": {"epochs": 1, "batch": 128, "memory": 0, "patience": None}}
    whole = vaekit.fit(parquet, **options)
    vaekit.fit(parquet, **options, resume=tmp_path / "point", on_step=lambda step: step.epoch < 2)
    again = vaekit.fit(parquet, **options, resume=tmp_path / "point")
    assert len(again.history) == len(whole.history) == 4
    for name, tensor in whole.module.state_dict().items():
        assert np.allclose(tensor, again.module.state_dict()[name], atol=1e-5), name


def test_files_that_fit_are_read_whole(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outofcore.too_large(path, {}) is None
    assert outofcore.too_large(path, {"train": {"memory": 1e-5}}) == [path]
    assert outofcore.too_large(path, {"train": {"memory": 1.0}}) is None
    monkeypatch.setattr(outofcore, "free", lambda: 1_000)
    assert outofcore.too_large(path, {}) == [path] and outofcore.too_large(Table(table(), "arrow"), {}) is None
    with pytest.raises(SpecError, match="memory"):
        outofcore.too_large(path, {"train": {"memory": -1}})


def test_a_sample_of_all_rows_needs_no_lots(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outofcore, "LEAST", ROWS)
    plan, whole = planned(path), in_memory(path)
    assert plan.lots is None and len(plan.train) + len(plan.held_out or ()) == ROWS
    mine, theirs = plan.codec.state()[1], whole.codec.state()[1]
    assert {name: array.shape for name, array in mine.items() if "quantiles" in name} == {
        name: array.shape for name, array in theirs.items() if "quantiles" in name
    }


def test_a_cell_that_does_not_fit_is_told_by_its_row(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    days = (np.datetime64("2020-01-01") + noise.integers(0, 900, ROWS).astype("timedelta64[D]")).astype(str)
    days[1_234] = "soon"
    pa_parquet.write_table(
        pa.table({"x": noise.normal(size=ROWS), "day": days}), tmp_path / "rows.parquet", row_group_size=250
    )
    plan = planned(str(tmp_path / "rows.parquet"))
    assert plan.lots is not None and plan.codec.schema["day"].kind == "datetime"
    with pytest.raises(DataError, match=r"column 'day', row 1234\b.*soon"):
        for number in range(1, 9):
            plan.lots.make(number, lambda: False)
