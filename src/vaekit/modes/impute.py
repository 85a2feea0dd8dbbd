"""The missing cells: the best single value, random completions, intervals."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.errors import ModeUnavailable, warn
from vaekit.modes import coverage, trust
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import Asked, answer, ask, chunks, law_given
from vaekit.modes.complete import complete
from vaekit.modes.dependencies import dependencies_of
from vaekit.modes.known import contexts, known_cells
from vaekit.modes.options import number, whole
from vaekit.modes.rounded import warn_rounded
from vaekit.schema import Column, arrow_type
from vaekit.schema.types import is_number

SAMPLES = 8
GRID_SAMPLES = 32  # pictures and windows have far more ways to go on
LOT = 1024  # rows of a table that pass together
TRIES = 8  # how often cells are drawn that contradict the known ones


def impute(fitted: Fitted, data: Any, draws: int | None = None, missing: Any = None, seed: int = 0) -> Any:
    """Fill the gaps; see `vaekit.Model.impute`."""
    asked = ask(fitted, data)
    warn_rounded(fitted, asked)
    known = known_cells(fitted, asked, missing)
    context = contexts(fitted, asked, known)
    if missing is None and fitted.layout.shape and bool(known[:, : fitted.codec.modelled].all()):
        warn("impute: nothing is missing, so nothing is filled in; missing=mask says what shall be (True = fill in)")
    if draws is None:
        return answer(complete(fitted, asked, known, best(fitted, asked, context, seed)), asked)
    whole("impute: draws", draws, 1, hint="draws=None gives the best single value")
    if not fitted.has_density:
        raise ModeUnavailable(
            "impute: random completions need a density, which a plain autoencoder lacks", hint="draws=None"
        )
    cells = [draw(fitted, asked, context, seed, d) for d in range(draws)]
    return [answer(complete(fitted, asked, known, each, seed + d, drawn=True), asked) for d, each in enumerate(cells)]


def impute_interval(
    fitted: Fitted, data: Any, level: float = 0.9, missing: Any = None, seed: int = 0
) -> tuple[Any, Any]:
    """Low and high ends of every missing number; see `vaekit.Model.impute_interval`."""
    number("impute_interval: level", level, 0, 1, "a share between 0 and 1", hint="0.9")
    asked = ask(fitted, data)
    known = known_cells(fitted, asked, missing)
    ends = interval(fitted, asked, contexts(fitted, asked, known), level, seed)
    names = {column.name for column in fitted.schema if _has_no_ends(column)}
    low, high = (complete(fitted, asked, known, end, blank=names) for end in ends)
    return answer(low, asked), answer(high, asked)


def _has_no_ends(column: Column) -> bool:
    """Names have no low and no high end; two numbers have, and one has."""
    few = column.kind in ("binary", "constant")
    return column.kind == "categorical" or (few and not is_number(arrow_type(column.type)))


def best(fitted: Fitted, asked: Asked, known: Tensor, seed: int = 0) -> Tensor:
    """The best single value of every cell given the known ones, (B, K): mean of numbers, most probable level otherwise."""
    cells, grid = asked.cells, bool(fitted.layout.shape)

    def lot(at: slice) -> Tensor:
        if grid:
            return law_given(fitted, cells[at], known[at], known[at], GRID_SAMPLES, seed).best()
        return trust.law(fitted, cells[at], known[at], SAMPLES, seed).best()

    size = max(1, 2**24 // (GRID_SAMPLES * fitted.layout.K)) if grid else LOT
    parts = abreast(lot, chunks(len(cells), size))
    return _settled(fitted, asked.cells, known, torch.cat(parts))[0]


def draw(fitted: Fitted, asked: Asked, known: Tensor, seed: int, number: int = 0) -> Tensor:
    """One random completion (B, K): latents given the known cells, then cells given the latents."""
    with rng.seeded(seed, "impute", number):
        return torch.cat([_drawn(fitted, asked.cells[at], known[at]) for at in chunks(len(asked), fitted.at_once)])


def _drawn(fitted: Fitted, cells: Tensor, context: Tensor) -> Tensor:
    """Random completions (B, K), anew where what is drawn contradicts what columns determine."""
    filled, waiting = cells[:, : fitted.vae.K].clone(), torch.arange(len(cells))
    for _ in range(TRIES):
        own, known = cells[waiting], context[waiting]
        z = fitted.vae.latents_given(own, known)
        drawn = fitted.vae.likelihood_of(z[None], own, known).sample()[0]
        filled[waiting], agree = _settled(fitted, own, known, drawn)
        waiting = waiting[~agree]
        if not len(waiting):
            break
    return filled


def interval(fitted: Fitted, asked: Asked, known: Tensor, level: float, seed: int) -> tuple[Tensor, Tensor]:
    """The central interval of the mixture over latents given the known cells, low and high (B, K)."""
    nominal = coverage.nominal(fitted, level)

    def lot(at: slice) -> tuple[Tensor, Tensor]:
        law = law_given(fitted, asked.cells[at], known[at], known[at], SAMPLES, seed)
        return law.quantile((1 - nominal) / 2), law.quantile((1 + nominal) / 2)

    ends = abreast(lot, chunks(len(asked), max(1, 2**20 // fitted.layout.K) if fitted.layout.shape else 1024))
    low, high = (torch.cat(each) for each in zip(*ends, strict=True))
    if (dependencies := dependencies_of(fitted)) is None:
        return low, high
    low, high = (_beside(fitted, asked.cells, known, end) for end in (low, high))
    return dependencies.between(low, high, known[:, : fitted.vae.K], level)


def _settled(fitted: Fitted, cells: Tensor, known: Tensor, filled: Tensor) -> tuple[Tensor, Tensor]:
    """Known cells (B, K), and filled ones that agree with what columns determine; flags (B,) of rows without contradiction."""
    if (dependencies := dependencies_of(fitted)) is None:
        return filled, torch.ones(len(filled), dtype=torch.bool)
    return dependencies.settled(_beside(fitted, cells, known, filled), known[:, : fitted.vae.K])


def _beside(fitted: Fitted, cells: Tensor, known: Tensor, filled: Tensor) -> Tensor:
    """Filled cells (B, K) and the known ones."""
    K = fitted.vae.K
    return filled.where(~known[:, :K], cells[:, :K])
