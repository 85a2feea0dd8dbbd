"""Strange rows, as scikit-learn's or PyOD's detectors tell them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vaekit.errors import SpecError
from vaekit.sklearn.base import VAEEstimator

CONVENTIONS = ("pyod", "sklearn")


class VAEOutlierDetector(VAEEstimator):
    """How strange each row is, as `model.score` tells it.

    | | convention="pyod" | convention="sklearn" |
    |---|---|---|
    | decision_function | the score: higher is stranger | offset_ + (-score): negative is strange |
    | predict | 1 strange, 0 ordinary | -1 strange, 1 ordinary |

    `decision_scores_` (B,) are the scores of the fitted rows, `threshold_` the one that the share `contamination` of them
    exceeds, `labels_` their predictions; `score_samples` is the negative score, higher is more ordinary, either way. `model_`
    tells the reasons: `detector.model_.score(rows).reasons`.

    Args:
        contamination: share of the fitted rows to call strange, above 0 and up to 0.5.
        by: the way to score: default, likelihood, reconstruction or latent.
        convention: whose `decision_function` and `predict`.
        **options: those of `vaekit.fit`.

    >>> rows = np.random.default_rng(0).normal(size=(100, 3))
    >>> rows[0] = 9.0
    >>> detector = VAEOutlierDetector(contamination=0.02, train={"epochs": 2}).fit(rows)
    >>> int(detector.decision_scores_.argmax()), int(detector.labels_.sum())
    (0, 2)
    """

    def __init__(
        self, preset: Any = None, *, contamination: float = 0.1, by: str = "default", convention: str = "pyod",
        schema: Any = None, latent: Any = None, net: Any = None, posterior: Any = None, prior: Any = None,
        likelihood: Any = None, objective: Any = None, train: Any = None, validation: float = 0.1, time_limit: Any = None,
        device: str = "auto", random_state: Any = 0,
    ) -> None:  # fmt: skip
        super().__init__(
            preset, schema=schema, latent=latent, net=net, posterior=posterior, prior=prior, likelihood=likelihood,
            objective=objective, train=train, validation=validation, time_limit=time_limit, device=device,
            random_state=random_state,
        )  # fmt: skip
        self.contamination = contamination
        self.by = by
        self.convention = convention

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the model and find the threshold; `y` is not used."""
        if self.convention not in CONVENTIONS:
            raise SpecError(f"convention={self.convention!r}, expected one of {', '.join(CONVENTIONS)}")
        if not 0 < self.contamination <= 0.5:
            raise SpecError(f"contamination={self.contamination!r}, expected a share, 0 < contamination <= 0.5")
        rows = self._fit_rows(X)
        self._learn(rows)
        self.decision_scores_ = self._scores(rows)
        self.threshold_ = float(np.quantile(self.decision_scores_, 1 - self.contamination))
        self.offset_ = -self.threshold_
        self.labels_ = self._labels(self.decision_scores_)
        return self

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """How strange each row is, (B,); see the table above."""
        return self._decision(self._scores(self._rows(X)))

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """The negative score, (B,): higher is more ordinary."""
        return -self._scores(self._rows(X))

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Which rows are strange, (B,); see the table above."""
        return self._labels(self._scores(self._rows(X)))

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.int64]:
        """The labels of the fitted rows."""
        return self.fit(X, y).labels_

    def _scores(self, rows: Any) -> NDArray[np.float64]:
        return np.asarray(self.model_.score(rows, by=self.by, reasons=0, alpha=0.999).total, np.float64)

    def _decision(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return scores if self.convention == "pyod" else -scores - self.offset_

    def _labels(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        strange = scores > self.threshold_
        return strange.astype(np.int64) if self.convention == "pyod" else np.where(strange, -1, 1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.convention == "sklearn":
            tags.estimator_type = "outlier_detector"
        return tags
