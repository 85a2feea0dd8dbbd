"""Scores of rows that never trained: what centres a score, and what turns it into a p-value."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.modes import nearest
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import chunks
from vaekit.modes.contradictions import COST, contradictions_of, cost_of
from vaekit.modes.leave_out import keep_blocks, leave_out
from vaekit.modes.ways import MIX, NEIGHBOURS, USUAL, WAYS, Raw, available

TIE = 1e-5  # relative
KEPT = 5_000  # training rows whose latents are kept: clusters are found among them, an image is compared with them
ENOUGH, SOME = 30, 2_000  # held-out rows that give a spread, and training rows that help where they are fewer
NATS = 1 / 3  # spread of the nats of cells left out, beside a distance to training rows of spread 1
FARTHER = 2.0  # how much more the distance to the neighbours weighs than the error of the pixels


@dataclass(frozen=True)
class Centred:
    """cells (B, K), parts by name (B,), and their sum total (B,); of windows cells (B, C), all of it per step."""

    cells: Tensor
    parts: dict[str, Tensor]

    @property
    def total(self) -> Tensor:
        return sum(self.parts.values(), self.cells.sum(-1))


def calibrate(
    fitted: Fitted, train: tuple[Tensor, Tensor], held_out: tuple[Tensor, Tensor] | None, *, store: bool = True
) -> None:
    """Keep in `fitted.arrays` what scores need: training rows and their latents, centres and sorted totals of held-out rows.

    Without held-out rows the centres come from the training rows and there are no totals, hence no p-values. Without `store`
    no row is kept, and scores do without distances to training rows.
    """
    with torch.no_grad():
        mean = torch.cat(
            abreast(
                lambda at: fitted.vae.posterior_of(train[0][at], train[1][at]).mean,
                chunks(len(train[0]), fitted.at_once),
            )
        )
        fitted.arrays["latents.centre"] = mean.mean(0).numpy()
        fitted.arrays["latents.spread"] = mean.std(0, correction=0).clamp(min=1e-6).numpy()
        cells, observed = held_out if held_out is not None else (train[0][:2000], train[1][:2000])
        if store:
            pick = rng.numpy(0, "neighbours").permutation(len(mean))[:KEPT]
            fitted.arrays["neighbours.latents"] = mean[torch.from_numpy(pick)].numpy()
        keep_blocks(fitted, *train)
        if store and not fitted.layout.shape and fitted.has_density:
            nearest.keep(fitted, *train)
            _mix(fitted, *ordinary(train, held_out))
        if held_out is not None and fitted.has_density and (rules := contradictions_of(fitted)) is not None:
            raw = raw_scores(fitted, "default", *ordinary(train, held_out))
            fitted.arrays[COST] = cost_of(rules, *held_out, sum(raw.parts.values(), raw.cells.sum(-1)))
        for by in available(fitted):
            raw = raw_scores(fitted, by, cells, observed)
            if by == "default" and len(fitted.layout.shape) == 2:
                _weigh(fitted, raw)
                raw = weighed(fitted, by, raw)
            _centre(fitted, by, raw, observed[:, : fitted.vae.K])
            if held_out is not None:
                totals = centred(fitted, by, raw, observed).total
                fitted.arrays[f"calibration.{by}"] = np.sort(totals.numpy())


def ordinary(
    train: tuple[Tensor, Tensor], held_out: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Rows from which a spread is taken: those that never trained, with some that did where they are few."""
    if held_out is not None and len(held_out[0]) >= ENOUGH:
        return held_out
    some = (train[0][:SOME], train[1][:SOME])
    return some if held_out is None else (torch.cat([held_out[0], some[0]]), torch.cat([held_out[1], some[1]]))


def _mix(fitted: Fitted, cells: Tensor, observed: Tensor) -> None:
    """Weights of the distance to training rows, whose spread over ordinary rows is then 1, and of the nats, a third.

    And what the nats of a cell left out are on average, which tells an ordinary cell from a strange one.
    """

    def apart(at: slice) -> tuple[Tensor, Tensor]:
        near = nearest.distance(fitted, cells[at], observed[at]).sum(-1)
        return near, leave_out(fitted, cells[at], observed[at]).nats

    near, nats = (torch.cat(each) for each in zip(*abreast(apart, chunks(len(cells), fitted.at_once)), strict=True))
    fitted.arrays[MIX] = np.array([_unit(near.double()), NATS * _unit(nats.sum(-1).double())])
    count = observed[:, : fitted.vae.K].sum(0).clamp(min=1)
    fitted.arrays[USUAL] = (nats.double().sum(0) / count).numpy()


