"""A draw -> the terms of a loss, in nats per row.

An objective is called with a `Draw` and the share of the training that is done, and returns `Terms`; `samples`, where it has
that attribute, says how many latents of each row it wants drawn.
"""

from collections.abc import Callable
from typing import Any

from vaekit.objectives.elbo import Elbo, Terms
from vaekit.objectives.kl import kl
from vaekit.vae import Draw

Objective = Callable[[Draw, float], Terms]
OBJECTIVES: dict[str, Any] = {"elbo": Elbo}

__all__ = ["OBJECTIVES", "Elbo", "Objective", "Terms", "kl"]
