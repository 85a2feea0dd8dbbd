"""The line cut into atoms, bins and tails."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from vaekit.codec.field import Field
from vaekit.distributions import Partition, Scale
from vaekit.distributions.partition import partition

ONE = Scale(["linear"], torch.zeros(1), torch.ones(1))


def cut(atoms, edges, *, whole=False, scale=ONE):
    return Partition([torch.tensor(atoms)], [torch.tensor(edges)], [whole], scale)


def test_atoms_close_together_are_told_apart():
    """A column with one value far out has the rest within a millionth of its deviation."""
    close = cut([0.0, 1e-6, 2e-6, 5e-6], [-1.0, 1.0])
    cells = torch.tensor([[0.0], [1e-6], [2e-6], [5e-6], [1.5e-6], [3e-6]])
    assert close.atom(cells)[:, 0].tolist() == [0, 1, 2, 3, -1, -1]


@given(st.floats(-1e6, 1e6), st.booleans())
def test_an_atom_is_found_after_rounding_to_single_precision(value, double):
    made = cut([value], [-1.0, 1.0])
    made = made.double() if double else made
    cell = torch.tensor([[value]], dtype=torch.float64 if double else torch.float32)
    assert made.atom(cell).item() == 0


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_every_cell_has_a_segment_that_may_be_drawn(values):
    made = Partition(
        [torch.tensor([0.0]), torch.tensor([])], [torch.tensor([-1.0, 2.0]), torch.tensor([-3.0, 0.0, 1.0])],
        [False, False], Scale(["linear"] * 2, torch.zeros(2), torch.ones(2)),
    )  # fmt: skip
    index = made.segment(torch.tensor(values)[:, None].expand(-1, 2))
    assert made.valid.T.gather(0, index).all()


@given(st.integers(0, 4), st.floats(0.001, 0.999))
def test_a_place_in_a_segment_is_in_that_segment(index, share):
    made = cut([0.5], [-1.0, 0.25, 2.0])
    cell = made.place(torch.tensor([index]), torch.tensor([share]))
    assert made.segment(cell[None]).item() == index


def test_whole_numbers_sum_to_one_with_and_without_atoms():
    scale = Scale(["log1p"], torch.tensor([1.0]), torch.tensor([0.7]))
    cell = lambda numbers: scale.cell(torch.as_tensor(numbers, dtype=torch.float32)[:, None])[:, 0]  # noqa: E731
    made = Partition([cell([2.0, 5.0])], [cell([-0.5, 3.5, 10.5, 30.5])], [True], scale)
    numbers = cell(np.arange(1_000.0))[:, None]
    for tail, segment in ((made.A + made.J + 1, None), *((made.A + j, j) for j in range(3))):
        slab = made.slab(numbers)
        inside = slab[:, 0] == tail
        mass = made.log_density(numbers, slab)[inside].exp().sum()
        assert mass.item() == pytest.approx(1.0, abs=1e-3), segment
    assert not made.valid[0, made.A + made.J] and made.slab(cell([0.0])[None]).item() == made.A


def test_whole_numbers_are_drawn_whole():
    scale = Scale(["log1p"], torch.tensor([1.0]), torch.tensor([0.7]))
    edges = scale.cell(torch.tensor([[-0.5], [3.5], [10.5]]))[:, 0]
    made = Partition([torch.tensor([])], [edges], [True], scale)
    uniform = torch.linspace(0.001, 0.999, 200)[:, None]
    for index, expected in ((0, range(4)), (1, range(4, 11))):
        numbers = scale.number(made.place(torch.full_like(uniform, index, dtype=torch.long), uniform))
        assert (numbers - numbers.round()).abs().max() < 1e-3
        assert set(numbers.round().int()[:, 0].tolist()) == set(expected)


def test_a_segment_stands_for_its_expected_number():
    scale = Scale(["log"], torch.zeros(1), torch.tensor([1.5]))
    made = Partition([torch.tensor([])], [torch.tensor([0.0, 2.0])], [False], scale)
    uniform = torch.linspace(0, 1, 100_001)[:, None]
    bin_mean = scale.number(made.place(torch.zeros_like(uniform, dtype=torch.long), uniform)).mean()
    assert scale.number(made.centres[:, :1]).item() == pytest.approx(bin_mean.item(), rel=1e-3)
    left = scale.number(made.place(torch.ones_like(uniform, dtype=torch.long), uniform)).mean()
    assert scale.number(made.centres[:, 1:2]).item() == pytest.approx(left.item(), rel=1e-3)


def numeric(values, **options):
    values = np.asarray(values, dtype=float)
    distinct = np.unique(values)
    return Field(
        "x", options.pop("kind", "real"), quantiles=np.quantile(values, np.linspace(0, 1, 257)), rows=len(values),
        distinct=distinct if len(distinct) <= 256 else np.empty(0), **options,
    )  # fmt: skip


def test_repeated_values_are_atoms_and_continuous_ones_bins():
    noise = np.random.default_rng(0)
    made = partition([numeric(noise.normal(size=4_000)), numeric(noise.integers(0, 9, 4_000) / 4 - 1)], bins=64)
    assert (made.A, made.J) == (9, 64)
    assert made.valid[0, : made.A].sum() == 0 and made.valid[1, : made.A].all()
    assert made.valid[1, made.A : made.A + made.J].sum() == 1


def test_the_least_and_the_greatest_value_are_in_a_bin():
    values = np.random.default_rng(0).normal(size=500)
    made = partition([numeric(values)])
    cells = torch.tensor([values.min(), values.max()], dtype=torch.float32)[:, None]
    assert made.segment(cells)[:, 0].tolist() == [made.A, made.A + made.J - 1]


@pytest.mark.parametrize("values", [[0.0] * 30, [1.0], [-3.0, -3.0 + 1e-9], [0.0, 1e30], np.r_[np.zeros(999), 1e9]])
def test_degenerate_columns_have_a_partition(values):
    made = partition([numeric(values)])
    cells = torch.tensor(np.asarray(values), dtype=torch.float32)[:, None]
    slab = made.slab(cells)
    assert made.log_density(cells, slab).isfinite().all() and made.centres.isfinite().all()
    assert (made.edges[0][: int(made.last) + 1].diff() > 0).all()


def test_counts_are_cut_between_whole_numbers():
    values = np.random.default_rng(0).geometric(0.01, 3_000)
    cells = np.log1p(values)
    made = partition([numeric(cells, kind="count", transform="log1p")], bins=32)
    numbers = made.scale.number(made.edges[0][made.edges[0].isfinite()][:, None])[:, 0]
    assert numbers[0].item() == pytest.approx(-0.5) and (numbers + 0.5 - (numbers + 0.5).round()).abs().max() < 0.01
    assert made.whole.all()


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=20))
def test_one_search_finds_what_two_would(values):
    scale = Scale(["linear"] * 3, torch.zeros(3), torch.ones(3))
    atoms, edges = [[-1.0, 0.5], [], [1.5]], [[-1.0, 0.5, 2.0], [-3.0, 0.0], [0.25, 1.0]]
    made = Partition(list(map(torch.tensor, atoms)), list(map(torch.tensor, edges)), [False, False, True], scale)
    cells = torch.tensor([*values, -3.0, -1.0, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0])[:, None].expand(-1, 3)
    atom, slab = made.atom_and_slab(cells)
    for k in range(3):
        for cell, found, place in zip(cells[:, k].tolist(), atom[:, k].tolist(), slab[:, k].tolist(), strict=True):
            own, last = made.atoms[k].tolist(), len(edges[k]) - 1
            equal = [i for i, each in enumerate(own) if abs(cell - each) <= float(made.reach[k, i])]
            assert found == (equal[0] if equal else -1)
            j = sum(edge <= cell for edge in edges[k]) - 1
            left = made.A if k == 2 else made.A + made.J
            assert place == (left if j < 0 else made.A + made.J + 1 if j >= last else made.A + j)


def test_a_frequent_whole_number_has_a_bin_of_its_own_and_any_other_is_an_atom():
    values = np.sort(np.random.default_rng(0).integers(0, 5_000, 5_000)).astype(float)
    for kind, atoms, bins, places in (("count", 0, 19, 3), ("real", 1, 16, 2)):
        made = partition([numeric(values, kind=kind, spikes=(2_000.0,), shares=np.array([0.5]))], bins=32)
        number = torch.tensor([[1_999.0], [2_000.0], [2_001.0]])
        assert (made.A, made.J, len(made.segment(number).unique())) == (atoms, bins, places)
        alone = made.log_density(number, made.slab(number))[1].item()  # for whole numbers, the share of their bin
        assert alone == pytest.approx(0.0, abs=1e-5) if kind == "count" else alone < 0