def raw_scores(fitted: Fitted, by: str, cells: Tensor, observed: Tensor) -> Raw:
    """One way's raw numbers, chunk by chunk, in float64 so that sums agree to many digits."""
    rows = abreast(lambda at: raw_scores_of(fitted, by, cells[at], observed[at]), chunks(len(cells), fitted.at_once))
    parts = {name: torch.cat([raw.parts[name] for raw in rows]) for name in rows[0].parts}
    return Raw(torch.cat([raw.cells for raw in rows]), parts)


def raw_scores_of(fitted: Fitted, by: str, cells: Tensor, observed: Tensor) -> Raw:
    """One way's raw numbers of rows that pass the network together."""
    raw = WAYS[by](fitted, cells, observed)
    parts = {name: part.double() for name, part in raw.parts.items()}
    return weighed(fitted, by, replace(raw, cells=raw.cells.double(), parts=parts))


def _weigh(fitted: Fitted, raw: Raw) -> None:
    """Weights of an image's pixels and of its neighbours: the spread of each over ordinary images is 1 and `FARTHER`."""
    grid = fitted.layout.grid
    weight = torch.ones(raw.cells.shape[1], dtype=torch.float64)
    weight[:grid] = _unit(raw.cells[:, :grid].sum(1))
    fitted.arrays["weight.default"] = weight.numpy()
    if NEIGHBOURS in raw.parts:
        fitted.arrays[f"weight.default.{NEIGHBOURS}"] = np.array([FARTHER * _unit(raw.parts[NEIGHBOURS])])


def _unit(scores: Tensor) -> float:
    """What gives scores a spread of 1; 1 where there is only one, or all are alike."""
    spread = float(scores.std()) if len(scores) > 1 else 0.0
    return 1 / spread if spread > 1e-12 else 1.0


def weighed(fitted: Fitted, by: str, raw: Raw) -> Raw:
    """The numbers with the weights that calibration found, where it found any."""
    if f"weight.{by}" not in fitted.arrays:
        return raw
    parts = {name: part * float(fitted.arrays[f"weight.{by}.{name}"][0]) for name, part in raw.parts.items()}
    return replace(raw, cells=raw.cells * torch.from_numpy(fitted.arrays[f"weight.{by}"]), parts=parts)


def _centre(fitted: Fitted, by: str, raw: Raw, observed: Tensor) -> None:
    count, total = observed.sum(0), raw.cells.sum(0)
    if T := fitted.steps:  # a channel has one centre, whichever step
        count, total = (part.reshape(T, -1).sum(0).repeat(T) for part in (count, total))
    centre = total / count.clamp(min=1)
    if by in ("reconstruction", "latent"):  # errors and distances stay what they are
        centre = torch.zeros_like(centre)
    fitted.arrays[f"centre.{by}"] = centre.numpy()
    for name, part in raw.parts.items():
        fitted.arrays[f"centre.{by}.{name}"] = np.array([0.0 if by == "latent" else float(part.mean())])


def centred(fitted: Fitted, by: str, raw: Raw, observed: Tensor) -> Centred:
    """Observed cells and parts minus their average over the calibration rows."""
    seen = observed[:, : fitted.vae.K]
    cells = (raw.cells - torch.from_numpy(fitted.arrays[f"centre.{by}"])).where(seen, 0.0)
    parts = {name: part - float(fitted.arrays[f"centre.{by}.{name}"][0]) for name, part in raw.parts.items()}
    if T := fitted.steps:
        return Centred(cells.unflatten(1, (T, -1)).mean(1), {name: part / T for name, part in parts.items()})
    return Centred(cells, parts)


def p_values(fitted: Fitted, by: str, total: Tensor) -> NDArray[np.float64]:
    """(1 + number of calibration rows at least as strange) / (n + 1), (B,).

    The calibration rows never train, but they choose the epoch that is kept, so that validity is close rather than exact.

    Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World. Not a number without calibration rows.
    """
    known = fitted.arrays.get(f"calibration.{by}")
    if known is None:
        return np.full(len(total), np.nan)
    # equal rows get scores that are equal to single precision, whichever rows they pass through the net with
    scores = total.numpy()
    least = np.searchsorted(known, scores - TIE * (1 + np.abs(scores)), side="left")
    p = (1.0 + len(known) - least) / (len(known) + 1.0)
    return np.where(np.isnan(scores), np.nan, p)
