"""What a training minimises: batches of rows become a loss, by hiding cells, drawing latents and applying an objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Normal

from vaekit.codec.layout import Layout
from vaekit.errors import SpecError
from vaekit.objectives import Objective
from vaekit.priors.ratio import Ratio
from vaekit.vae import VAE

VIEWS = 4  # contexts of each image or window that a prior learns from


@dataclass(frozen=True)
class Rows:
    """Encoded rows as tensors: cells (B, K), observed (B, K), and what else the goal of the moment compares with.

    In the first stage that is what the gaps head learns (see `Gaps.target`), in the second the posteriors of the whole rows.
    """

    cells: Tensor
    observed: Tensor
    target: Tensor | None = None

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def whole(self) -> bool:
        """Whether every cell is observed."""
        return bool(self.observed.all())

    def __getitem__(self, index: Tensor) -> Rows:
        # where every cell is observed one flag stands for all
        observed = (
            self._flag.expand(len(index), self.cells.shape[-1]) if self.whole else self.observed.index_select(0, index)
        )
        target = None if self.target is None else self.target.index_select(0, index)
        return Rows(self.cells.index_select(0, index), observed, target)

    @cached_property
    def _flag(self) -> Tensor:
        return self.observed.new_ones(1, 1)

    def to(self, device: torch.device | str) -> Rows:
        return Rows(
            self.cells.to(device), self.observed.to(device), None if self.target is None else self.target.to(device)
        )


def unfold(rows: Rows, at: Tensor, channels: int) -> Rows:
    """Windows (W, K + G) of encoded steps (N, C + G'), from the numbers of their steps (W, T).

    >>> steps = Rows(torch.arange(8.0).reshape(4, 2), torch.ones(4, 2, dtype=torch.bool))
    >>> unfold(steps, torch.tensor([[0, 1], [2, 3]]), 1).cells
    tensor([[0., 2., 1., 3.],
            [4., 6., 5., 7.]])
    """

    def laid(steps: Tensor) -> Tensor:
        windows = steps[at]
        return torch.cat([windows[..., :channels].flatten(1), windows[..., channels:].flatten(1)], -1)

    return Rows(laid(rows.cells), laid(rows.observed))


class Goal(Protocol):
    """The loss of a batch at a share `progress` of the training, terms for the history, and what is trained."""

    parameters: list[nn.Parameter]

    def loss(self, rows: Rows, progress: float) -> tuple[Tensor, Mapping[str, Tensor]]: ...


class BoundGoal:
    """The objective over contexts: hide cells from the encoder, ask the decoder for all that were observed.

    Args:
        vae: the model.
        objective: from a draw to its terms.
        hide: share of the rows of each batch in which further cells are hidden; 0 is the tutorial VAE.
        noise: deviation of noise on the cells that the encoder sees; the decoder is asked for the clean ones.
        rows: all training rows, of which an objective may want some with a label beside every batch.
    """

    def __init__(
        self, vae: VAE, objective: Objective, *, hide: float, noise: float = 0.0, rows: Rows | None = None
    ) -> None:
        self.vae, self.objective, self.hide, self.noise = vae, objective, hide, noise
        self.samples: int = getattr(objective, "samples", 1)
        self.beside: int = getattr(objective, "labelled", 0)
        self.known = labelled(rows, vae) if rows is not None and self.beside else None
        self.parameters = [parameter for parameter in vae.parameters() if parameter.requires_grad]

    def loss(self, rows: Rows, progress: float) -> tuple[Tensor, Mapping[str, Tensor]]:
        if (anneal := getattr(self.vae.posterior, "anneal", None)) is not None:
            anneal(progress)
        context = hidden(rows.observed, self.hide, self.vae.layout) if self.hide else rows.observed
        seen = noisy(rows.cells, self.vae.layout, self.noise) if self.noise else None
        draw = self.vae.draw(rows.cells, rows.observed, context, self.samples, seen)
        if self.known is not None and self.vae.training:
            draw = replace(draw, labelled=self._labelled(self.known))
        terms = self.objective(draw, progress)
        # The size of a row must not decide how strongly it is clipped or decayed.
        loss = terms.loss / self.vae.K
        if self.vae.gaps is not None and rows.target is not None:
            loss = loss + self.vae.gaps.loss(draw.features[0], rows.target)
        return loss, {
            "reconstruction": terms.reconstruction.detach().mean(),
            "kl": terms.kl.detach().mean(0),
            **terms.extra,
        }

    def _labelled(self, known: Rows) -> Distribution:
        """The posterior of some of the rows whose label is known, which sees no more of them than of those of the batch."""
        rows = known[torch.randint(len(known), (self.beside,), device=known.cells.device)]
        context = hidden(rows.observed, self.hide, self.vae.layout) if self.hide else rows.observed.clone()
        context[:, self.vae.label] = True
        return self.vae.posterior_of(
            noisy(rows.cells, self.vae.layout, self.noise) if self.noise else rows.cells, context
        )


def labelled(rows: Rows, vae: VAE) -> Rows | None:
    """The rows whose label is known, None where there are none.

    Raises:
        SpecError: for a model without a part that is told the label.
    """
    if vae.label is None:
        raise SpecError(
            "objective 'semi_supervised': no part of this model is told a label",
            hint="posterior='labelled', label='column'",
        )
    known = rows[rows.observed[:, vae.label].nonzero()[:, 0]]
    return known if len(known) else None


class PriorGoal:
    """Fit a prior that learns to the latents of the trained, now frozen model, under contexts of every size.

    Half of the rows of a table show nothing (of images and windows three in ten), so that unconditional samples are learned as
    well as conditional ones.

    On a grid, where the encoder is dear, each row shows one of a few contexts that were drawn and encoded beforehand.
    """

    def __init__(self, vae: VAE) -> None:
        self.vae = vae
        self.parameters = list(vae.prior.parameters())
        self.told_labels = bool(getattr(vae.prior, "labelled", False))  # and of contexts it takes no notice
        self.known: Rows | None = None  # rows with a label, for a prior that is told it

    @torch.no_grad()
    def prepare(self, rows: Rows) -> Rows:
        """The rows with the mean and deviation of q(z|row), (B, 2 L), which no longer change; then those of its contexts
        with what they show outside the grid.
        """
        views = [False] + [True] * (VIEWS if self.vae.layout.shape and not self.told_labels else 0)
        every = torch.arange(len(rows), device=rows.cells.device).split(self.vae.layout.at_once)
        parts = [torch.cat([self._described(rows[at], part) for at in every]) for part in views]
        ready = Rows(rows.cells, rows.observed, torch.cat(parts, -1))
        if self.known is None and self.told_labels:
            self.known = labelled(ready, self.vae)
        return ready

    def latents(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Mean and deviation of q(z|row), (B, L) each, of rows that are prepared."""
        assert rows.target is not None, "prepare the rows first"
        mean, std = rows.target[:, : 2 * self.vae.latents].chunk(2, -1)
        return mean, std

    def _described(self, rows: Rows, part: bool) -> Tensor:
        context = self._context(rows) if part else rows.observed
        q = self.vae.posterior_of(rows.cells, context)
        told = self.vae.told(rows.cells, context) if part else None
        return torch.cat([q.mean, q.stddev, *([] if told is None else [told])], -1)

    def _context(self, rows: Rows) -> Tensor:
        context = hidden(rows.observed, 1.0, self.vae.layout)
        blank = torch.rand(len(rows), 1, device=context.device) < (0.3 if self.vae.layout.shape else 0.5)
        context[:, : self.vae.K] &= ~blank
        return context

    def loss(self, rows: Rows, progress: float) -> tuple[Tensor, Mapping[str, Tensor]]:
        assert rows.target is not None, "prepare the rows first"
        with torch.no_grad():
            both = 2 * self.vae.latents
            whole, rest = rows.target[:, :both], rows.target[:, both:]
            mean, std = whole.chunk(2, -1)
            z = mean + std * torch.randn_like(mean)
        if self.told_labels:
            return self._of_labels(rows, z)
        with torch.no_grad():
            if rest.shape[1]:
                views = rest.unflatten(-1, (VIEWS, -1))
                which = torch.randint(VIEWS, (len(rows),), device=mean.device)
                described, told = views[torch.arange(len(rows)), which].tensor_split((both,), -1)
                part: Distribution = Normal(*described.chunk(2, -1), validate_args=False)  # type: ignore[misc]
            else:
                context = self._context(rows)
                part, told = self.vae.posterior_of(rows.cells, context), self.vae.told(rows.cells, context)
        told = told if told is not None and told.shape[-1] else None
        loss = self.vae.prior.loss(z, part, told).mean()
        return loss, {"prior_loss": loss}

    def _of_labels(self, rows: Rows, z: Tensor) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of a prior that is told labels: its bound, and its error on rows with a label."""
        prior, label = self.vae.prior, self.vae.label_of(rows.cells, rows.observed)
        nats, rate = prior.halves(z, label)
        loss = (nats + rate.sum(-1)).mean()
        if prior.training and self.known is not None:
            rows = self.known[torch.randint(len(self.known), (prior.beside,), device=z.device)]
            mean, std = self.latents(rows)
            z, label = mean + std * torch.randn_like(mean), self.vae.label_of(rows.cells, rows.observed)
        seen = label >= 0
        loss = (loss + prior.error(z[seen], label[seen]) if seen.any() else loss) / self.vae.latents
        return loss, {"prior_loss": loss, "reconstruction": nats.mean(), "kl": rate.mean(0)}


class RatioGoal:
    """Tell real rows from the model's own: see `vaekit.priors.ratio`.

    Args:
        ratio: the module.
        drawn: rows of the model's own to learn from.
        apart: rows of the model's own to judge by.
    """

    def __init__(self, ratio: Ratio, drawn: Rows, apart: Rows) -> None:
        self.ratio, self.drawn, self.apart = ratio, drawn, apart
        self.parameters = list(ratio.parameters())

    def loss(self, rows: Rows, progress: float) -> tuple[Tensor, Mapping[str, Tensor]]:
        source = self.drawn if self.ratio.training else self.apart
        own = source[torch.randint(len(source), (len(rows),), device=rows.cells.device)]
        real, drawn = self.ratio(rows.cells, rows.observed), self.ratio(own.cells, own.observed)
        loss = drawn.exp().mean() - real.mean()
        return loss, {"ratio_loss": loss}


def noisy(cells: Tensor, layout: Layout, noise: float) -> Tensor:
    """Cells (B, K + G) with normal noise on modelled numbers, in deviations of the column (of grey levels: of their range).

    A name is exchanged for that of another row of the batch with probability noise / (1 + noise). What is given stays.
    Vincent et al. 2010 (JMLR 11, 3371-3408).
    """
    named = torch.tensor([field.levels > 0 for field in layout.fields], device=cells.device)
    own = cells[:, : layout.K]
    other = own[torch.randperm(len(own), device=own.device)]
    exchanged = torch.where(torch.rand_like(own) < noise / (1 + noise), other, own)
    moved = torch.where(named, exchanged, own + noise * torch.randn_like(own))
    return torch.cat([moved, cells[:, layout.K :]], -1)


def hidden(observed: Tensor, share: float, layout: Layout) -> Tensor:
    """A context (B, K + G): in a `share` of the rows further modelled cells are hidden; cells that are given stay.

    Plain cells are hidden each with a probability drawn for that row, uniform on (0, 1), so that one cell, half of them and
    all of them are hidden equally often. On a grid see `places`.
    """
    touched = torch.rand(len(observed), 1, device=observed.device) < share
    probability = torch.rand(len(observed), 1, device=observed.device)
    keep = torch.rand(observed.shape, device=observed.device) >= probability * touched
    if keep.shape[1] > layout.K:
        keep[:, layout.K :] = True
    if layout.shape:
        keep[:, : layout.grid] = places(len(observed), layout, observed.device) | ~touched
    return keep.logical_and_(observed)


def places(rows: int, layout: Layout, device: torch.device) -> Tensor:
    """Which cells of the grid are seen, (B, positions x channels): six ways to hide, equally often.

    A rectangle (a stretch of steps) is hidden; all but a rectangle; one side of a cut (what comes after a step, the lower
    part of an image); single cells at random; whole channels, or one side of a cut where there is only one; everything.
    """
    C, axes = len(layout.channels), len(layout.shape)
    inside = torch.ones(rows, *layout.shape, dtype=torch.bool, device=device)
    half = torch.zeros_like(inside)
    cut = torch.randint(axes, (rows,), device=device)
    for d, size in enumerate(layout.shape):
        shape = (rows, *[size if i == d else 1 for i in range(axes)])
        ends = torch.rand(rows, 2, device=device).sort(-1).values * (size + 1) - 0.5
        ends[torch.rand(rows, device=device) < 0.3] = torch.tensor([0.0, size], device=device)  # its full extent
        at = torch.arange(size, device=device) + 0.5
        inside &= ((at >= ends[:, :1]) & (at <= ends[:, 1:])).reshape(shape)
        side = (at > torch.rand(rows, 1, device=device) * size) ^ (torch.rand(rows, 1, device=device) < 0.5)
        half |= (side & (cut == d)[:, None]).reshape(shape)
    inside, half = inside.reshape(rows, -1, 1), half.reshape(rows, -1, 1)
    share = torch.rand(rows, 1, 1, device=device)
    single = torch.rand(rows, layout.positions, C, device=device) >= share
    channels = torch.rand(rows, 1, C, device=device) >= share if C > 1 else half
    ways = [~inside, inside, half, single, channels, inside & False]
    every = torch.stack([way.expand(rows, layout.positions, C).flatten(1) for way in ways])
    return every[torch.randint(len(ways), (rows,), device=device), torch.arange(rows, device=device)]
