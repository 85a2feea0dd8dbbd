"""A stack of bits on which whole numbers are coded under given probabilities: asymmetric numeral systems.

Duda 2013 (arXiv 1311.2540), through the package constriction (Bamler 2022, arXiv 2201.01741).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaekit import rng
from vaekit.modes.quantise import Symbols

WIDE = 2**20  # a whole number above this is coded in digits
DIGIT = 16  # of so many bits
NARROW = 24  # symbols of an alphabet that is coded at once: the coder reads all shares of each symbol
Flags = NDArray[np.bool_]
Words = NDArray[np.uint64]
Floats = NDArray[np.float64]


class Stack:
    """A stack of bits: the last symbol pushed is the first popped.

    Args:
        words: what it holds at first, (W,) of 32 bits each; the last is not 0.

    >>> stack = Stack(np.array([7, 7], np.uint32))
    >>> stack.push(np.array([1, 0]), np.array([[0.1, 0.9], [0.5, 0.5]]))
    >>> stack.pop(np.array([[0.1, 0.9], [0.5, 0.5]])).tolist(), stack.words().tolist()
    ([1, 0], [7, 7])
    """

    def __init__(self, words: NDArray[np.uint32]) -> None:
        import constriction

        self._models = constriction.stream.model
        self._coder = constriction.stream.stack.AnsCoder(words)
        self._family = self._models.Categorical(perfect=False)

    def __len__(self) -> int:
        """How many words it holds."""
        return int(self._coder.num_words())

    def words(self) -> NDArray[np.uint32]:
        """All that it holds, (W,)."""
        return np.asarray(self._coder.get_compressed())

    def push(self, symbols: NDArray[Any], shares: Floats) -> None:
        """Symbols (n,), each with the shares of its alphabet, (n, M); a wide alphabet is coded in two digits."""
        if not len(symbols) or shares.shape[1] == 1:  # what is certain costs nothing
            return
        if shares.shape[1] <= NARROW:
            self._coder.encode_reverse(symbols.astype(np.int32), self._family, np.ascontiguousarray(shares))
            return
        table = _in_two(shares)
        high, low = np.divmod(symbols.astype(np.int64), table.shape[2])
        self.push(low, table[np.arange(len(table)), high])
        self.push(high, table.sum(2))

    def pop(self, shares: Floats) -> Symbols:
        """The inverse of `push`."""
        if not len(shares) or shares.shape[1] == 1:
            return np.zeros(len(shares), np.int32)
        if shares.shape[1] <= NARROW:
            return self._coder.decode(self._family, np.ascontiguousarray(shares))
        table = _in_two(shares)
        high = self.pop(table.sum(2))
        return high * np.int32(table.shape[2]) + self.pop(table[np.arange(len(table)), high])

    def push_normal(self, buckets: NDArray[Any], loc: Floats, scale: Floats, bound: int) -> None:
        """Whole numbers within +-bound under normal laws that are cut at the half-integers, all (n,)."""
        self._coder.encode_reverse(buckets.astype(np.int32), self._models.QuantizedGaussian(-bound, bound), loc, scale)

    def pop_normal(self, loc: Floats, scale: Floats, bound: int) -> Symbols:
        """The inverse of `push_normal`."""
        return self._coder.decode(self._models.QuantizedGaussian(-bound, bound), loc, scale)

    def push_whole(self, numbers: Words, sizes: Words) -> None:
        """Whole numbers (n,), each of 0 ... size - 1 equally probable."""
        wide = sizes > WIDE
        if wide.any():
            low = numbers[wide] & np.uint64(2**DIGIT - 1)
            self._push_uniform(low, np.full(len(low), 2**DIGIT))
            self.push_whole(*_upper(numbers, sizes, wide))
        else:
            self._push_uniform(numbers[sizes > 1], sizes[sizes > 1])

    def pop_whole(self, sizes: Words) -> Words:
        """The inverse of `push_whole`."""
        wide = sizes > WIDE
        if wide.any():
            high = self.pop_whole(_upper(sizes, sizes, wide)[1])
            low = self._pop_uniform(np.full(int(wide.sum()), 2**DIGIT))
            high[wide] = (high[wide] << np.uint64(DIGIT)) | low
            return high
        numbers = np.zeros(len(sizes), np.uint64)
        numbers[sizes > 1] = self._pop_uniform(sizes[sizes > 1])
        return numbers

    def _push_uniform(self, numbers: NDArray[Any], sizes: NDArray[Any]) -> None:
        if len(numbers):
            self._coder.encode_reverse(numbers.astype(np.int32), self._models.Uniform(), sizes.astype(np.int32))

    def _pop_uniform(self, sizes: NDArray[Any]) -> Words:
        if not len(sizes):
            return np.empty(0, np.uint64)
        return self._coder.decode(self._models.Uniform(), sizes.astype(np.int32)).astype(np.uint64)


def _in_two(shares: Floats) -> Floats:
    """Shares (n, M) as a table of two digits (n, H, D), filled up with nothing."""
    n, M = shares.shape
    D = int(np.ceil(np.sqrt(M)))
    table = np.zeros((n, -(-M // D) * D))
    table[:, :M] = shares
    return table.reshape(n, -1, D)


def _upper(numbers: Words, sizes: Words, wide: Flags) -> tuple[Words, Words]:
    """The numbers without their lowest digit, where they are wide, and how many such there are."""
    shift, one = np.uint64(DIGIT), np.uint64(1)
    return np.where(wide, numbers >> shift, numbers), np.where(wide, ((sizes - one) >> shift) + one, sizes)


def filler(words: int) -> NDArray[np.uint32]:
    """The bits that the first row's latents are chosen with: as good as random, and the same on both sides.

    >>> len(filler(3)), bool((filler(3) > 0).all())
    (3, True)
    """
    return rng.numpy(0, "compress", "filler").integers(1, 2**32, words, dtype=np.uint32)
