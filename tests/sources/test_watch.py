"""What a pass remembers is what a look at all rows at once would find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from vaekit.errors import DataError
from vaekit.sources.watch import FEW, Tally, Watch


def columns() -> dict[str, pa.Array]:
    noise, rows = np.random.default_rng(0), 5_000
    gone = noise.random(rows) < 0.1
    moments = np.datetime64("2020-01-01T00", "s") + 86_400 * noise.integers(0, 99, rows).astype("timedelta64[s]")
    moments[rows // 2] += 3_600
    digits = noise.normal(size=rows).round(1)
    digits[3_000] = 0.125
    return {
        "x": pa.array(noise.normal(size=rows), mask=gone),
        "digits": pa.array(digits),
        "whole": pa.array(noise.integers(-9, 9, rows), mask=gone),
        "word": pa.array(np.array(list("abcdef"))[noise.integers(0, 6, rows)], mask=gone),
        "wide": pa.array([f"u{number}" for number in noise.integers(0, 10**6, rows)]),
        "day": pa.array(moments),
        "flag": pa.array(noise.random(rows) < 0.5),
        "big": pa.array(noise.integers(0, 9, rows)).cast(pa.string()).cast(pa.large_string()),
        "kind": pa.array(noise.integers(0, 9, rows)).cast(pa.string()).dictionary_encode(),
        "none": pa.nulls(rows),
        "list": pa.array([[1]] * rows),
    }


def witnesses(name: str, array: pa.Array, size: int = 100) -> tuple[Watch, set[int]]:
    watch, found = Watch(name), {}
    for at in range(0, len(array), size):
        found |= {what: at + place for what, place in watch.see(pa.chunked_array([array.slice(at, size)]))}
    few = watch.few is not None
    return watch, {row for what, row in found.items() if few or not what.startswith("value")}


@pytest.mark.parametrize("name", ["x", "digits", "whole", "day"])
def test_witnesses_hold_the_extremes_the_digits_and_the_grid(name: str) -> None:
    array = columns()[name]
    watch, rows = witnesses(name, array)
    shown = array.take(pa.array(sorted(rows)))
    assert pc.min_max(shown) == pc.min_max(array)
    if name == "digits":
        assert 3_000 in rows and watch.digits == 3
    if name == "day":
        assert len(array) // 2 in rows and watch.grid == 3_600


@pytest.mark.parametrize("name", ["whole", "word", "flag", "big", "kind"])
def test_witnesses_hold_each_value_of_few(name: str) -> None:
    array = columns()[name]
    _, rows = witnesses(name, array)
    assert set(array.take(pa.array(sorted(rows))).to_pylist()) >= set(array.drop_null().to_pylist())
    assert len(rows) <= FEW + 2


def test_the_last_of_the_longest_texts_is_that_of_the_greatest_number() -> None:
    array = columns()["wide"]
    _, rows = witnesses("wide", array)
    assert [array[row].as_py() for row in rows] == [f"u{max(int(text[1:]) for text in array.to_pylist())}"]


@pytest.mark.parametrize("name", ["none", "list"])
def test_what_cannot_be_compared_has_no_witness(name: str) -> None:
    assert witnesses(name, columns()[name])[1] == set()


def test_an_infinity_is_refused() -> None:
    with pytest.raises(DataError, match="row 1 "):
        Watch("x").see(pa.chunked_array([[1.0, float("inf")]]))


@pytest.mark.parametrize("name", ["whole", "word", "flag", "kind", "digits"])
def test_counts_are_exact_while_values_are_few(name: str) -> None:
    array = columns()[name]
    watch, _ = witnesses(name, array)
    values, counts = watch.tally.counted() or (None, None)
    plain = array.cast(pa.string()) if name == "kind" else array
    expected = {pair["values"]: pair["counts"] for pair in pc.value_counts(plain.drop_null()).to_pylist()}
    assert dict(zip(values.to_pylist(), counts.to_pylist(), strict=True)) == expected
    assert values.to_pylist() == sorted(values.to_pylist()) and watch.tally.lost == 0


def test_of_many_texts_the_frequent_ones_are_counted_with_a_known_error() -> None:
    noise, most = np.random.default_rng(0), 64
    tally, every = Tally(most), []
    for _ in range(50):
        part = [f"w{number}" for number in noise.zipf(1.3, 400)]
        every += part
        tally.add(pa.array(part))
    values, counts = tally.counted() or (None, None)
    told = dict(zip(values.to_pylist(), counts.to_pylist(), strict=True))
    true = {pair["values"]: pair["counts"] for pair in pc.value_counts(pa.array(every)).to_pylist()}
    assert 0 < tally.lost <= 2 * len(every) / most
    assert all(true[word] - tally.lost <= count <= true[word] for word, count in told.items())
    assert {word for word, count in true.items() if count > tally.lost} <= set(told)


def test_of_many_numbers_nobody_counts() -> None:
    tally = Tally(64)
    for at in range(0, 1_000, 100):
        tally.add(pa.array(range(at, at + 100)))
    assert tally.counted() is None and not tally.parts


def test_a_column_without_values_has_an_empty_tally() -> None:
    counted: Any = Tally().counted()
    assert [len(part) for part in counted] == [0, 0]
