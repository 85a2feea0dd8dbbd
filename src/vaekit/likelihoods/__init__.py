"""Decoder features -> p(cell|z), one log-probability per cell; and the per-column mix of them.

Each likelihood serves K columns of its `kinds` at once: `Likelihood(features, fields, *, options)(h) -> law (S, B, K)`.
"""

from vaekit.likelihoods.gaps import Gaps, frequent
from vaekit.likelihoods.mix import Mix, choose
from vaekit.likelihoods.registry import LIKELIHOODS

__all__ = ["LIKELIHOODS", "Gaps", "Mix", "choose", "frequent"]
