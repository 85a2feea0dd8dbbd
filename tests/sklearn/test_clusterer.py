"""Groups of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score

from vaekit.sklearn import VAEClusterer


def test_groups_are_found_and_new_rows_join_them(frame: Any, kind: Any) -> None:
    clusterer = VAEClusterer(n_clusters=2, train={"epochs": 10}).fit(frame)
    assert adjusted_rand_score(kind, clusterer.labels_) > 0.7
    assert (clusterer.predict(frame) == clusterer.labels_).all()


def test_one_group_is_legal(frame: Any) -> None:
    assert set(VAEClusterer(n_clusters=1, train={"epochs": 1}).fit_predict(frame)) == {0}


def test_a_way_may_be_chosen(frame: Any) -> None:
    adapter = VAEClusterer(by="prior", prior={"kind": "mixture", "components": 3}, train={"epochs": 3}).fit(frame)
    assert (adapter.labels_ == adapter.model_.cluster(frame, by="prior").cluster).all()
    assert np.isin(adapter.labels_, range(3)).all()
