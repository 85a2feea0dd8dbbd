"""Grey levels under a Bernoulli likelihood, which gives each image an expected log-probability but no level a probability.

How often each level occurs where the model sees such log-odds is counted over the rows, and travels with them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import nn

from vaekit.goals import Rows
from vaekit.likelihoods.bernoulli import BernoulliLikelihood
from vaekit.modes.ans import Flags, Floats
from vaekit.modes.bits_back import BUCKETS, Scheme, bucket_of, is_grey
from vaekit.modes.quantise import Symbols

FINE = 8  # steps of a count in which it doubles


def has_grey(vae: nn.Module) -> bool:
    """Whether some columns of a model are grey levels under a Bernoulli likelihood."""
    return any(isinstance(part, BernoulliLikelihood) and bool(part.grey.any()) for part in vae.modules())


def grey_counts(scheme: Scheme, symbols: Symbols, coded: Flags, given: Rows) -> NDArray[np.uint8]:
    """How often each symbol occurs at which log-odds under the rows' mean latents, on a log scale (BUCKETS, M)."""
    M = max(map(len, scheme.books))
    counts = np.zeros(BUCKETS * M, dtype=np.int64)
    for first in range(0, len(symbols), scheme.rows):
        at = slice(first, first + scheme.rows)
        own, seen, n = symbols[at], coded[at], len(symbols[at])
        cells, observed = scheme.batch(own, seen, Rows(given.cells[at], given.observed[at]))
        loc, _ = scheme.posterior(cells, observed, n)
        for group, law, _ in scheme.laws(np.rint(loc).astype(np.int32), cells, observed, n):
            if is_grey(law):
                bucket = bucket_of(law.logits[0, :n]).reshape(n, len(group)).numpy()
                place = bucket * M + own[:, group]
                counts += np.bincount(place[seen[:, group]], minlength=BUCKETS * M)
    scaled = np.rint(FINE * np.log2(1 + counts)).clip(max=255)
    return scaled.reshape(BUCKETS, M).astype(np.uint8)


def grey_shares(counts: NDArray[np.uint8]) -> Floats:
    """Shares of the levels at each log-odds, from what `grey_counts` returns.

    >>> grey_shares(np.array([[0, 8, 8, 16]], np.uint8)).round(2).tolist()
    [[0.02, 0.2, 0.2, 0.57]]
    """
    raised = np.exp2(counts / FINE) - 1 + 0.5 / counts.shape[1]
    return raised / raised.sum(1, keepdims=True)
