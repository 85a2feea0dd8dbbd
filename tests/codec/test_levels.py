"""Binary, ordinal and categorical columns."""

import numpy as np
import pyarrow as pa
import pytest

from vaekit.codec import levels
from vaekit.codec.levels import Levels
from vaekit.errors import DataError, VaekitWarning
from vaekit.schema import Column


def column(kind, type_name="string", **options):
    return Column(name="x", kind=kind, type=type_name, **options)


def test_a_categorical_has_a_place_for_new_levels():
    codec = Levels.fit(column("categorical"), pa.array(["a", "b"] * 50))
    assert codec.field.levels == 3
    assert codec.field.shares.tolist() == [0.5, 0.5, 0.0]
    with pytest.warns(VaekitWarning, match=r"column 'x': 2 new levels \('z', 'y'\) in 3 rows count as other"):
        cells, observed = codec.encode(pa.array(["b", "z", None, "y", "z"]))
    assert cells.tolist() == [1, 2, 0, 2, 2]
    assert observed.tolist() == [True, True, False, True, True]


@pytest.mark.parametrize("kind", ["binary", "ordinal"])
def test_elsewhere_a_new_level_is_missing(kind):
    codec = Levels.fit(column(kind, levels=("lo", "hi")), pa.array(["lo", "hi"]))
    with pytest.warns(VaekitWarning, match=r"1 new level \('mid'\) in 1 rows count as missing"):
        cells, observed = codec.encode(pa.array(["hi", "mid"]))
    assert (cells.tolist(), observed.tolist()) == ([1.0, 0.0], [True, False])


@pytest.mark.parametrize("kind", ["binary", "ordinal", "categorical"])
def test_a_new_level_is_refused_where_declared_so(kind):
    codec = Levels.fit(column(kind, unseen="error"), pa.array(["a", "b"]))
    with pytest.raises(DataError, match=r"column 'x': 1 new level \('c'\), first in row 1; expected one of 'a', 'b'"):
        codec.encode(pa.array(["a", "c"]))


def test_rare_levels_share_a_cell_and_are_drawn_by_frequency():
    values = pa.array(["often"] * 200 + ["once"] + ["twice"] * 2)
    codec = Levels.fit(column("categorical"), values)
    cells, _ = codec.encode(values)
    assert codec.field.levels == 2
    assert cells.tolist() == [0.0] * 200 + [1.0] * 3
    back = codec.decode(np.ones(3000), np.ones(3000, bool), np.random.default_rng(0)).value_counts()
    drawn = {row["values"]: row["counts"] for row in back.to_pylist()}
    assert drawn["twice"] == pytest.approx(2000, abs=120)
    assert drawn["once"] == pytest.approx(1000, abs=120)


def test_draws_are_repeatable():
    codec = Levels.fit(column("categorical"), pa.array(["often"] * 200 + ["p", "q", "r"]))
    one, two = (codec.decode(np.ones(50), np.ones(50, bool), np.random.default_rng(7)) for _ in range(2))
    assert one.equals(two)


def test_other_without_rare_levels_is_the_most_frequent_level():
    codec = Levels.fit(column("categorical"), pa.array(["a"] * 9 + ["b"] * 20))
    assert codec.decode(np.array([2.0]), np.ones(1, bool)).to_pylist() == ["b"]


def test_in_a_small_table_no_level_is_rare():
    assert Levels.fit(column("categorical"), pa.array(list("abcde"))).field.levels == 6


def test_beyond_the_limit_the_most_frequent_levels_are_kept(monkeypatch):
    monkeypatch.setattr(levels, "MOST", 1_000)
    names = [f"n{i}" for i in range(1500) for _ in range(3 + (i < 700))]
    codec = Levels.fit(column("categorical"), pa.array(names))
    assert codec.field.levels == 1_001
    assert (codec.encode(pa.array(["n0", "n699"]))[0] < 1_000).all()
    assert codec.field.shares.sum() == pytest.approx(1)
    assert codec.field.shares[-1] == pytest.approx(500 * 3 / len(names))


def test_thousands_of_levels_each_have_a_cell_of_their_own():
    codec = Levels.fit(column("categorical"), pa.array([f"n{i}" for i in range(5_000) for _ in range(3)]))
    assert codec.field.levels == 5_001 and codec.field.shares[-1] == 0


def test_levels_do_not_depend_on_the_order_of_rows():
    one, two = (Levels.fit(column("categorical"), pa.array(list(rows))) for rows in ("abcabc", "cbacba"))
    assert one.known.equals(two.known)


def test_declared_order_is_kept():
    codec = Levels.fit(column("ordinal", levels=("lo", "mid", "hi")), pa.array(["hi", "lo"]))
    assert codec.encode(pa.array(["lo", "mid", "hi"]))[0].tolist() == [0, 1, 2]


def test_a_category_type_keeps_its_order_and_unused_levels():
    kind = pa.dictionary(pa.int8(), pa.string(), ordered=True)
    grades = pa.DictionaryArray.from_arrays(pa.array([2, 0, None], pa.int8()), ["C", "B", "A"], ordered=True)
    codec = Levels.fit(column("ordinal", str(kind), levels=("C", "B", "A")), grades)
    back = codec.decode(*codec.encode(grades))
    assert back.equals(grades)
    assert back.dictionary.to_pylist() == ["C", "B", "A"]


def test_a_known_but_unseen_category_needs_no_warning():
    codec = Levels.fit(column("categorical", levels=("a", "b", "c")), pa.array(["a", "b"] * 40))
    assert codec.encode(pa.array(["c"]))[0].tolist() == [2.0]


def test_a_coin_that_showed_one_side_has_two():
    codec = Levels.fit(column("binary", "bool"), pa.array([True, True]))
    assert codec.field.levels == 2
    assert codec.decode(np.array([0.0, 1.0]), np.ones(2, bool)).to_pylist() == [True, True]


def test_no_values_at_all_is_legal():
    nothing = pa.nulls(2, pa.string())
    codec = Levels.fit(column("categorical"), nothing)
    assert codec.decode(*codec.encode(nothing)).equals(nothing)


def test_counted_values_give_the_levels_of_the_rows_they_stand_for() -> None:
    column = Column(name="pet", kind="categorical", type="string")
    rows = pa.array(["cow"] * 5 + ["ant"] * 9 + ["bee"] * 2)
    one = Levels.fit(column, rows)
    other = Levels.counted(column, pa.array(["bee", "cow", "ant", "cow"]), np.array([2, 4, 9, 1]))
    assert one.known == other.known and np.array_equal(one.counts, other.counts)
    assert np.array_equal(one.cell_of, other.cell_of) and one.field.levels == other.field.levels


def test_few_values_are_found_where_many_are(monkeypatch):
    pet = Levels.fit(Column(name="pet", kind="categorical", type="string"), pa.array(["a", "b", "c", "b"] * 9))
    values = pa.array(["c", None, "new", "a"])
    few = pet.index(values).tolist()
    monkeypatch.setattr(levels, "FEW", 0)
    assert few == pet.index(values).tolist() == [2, -1, -1, 0]
