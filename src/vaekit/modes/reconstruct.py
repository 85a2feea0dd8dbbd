"""Rows as the model sees them, and rows with their disagreeing cells put right."""

from __future__ import annotations

from functools import partial
from math import log
from typing import Any

import torch
from torch import Tensor

from vaekit.artifact import Fitted
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import Asked, answer, ask, chunks, law_given
from vaekit.modes.complete import complete
from vaekit.modes.contradictions import contradictions_of
from vaekit.modes.discover import EXACT
from vaekit.modes.impute import best
from vaekit.modes.leave_out import blocks, leave_out
from vaekit.modes.stream import mostly
from vaekit.modes.ways import USUAL, reconstruction

STRANGE = 4.6  # nats: a cell less probable than one in a hundred given the others, beyond its column's usual
BROKEN = -log(1 - EXACT)  # nats of a cell that breaks a rule: so few training rows may
ROUNDS = 2  # of looking at images and windows
FAR, RARE = 3.0, 0.01  # without a density: standard deviations from the reconstruction, probability of the level in it


def reconstruct(fitted: Fitted, data: Any) -> Any:
    """Encode, decode through the mean; see `vaekit.Model.reconstruct`."""
    asked = ask(fitted, data)
    cells = torch.cat(abreast(partial(_through, fitted, asked), chunks(len(asked), fitted.at_once)))
    return answer(complete(fitted, asked, None, cells), asked)


def denoise(fitted: Fitted, data: Any, seed: int = 0) -> Any:
    """Replace the cells that the others contradict; see `vaekit.Model.denoise`."""
    asked = ask(fitted, data)
    find = _strange_together if fitted.layout.shape else _strange
    strange = torch.cat(
        abreast(lambda at: find(fitted, asked.cells[at], asked.observed[at]), chunks(len(asked), fitted.at_once))
    )
    known, kept = asked.observed.clone(), asked.rows.observed.clone()
    known[:, : fitted.vae.K] &= ~strange
    kept[:, : fitted.codec.modelled] &= ~mostly(fitted, asked, strange)
    return answer(complete(fitted, asked, kept, best(fitted, asked, known, seed)), asked)


def _strange(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor:
    """Flags (B, K) of the strangest cell of each row, where it is strange at all, found again until none is left."""
    K = fitted.vae.K
    seen, found, row = observed.clone(), torch.zeros_like(observed[:, :K]), torch.arange(len(cells))
    for _ in range(max(1, K // 4)):
        excess = _excess(fitted, cells[row], seen[row]).where(seen[row, :K], -torch.inf)
        most, worst = excess.max(-1)
        row, worst = row[most > 0], worst[most > 0]
        if not len(row):
            break
        found[row, worst], seen[row, worst] = True, False
    return found


def _strange_together(fitted: Fitted, cells: Tensor, observed: Tensor) -> Tensor:
    """Flags (B, K) of all strange cells of an image or a window, found again with the first ones gone."""
    seen, found = observed.clone(), torch.zeros_like(observed[:, : fitted.vae.K])
    for _ in range(ROUNDS):
        found |= (_excess(fitted, cells, seen) > 0) & observed[:, : fitted.vae.K]
        seen[:, : fitted.vae.K] = observed[:, : fitted.vae.K] & ~found
    return found


def _excess(fitted: Fitted, cells: Tensor, seen: Tensor) -> Tensor:
    """How far each cell (B, K) is beyond what is still ordinary; without a density the error through the latents says it."""
    if fitted.layout.shape:  # against the reconstruction, beyond what even the most probable value would miss
        law = law_given(fitted, cells, seen, seen)
        return (law.log_prob(law.mode[0]) - law.log_prob(cells[:, : fitted.vae.K]))[0] - STRANGE
    if fitted.has_density:
        nats = leave_out(fitted, cells, seen, blocks(fitted.layout)).nats
        if (rules := contradictions_of(fitted)) is not None:
            # one of those that share the blame is wrong for sure: the strangest goes, so that rows come to agree
            nats = nats + BROKEN * (rules(cells[:, : fitted.vae.K], seen[:, : fitted.vae.K]).blame > 0)
        # without kept rows the score is these nats
        usual = fitted.arrays.get(USUAL, fitted.arrays["centre.default"])
        return nats - torch.from_numpy(usual).float() - STRANGE
    named = torch.tensor([field.levels > 0 for field in fitted.fields])
    return reconstruction(fitted, cells, seen).cells - torch.where(named, 1 - RARE, FAR**2)


def _through(fitted: Fitted, asked: Asked, at: slice) -> Tensor:
    cells, observed = asked.cells[at], asked.observed[at]
    return law_given(fitted, cells, observed, observed).best()
