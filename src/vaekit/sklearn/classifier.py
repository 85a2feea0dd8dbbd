"""A class for each row, which only some of the fitted rows need to tell."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from vaekit.errors import DataError
from vaekit.sklearn.base import VAEEstimator, with_column


class VAEClassifier(ClassifierMixin, VAEEstimator):
    """The class of each row given its columns, as `model.classify` tells it; gaps need no filling.

    `y` may be missing (None, NaN) for rows whose class is not known: they help all the same. Args are those of `vaekit.fit`;
    for few known classes among many rows there is preset="m2".

    >>> rows = np.random.default_rng(0).normal(size=(80, 2)) + np.arange(80)[:, None] % 2 * 9
    >>> classifier = VAEClassifier(train={"epochs": 5}).fit(rows, np.array(["low", "high"])[np.arange(80) % 2])
    >>> classifier.predict([[9.0, 9.0], [0.0, 0.0]]).tolist(), classifier.predict_proba([[9.0, 9.0]]).shape
    (['high', 'low'], (1, 2))
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the model to rows (B, F) and classes (B,)."""
        rows = self._fit_rows(X)
        y = _classes(y)
        check_consistent_length(rows.arrow, y)
        known = np.array([value is not None and value == value for value in y.tolist()])  # NaN is not itself
        check_classification_targets(y[known])
        self.classes_, codes = np.unique(y[known], return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(f"y holds {len(self.classes_)} class, at least two classes were expected")
        self._label = "label" + "_" * max(0, *(len(name) for name in rows.names))
        column = np.full(len(y), None, dtype=object)
        column[known] = codes.astype(str)
        self._learn(with_column(rows, self._label, column), label=self._label)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """P(class|row) (B, C), in the order of `classes_`."""
        found = self._asked(X, "classify")
        out = np.zeros((len(found), len(self.classes_)))
        for m, code in enumerate(found.values):
            out[:, int(code)] = found.probability[:, m]
        return out

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, (B,)."""
        probability = self.predict_proba(X)
        return np.asarray(self.classes_[probability.argmax(1)])

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The share of rows whose class is right."""
        return float(ClassifierMixin.score(self, X, y, sample_weight))


def _classes(y: Any) -> NDArray[Any]:
    if y is None:
        raise DataError("requires y to be passed, but the target y is None", hint="classifier.fit(X, y)")
    if isinstance(y, pa.Array | pa.ChunkedArray):
        y = np.array(y.to_pylist(), dtype=object)
    y = column_or_1d(y, warn=True)
    if y.dtype.kind == "f" and np.isinf(y).any():
        raise DataError("Input y contains infinity or a value too large for dtype('float64').")
    return y
