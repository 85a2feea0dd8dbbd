"""Values that single precision does not tell apart come back by their frequency; all others come back themselves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from vaekit.codec import fit
from vaekit.schema import Schema

VALUES = np.array([0.0, 1 - 3e-10, 1 - 2e-10, 1 - 1e-10])
SHARES = np.array([0.2, 0.5, 0.1, 0.2])


def column() -> pa.Table:
    noise = np.random.default_rng(0)
    return pa.table({"share": noise.choice(VALUES, 2_000, p=SHARES)})


def test_one_of_several_is_drawn_by_its_frequency() -> None:
    table = column()
    codec = fit(table, Schema.infer(table))
    cells, observed = codec.encode(table)
    single = cells.astype(np.float32).astype(float)
    assert len(np.unique(single)) == 2, "three of them look the same"
    drawn = codec.decode(single, observed, seed=1)["share"].to_numpy()
    found = (drawn[:, None] == VALUES).mean(0)
    assert found.sum() == 1 and np.abs(found - SHARES).max() < 0.03
    assert (drawn == codec.decode(single, observed, seed=1)["share"].to_numpy()).all()
    assert (drawn != codec.decode(single, observed, seed=2)["share"].to_numpy()).any()


def test_in_double_precision_every_value_comes_back() -> None:
    table = column()
    codec = fit(table, Schema.infer(table))
    assert codec.decode(*codec.encode(table)) == table


def test_without_a_generator_it_is_the_middle_one() -> None:
    table = column()
    codec = fit(table, Schema.infer(table))
    part = codec.parts["share"]
    high = np.full(3, codec.encode(table)[0].max()).astype(np.float32).astype(float)
    assert part.draws and part.decode(high, np.ones(3, dtype=bool)).to_pylist() == [VALUES[1]] * 3


def test_they_are_drawn_from_all_that_a_law_of_cells_does_not_tell_apart() -> None:
    """Nine values of a few images that lie within a rounding error of one another: a histogram knows one atom of them."""
    values = np.r_[0.0, 1 - 5e-9 * np.arange(9)]
    table = pa.table({"share": np.random.default_rng(0).choice(values, 4_000)})
    codec = fit(table, Schema.infer(table))
    images, count = np.unique(np.unique(codec.encode(table)[0]).astype(np.float32), return_counts=True)
    assert 2 < len(images) < 9
    drawn = codec.decode(np.full((5_000, 1), float(images[count.argmax()])))["share"].to_numpy()
    assert {*drawn} == {*values[1:]} and (drawn[:, None] == values[1:]).mean(0).min() > 0.08


def test_values_that_differ_are_never_drawn() -> None:
    table = pa.table({"rate": np.random.default_rng(0).choice([0.1, 0.2, 0.7], 500)})
    codec = fit(table, Schema.infer(table))
    cells, observed = codec.encode(table)
    assert not codec.parts["rate"].draws
    assert codec.decode(cells.astype(np.float32).astype(float), observed) == table
