import numpy as np
import pytest

from vaekit.schema.numbers import Tally, decimals, guess_number, spikes

N = 2000
RNG = np.random.default_rng(0)


def kind(values, name="x"):
    return guess_number(name, Tally.of(np.asarray(values))).kind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RNG.normal(size=N), "real"),
        (np.exp(RNG.normal(size=N)), "positive"),
        (RNG.uniform(1, 2, size=N), "real"),
        (RNG.poisson(3, size=N), "count"),
        (RNG.poisson(3, size=N).astype(float), "count"),
        (RNG.integers(0, 2, size=N), "binary"),
        (RNG.choice([0.5, 1.0], size=N), "binary"),
        (RNG.integers(-2, 9, size=N), "ordinal"),
        (RNG.integers(-200, 200, size=N), "real"),
        (np.exp(RNG.normal(9, 1, size=N)).astype(int) + 1, "positive"),
        (RNG.integers(1, 10**6, size=N), "real"),
        (RNG.integers(0, 10**6, size=N), "real"),
        ((np.exp(RNG.normal(6, 2, size=N))).astype(int) * (np.arange(N) > 9), "count"),
        (np.where(RNG.random(N) < 0.3, 0.0, RNG.normal(5, 1, size=N)), "mixed"),
        (np.where(RNG.random(N) < 0.9, 999, RNG.integers(0, 30, size=N)), "mixed"),
        (np.geomspace(1, 50, N).round(1), "positive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_kind_follows_the_values(values, expected):
    assert kind(values) == expected


def test_a_key_needs_distinct_values_and_a_name_or_an_order():
    shuffled = RNG.permutation(100)
    assert kind(np.arange(100)) == "identifier"
    assert kind(np.arange(100)[::-1]) == "identifier"
    assert kind(shuffled) == "count"
    for name in ("id", "CustomerId", "customerID", "row_number", "uuid", "patient_nbr"):
        assert kind(shuffled, name) == "identifier", name
    assert kind(np.arange(10)) == "count", "ten rows say nothing"
    assert kind(RNG.poisson(3, N), "number_outpatient") == "count"


def test_a_code_is_a_category():
    for name in ("admission_type_id", "zipcode", "zip_code", "CoverType", "CLASS"):
        assert kind(RNG.integers(1, 9, N), name) == "categorical", name
    assert kind(RNG.integers(1, 9, N), "coded_length") == "count"


def test_wide_keys_are_counted_exactly():
    keys = np.int64(2**60) + RNG.permutation(1000)
    assert kind(keys, "id") == "identifier"


def test_a_falling_count_has_no_spikes():
    assert spikes(Tally.of(RNG.geometric(0.1, N * 5) - 1)) == ()


def test_a_coarse_grid_has_no_spikes():
    fine = RNG.normal(5, 1, N * 5).round(1) + np.where(RNG.random(N * 5) < 0.02, 0.05, 0)
    assert spikes(Tally.of(fine)) == ()


def test_two_spikes_are_found():
    values = RNG.normal(50, 10, N)
    values[:300], values[300:500] = 0, 100
    assert spikes(Tally.of(values)) == (0.0, 100.0)


@pytest.mark.parametrize(
    ("values", "expected"), [([1.0, 2.0], 0), ([0.25, 1.5], 2), ([1 / 3, 0.5], None), ([1e-7, 1.0], None)]
)
def test_decimals(values, expected):
    assert decimals(np.array(values)) == expected


def test_decimals_of_float32_mind_its_precision():
    assert decimals(np.array([0.1, 12.7], np.float32)) == 1
    assert decimals(RNG.normal(size=100).astype(np.float32)) is None
    assert decimals((1e6 * RNG.normal(size=100)).astype(np.float32)) is None


def test_the_reason_is_in_plain_words():
    found = guess_number("gain", Tally.of(np.r_[np.zeros(900, int), np.arange(100) * 7]))
    assert found.kind == "mixed"
    assert found.spikes == (0.0,)
    assert found.reason == "exactly 0 in 90% of the rows, beside a scale"
