"""Classes, some of them unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vaekit.errors import DataError
from vaekit.sklearn import VAEClassifier

LONGER = {"epochs": 15}


def test_few_known_classes_tell_the_others(frame: Any, kind: Any) -> None:
    some = kind.astype(object)
    some[np.arange(120) % 3 > 0] = None
    some[1] = np.nan
    classifier = VAEClassifier(train=LONGER).fit(frame, some)
    assert classifier.classes_.tolist() == ["large", "small"]
    assert classifier.score(frame, kind) > 0.9
    np.testing.assert_allclose(classifier.predict_proba(frame).sum(1), 1.0)


def test_numbers_and_arrow_columns_are_classes_too(frame: Any) -> None:
    codes = np.arange(120) % 2 * 10.0
    codes[:5] = np.nan
    classifier = VAEClassifier(train=LONGER).fit(frame, codes)
    assert set(classifier.predict(frame)) == {0.0, 10.0} == set(classifier.classes_)
    arrow = pa.array(["a", None, "b"] * 40)
    assert VAEClassifier(train={"epochs": 1}).fit(frame, arrow).classes_.tolist() == ["a", "b"]


def test_a_column_called_label_is_no_obstacle(frame: Any, kind: Any) -> None:
    classifier = VAEClassifier(train={"epochs": 1}).fit(frame.rename(columns={"city": "label"}), kind)
    assert classifier.predict(frame.rename(columns={"city": "label"})).shape == (120,)


def test_mistakes_are_told(frame: Any) -> None:
    with pytest.raises(DataError, match="1 class"):
        VAEClassifier().fit(frame, np.zeros(120))
    with pytest.raises(DataError, match="y is None"):
        VAEClassifier().fit(frame, None)
