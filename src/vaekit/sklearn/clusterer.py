"""Rows that belong together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClusterMixin

from vaekit.sklearn.base import VAEEstimator
from vaekit.sources import Table


class VAEClusterer(ClusterMixin, VAEEstimator):
    """Which rows belong together, as `model.cluster` finds them: `labels_` of the fitted rows, `predict` of new ones.

    Args:
        n_clusters: how many; None for the number that suits the fitted rows best.
        by: "prior", "mixture", "neighbours", "kmeans", or "default".
        **options: those of `vaekit.fit`.

    >>> rows = np.random.default_rng(0).normal(size=(60, 2)) + np.arange(60)[:, None] % 2 * 9
    >>> len(set(VAEClusterer(n_clusters=2, train={"epochs": 2}).fit_predict(rows)))
    2
    """

    def __init__(
        self, n_clusters: Any = None, *, by: str = "default", preset: Any = None, schema: Any = None, latent: Any = None,
        net: Any = None, posterior: Any = None, prior: Any = None, likelihood: Any = None, objective: Any = None,
        train: Any = None, validation: float = 0.1, time_limit: Any = None, device: str = "auto", random_state: Any = 0,
    ) -> None:  # fmt: skip
        super().__init__(
            preset, schema=schema, latent=latent, net=net, posterior=posterior, prior=prior, likelihood=likelihood,
            objective=objective, train=train, validation=validation, time_limit=time_limit, device=device,
            random_state=random_state,
        )  # fmt: skip
        self.n_clusters = n_clusters
        self.by = by

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the model and label its rows; `y` is not used."""
        rows = self._fit_rows(X)
        self._learn(rows)
        self.labels_ = self._clusters(rows)
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """The number of the most probable cluster of each row, (B,)."""
        return self._clusters(self._rows(X))

    def _clusters(self, rows: Table) -> NDArray[np.int64]:
        if self.n_clusters == 1:  # legal here, and no question for a mixture
            return np.zeros(rows.rows, np.int64)
        return np.asarray(self.model_.cluster(rows, self.n_clusters, self.by).cluster, np.int64)  # type: ignore[arg-type]
