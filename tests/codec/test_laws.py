"""What holds for every column kind, including the next one: the table below fails when a kind is left out of it."""

import json
from decimal import Decimal

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from vaekit.codec import CODECS, Codec, fit
from vaekit.codec.ticks import PER_SECOND
from vaekit.schema import KINDS, Column, Schema, arrow_type, times
from vaekit.schema.tensors import ndarray_of, tensor_array

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
WIDTHS = {"halffloat": 16, "float": 32, "double": 64}
TICKS = ["time32[s]", "time32[ms]", "time64[us]", "time64[ns]", "duration[s]", "duration[ns]"]
ZONES = ["", ", tz=UTC", ", tz=Europe/Berlin"]
MOMENTS = ["date32[day]", "date64[ms]", *(f"timestamp[{unit}{zone}]" for unit in PER_SECOND for zone in ZONES)]
TEXTS = ["string", "large_string", "string_view"]
CATEGORY = "dictionary<values={}, indices=int16, ordered={}>"
CATEGORIES = [CATEGORY.format(values, order) for values in TEXTS[:2] for order in (0, 1)]
EXACT = 2**49  # ticks on each side of the mean that a double cell tells apart
FORMATS = ["%Y-%m-%d", "%-d/%-m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S.%6fZ", "%d %b %Y"]


def arrays(values, kind, *more):
    """Arrow arrays of one kind, some cells missing; `more` are casts on the way to the type that is wanted."""

    def build(rows):
        array = pa.array(rows, kind)
        for target in more:
            array = array.cast(target)
        return array

    return st.lists(st.none() | values, min_size=1, max_size=30).map(build)


def case(kind, name, values, **options):
    """A column of this kind and Arrow type, with cells made of Python values."""
    return st.tuples(st.just(Column(name="x", kind=kind, type=name, **options)), arrays(values, arrow_type(name)))


def cast(kind, name, ticks, *through, **options):
    """The same, with cells made of whole ticks."""
    target = arrow_type(name)
    return st.tuples(st.just(Column(name="x", kind=kind, type=name, **options)), arrays(ticks, *through, target))


def whole(kind, name, low=None, high=None):
    word = np.iinfo(name)
    low = max(word.min, -EXACT) if low is None else low
    high = min(word.max, EXACT if high is None else high)
    return case(kind, name, st.integers(low, high), decimals=0)


def floating(kind, name, low=-32_768.0):
    numbers = st.floats(low, 32_768.0, width=WIDTHS[name], allow_subnormal=False)
    return case(kind, name, numbers, decimals=None)


def priced(kind, low):
    """Two decimals, as a decimal type, as floats that say so, and as text."""
    cents = st.integers(low, 10**9)
    return [
        case(kind, "decimal128(12, 2)", cents.map(lambda n: Decimal(n).scaleb(-2)), decimals=2),
        case(kind, "double", cents.map(lambda n: n / 100), decimals=2),
        case(kind, "string", cents.map(str), decimals=0),
    ]


def lasting(name):
    target = arrow_type(name)
    day = st.integers(0, 86_400 * PER_SECOND[target.unit] - 1)
    ticks = st.integers(-EXACT, EXACT) if pa.types.is_duration(target) else day
    return cast("real", name, ticks, pa.int32() if target.bit_width == 32 else pa.int64(), decimals=0)


