from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vaekit.modes.ans import Stack, filler


@given(st.lists(st.integers(1, 2**64 - 1).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))), max_size=20))
def test_whole_numbers_of_any_size_come_back(pairs: list[tuple[int, int]]) -> None:
    numbers, sizes = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
    stack = Stack(filler(2))
    stack.push_whole(numbers, sizes)
    assert np.array_equal(stack.pop_whole(sizes), numbers)
    assert np.array_equal(stack.words(), filler(2))


def test_a_wide_alphabet_costs_its_entropy_and_comes_back() -> None:
    noise = np.random.default_rng(0)
    shares = noise.dirichlet(np.full(300, 0.3), size=2000)
    symbols = np.array([noise.choice(300, p=share) for share in shares])
    stack = Stack(filler(2))
    stack.push(symbols, shares)
    bits = -np.log2(shares[np.arange(2000), symbols]).sum()
    assert abs(32 * len(stack) - 64 - bits) < 0.005 * bits + 64
    assert np.array_equal(stack.pop(shares), symbols) and np.array_equal(stack.words(), filler(2))


def test_popping_and_pushing_a_normal_law_gives_the_bits_back() -> None:
    stack = Stack(filler(50))
    loc, scale = np.linspace(-9.0, 9.0, 20), np.linspace(0.1, 20.0, 20)
    drawn = stack.pop_normal(loc, scale, 100)
    assert len(stack) < 50 and len(np.unique(drawn)) > 10
    stack.push_normal(drawn, loc, scale, 100)
    assert np.array_equal(stack.words(), filler(50))
