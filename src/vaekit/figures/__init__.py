"""Pictures, drawn only when asked for: every function returns a `matplotlib.figure.Figure`, which notebooks show as SVG.

Modes call `scores`, `latent_map`, `walk` and `overview`; the pages use all of them. `svg` and `save` write a figure.
"""

from __future__ import annotations

from vaekit.figures.images import (
    grid,
    inpainting,
    pairs,
    picture_map,
    rows_of_images,
    strange,
    strip,
    traversals,
)
from vaekit.figures.latents import latent_map, moves, rates, walk
from vaekit.figures.quality import accuracy, errors, intervals, marginals, overview, p_values, training
from vaekit.figures.rows import reasons, scores
from vaekit.figures.scored import scores_of_images, scores_of_stream
from vaekit.figures.streams import busiest, overlay, scores_over_time, windows_grid
from vaekit.figures.style import save, svg
from vaekit.figures.walks import walk_of_images, walk_of_windows

__all__ = [
    "accuracy",
    "busiest",
    "errors",
    "grid",
    "inpainting",
    "intervals",
    "latent_map",
    "marginals",
    "moves",
    "overlay",
    "overview",
    "p_values",
    "pairs",
    "picture_map",
    "rates",
    "reasons",
    "rows_of_images",
    "save",
    "scores",
    "scores_of_images",
    "scores_of_stream",
    "scores_over_time",
    "strange",
    "strip",
    "svg",
    "training",
    "traversals",
    "walk",
    "walk_of_images",
    "walk_of_windows",
    "windows_grid",
]
