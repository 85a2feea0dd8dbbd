"""The ways to score: a raw number per cell, and named parts that no column owns. Centring and calibration are `calibrate`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.codec import Layout
from vaekit.distributions import Columns
from vaekit.modes import nearest
from vaekit.modes.ask import latents, placed
from vaekit.modes.units import units
from vaekit.nets import Embed
from vaekit.objectives import kl

LATENT, NEIGHBOURS = "(latent)", "(neighbours)"
MIX = "mix.default"  # the weights of the distance to training rows and of the nats of cells left out
NEAREST = 5  # training rows
BLOCKS = 48  # up to as many columns are left out one by one; more are left out in as many blocks
SAMPLES = 8
PASS = 1024  # rows, each with another block left out, that pass the network together: they stay in a core's cache
MOST = 100.0  # squared deviations


@dataclass(frozen=True)
class Raw:
    """cells (B, K), 0 where missing; parts by name (B,)."""

    cells: Tensor
    parts: dict[str, Tensor]


def leave_out(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """-log p(cell | the other observed cells) per cell, a pseudo-likelihood: what is this cell, given the others?

    Finds broken dependence that a reconstruction forgives, because the encoder never sees the cell it is asked about.
    Besag 1975, Statistical analysis of non-lattice data.
    """
    K = fitted.vae.K
    out = cells.new_zeros(len(cells), K)
    for part in parts(len(cells), PASS):
        out[part] = torch.cat(list(_left_out(fitted, cells[part], observed[part])), -1)[:, _inverse(fitted)]
    return Raw(out.where(observed[:, :K], 0.0), {LATENT: _latent_rate(fitted, cells, observed)})


def _left_out(fitted: Fitted, cells: Tensor, observed: Tensor) -> Iterator[Tensor]:
    """Nats of the cells of each block in turn, (B, cells of the block)."""
    K = fitted.vae.K
    for block, features in without(fitted, cells, observed, blocks(fitted.layout)):
        if len(block) == 1 and not fitted.layout.shape:
            yield -fitted.vae.likelihood.only(features, block[0]).log_prob(cells[:, block])[0]
        else:
            yield -fitted.vae.likelihood(features).log_prob(cells[:, :K])[0][:, block]


def _inverse(fitted: Fitted) -> Tensor:
    """Where each cell stands when the blocks stand one after another, (K,)."""
    return torch.tensor([k for block in blocks(fitted.layout) for k in block]).argsort()


def without(
    fitted: Fitted, cells: Tensor, observed: Tensor, left_out: Sequence[list[int]]
) -> Iterator[tuple[list[int], Tensor]]:
    """Each block of cells, and the decoder's features (1, B, F) of q(z | the other observed cells) at its mean.

    A hidden cell adds zeros to what the encoder sees, so that one embedding serves all blocks, less the block's own features;
    several blocks pass the network together.
    """
    together, seen = max(1, PASS // len(cells)), _embedded(fitted, cells, observed)
    for at in range(0, len(left_out), together):
        several = list(left_out[at : at + together])
        z = _latents_without(fitted, cells, observed, several, seen)
        yield from zip(several, fitted.vae.decoded(z, cells, observed).split(1), strict=True)


def _embedded(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor | None:
    """What the encoder sees of rows, feature by feature; None where features are no column's own."""
    vae = fitted.vae
    return vae.embed(cells, observed) if isinstance(vae.embed, Embed) and vae.label is None else None


def _latents_without(
    fitted: Fitted, cells: Tensor, observed: Tensor, left_out: list[list[int]], seen: Tensor | None
) -> Tensor:
    """The means of q(z | all observed cells but a block's), (blocks, B, L)."""
    vae, shape = fitted.vae, (len(left_out), len(cells))
    kept = torch.ones(len(left_out), 1, cells.shape[1], dtype=torch.bool)
    for i, block in enumerate(left_out):
        kept[i, :, block] = False
    if seen is not None:
        owner: Any = vae.embed.owner
        features = seen * kept[..., list(owner)].to(seen.dtype)
        return vae.posterior(vae.net.encode(features.flatten(0, 1))).mean.unflatten(0, shape)
    every = cells.expand(*shape, -1).flatten(0, 1)
    return latents(fitted, every, (observed & kept).flatten(0, 1))[0].unflatten(0, shape)


