"""Numbers and moments."""

import numpy as np
import pyarrow as pa
import pytest

from vaekit.codec.numeric import Numeric
from vaekit.errors import DataError, VaekitWarning
from vaekit.schema import Column, arrow_type


def column(kind="real", type_name="double", **options):
    return Column(name="x", kind=kind, type=type_name, **options)


def round_trip(codec, array):
    return codec.decode(*codec.encode(array))


@pytest.mark.parametrize(
    ("kind", "transform", "forward"),
    [("real", "linear", np.asarray), ("positive", "log", np.log), ("count", "log1p", np.log1p)],
)
def test_cells_are_standardised_after_the_transform(kind, transform, forward):
    values = np.array([1.0, 2.0, 5.0, 40.0])
    codec = Numeric.fit(column(kind, decimals=0), pa.array(values))
    cells, observed = codec.encode(pa.array(values))
    assert codec.field.transform == transform
    assert observed.all()
    assert np.allclose(cells, (forward(values) - forward(values).mean()) / forward(values).std())


def test_the_field_describes_the_training_values():
    values = pa.array([None, *np.arange(1001)], pa.float64())
    field = Numeric.fit(column(decimals=0), values).field
    assert (field.rows, field.resolution, field.levels, len(field.distinct)) == (1001, 1.0, 0, 0)
    assert field.quantiles.shape == (257,)
    assert np.allclose(field.value(field.quantiles[[0, 128, 256]]), [0, 500, 1000])


def test_few_distinct_values_are_listed():
    field = Numeric.fit(column(decimals=1), pa.array([0.5, 1.5, 0.5, 9.5])).field
    assert np.allclose(field.value(field.distinct), [0.5, 1.5, 9.5])


def test_a_spike_stands_aside_from_scale_and_quantiles():
    rest = np.linspace(100, 200, 101)
    values = np.concatenate([np.zeros(300), rest])
    field = Numeric.fit(column("mixed", spikes=(0.0,)), pa.array(values)).field
    assert field.value(field.spikes[0]) == pytest.approx(0, abs=1e-9)
    assert field.shares == pytest.approx([300 / 401])
    assert field.mean == pytest.approx(rest.mean())
    assert field.value(field.quantiles[0]) == pytest.approx(100)


@pytest.mark.parametrize("kind", ["real", "positive", "count", "mixed"])
def test_of_many_rows_a_value_as_frequent_as_a_bin_is_a_spike(kind):
    noise = np.random.default_rng(0)
    values = np.concatenate([noise.permutation(9_000)[:5_700] + 1.0, np.full(240, 77.0), np.full(60, 0.1)])
    values = np.round(values + 0.4) if kind == "count" else values
    codec = Numeric.fit(column(kind, spikes=(0.1,) if kind == "mixed" else None), pa.array(values))
    assert codec.common.tolist() == [values[-1], 77.0]
    assert codec.field.shares == pytest.approx([0.01, 0.04], abs=2e-4)
    assert np.isin(codec.field.cell(codec.common), codec.field.quantiles).sum() == 0
    back = Numeric.from_state(codec.column, *codec.state())
    array = pa.array(values)
    cells, observed = back.encode(array)
    assert (
        back.decode(cells.astype(np.float32).astype(float), observed)[5_700:].to_pylist() == array[5_700:].to_pylist()
    )


@pytest.mark.parametrize("values", [np.r_[np.arange(3_000), np.full(90, 7)], np.arange(9_000) % 200, np.arange(9_000)])
def test_few_rows_few_values_and_even_ones_have_no_spikes(values):
    assert Numeric.fit(column("real"), pa.array(values.astype(float))).field.spikes == ()


