"""What every adapter shares: its options are those of `vaekit.fit`, and rows are read as scikit-learn reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from vaekit import api
from vaekit.presets import PARTS
from vaekit.sources import Table, read
from vaekit.sources.frames import is_arrow, is_pandas, is_polars

SAMPLES = 16  # of the bound by which two fits are compared


class VAEEstimator(BaseEstimator):
    """Options of `vaekit.fit` under its names; `random_state` is its seed.

    None of the adapters draws new rows, so that without a preset they leave out the second stage of the default fit, a prior
    learned on the latents; `prior="flow_matching"` brings it back for those who want to ask `model_` more.
    """

    model_: api.Model
    n_features_in_: int

    def __init__(
        self, preset: Any = None, *, schema: Any = None, latent: Any = None, net: Any = None, posterior: Any = None,
        prior: Any = None, likelihood: Any = None, objective: Any = None, train: Any = None, validation: float = 0.1,
        time_limit: Any = None, device: str = "auto", random_state: Any = 0,
    ) -> None:  # fmt: skip
        self.preset = preset
        self.schema = schema
        self.latent = latent
        self.net = net
        self.posterior = posterior
        self.prior = prior
        self.likelihood = likelihood
        self.objective = objective
        self.train = train
        self.validation = validation
        self.time_limit = time_limit
        self.device = device
        self.random_state = random_state

    def score(self, X: Any, y: Any = None) -> float:
        """The mean lower bound on log p(row), in nats: higher is better, so that `GridSearchCV` can choose by it."""
        return float(np.mean(self._asked(X, "log_prob", SAMPLES)))

    def _learn(self, table: Table, *, label: str | None = None) -> None:
        parts = {name: value for name in PARTS if (value := getattr(self, name)) is not None}
        if self.preset is None:
            parts.setdefault("prior", "normal")
        schema = self.schema if label is None else {**(self.schema or {}), label: "categorical"}
        self.model_ = api.fit(
            table, self.preset, schema=schema, label=label, seed=self._seed(), device=self.device, progress=False,
            validation=self.validation, time_limit=self.time_limit, **parts,
        )  # fmt: skip
        # a row's answer must be the same alone and among others, to the digits by which scikit-learn compares
        self.model_.fitted.vae.double()

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _fit_rows(self, X: Any, least: int = 2) -> Table:
        """The rows to fit, whose columns later rows are held against."""
        if _is_frame(X):
            validate_data(self, X, reset=True, skip_check_array=True)
            table = read(X)
        else:
            X = validate_data(self, X, reset=True, ensure_all_finite="allow-nan", ensure_min_samples=least)
            table = read(X)
        self._names, self._flavour = table.names, table.flavour
        return table

    def _rows(self, X: Any) -> Table:
        """Rows to ask about: an array's columns are the fitted ones in their order, as scikit-learn has it."""
        check_is_fitted(self)
        frame = _is_frame(X) and self._flavour != "numpy"
        validate = {"skip_check_array": True} if frame else {"ensure_all_finite": "allow-nan"}
        X = validate_data(self, X, reset=False, **validate)
        return read(X) if frame else read(X, names=self._names)

    def _asked(self, X: Any, mode: str, *args: Any, **options: Any) -> Any:
        rows = self._rows(X)
        return getattr(self.model_, mode)(rows, *args, **options)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _is_frame(X: Any) -> bool:
    return is_pandas(X) or is_polars(X) or is_arrow(X)


def with_column(table: Table, name: str, values: NDArray[Any]) -> Table:
    """The rows with one more column.

    >>> with_column(read({"x": [1.0]}), "y", np.array(["a"])).names
    ['x', 'y']
    """
    arrow = table.arrow.append_column(name, pa.array(values, pa.string()))
    return Table(arrow, table.flavour, table.native, table.index)
