"""Bits back with asymmetric numeral systems: rows of symbols on a stack of bits, and off it again.

```
encode a batch:  pop z ~ q(z|x)      push x under p(x|z)     push z under p(z)
decode a batch:  push z under q(z|x) pop x under p(x|z)      pop z under p(z)        (read from right to left)
```

The bits that choose z are taken from what the stack already holds and come back on decoding, so that a row costs on average
-log2 p(x|z) - log2 p(z) + log2 q(z|x): the negative evidence lower bound. Townsend, Bird, Barber 2019 (arXiv 1901.04866). How z
lies under p(z): `latent_bits`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import modes
from vaekit.distributions import BernoulliCell, Columns
from vaekit.goals import Rows
from vaekit.modes.ans import Flags, Floats, Stack
from vaekit.modes.latent_bits import LatentBits, flat
from vaekit.modes.quantise import Book, Symbols
from vaekit.vae import VAE

LEAST = 1e-12  # share of a symbol that a law all but rules out
BUCKETS = 33  # of the log-odds of a grey pixel, half a unit each


@dataclass(frozen=True, eq=False)
class Scheme:
    """What both sides must agree on to the last bit.

    Args:
        vae: the model in double precision, on the processor.
        books: one for each modelled column, channels of a grid first.
        rows: R, how many rows pass through the nets together, real or not.
        step: the width of a bucket of latents.
        bound: buckets reach from -bound to bound.
        grey: (BUCKETS, M) shares of grey levels by the log-odds that the model gives them; empty without grey cells.
    """

    vae: VAE
    books: Sequence[Book]
    rows: int
    step: float
    bound: int
    grey: Floats

    @cached_property
    def column(self) -> NDArray[np.int64]:
        """The column of each modelled cell, (K,)."""
        C = len(self.vae.layout.channels)
        return np.concatenate([np.tile(np.arange(C), self.vae.layout.positions), np.arange(C, len(self.books))])

    @cached_property
    def _centres(self) -> Floats:
        """The cells that nets are shown, (columns, M)."""
        return _padded([book.centre for book in self.books], 0.0)

    def batch(self, symbols: Symbols, coded: Flags, given: Rows) -> tuple[Tensor, Tensor]:
        """Cells and observed flags (R, K + G) of at most R rows; a cell that is not coded is a gap."""
        cells = torch.zeros(self.rows, self.vae.K + given.cells.shape[1], dtype=torch.float64)
        observed = torch.zeros(cells.shape, dtype=torch.bool)
        n, K = len(symbols), self.vae.K
        cells[:n, :K] = torch.from_numpy(np.where(coded, self._centres[self.column, symbols], 0.0))
        observed[:n, :K] = torch.from_numpy(coded)
        cells[:n, K:], observed[:n, K:] = given.cells, given.observed
        return cells, observed

    def posterior(self, cells: Tensor, observed: Tensor, n: int) -> tuple[Floats, Floats]:
        """Loc and scale of q(z|x) in buckets, each (n L,)."""
        law: Any = self.vae.posterior_of(cells, observed)
        return flat(law.loc[:n] / self.step), flat(law.scale[:n] / self.step)

    def prior(self, cells: Tensor, observed: Tensor, n: int) -> LatentBits:
        """p(z) of n rows, or p(z|given): it does not look at the modelled cells."""
        return LatentBits(self.vae.prior_law(cells, observed), n, self.step, self.bound)

    def tables(
        self, buckets: Symbols, cells: Tensor, observed: Tensor, n: int
    ) -> Iterator[tuple[NDArray[np.int64], Floats]]:
        """Groups of cells (k,) and the shares of their symbols (n, k, M) under p(x|z), z in buckets (n L,)."""
        for at, law, books in self.laws(buckets, cells, observed, n):
            edges = torch.from_numpy(_padded([self.books[book].edges for book in books], np.inf).T.copy())
            yield at, self._shares(law, edges)[:n].reshape(n, len(at), -1).numpy()

    def laws(
        self, buckets: Symbols, cells: Tensor, observed: Tensor, n: int
    ) -> Iterator[tuple[NDArray[np.int64], Any, list[int]]]:
        """Groups of cells (k,), the law of each p(x|z), batch shape (1, R, ..., columns), and the books of its columns."""
        z = torch.zeros(1, self.rows, self.vae.latents, dtype=torch.float64)
        z[0, :n] = torch.from_numpy(buckets.reshape(n, -1) * self.step)
        law: Any = self.vae.likelihood_of(z, cells, observed)
        if isinstance(law, Columns):
            for inner, at in zip(law.laws, law.places, strict=True):
                yield at.numpy(), inner, self.column[at.numpy()].tolist()
            return
        C, P = law.channels, law.positions
        for inner, at in zip(law.grid.laws, law.grid.places, strict=True):
            yield (np.arange(P)[:, None] * C + at.numpy()).ravel(), inner, at.tolist()
        if law.beside is not None:
            for inner, at in zip(law.beside.laws, law.beside.places, strict=True):
                yield at.numpy() + P * C, inner, (at + C).tolist()

    def _shares(self, law: Any, edges: Tensor) -> Tensor:
        """P(symbol) of a group of columns, (R, ..., columns, M), from edges (M - 1, columns) padded with infinity."""
        if is_grey(law):
            return torch.from_numpy(self.grey)[bucket_of(law.logits[0])]
        if not len(edges):  # one symbol: it is certain
            return torch.ones(*law.batch_shape[1:], 1, dtype=torch.float64)
        real = edges.isfinite()
        ends = torch.where(real, edges, -torch.inf).amax(0)
        shape = (len(edges), *[1] * (len(law.batch_shape) - 2), edges.shape[1])
        below = law.cdf(torch.where(real, edges, ends).view(shape)).nan_to_num_(0.5)
        if not real.all():
            below = torch.where(real.view(shape), below, 1.0)
        shares = below.new_empty(*below.shape[1:], len(edges) + 1)
        shares[..., 0], shares[..., -1] = below[0], 1 - below[-1]
        shares[..., 1:-1] = (below[1:] - below[:-1]).movedim(0, -1)
        return shares.clamp_(min=0).add_(LEAST)


def is_grey(law: Any) -> bool:
    """Whether a law speaks of grey levels without giving each a probability."""
    return isinstance(law, BernoulliCell) and bool(law.grey.any())


def bucket_of(logits: Tensor) -> Tensor:
    """Which of `BUCKETS` a log-odds falls in."""
    middle = BUCKETS // 2
    return (2 * logits).round().clamp(-middle, middle).long() + middle


def encode(scheme: Scheme, stack: Stack, symbols: Symbols, coded: Flags, given: Rows) -> bool:
    """Put rows (B, K) on the stack; False when it held too few bits to begin with.

    Args:
        scheme: see there.
        stack: where to.
        symbols: of every cell.
        coded: cells that are no gaps and have a symbol.
        given: cells and observed flags of the given columns, (B, G).
    """
    for at in batches(len(symbols), scheme.rows):
        own, seen, n = symbols[at], coded[at], at.stop - at.start
        cells, observed = scheme.batch(own, seen, Rows(given.cells[at], given.observed[at]))
        buckets = stack.pop_normal(*scheme.posterior(cells, observed, n), scheme.bound)
        prior = scheme.prior(cells, observed, n)
        of = prior.choose(stack, buckets)
        if len(stack) < 3:  # two words are the head of the stack: below them it makes bits up, which do not come back
            return False
        for group, shares in reversed(list(scheme.tables(buckets, cells, observed, n))):
            stack.push(own[:, group][seen[:, group]], shares[seen[:, group]])
        prior.push(stack, buckets, of)
    return True


def decode(scheme: Scheme, stack: Stack, coded: Flags, given: Rows) -> Symbols:
    """Take the rows off the stack again, last ones first: symbols (B, K), 0 where not coded."""
    symbols = np.zeros(coded.shape, np.int32)
    for at in reversed(list(batches(len(symbols), scheme.rows))):
        own, seen, n = symbols[at], coded[at], at.stop - at.start
        known = Rows(given.cells[at], given.observed[at])
        cells, observed = scheme.batch(own, seen, known)
        prior = scheme.prior(cells, observed, n)
        buckets, of = prior.pop(stack)
        for group, shares in scheme.tables(buckets, cells, observed, n):
            part = own[:, group]
            part[seen[:, group]] = stack.pop(shares[seen[:, group]])
            own[:, group] = part
        prior.give_back(stack, buckets, of)
        cells, observed = scheme.batch(own, seen, known)
        stack.push_normal(buckets, *scheme.posterior(cells, observed, n), scheme.bound)
    return symbols


def batches(rows: int, most: int) -> Iterator[slice]:
    """Slices that grow from one row to the most that the nets take, so that few bits are needed to begin with.

    >>> [at.stop - at.start for at in batches(16, 4)]
    [1, 1, 1, 1, 2, 3, 4, 3]
    """
    watch, at = modes.WATCH.get(), 0
    while at < rows:
        if watch is not None:
            watch(at, rows)
        end = min(at + max(at // 2, 1), at + most, rows)
        yield slice(at, end)
        at = end
    if watch is not None:
        watch(rows, rows)


def _padded(parts: Sequence[Floats], fill: float) -> Floats:
    """Rows of different lengths as one array, (columns, M)."""
    out = np.full((len(parts), max(map(len, parts), default=0)), fill)
    for row, part in zip(out, parts, strict=True):
        row[: len(part)] = part
    return out
