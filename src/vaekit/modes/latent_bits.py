"""Latents on a stack of bits under p(z): normal laws of each latent, or a mixture of normal laws of all of them.

```
encode:  pop c ~ p(c|z)           push z under p(z|c)     push c under p(c)
decode:  push c under p(c|z)      pop z under p(z|c)      pop c under p(c)        (read from right to left)
```

The components of a mixture can be cut into buckets latent by latent, the mixture itself cannot. So its component c is one more
latent: the bits that choose it come back on decoding, and since p(c|z) is exact, z costs -log2 p(z), not more. Townsend, Bird,
Barber 2019 (arXiv 1901.04866), of the latents of a row; here once more above them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vaekit.distributions.mixture import NormalMixture
from vaekit.modes.ans import Floats, Stack
from vaekit.modes.quantise import Symbols

LEAST = 1e-12  # share of a component that the latents all but rule out


@dataclass(frozen=True, eq=False)
class LatentBits:
    """p(z) over buckets of latents, of so many rows.

    Args:
        law: p(z), normal laws of batch shape (L,) or, given columns, (R, L); or a mixture.
        rows: n, of which a law of single rows has the first.
        step: the width of a bucket.
        bound: buckets reach from -bound to bound.

    >>> from vaekit.modes.ans import filler
    >>> law = NormalMixture(torch.zeros(2), torch.tensor([[-3.0], [3.0]]), torch.ones(2, 1))
    >>> stack, bits = Stack(filler(9)), LatentBits(law, 3, 0.5, 40)
    >>> z = np.array([-6, 5, 7])
    >>> bits.push(stack, z, bits.choose(stack, z))
    >>> back, of = bits.pop(stack)
    >>> back.tolist(), of.tolist()
    ([-6, 5, 7], [0, 1, 1])
    """

    law: Any
    rows: int
    step: float
    bound: int

    def choose(self, stack: Stack, buckets: Symbols) -> Symbols:
        """The component of each row (n,), chosen with bits of the stack by p(c|z), z in buckets (n L,)."""
        return stack.pop(self._shares(buckets)) if self._mixed else np.zeros(self.rows, np.int32)

    def give_back(self, stack: Stack, buckets: Symbols, of: Symbols) -> None:
        """The inverse of `choose`."""
        if self._mixed:
            stack.push(of, self._shares(buckets))

    def push(self, stack: Stack, buckets: Symbols, of: Symbols) -> None:
        """Latents (n L,) of these components (n,), and the components."""
        if not self._mixed:
            stack.push_normal(buckets, *self._apart(), self.bound)
            return
        z = buckets.reshape(self.rows, -1)
        for i in reversed(range(z.shape[1])):
            stack.push_normal(z[:, i], *self._following(of, z[:, :i]), self.bound)
        stack.push(of, self._weights())

    def pop(self, stack: Stack) -> tuple[Symbols, Symbols]:
        """The inverse of `push`: latents (n L,) and components (n,)."""
        if not self._mixed:
            return stack.pop_normal(*self._apart(), self.bound), np.zeros(self.rows, np.int32)
        of = stack.pop(self._weights())
        z = np.zeros((self.rows, self.law.loc.shape[1]), np.int32)
        for i in range(z.shape[1]):
            z[:, i] = stack.pop_normal(*self._following(of, z[:, :i]), self.bound)
        return z.ravel(), of

    @property
    def _mixed(self) -> bool:
        return isinstance(self.law, NormalMixture)

    def _apart(self) -> tuple[Floats, Floats]:
        """Loc and scale of each latent by itself, in buckets, each (n L,)."""
        wide = [torch.atleast_2d(part / self.step) for part in (self.law.loc, self.law.scale)]
        loc, scale = (part.expand(self.rows, -1) if len(part) == 1 else part[: self.rows] for part in wide)
        return flat(loc), flat(scale)

    def _following(self, of: Symbols, before: Symbols) -> tuple[Floats, Floats]:
        """Loc and scale of the next latent, in buckets, each (n,), given the component and the latents before (n, i)."""
        i, law = before.shape[1], self.law
        loc, scale = (part.double().numpy()[of, : i + 1] / self.step for part in (law.loc, law.scale))
        middle = loc[:, i]
        if law.turns is not None:
            middle = middle - (law.turns.double().numpy()[of, i, :i] * (before - loc[:, :i])).sum(1)
        return np.ascontiguousarray(middle), np.ascontiguousarray(scale[:, i])

    def _shares(self, buckets: Symbols) -> Floats:
        z = torch.from_numpy(buckets.reshape(self.rows, -1) * self.step)
        found: NDArray[np.float64] = self.law.responsibilities(z).double().numpy() + LEAST
        return found

    def _weights(self) -> Floats:
        return np.tile(self.law.logits.exp().double().numpy() + LEAST, (self.rows, 1))


def flat(numbers: torch.Tensor) -> Floats:
    """All numbers in a row, as the stack reads them."""
    return numbers.reshape(-1).contiguous().numpy()