def test_one_outlier_does_not_set_the_scale_of_a_mixed_column():
    values = np.concatenate([np.zeros(300), np.linspace(1, 2, 999), [1e6]])
    codec = Numeric.fit(column("mixed", spikes=(0.0,)), pa.array(values))
    assert codec.field.std == pytest.approx(np.std(values[300:]) / 4, rel=1e-6)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_a_spike_comes_back_to_the_last_bit_in_either_precision(precision):
    values = pa.array([0.1] * 9 + list(np.linspace(3, 77_777, 30)))
    codec = Numeric.fit(column("mixed", spikes=(0.1,)), values)
    cells, observed = codec.encode(values)
    assert codec.decode(cells.astype(precision).astype(float), observed)[:9].to_pylist() == [0.1] * 9


def test_a_value_near_a_spike_stays_itself():
    values = pa.array([0.0] * 9 + [0.001, 5e5, 1e6])
    assert round_trip(Numeric.fit(column("mixed", spikes=(0.0,)), values), values)[9].as_py() == 0.001


def test_decoding_rounds_to_the_declared_decimals():
    codec = Numeric.fit(column(decimals=1), pa.array([28.7, 1.1, 13.6]))
    back = codec.decode(codec.field.cell(np.array([28.749, 1.12])), np.ones(2, bool))
    assert back.to_pylist() == [28.7, 1.1]


def test_counts_decode_to_whole_numbers():
    codec = Numeric.fit(column("count"), pa.array([0.0, 3.0, 8.0]))
    back = codec.decode(np.linspace(-2, 2, 9), np.ones(9, bool)).to_numpy()
    assert codec.field.resolution == 1.0
    assert (back == np.rint(back)).all()


def test_continuous_values_come_back_without_a_tail_of_digits():
    values = pa.array([-12.0, 0.0, 0.3, 4.123456789])
    assert round_trip(Numeric.fit(column(), values), values).equals(values)


@pytest.mark.parametrize(
    ("kind", "type_name", "low", "high"),
    [
        ("real", "int8", -128, 127),
        ("count", "uint8", 0, 255),
        ("positive", "int16", 1, 32767),
        ("real", "time32[s]", 0, 86_399),
        ("real", "uint64", 0, 2**62),
    ],
)
def test_decoding_stays_within_the_type_and_the_kind(kind, type_name, low, high):
    ticks = pa.array([1, 2, 3], pa.int32()).cast(pa.type_for_alias(type_name))
    back = Numeric.fit(column(kind, type_name), ticks).decode(np.array([-1e30, 1e30]), np.ones(2, bool))
    back = back.cast(pa.int32()) if type_name.startswith("time") else back
    first, last = back.to_pylist()
    assert first == low
    assert last >= high if type_name == "uint64" else last == high


def test_continuous_positive_values_stay_above_zero():
    back = Numeric.fit(column("positive"), pa.array([0.1, 3.0])).decode(np.array([-1e6, 1e6]), np.ones(2, bool))
    assert 0 < back[0].as_py() < 1e-300
    assert np.isfinite(back[1].as_py())


def test_long_integers_keep_every_digit():
    values = pa.array([2**62 + 1, 2**62 + 7, None, 2**62 + 1_000_001])
    assert round_trip(Numeric.fit(column(type_name="int64"), values), values).equals(values)


def test_nanoseconds_keep_every_digit():
    start = 1_700_000_000_123_456_789
    kind = pa.timestamp("ns", "Europe/Berlin")
    values = pa.array([start, start + 1, start + 10**12 + 1]).cast(kind)
    assert round_trip(Numeric.fit(column("datetime", str(kind)), values), values).equals(values)


@pytest.mark.parametrize(
    ("step", "resolution"), [(1, 1e-6), (10**6, 1.0), (3600 * 10**6, 3600.0), (86_400 * 10**6, 86_400.0)]
)
def test_moments_keep_to_the_step_of_training(step, resolution):
    values = pa.array([step * 20_000, step * 20_001, step * 20_007]).cast(pa.timestamp("us"))
    codec = Numeric.fit(column("datetime", "timestamp[us]"), values)
    assert codec.field.resolution == pytest.approx(resolution)
    back = codec.decode(np.linspace(-3, 3, 50), np.ones(50, bool)).cast(pa.int64()).to_numpy()
    assert not (back % step).any()


