"""The ways to score: a raw number per cell, and named parts that no column owns. Centring and calibration are `calibrate`'s."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.distributions import Columns
from vaekit.modes import contradictions, nearest
from vaekit.modes.ask import latents, law_given, law_of, placed
from vaekit.modes.leave_out import PASS, LeftOut, leave_out
from vaekit.objectives import kl

LATENT, NEIGHBOURS = "(latent)", "(neighbours)"
MIX = "mix.default"  # the weights of the distance to training rows and of the nats of cells left out
USUAL = "centre.left_out"  # the nats of each cell left out, on average
SLIGHT = 0.5  # nats beyond the average that any cell counts for where a distance divides
NEAREST = 5  # training rows
SAMPLES = 8
PAIR = 2  # a latent and its mirror image in the posterior's mean: over both, what is odd in a cell's nats cancels
MOST = 100.0  # squared deviations


@dataclass(frozen=True)
class Raw:
    """cells (B, K), 0 where missing; parts by name (B,); by the way what else was found out: how unusual the latents are,
    (B, L), what leaving columns out gave, and what cells ought to be, (B, K), that contradict others.
    """

    cells: Tensor
    parts: dict[str, Tensor]
    unusual: Tensor | None = None
    left_out: LeftOut | None = None
    ought: Tensor | None = None


def likelihood(fitted: Fitted, cells: Tensor, observed: Tensor, draws: int = PAIR) -> Raw:
    """-E_q[log p(cell|z)] per cell, and the rate KL(q(z|x) || p(z)): together the negative evidence lower bound.

    All rows share the noise of the draws: few tell rows apart, their average over rows needs more.
    """
    vae, K, nats = fitted.vae, fitted.vae.K, []
    posterior = vae.posterior_of(cells, observed)
    z = placed(fitted, posterior, draws)
    for at in parts(len(cells), max(1, min(PASS, fitted.at_once) // draws)):
        law = law_of(fitted, z[:, at], cells[at], observed[at])
        nats.append(-law.log_prob(cells[at, :K]).mean(0))
    rate = kl(posterior, vae.prior_law(cells, observed), z).sum(-1)
    return Raw(torch.cat(nats).where(observed[:, :K], 0.0), {LATENT: rate}, _apart(fitted, posterior.mean))


def reconstruction(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """Squared error of numbers in standard deviations, and 1 - p(level) of levels, through the mean of q(z|x)."""
    K = fitted.vae.K
    law = law_given(fitted, cells, observed, observed)
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
    law = law_given(fitted, cells, observed, observed)
    nats = (cells[:, :K] - law.best()).square().clamp(max=MOST) / 2
    named = [field.levels > 2 for field in fitted.fields]
    if any(named):
        nats = torch.where(torch.tensor(named), -law.log_prob(cells[:, :K])[0], nats)
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
    return _apart(fitted, fitted.vae.posterior_of(cells, observed).mean)


def _apart(fitted: Fitted, mean: Tensor) -> Tensor:
    centre, spread = (torch.from_numpy(fitted.arrays[f"latents.{name}"]) for name in ("centre", "spread"))
    return ((mean - centre) / spread).square() / 2


def default(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """What is asked when nobody says how: images and streams are compared with their reconstruction, rows with others."""
    return (row_errors, channel_errors, picture_errors)[len(fitted.layout.shape)](fitted, cells, observed)


def row_errors(fitted: Fitted, cells: Tensor, observed: Tensor) -> Raw:
    """Of tables: how far the nearest training rows are, and how improbable each cell is given others.

    The distance finds rows where no row is, however the columns hang together; leaving cells out finds broken dependence among
    usual values. Both divide over the columns (`divided`), and weigh by their spread over ordinary rows (`calibrate`): of one
    spread the distance, of a third of a spread the nats. What contradicts other cells costs more (`contradictions`).
    """
    found = leave_out(fitted, cells, observed)
    far = unusual(fitted, cells, observed) if found.mean is None else _apart(fitted, found.mean)
    nats, rate = found.nats, far.mean(-1)
    if MIX in fitted.arrays:  # else the file keeps no training rows
        near, share = (float(weight) for weight in fitted.arrays[MIX])
        apart = nearest.distance(fitted, cells, observed)
        if USUAL in fitted.arrays:  # which older files lack
            apart = divided(apart, nats, torch.from_numpy(fitted.arrays[USUAL]))
        nats, rate = near * apart + share * nats, share * rate
    if (extra := contradictions.cost(fitted, cells, observed)) is None:
        return Raw(nats, {LATENT: rate}, far, found)
    return Raw(nats + extra[0], {LATENT: rate}, far, found, extra[1])


def divided(near: Tensor, nats: Tensor, usual: Tensor) -> Tensor:
    """Distances (B, K) of the same sums, of which cells have more that are improbable given others.

    A row with one wrong cell is far from all rows, and its nearest ones differ from it in other cells too; the nats (B, K) of
    the cells, beyond what is usual (K,), tell which is wrong.

    >>> near, nats = torch.tensor([[1.0, 1.0], [1.0, 1.0]]), torch.tensor([[5.0, 0.0], [0.0, 0.0]])
    >>> divided(near, nats, torch.tensor([0.1, 0.1]))
    tensor([[1.8305, 0.1695],
            [1.0000, 1.0000]])
    """
    part = near * ((nats - usual).clamp(min=0) + SLIGHT)
    return near.sum(-1, keepdim=True) * part / part.sum(-1, keepdim=True).clamp(min=1e-30)


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
