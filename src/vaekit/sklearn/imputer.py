"""Gaps filled."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin

from vaekit.sklearn.base import VAEEstimator


class VAEImputer(OneToOneFeatureMixin, TransformerMixin, VAEEstimator):
    """The rows with their missing cells filled, as `model.impute` fills them; observed cells never change.

    An array comes back as an array, a frame as a frame of the same types. Columns that nothing can be learned of (a constant,
    no value at all) stay as they are.

    Args:
        sample_posterior: a random completion rather than the best single value; several make a multiple imputation. Needs a
            learned prior to be more than a draw of each cell by itself: prior="flow_matching".
        **options: those of `vaekit.fit`.

    >>> rows = np.random.default_rng(0).normal(size=(60, 3))
    >>> rows[0, 1] = np.nan
    >>> bool(np.isnan(VAEImputer(train={"epochs": 2}).fit_transform(rows)).any())
    False
    """

    def __init__(
        self, preset: Any = None, *, sample_posterior: bool = False, schema: Any = None, latent: Any = None, net: Any = None,
        posterior: Any = None, prior: Any = None, likelihood: Any = None, objective: Any = None, train: Any = None,
        validation: float = 0.1, time_limit: Any = None, device: str = "auto", random_state: Any = 0,
    ) -> None:  # fmt: skip
        super().__init__(
            preset, schema=schema, latent=latent, net=net, posterior=posterior, prior=prior, likelihood=likelihood,
            objective=objective, train=train, validation=validation, time_limit=time_limit, device=device,
            random_state=random_state,
        )  # fmt: skip
        self.sample_posterior = sample_posterior

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the model; `y` is not used."""
        self._learn(self._fit_rows(X))
        return self

    def transform(self, X: Any) -> Any:
        """The rows with their gaps filled."""
        rows = self._rows(X)
        if not self.sample_posterior:
            filled = self.model_.impute(rows)
        else:
            (filled,) = self.model_.impute(rows, draws=1, seed=self._seed())
        return filled if rows.flavour != "numpy" else np.asarray(filled)
