"""Positive numbers under a log-normal law."""

from __future__ import annotations

from typing import ClassVar

from vaekit.likelihoods.gaussian import GaussianLikelihood


class PositiveLikelihood(GaussianLikelihood):
    """log x is normal: p(cell|z) = N(cell; mu(z), sigma^2) where the codec's cell of a positive column is its standardised log.

    The mean in original units is exp(m + s^2 / 2), and every sample is positive. Options as in the Gaussian.
    """

    kinds: ClassVar[tuple[str, ...]] = ("positive",)