def moment(name):
    target = arrow_type(name)
    if pa.types.is_date(target):
        return cast("datetime", name, st.integers(-700_000, 2_900_000), pa.int32(), pa.date32())
    per = PER_SECOND[target.unit]
    span = per * (9_000_000_000 if per == 10**9 else 250_000_000_000)
    steps = [1, per, 3600 * per, 86_400 * per]
    ticks = (st.integers(0, min(EXACT, span // step)).map(lambda n, step=step: n * step) for step in steps)
    return st.one_of(*(cast("datetime", name, column, pa.int64()) for column in ticks))


def dated(pattern):
    moments = arrays(st.integers(0, 4 * 10**15), pa.int64(), pa.timestamp("us"))
    column = Column(name="x", kind="datetime", type="string", format=pattern)
    return st.tuples(st.just(column), moments.map(lambda array: times.write(array, pattern)))


def levelled(kind):
    levels = ("no", "yes") if kind == "binary" else ("lo", "mid", "hi")
    named = [case(kind, name, st.sampled_from(levels), levels=levels) for name in TEXTS + CATEGORIES]
    numbers = [case(kind, name, st.sampled_from([2, 3])) for name in ("int8", "uint64", "double")]
    return [*named, *numbers, case(kind, "bool", st.booleans())]


# what images hold: type, lowest and highest value
PIXELS = [("bool", 0, 2), ("uint8", 0, 256), ("uint16", 0, 2**16), ("int16", -99, 99), ("int32", 0, 12), ("float32", 0, 1),
          ("float64", 0, 1), ("float32", -3, 9), ("float64", -3, 9), ("float64", 999, 1_000)]  # fmt: skip


def pictures(seed, rows, shape, held, gaps):
    """A column of images, some of them null, some pixels of floats missing (never all of one image)."""
    (name, low, high), noise = held, np.random.default_rng(seed)
    images = noise.uniform(low, high, (rows, *shape)).astype(name)
    if gaps and images.dtype.kind == "f":
        images[noise.random(images.shape) < 0.2] = np.nan
        images[:, 0, 0, 0] = low
    array = tensor_array(images, noise.random(rows) < 0.2 * gaps)
    return Column(name="x", kind="image", type=str(array.type)), array


# kind -> a strategy of (column, cells): one entry for each member of CODECS
CASES = {
    "real": st.one_of(
        *(whole("real", name) for name in INTEGERS),
        *(floating("real", name) for name in WIDTHS),
        *(lasting(name) for name in TICKS),
        *priced("real", -(10**9)),
        case("real", "dictionary<values=int64, indices=int8, ordered=0>", st.integers(0, 99), decimals=0),
    ),
    "positive": st.one_of(
        *(whole("positive", name, 1, 10**9) for name in INTEGERS),
        *(floating("positive", name, 0.125) for name in WIDTHS),
        *priced("positive", 1),
    ),
    "count": st.one_of(
        *(whole("count", name, 0, 10**9) for name in INTEGERS),
        case("count", "double", st.integers(0, 10**9).map(float), decimals=0),
    ),
    "mixed": st.one_of(
        case("mixed", "int32", st.just(0) | st.integers(-(10**9), 10**9), spikes=(0.0, 7.0), decimals=0),
        case("mixed", "double", st.just(0.1) | st.floats(-1e6, 1e6), spikes=(0.1,)),
        case("mixed", "float", st.just(0.0) | st.floats(0, 16, width=32), spikes=(0.0,)),
    ),
    "datetime": st.one_of(*map(moment, MOMENTS), *map(dated, FORMATS)),
    "binary": st.one_of(*levelled("binary")),
    "ordinal": st.one_of(*levelled("ordinal")),
    "categorical": st.one_of(
        *levelled("categorical"),
        *(case("categorical", name, st.sampled_from(["", "a", "b", "Ä", "other", "long name"])) for name in TEXTS),
    ),
    "constant": st.one_of(
        case("constant", "string", st.just("same")),
        case("constant", "double", st.just(0.1)),
        case("constant", "null", st.none()),
        cast("constant", "date32[day]", st.just(9), pa.int32()),
    ),
    "image": st.builds(
        pictures,
        st.integers(0, 99),
        st.integers(1, 6),
        st.sampled_from([(2, 3, 1), (1, 2, 3), (5, 4, 2)]),
        st.sampled_from(PIXELS),
        st.booleans(),
    ),
    "identifier": st.one_of(
        *(whole("identifier", name, high=2**63 - 1) for name in INTEGERS),
        *(case("identifier", name, st.integers(0, 10**6).map("A-{:05d}".format)) for name in TEXTS),
        *(case("identifier", name, st.text(max_size=8)) for name in TEXTS),
    ),
}

law = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
of_every_kind = pytest.mark.parametrize("kind", CODECS)
ASIDE = {"constant", "identifier"}


def fitted(column, array):
    table = pa.table({"x": array})
    return fit(table, Schema(columns=(column,))), table


def test_every_kind_has_a_codec_and_a_case():
    assert set(CASES) == set(CODECS) == set(KINDS)


@of_every_kind
@pytest.mark.filterwarnings("ignore:column 'x'. type:vaekit.errors.VaekitWarning")
def test_decoding_restores_what_was_encoded(kind):
    @law
    @given(CASES[kind])
    def check(case):
        column, array = case
        codec, table = fitted(column, array)
        back = codec.decode(*codec.encode(table))
        assert back.schema == table.schema
        if kind not in ASIDE:
            assert_same(codec.fields[0], array, back["x"].combine_chunks())

    check()


def assert_same(field, array, back):
    assert back.is_null().equals(array.is_null())
    if field.kind == "pixel":
        assert_same_images(field, array, back)
        return
    expected, given_back = bare(array), bare(back)
    if field.kind == "categorical":  # rare levels share a cell
        share = {level: field.rows and count / field.rows for level, count in _counts(expected).items()}
        rare = {level for level, part in share.items() if part < 0.05 and part * field.rows < 3}
        pairs = zip(expected.to_pylist(), given_back.to_pylist(), strict=True)
        assert all(one == other or {one, other} <= rare for one, other in pairs)
    elif pa.types.is_floating(array.type):
        one, other = (np.asarray(part, dtype=float) for part in (expected, given_back))
        # a double holds a cell to sixteen digits of the column's own size
        size = max(np.abs(one).max(initial=0), field.std) if field.transform == "linear" else 0.0
        assert np.allclose(one, other, rtol=1e-11, atol=1e-14 * size)
        assert not field.resolution or (one == other).all()
    else:
        assert given_back.equals(expected)


def assert_same_images(field, array, back):
    one, other = (ndarray_of(part)[0][array.is_valid().to_numpy(False)] for part in (array, back))
    exact = one.dtype.kind != "f"
    assert np.array_equal(one, other) if exact else np.allclose(one, other, atol=1e-4 * field.std, equal_nan=True)


def bare(array):
    """The observed values, looked up and out of views, which Arrow cannot filter."""
    array = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
    return (array.cast("string") if array.type == pa.string_view() else array).drop_null()


def _counts(array):
    return {row["values"]: row["counts"] for row in array.value_counts().to_pylist()}


@of_every_kind
@pytest.mark.filterwarnings("ignore:column 'x'. type:vaekit.errors.VaekitWarning")
def test_cells_are_read_again_as_they_were_written(kind):
    """Without the values between: of cells that no row had, in single precision, which is what models see."""

    @law
    @given(CASES[kind], st.integers(0, 99))
    def check(case, seed):
        codec, table = fitted(*case)
        cells, observed = codec.encode(table)
        noise = np.random.default_rng(seed).normal(0, 0.5, cells.shape)
        moved = np.clip(cells + noise, cells.min(initial=0), cells.max(initial=0))
        again, seen = codec.again(moved.astype(np.float64), observed)
        expected, known = codec.encode(codec.decode(moved, observed))
        assert np.array_equal(seen, known)
        np.testing.assert_allclose(again, expected, rtol=1e-6, atol=1e-6)

    check()


@of_every_kind
@pytest.mark.filterwarnings("ignore:column 'x'. type:vaekit.errors.VaekitWarning")
def test_a_saved_codec_answers_the_same(kind):
    @law
    @given(CASES[kind])
    def check(case):
        codec, table = fitted(*case)
        plain, arrays = codec.state()
        again = Codec.from_state(json.loads(json.dumps(plain, allow_nan=False)), arrays)
        cells, observed = codec.encode(table)
        other_cells, other_observed = again.encode(table)
        assert np.array_equal(cells, other_cells)
        assert np.array_equal(observed, other_observed)
        one, other = (each.decode(cells, observed, seed=3) for each in (again, codec))
        assert repr(one.to_pylist()) == repr(other.to_pylist()) and one.schema == other.schema  # not a number is itself

    check()


@of_every_kind
def test_missing_cells_are_zero_and_all_cells_are_finite(kind):
    @law
    @given(CASES[kind])
    def check(case):
        codec, table = fitted(*case)
        cells, observed = codec.encode(table)
        assert np.isfinite(cells).all()
        assert not cells[~observed].any()
        assert kind in ASIDE or np.array_equal(observed.any(1), ~np.asarray(table["x"].is_null()))

    check()


@of_every_kind
@pytest.mark.filterwarnings("ignore:column 'x'. type:vaekit.errors.VaekitWarning")
def test_any_cell_decodes_to_a_legal_value(kind):
    @law
    @given(CASES[kind], st.floats(-1e9, 1e9))
    def check(case, cell):
        codec, table = fitted(*case)
        cells = np.full((3, codec.width), cell)
        back = codec.decode(cells)
        back.validate(full=True)
        assert back.schema == table.schema
        again, _ = codec.encode(back)  # a value outside the kind would warn, and warnings are errors
        assert np.isfinite(again).all()

    check()


@of_every_kind
def test_log_jacobian_is_the_numerical_derivative(kind):
    @law
    @given(CASES[kind])
    def check(case):
        codec, table = fitted(*case)
        cells, _ = codec.encode(table)
        slopes = codec.log_jacobian(cells)
        assert slopes.shape == cells.shape
        for field, cell, slope in zip(codec.fields, cells.T, slopes.T, strict=True):
            expected = np.zeros_like(cell) if field.levels else _difference(field, cell)
            assert np.allclose(slope, expected, atol=1e-4)

    check()


def _difference(field, cell):
    """Minus the log of d value / d cell by central differences."""
    half = 1.0 if field.transform == "linear" else 1e-4
    return -np.log(np.abs(field.value(cell + half) - field.value(cell - half)) / (2 * half))
