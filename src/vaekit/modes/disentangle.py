"""Whether latents and known factors of the rows stand one to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vaekit.errors import DataError
from vaekit.modes.ask import Asked
from vaekit.schema.look import listed

BINS = 20  # of a latent, and of a factor with more values than that
LEAST = 20  # rows

Floats = NDArray[np.float64]
Columns = NDArray[Any] | Sequence[NDArray[Any]]


def disentanglement(
    latents: NDArray[Any], factors: Mapping[str, NDArray[Any]], seed: int = 0, sizes: Sequence[int] | None = None
) -> dict[str, Any]:
    """`mig` and `dci` of latents (B, L) and factors by name (B,), as `evaluate` reports them."""
    columns = list(factors.values())
    gaps, scores = mig(latents, columns, sizes), dci(latents, columns, seed, sizes)
    return {
        "mig": {"mean": float(gaps.mean()), "factors": dict(zip(factors, gaps.tolist(), strict=True))},
        "dci": {name: float(value) for name, value in scores.items()},
    }


def sizes_of(posterior: Any) -> list[int]:
    """How many of the latents each variable has: a class as many as there are classes, a number or a bit one.

    >>> from vaekit.posteriors import Categorical, Gaussian
    >>> sizes_of(Categorical(16, 2, classes=5)), sizes_of(Gaussian(16, 3))
    ([5, 5], [1, 1, 1])
    """
    if hasattr(posterior, "blocks"):
        return [size for block in posterior.blocks for size in sizes_of(block)]
    if hasattr(posterior, "classes"):
        return [posterior.classes] * posterior.variables
    levels = [posterior.levels] if getattr(posterior, "labelled", False) else []
    return [*levels, *[1] * (posterior.latents - sum(levels))]


def told(latents: NDArray[Any], factors: Columns, sizes: Sequence[int] | None = None) -> Floats:
    """I(z; v) / H(v), how much of each factor each latent variable alone tells, (F, V), from 0 to 1."""
    from sklearn.metrics import mutual_info_score

    codes = [_codes(column) for column in _columns(factors)]
    parts = np.split(latents, np.cumsum(sizes)[:-1], axis=1) if sizes is not None else list(latents.T[..., None])
    bins = [z.argmax(1) if z.shape[1] > 1 else _binned(z[:, 0]) for z in parts]
    shared = np.array([[mutual_info_score(v, z) for z in bins] for v in codes])
    entropy = np.array([[mutual_info_score(v, v)] for v in codes])
    return np.divide(shared, entropy, out=np.zeros_like(shared), where=entropy > 1e-12)


def _binned(z: Floats) -> NDArray[np.int64]:
    return np.digitize(z, np.histogram_bin_edges(z, BINS)[1:-1])


def mig(latents: NDArray[Any], factors: Columns, sizes: Sequence[int] | None = None) -> Floats:
    """The mutual information gap of each factor, (F,), from 0 to 1.

        gap of v = (I(z_first; v) - I(z_second; v)) / H(v),   first and second the two latents that tell most of v

    Latents are cut into 20 bins of equal width. Chen et al. 2018 (arXiv 1802.04942).

    Args:
        latents: (B, L), the means of q(z|row).
        factors: (B, F), or F columns (B,) of their own types; numbers of more than 20 values are cut into 20
            bins of equal shares.
        sizes: how many latents each variable has, see `sizes_of`; one each when None. Of a class the likeliest counts.

    >>> v = np.arange(400) % 4
    >>> mig(np.column_stack([v, np.zeros(400)]), v[:, None]).round(6).tolist()
    [1.0]
    >>> mig(np.eye(4)[v], v[:, None], sizes=[4]).round(6).tolist()
    [1.0]
    """
    shares = told(latents, factors, sizes)
    best = np.sort(np.concatenate([shares, np.zeros((len(shares), 1))], 1), 1)[:, -2:]
    return best[:, 1] - best[:, 0]


def dci(latents: NDArray[Any], factors: Columns, seed: int = 0, sizes: Sequence[int] | None = None) -> dict[str, float]:
    """Disentanglement, completeness and informativeness, each 1 at best.

        R_lf = how much a random forest uses latent l to predict factor f
        disentanglement = sum_l share_l (1 - H(R_l. / sum) / log F),   completeness = mean_f (1 - H(R_.f / sum) / log L)
        informativeness = mean_f of accuracy, of numbers R^2, on a fifth of the rows that the forests never saw

    Eastwood and Williams 2018 (ICLR, OpenReview By-7dz-AZ).

    Args:
        latents: (B, L), the means of q(z|row).
        factors: (B, F), or F columns (B,) of their own types; numbers of more than 20 values are regressed, others are classes.
        seed: of the forests.
        sizes: how many latents each variable has, see `sizes_of`; one each when None.

    >>> v = np.random.default_rng(0).integers(0, 3, (300, 2))
    >>> {name: round(value, 2) for name, value in dci(v * 1.0, v).items()}
    {'disentanglement': 1.0, 'completeness': 1.0, 'informativeness': 1.0}
    """
    pairs = [_forest(latents, column, seed) for column in _columns(factors)]
    R = np.column_stack([importance for importance, _ in pairs])
    if sizes is not None:
        R = np.add.reduceat(R, np.r_[0, np.cumsum(sizes)[:-1]])
    share = R.sum(1) / max(R.sum(), 1e-12)
    return {
        "disentanglement": float((share * _concentration(R)).sum()),
        "completeness": float(_concentration(R.T).mean()),
        "informativeness": float(np.mean([score for _, score in pairs])),
    }


def read_factors(asked: Asked, factors: Mapping[str, Any] | Iterable[str]) -> dict[str, NDArray[Any]]:
    """Values by name, one for each row or window that was asked about; of a window those of its first step.

    Raises:
        DataError: for an unknown column, and for values of another number or none at all.
    """
    if isinstance(factors, str):
        factors = [factors]
    if not isinstance(factors, Mapping):
        known = asked.table.arrow
        if unknown := [name for name in factors if name not in known.column_names]:
            raise DataError(
                f"evaluate: factors: no column {unknown[0]!r} in the data",
                hint=f"columns: {listed(known.column_names)}; or factors={{name: values}}",
            )
        factors = {name: known[name] for name in factors}
    found = {name: _plain(name, values, asked.table.rows) for name, values in factors.items()}
    if not found:
        raise DataError("evaluate: factors is empty, expected at least one", hint="factors=['column']")
    return found if asked.at is None else {name: values[asked.at[:, 0]] for name, values in found.items()}


def whole_rows(latents: NDArray[Any], factors: Mapping[str, NDArray[Any]]) -> tuple[Any, dict[str, NDArray[Any]]]:
    """The rows whose factors are all known."""
    known = np.all([[value is not None and value == value for value in values] for values in factors.values()], 0)
    if known.sum() < LEAST:
        raise DataError(f"evaluate: {known.sum()} rows with all factors, expected at least {LEAST}")
    return latents[known], {name: np.asarray(values[known].tolist()) for name, values in factors.items()}


def _plain(name: str, values: Any, rows: int) -> NDArray[Any]:
    values = values.to_pylist() if isinstance(values, pa.Array | pa.ChunkedArray) else values
    out = np.asarray(values.tolist() if hasattr(values, "tolist") else list(values), dtype=object)
    if out.shape != (rows,):
        raise DataError(f"evaluate: factor {name!r} has shape {out.shape}, expected one value for each of {rows} rows")
    return out


def _columns(factors: Columns) -> list[NDArray[Any]]:
    return list(factors.T if isinstance(factors, np.ndarray) else factors)


def _numeric(column: NDArray[Any]) -> bool:
    return column.dtype.kind in "fiu" and len(np.unique(column)) > BINS


def _codes(column: NDArray[Any]) -> NDArray[np.int64]:
    """A factor as classes."""
    if _numeric(column):
        return np.digitize(column, np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])))
    return np.unique(column, return_inverse=True)[1]


def _forest(latents: NDArray[Any], column: NDArray[Any], seed: int) -> tuple[Floats, float]:
    """Importances (L,), and the score on rows that were held out."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestRegressor if _numeric(column) else RandomForestClassifier
    target = column.astype(float) if _numeric(column) else _codes(column)
    apart = np.arange(len(column)) % 5 == 4
    forest = kind(30, max_features=None, min_samples_leaf=3, random_state=seed).fit(latents[~apart], target[~apart])
    return forest.feature_importances_, max(0.0, float(forest.score(latents[apart], target[apart])))


def _concentration(R: Floats) -> Floats:
    """1 - H(row / sum) / log(length) of each row: 1 where one entry is all, 0 where all are equal."""
    if R.shape[1] == 1:
        return np.ones(len(R))
    p = R / np.maximum(R.sum(1, keepdims=True), 1e-12)
    entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(1)
    return np.where(R.sum(1) > 1e-12, 1 - entropy / np.log(R.shape[1]), 0.0)
