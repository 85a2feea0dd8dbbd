from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import adjusted_rand_score

import vaekit
from vaekit.errors import DataError, ModeUnavailable, SpecError
from vaekit.modes.calibrate import KEPT
from vaekit.modes.cluster import FITS, mixture

QUICK = {"epochs": 20, "prior_epochs": 1, "batch": 32, "rate": 1e-2}


def heaps(seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Three heaps far apart, of 150, 90 and 60 rows, and which row lies on which."""
    noise = np.random.default_rng(seed)
    of = noise.permutation(np.repeat([0, 1, 2], [150, 90, 60]))
    return np.array([[0, 0, 5], [5, 0, 0], [0, 5, 0]])[of] + 0.3 * noise.normal(size=(300, 3)), of


@pytest.fixture(scope="module")
def heaped() -> Any:
    return vaekit.fit(
        heaps()[0], net={"kind": "mlp", "hidden": [32]}, latent=2, objective={"beta": 0.1}, prior="normal", train=QUICK
    )


@pytest.mark.parametrize("by", ["default", "mixture", "kmeans"])
def test_heaps_are_found_and_counted(heaped: Any, by: Any) -> None:
    rows, of = heaps(seed=1)
    found = heaped.cluster(rows, by=by)
    assert found.probability.shape == (300, 3)
    assert adjusted_rand_score(of, found.cluster) > 0.9
    np.testing.assert_allclose(found.probability.sum(1), 1, atol=1e-9)
    assert (found.cluster == found.probability.argmax(1)).all()
    sizes = np.bincount(heaped.cluster(heaps()[0], by=by).cluster)
    assert (np.diff(sizes) < 0).all(), "the largest comes first"


def test_rows_are_not_asked_to_agree(heaped: Any) -> None:
    """Clusters are those of the training rows: rows of one heap alone still lie in one cluster."""
    rows, of = heaps(seed=1)
    for heap in range(3):
        assert len(set(heaped.cluster(rows[of == heap]).cluster.tolist())) == 1


@pytest.mark.parametrize("by", ["mixture", "kmeans"])
def test_so_many_clusters_as_were_asked_for(heaped: Any, by: Any) -> None:
    found = heaped.cluster(heaps()[0][:9], clusters=7, by=by)
    assert found.probability.shape == (9, 7)
    frame = found.to_arrow()
    assert frame.column_names == ["cluster", "probability", *(f"probability_{c}" for c in range(7))]
    np.testing.assert_array_equal(frame["probability"].to_numpy(), found.probability.max(1))


class Thirds:
    """A stand-in for a prior with components: which of two half-planes a latent lies in."""

    @staticmethod
    def responsibilities(z: torch.Tensor) -> torch.Tensor:
        return torch.stack([z[:, 0] > 0, z[:, 0] <= 0], 1).to(z.dtype)


def test_a_prior_with_components_answers_itself(heaped: Any, monkeypatch: Any) -> None:
    rows = heaps()[0][:40]
    monkeypatch.setattr(heaped.module.prior, "responsibilities", Thirds.responsibilities, raising=False)
    side = (heaped.encode(rows).mean[:, 0] <= 0).astype(int)
    for by in ("default", "prior"):
        assert (heaped.cluster(rows, by=by).cluster == side).all()
    assert heaped.cluster(rows, 3).probability.shape == (40, 3), "asked for three, the mixture answers"
    assert heaped.cluster(rows, by="mixture").probability.shape == (40, 3)
    with pytest.raises(SpecError, match="beside by='prior'"):
        heaped.cluster(rows, 3, "prior")


def test_a_mixture_as_prior_is_asked() -> None:
    rows, of = heaps()
    prior = {"kind": "mixture", "components": 3, "when": "after"}
    net = {"kind": "mlp", "hidden": [32]}
    model = vaekit.fit(rows, net=net, latent=2, objective={"beta": 0.1}, prior=prior, train=QUICK)
    found, z = model.cluster(rows), torch.from_numpy(model.encode(rows).mean)
    np.testing.assert_allclose(found.probability, model.module.prior.responsibilities(z).detach().numpy(), atol=1e-6)
    assert adjusted_rand_score(of, found.cluster) > 0.9


def test_every_step_of_a_stream_has_a_cluster(fitted: Any) -> None:
    case = fitted("stream")
    rows = pd.concat([case.rows[:60], case.rows[150:154]], ignore_index=True)
    with pytest.warns(UserWarning, match="4 steps lie"):
        found = case.model.cluster(rows, clusters=2)
    assert len(found) == 64 and (found.cluster[60:] == -1).all() and np.isnan(found.probability[60:]).all()
    np.testing.assert_allclose(found.probability[:60].sum(1), 1)
    assert found.to_arrow()["cluster"].null_count == 4


def test_the_map_shows_clusters(heaped: Any) -> None:
    pytest.importorskip("matplotlib")
    figure = heaped.cluster(heaps()[0][:60]).plot()
    assert {text.get_text() for text in figure.axes[0].get_legend().get_texts()} >= {"cluster 0", "cluster 1"}


def test_what_is_kept_for_it_is_capped_and_told(heaped: Any) -> None:
    assert heaped.card["kept_training_rows"] == 270 == len(heaped.fitted.arrays["neighbours.latents"]) < KEPT


def test_mistakes_are_told(heaped: Any, monkeypatch: Any) -> None:
    rows = heaps()[0][:5]
    with pytest.raises(
        SpecError, match="cluster: by='means', expected one of default, prior, mixture, neighbours, kmeans"
    ):
        heaped.cluster(rows, by="means")
    with pytest.raises(SpecError, match="cluster: clusters=1, expected a whole number from 2 on"):
        heaped.cluster(rows, 1)
    with pytest.raises(DataError, match="271 clusters of 270 training rows"):
        heaped.cluster(rows, 271)
    with pytest.raises(ModeUnavailable, match="the prior of this model has no components") as refusal:
        heaped.cluster(rows, by="prior")
    assert refusal.value.hint == "by='mixture'"
    monkeypatch.delitem(heaped.fitted.arrays, "neighbours.latents")
    assert heaped.modes()["cluster"].endswith("fit anew")
    with pytest.raises(ModeUnavailable, match="keeps no latents"):
        heaped.cluster(rows)


def test_what_is_fitted_to_the_kept_rows_is_fitted_once(heaped: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = heaps()[0][:9]
    first = heaped.cluster(rows, 3)
    monkeypatch.setitem(FITS, "mixture", lambda *_: pytest.fail("fitted again"))
    assert np.array_equal(heaped.cluster(rows, 3).probability, first.probability)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("rows", [2, 3, 7])
def test_few_and_equal_rows_are_no_mistake(rows: int) -> None:
    known = np.zeros((rows, 2))
    for way in FITS.values():
        assert way(known, None)(np.zeros((3, 2))).sum(1) == pytest.approx(1)


def test_the_number_is_that_of_the_least_criterion() -> None:
    noise = np.random.default_rng(0)
    for number in (2, 4, 6):
        centres = 20 * np.eye(6)[:number]
        known = np.concatenate([centre + noise.normal(size=(80, 6)) for centre in centres])
        assert mixture(known, None).n_components == number
