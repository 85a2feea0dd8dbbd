"""Strange rows, in PyOD's words and in scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import get_scorer, roc_auc_score

from vaekit.errors import SpecError
from vaekit.sklearn import VAEOutlierDetector

QUICK = {"epochs": 3}


@pytest.fixture(scope="module")
def rows() -> Any:
    """A hundred rows, the last five of them strange."""
    rows = np.random.default_rng(0).normal(size=(100, 3))
    rows[95:] = rows[95:] * 5 + 6
    return rows


def test_as_pyod_has_it(rows: Any) -> None:
    detector = VAEOutlierDetector(contamination=0.05, train=QUICK).fit(rows)
    assert detector.labels_.tolist() == [0] * 95 + [1] * 5
    assert (detector.decision_scores_ == detector.decision_function(rows)).all()
    assert ((detector.decision_scores_ > detector.threshold_) == detector.labels_).all()
    assert (detector.predict(rows) == detector.labels_).all()
    strange = np.arange(100) >= 95
    assert roc_auc_score(strange, detector.decision_function(rows)) == 1.0
    assert get_scorer("roc_auc")(detector, rows, strange) == 1.0


def test_as_scikit_learn_has_it(rows: Any) -> None:
    pyod, own = (
        VAEOutlierDetector(contamination=0.05, convention=c, train=QUICK).fit(rows) for c in ("pyod", "sklearn")
    )
    np.testing.assert_allclose(own.decision_function(rows), own.threshold_ - pyod.decision_function(rows))
    np.testing.assert_allclose(own.decision_function(rows), own.score_samples(rows) - own.offset_)
    assert own.fit_predict(rows).tolist() == [1] * 95 + [-1] * 5
    assert (pyod.score_samples(rows) == own.score_samples(rows)).all()


def test_scores_are_the_models(rows: Any) -> None:
    detector = VAEOutlierDetector(by="reconstruction", train=QUICK).fit(rows)
    scores = detector.model_.score(rows, by="reconstruction", alpha=0.5)
    np.testing.assert_allclose(detector.decision_scores_, scores.total)


@pytest.mark.parametrize(
    "options", [{"contamination": 0.0}, {"contamination": 0.7}, {"convention": "r"}, {"by": "luck"}]
)
def test_mistakes_are_told(rows: Any, options: Any) -> None:
    with pytest.raises(SpecError, match=next(iter(options))):
        VAEOutlierDetector(train={"epochs": 1}, **options).fit(rows)