@pytest.mark.parametrize("kind", ["real", "positive"])
@pytest.mark.parametrize(("type_", "step"), [
    ("time64[us]", 3600 * 10**6), ("time32[s]", 900), ("duration[ns]", 900 * 10**9), ("duration[ms]", 2_700_000),
    ("duration[us]", 1000), ("duration[ns]", 1),
])  # fmt: skip
def test_durations_and_times_of_day_keep_to_the_step_of_training(kind, type_, step):
    target = arrow_type(type_)
    whole = pa.array([step * n for n in (1, 3, 4, 7, 20)], pa.int64())
    values = (whole.cast(pa.int32()) if target.bit_width == 32 else whole).cast(target)
    codec = Numeric.fit(column(kind, type_, decimals=0), values)
    assert codec.step == codec.field.resolution == step and round_trip(codec, values).equals(values)
    back = codec.decode(np.linspace(-9, 9, 50), np.ones(50, bool))
    ticks = back.cast(f"int{target.bit_width}").to_numpy()
    assert not (ticks % step).any() and (kind == "real" or ticks.min() >= step)


def test_dates_are_counted_in_days():
    days = pa.array([19_000, 19_005, 19_010], pa.int32()).cast(pa.date32())
    field = Numeric.fit(column("datetime", "date32[day]"), days).field
    assert (field.mean, field.std, field.resolution) == (19_005.0, pytest.approx((50 / 3) ** 0.5), 1.0)


def test_the_two_values_of_a_switch_are_one_apart():
    field = Numeric.fit(column(), pa.array([0.0] * 99 + [5.0])).field
    assert (field.mean, field.std) == (pytest.approx(0.05), 5.0)


def test_an_infinity_is_refused_with_its_row():
    codec = Numeric.fit(column(), pa.array([1.0, 2.0]))
    with pytest.raises(DataError, match="column 'x', row 2: given inf"):
        codec.encode(pa.array([1.0, None, np.inf]))


@pytest.mark.parametrize(
    ("kind", "bad", "words"), [("positive", [0.0, -3.0], "above zero"), ("count", [-1.0], "zero or more")]
)
def test_a_number_that_the_kind_excludes_lies_far_below_with_a_warning(kind, bad, words):
    codec = Numeric.fit(column(kind), pa.array([1.0, 2.0, 30.0]))
    with pytest.warns(VaekitWarning, match=f"'x': {len(bad)} values, the first {bad[0]} in row 1.*{words}"):
        cells, observed = codec.encode(pa.array([1.0, *bad]))
    assert observed.all()
    assert (cells[1:] == codec.field.quantiles[0] - 6).all()


def test_a_column_without_values_is_legal():
    nothing = pa.nulls(3, pa.float64())
    codec = Numeric.fit(column(), nothing)
    assert round_trip(codec, nothing).equals(nothing)
    assert (codec.field.rows, codec.field.std) == (0, 1.0)


def test_the_log_jacobian_turns_densities_of_cells_into_densities_of_values():
    rng = np.random.default_rng(0)
    values = np.exp(rng.normal(2, 0.5, 4000))
    codec = Numeric.fit(column("positive"), pa.array(values))
    grid = np.linspace(0.05, 100, 200_001)
    cells = codec.encode(pa.array(grid))[0]
    density = np.exp(-(cells**2) / 2 - np.log(2 * np.pi) / 2 + codec.log_jacobian(cells))
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-4)


def test_a_column_of_few_values_gives_them_back_to_the_last_bit() -> None:
    values = np.random.default_rng(0).normal(size=5) * 1e3
    known = pa.array(values[np.random.default_rng(1).integers(0, 5, 400)])
    codec = Numeric.fit(Column(name="x", kind="real", type="double"), known)
    cells, observed = codec.encode(known)
    again = Numeric.from_state(codec.column, *codec.state())
    for each in (codec, again):
        assert each.decode(cells.astype(np.float32).astype(float), observed).to_pylist() == known.to_pylist()
