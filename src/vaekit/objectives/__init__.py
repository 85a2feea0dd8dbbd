"""A draw -> the terms of a loss, in nats per row.

An objective is called with a `Draw` and the share of the training that is done, and returns `Terms`; `samples`, where it has
that attribute, says how many latents of each row it wants drawn, `labelled` how many rows whose class is known it wants beside
the batch. One that names `rows` in its signature is told how many rows train.
"""

from collections.abc import Callable
from typing import Any

from vaekit.objectives.elbo import Elbo, Terms
from vaekit.objectives.importance import Importance
from vaekit.objectives.info import Info
from vaekit.objectives.kl import kl
from vaekit.objectives.robust import Robust
from vaekit.objectives.semi_supervised import SemiSupervised
from vaekit.objectives.total_correlation import TotalCorrelation
from vaekit.vae import Draw

Objective = Callable[[Draw, float], Terms]
OBJECTIVES: dict[str, Any] = {
    "elbo": Elbo,
    "total_correlation": TotalCorrelation,
    "importance": Importance,
    "info": Info,
    "robust": Robust,
    "semi_supervised": SemiSupervised,
}

__all__ = [
    "OBJECTIVES",
    "Elbo",
    "Importance",
    "Info",
    "Objective",
    "Robust",
    "SemiSupervised",
    "Terms",
    "TotalCorrelation",
    "kl",
]
