"""Rows to latent coordinates."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import _check_feature_names_in

from vaekit.sklearn.base import VAEEstimator


class VAETransformer(TransformerMixin, VAEEstimator):
    """Columns mean_0, mean_1, ...: the mean of q(z|row), as `model.encode` gives it.

    Args and attributes: those of `vaekit.fit`, and `model_`, which answers every other question.

    >>> rows = np.random.default_rng(0).normal(size=(60, 3))
    >>> transformer = VAETransformer(latent=2, train={"epochs": 2})
    >>> transformer.fit_transform(rows).shape, list(transformer.get_feature_names_out())
    ((60, 2), ['mean_0', 'mean_1'])
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the model; `y` is not used."""
        self._learn(self._fit_rows(X))
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Latent coordinates (B, L)."""
        return np.asarray(self._asked(X, "encode").mean, np.float64)

    def inverse_transform(self, Z: Any) -> Any:
        """Rows at latents (B, L), of the type that was fitted."""
        return self.model_.decode(np.asarray(Z, np.float64))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """mean_0, mean_1, ..."""
        _check_feature_names_in(self, input_features, generate_names=False)
        return np.array([f"mean_{i}" for i in range(self.model_.fitted.vae.latents)], dtype=object)
