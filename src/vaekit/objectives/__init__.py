"""A draw -> the terms of a loss, in nats per row."""

from vaekit.objectives.elbo import Elbo, Terms
from vaekit.objectives.kl import kl

OBJECTIVES = {"elbo": Elbo}

__all__ = ["OBJECTIVES", "Elbo", "Terms", "kl"]