def likelihood(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """-E_q[log p(cell|z)] per cell, and the rate KL(q(z|x) || p(z)): together the negative evidence lower bound."""
    K, nats = fitted.vae.K, []
    for at in parts(len(cells), max(1, fitted.at_once // SAMPLES)):
        law = fitted.vae.likelihood_of(latents(fitted, cells[at], observed[at], SAMPLES), cells[at], observed[at])
        nats.append(-law.log_prob(cells[at, :K]).mean(0))
    return Raw(torch.cat(nats).where(observed[:, :K], 0.0), {LATENT: _rate(fitted, cells, observed)})


def reconstruction(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """Squared error of numbers in standard deviations, and 1 - p(level) of levels, through the mean of q(z|x)."""
    K = fitted.vae.K
    law = fitted.vae.likelihood_of(latents(fitted, cells, observed), cells, observed)
    error = (cells[:, :K] - law.best()).square()
    named = torch.tensor([field.levels > 0 for field in fitted.fields])
    error = torch.where(named, 1 - law.log_prob(cells[:, :K])[0].exp(), error)
    return Raw(error.where(observed[:, :K], 0.0), {})


def channel_errors(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """Of streams: half the squared error of each number through the mean, in training deviations, and the rate.

    The negative bound of a normal law of deviation 1, all channels alike: a channel that hardly moved in training must not
    outshout the others. An error of more than ten deviations counts as ten, so that one broken sensor does not hide the
    rest. Names count with their nats.
    """
    K = fitted.vae.K
    law = fitted.vae.likelihood_of(latents(fitted, cells, observed), cells, observed)
    nats = (cells[:, :K] - law.best()).square().clamp(max=MOST) / 2
    named = torch.tensor([field.levels > 2 for field in fitted.fields])
    if named.any():
        nats = torch.where(named, -law.log_prob(cells[:, :K])[0], nats)
    return Raw(nats.where(observed[:, :K], 0.0), {LATENT: _rate(fitted, cells, observed)})


def picture_errors(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """Of images: the squared error of every pixel through the mean, and how far the nearest training images' latents are.

    Densities of pixels prefer simple pictures to likely ones (Nalisnick et al. 2019, arXiv 1810.09136). Errors find strokes
    that no training image has, distances find images whose every stroke is usual. `calibrate` weighs both by their spread
    over ordinary images. Cells beside the image count with their nats.
    """
    K, grid = fitted.vae.K, fitted.layout.grid
    z = latents(fitted, cells, observed)
    law = fitted.vae.likelihood_of(z, cells, observed)
    error = (cells[:, :K] - law.mean[0]).square()
    if grid < K:
        error[:, grid:] = -law.log_prob(cells[:, :K])[0][:, grid:]
    apart = {NEIGHBOURS: distance(fitted, z[0])} if "neighbours.latents" in fitted.arrays else {}
    return Raw(error.where(observed[:, :K], 0.0), apart)


def distance(fitted: Fitted, z: Tensor) -> Tensor:
    """Mean distance of latents (B, L) to the nearest ones of training rows, in the training rows' deviations, (B,)."""
    kept, spread = (torch.from_numpy(fitted.arrays[name]) for name in ("neighbours.latents", "latents.spread"))
    own, known = z / spread, kept / spread
    found = torch.cdist(own, known).topk(min(NEAREST, len(known)), largest=False).indices
    return (own[:, None] - known[found]).norm(dim=-1).mean(-1)  # anew: a matrix product loses the digits of near ones


def _rate(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor:
    """KL(q(z|x) || p(z)), (B,): in closed form, or over one table of noise that all rows share."""
    posterior = fitted.vae.posterior_of(cells, observed)
    return kl(posterior, fitted.vae.prior_law(cells, observed), placed(fitted, posterior, SAMPLES)).sum(-1)


def latent(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """How far the row's latents lie from those of the training rows: half the squared distance, summed over latents."""
    far = unusual(fitted, cells, observed)
    return Raw(torch.zeros(len(cells), fitted.vae.K), {LATENT: far.sum(-1)})


def unusual(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor:
    """Half the squared distance of each latent's mean from the training rows', in their standard deviations, (B, L)."""
    mean = fitted.vae.posterior_of(cells, observed).mean
    centre, spread = (torch.from_numpy(fitted.arrays[f"latents.{name}"]) for name in ("centre", "spread"))
    return ((mean - centre) / spread).square() / 2


def _latent_rate(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor:
    return unusual(fitted, cells, observed).mean(-1)


def default(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """What is asked when nobody says how: images and streams are compared with their reconstruction, rows with others."""
    return (row_errors, channel_errors, picture_errors)[len(fitted.layout.shape)](fitted, cells, observed)


def row_errors(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """Of tables: how far the nearest training rows are, and how improbable each cell is given the others.

    The distance finds rows where no row is, however the columns hang together; leaving cells out finds broken dependence among
    usual values. Both divide over the columns, and weigh by their spread over ordinary rows (`calibrate`): of one spread the
    distance, of a third of a spread the nats.
    """
    raw = leave_out(fitted, cells, observed)
    if MIX not in fitted.arrays:  # the file keeps no training rows
        return raw
    near, nats = (float(weight) for weight in fitted.arrays[MIX])
    parts = {name: nats * part for name, part in raw.parts.items()}
    return Raw(near * nearest.distance(fitted, cells, observed) + nats * raw.cells, parts)


WAYS: dict[str, Callable[[Fitted, Tensor, Tensor], Raw]] = {
    "default": default,
    "likelihood": likelihood,
    "reconstruction": reconstruction,
    "latent": latent,
}
NEEDS_DENSITY = ("default", "likelihood")


def way(fitted: Fitted, by: str) -> str:
    """The way that `by` names for this model: a plain autoencoder scores by reconstruction alone."""
    return "reconstruction" if by == "default" and not fitted.has_density else by


def available(fitted: Fitted) -> list[str]:
    """The ways that this model can score by."""
    return [by for by in WAYS if fitted.has_density or by not in NEEDS_DENSITY]


def blocks(layout: Layout) -> list[list[int]]:
    """The cells left out together: column by column up to `BLOCKS`, else in that many blocks of a fixed random order; of
    images tile by tile.

    >>> from vaekit.codec import Field
    >>> few, many = ([Field(str(k), "real") for k in range(n)] for n in (2, 1000))
    >>> blocks(Layout(tuple(few))), len(blocks(Layout(tuple(many))))
    ([[0], [1]], 48)
    """
    found = [list(unit.cells) for unit in units(layout)]
    if len(found) <= BLOCKS:
        return found
    order = rng.numpy(0, "blocks").permutation(len(found))
    return [sorted(k for u in order[b::BLOCKS] for k in found[u]) for b in range(BLOCKS)]


def law_without(
    fitted: Fitted, cells: Tensor, observed: Tensor, k: int, seed: int = 0, samples: int = SAMPLES
) -> Columns:
    """p(cell k | the other observed cells), a mixture over latents of shape (S, B, 1)."""
    context = observed.clone()
    context[:, k] = False
    z = latents(fitted, cells, context, samples, seed)
    return fitted.vae.likelihood.only(fitted.vae.decoded(z, cells, observed), k)


def parts(count: int, size: int) -> Iterator[slice]:
    """Slices that cover `count` rows in order, within one step of a mode's progress.

    >>> list(parts(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return (slice(at, min(at + size, count)) for at in range(0, count, size))
