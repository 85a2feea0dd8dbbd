"""Which rows belong together, by where they lie in the latents."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from vaekit.artifact import Fitted
from vaekit.errors import DataError, ModeUnavailable, SpecError
from vaekit.modes.ask import Asked, answer, ask
from vaekit.modes.encode import Latents, latents_of
from vaekit.modes.options import whole
from vaekit.modes.shown import shown
from vaekit.modes.stream import per_step
from vaekit.priors.groups import by_density, by_neighbours

Floats = NDArray[np.float64]
Assign = Callable[[Floats], Floats]  # latents of rows (B, L) -> P(cluster) (B, C)
By = Literal["default", "prior", "mixture", "neighbours", "kmeans"]
WAYS = ("default", "prior", "mixture", "neighbours", "kmeans")
MOST = 12  # clusters, when nobody says how many
LEAST_ROWS = 5  # training rows behind each cluster, when nobody says how many there are
FLOOR = 1e-3  # variance of a component along any direction, in units of the widest latent: collapsed latents are no clusters


@dataclass(frozen=True, eq=False)
class Clusters:
    """cluster (B,) the number of the most probable one, probability (B, C) of each.

    Of a stream B counts its steps, each the mean of the windows that cover it; -1, and not-a-number, where none does.
    """

    cluster: NDArray[np.int64]
    probability: Floats
    _latents: Latents = field(repr=False)
    _each: NDArray[np.int64] = field(repr=False)
    _asked: Asked = field(repr=False)

    def __len__(self) -> int:
        return len(self.cluster)

    def to_arrow(self) -> pa.Table:
        """Columns cluster, probability, then probability_0, probability_1, ..."""
        each = {f"probability_{c}": self.probability[:, c] for c in range(self.probability.shape[1])}
        number = pa.array(self.cluster, mask=self.cluster < 0)
        return pa.table({"cluster": number, "probability": self.probability.max(1), **each})

    def to_frame(self) -> Any:
        return answer(self.to_arrow(), self._asked)

    def _repr_html_(self) -> str:
        return shown(self)

    def plot(self) -> Any:
        """The latent map, each row or window in the colour of its cluster."""
        return self._latents.plot([f"cluster {number}" for number in self._each])


def cluster(fitted: Fitted, data: Any, clusters: int | None = None, by: By = "default") -> Clusters:
    """See `vaekit.Model.cluster`."""
    if by not in WAYS:
        raise SpecError(f"cluster: by={by!r}, expected one of {', '.join(WAYS)}", hint="by='default'")
    if clusters is not None:
        whole("cluster: clusters", clusters, 2, hint="clusters=None chooses among 2 to 12")
    asked = ask(fitted, data)
    latents = latents_of(fitted, asked)
    probability = assigning(fitted, clusters, by)(latents.mean.astype(np.float64))
    each = probability.argmax(1)
    if asked.at is None:
        return Clusters(each, probability, latents, each, asked)
    probability = per_step(asked, probability)
    known = ~np.isnan(probability).any(1)
    steps = np.where(known, np.nan_to_num(probability).argmax(1), -1)
    return Clusters(steps, probability, latents, each, asked)


def assigning(fitted: Fitted, clusters: int | None, by: By) -> Assign:
    """What gives the latents of rows (B, L) their P(cluster|latents) (B, C); finding it takes seconds the first time."""
    own = getattr(fitted.vae.prior, "responsibilities", None)
    if by == "prior" and own is None:
        raise ModeUnavailable("cluster: by='prior': the prior of this model has no components", hint="by='mixture'")
    if own is not None and (by == "prior" or (by == "default" and clusters is None)):
        if clusters is not None:
            raise SpecError(f"cluster: clusters={clusters} beside by='prior', which has its own", hint="by='mixture'")
        return lambda mean: own(torch.from_numpy(mean).float()).double().numpy()
    if (kept := fitted.arrays.get("neighbours.latents")) is None:
        raise ModeUnavailable("cluster: this file keeps no training latents to find clusters in", hint="fit anew")
    scale = max(float(kept.std(0).max()), 1e-12)
    if (clusters or 2) > len(kept):
        raise DataError(f"cluster: {clusters or 2} clusters of {len(kept)} training rows whose latents the file keeps")
    usual: By = "neighbours" if len(fitted.vae.layout.shape) == 2 else "mixture"  # of images
    way = usual if by in ("default", "prior") else by
    assign = fitted.once(("clusters", clusters, way), kept, lambda: _fitted(kept, scale, clusters, way))
    return lambda mean: assign(mean / scale)


def _fitted(kept: NDArray[Any], scale: float, clusters: int | None, by: By) -> Assign:
    """What is fitted to the kept latents."""
    known = kept.astype(np.float64) / scale
    with warnings.catch_warnings():  # iterations end before the last digit, and rows may be fewer than clusters
        warnings.simplefilter("ignore")
        return FITS[by](known, clusters)


def by_mixture(known: Floats, clusters: int | None) -> Assign:
    """P(component|row) (B, C) of rows under a Gaussian mixture fitted to the known rows (N, L), the largest component first.

    >>> known = np.concatenate([np.zeros((60, 1)), np.full((40, 1), 9.0)]) + np.linspace(-1, 1, 100)[:, None]
    >>> by_mixture(known, None)(np.array([[9.0], [0.0]])).round(3).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return _largest_first(mixture(known, clusters))


def by_graph(known: Floats, clusters: int | None) -> Assign:
    """P(group|row) (B, C) of rows, of the groups of neighbours among the known rows (N, L), the largest first."""
    number = mixture(known, None).n_components if clusters is None else clusters
    return _largest_first(by_neighbours(known, number, FLOOR))


def _largest_first(best: Any) -> Assign:
    order = np.argsort(-best.weights_, kind="stable")
    return lambda rows: best.predict_proba(rows)[:, order]


def by_means(known: Floats, clusters: int | None) -> Assign:
    """One for the nearest of the centres that k-means finds among the known rows (N, L), nought for the others, (B, C)."""
    from sklearn.cluster import KMeans

    number = mixture(known, None).n_components if clusters is None else clusters
    best = KMeans(number, n_init=3, random_state=0).fit(known)
    order = np.argsort(-np.bincount(best.labels_, minlength=number), kind="stable")
    return lambda rows: np.eye(number)[best.predict(rows)][:, order]


FITS = {"mixture": by_mixture, "neighbours": by_graph, "kmeans": by_means}


def mixture(known: Floats, clusters: int | None) -> Any:
    """A mixture of so many normal laws; without a number, of that with the least Bayesian information criterion.

        -2 log p(known) + parameters log N

    Schwarz 1978 (doi 10.1214/aos/1176344136). Each component pays for L^2 / 2 parameters, so that of
    many latents and few rows it finds fewer clusters than a person would name: `clusters` says how many there are.
    """
    most = min(MOST, max(2, len(known) // LEAST_ROWS))
    numbers = range(2, most + 1) if clusters is None else (clusters,)
    fits = [by_density(known, number, FLOOR, starts=1) for number in numbers]
    return min(fits, key=lambda fit: fit.bic(known))
