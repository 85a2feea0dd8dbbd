"""Pictures of what the latents of images do: a map of the images by their latents, and walks along the busiest latents."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vaekit.modes.judge import Subject, first
from vaekit.modes.judge_images import shown
from vaekit.modes.labels import labels_of
from vaekit.modes.latent_use import latent_use

MAPPED = 1_500  # images on the map
WALKS, STEPS, SPAN = 6, 9, 3.0


def latents(subject: Subject) -> dict[str, Any]:
    """As `latent_use`; a map and walks are kept for pictures."""
    use = latent_use(subject)
    some, found = first(subject.asked, MAPPED), labels_of(subject)
    subject.pictures["map"] = {
        "mean": subject.pictures["latents"][:MAPPED],
        "images": shown(subject, some.cells, some.observed),
        "color": None if found is None else [found.values[c] if c >= 0 else None for c in found.codes[:MAPPED]],
        "name": None if found is None else found.name,
    }
    busy = np.argsort(-np.array(use.get("kl", use["activity"])), kind="stable")[:WALKS]
    subject.pictures["walks"] = {"images": walks(subject, busy), "latents": busy.tolist(),
                                 "where": np.linspace(-SPAN, SPAN, STEPS).tolist()}  # fmt: skip
    return use


def walks(subject: Subject, chosen: Any) -> Any:
    """Images along each chosen latent, the others as the first image has them, (L, steps, H, W) or (L, steps, H, W, C)."""
    fitted, start = subject.fitted, first(subject.asked, 1)
    centre, spread = (torch.from_numpy(fitted.arrays[f"latents.{name}"]) for name in ("centre", "spread"))
    z = fitted.vae.posterior_of(start.cells, start.observed).mean.repeat(len(chosen) * STEPS, 1)
    places = torch.linspace(-SPAN, SPAN, STEPS)
    for i, latent in enumerate(chosen):
        z[i * STEPS : (i + 1) * STEPS, latent] = centre[latent] + places * spread[latent]
    rows = [part.expand(len(z), -1) for part in (start.cells, start.observed)]
    images = shown(subject, fitted.vae.likelihood_of(z[None], *rows).best())
    return images.reshape(len(chosen), STEPS, *images.shape[1:])
