"""Pictures, drawn only when asked for: every function returns a `matplotlib.figure.Figure`, which notebooks show as SVG.

Modes call `scores`, `latent_map`, `walk` and `overview`; the pages use all of them. `svg` and `save` write a figure.
"""

from __future__ import annotations

from vaekit.figures.latents import latent_map, moves, rates, walk
from vaekit.figures.quality import accuracy, errors, intervals, marginals, overview, p_values, training
from vaekit.figures.rows import reasons, scores
from vaekit.figures.style import save, svg

__all__ = [
    "accuracy",
    "errors",
    "intervals",
    "latent_map",
    "marginals",
    "moves",
    "overview",
    "p_values",
    "rates",
    "reasons",
    "save",
    "scores",
    "svg",
    "training",
    "walk",
]
