"""The missing cells: the best single value, random completions, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.errors import ModeUnavailable, SpecError
from vaekit.modes.ask import Asked, answer, ask, chunks, decode_cells, law_given
from vaekit.modes.options import number, whole
from vaekit.sources import read

SAMPLES = 8
DRAWS = 100


def impute(fitted: Fitted, data: Any, draws: int | None = None, missing: Any = None, seed: int = 0) -> Any:
    """Fill the gaps; see `vaekit.Model.impute`."""
    asked = ask(fitted, data)
    known = _known(fitted, asked, missing)
    if draws is None:
        return answer(complete(fitted, asked, known, best(fitted, asked, known, seed)), asked)
    whole("impute: draws", draws, 1, hint="draws=None gives the best single value")
    if not fitted.has_density:
        raise ModeUnavailable(
            "impute: random completions need a density, which a plain autoencoder lacks", hint="draws=None"
        )
    cells = [draw(fitted, asked, known, seed, d) for d in range(draws)]
    return [answer(complete(fitted, asked, known, each, seed + d), asked) for d, each in enumerate(cells)]


def impute_interval(
    fitted: Fitted, data: Any, level: float = 0.9, missing: Any = None, seed: int = 0
) -> tuple[Any, Any]:
    """Low and high ends of every missing number; see `vaekit.Model.impute_interval`."""
    number("impute_interval: level", level, 0, 1, "a share between 0 and 1", hint="0.9")
    asked = ask(fitted, data)
    known = _known(fitted, asked, missing)
    ends = interval(fitted, asked, known, level, seed)
    names = [k for k, field in enumerate(fitted.fields) if field.kind in ("categorical", "binary")]
    low, high = (complete(fitted, asked, known, end, blank=names) for end in ends)
    return answer(low, asked), answer(high, asked)


def best(fitted: Fitted, asked: Asked, known: Tensor, seed: int = 0) -> Tensor:
    """The best single value of every cell given the known ones, (B, K): mean of numbers, most probable level otherwise."""
    cells = asked.cells
    parts = [
        law_given(fitted, cells[at], known[at], known[at], SAMPLES, seed).best() for at in chunks(len(cells), 2048)
    ]
    return torch.cat(parts)


def draw(fitted: Fitted, asked: Asked, known: Tensor, seed: int, number: int = 0) -> Tensor:
    """One random completion (B, K): latents given the known cells, then cells given the latents."""
    with rng.seeded(seed, "impute", number):
        out = []
        for at in chunks(len(asked)):
            cells, context = asked.cells[at], known[at]
            z = fitted.vae.latents_given(cells, context)
            out.append(fitted.vae.likelihood_of(z[None], cells, context).sample()[0])
        return torch.cat(out)


def interval(fitted: Fitted, asked: Asked, known: Tensor, level: float, seed: int) -> tuple[Tensor, Tensor]:
    """The central interval of the mixture over latents given the known cells, low and high (B, K)."""
    ends = []
    for at in chunks(len(asked), 1024):
        law = law_given(fitted, asked.cells[at], known[at], known[at], SAMPLES, seed)
        ends.append((law.quantile((1 - level) / 2), law.quantile((1 + level) / 2)))
    low, high = (torch.cat(each) for each in zip(*ends, strict=True))
    return low, high


def complete(
    fitted: Fitted, asked: Asked, known: Tensor, filled: Tensor, seed: int = 0, blank: Sequence[int] = ()
) -> pa.Table:
    """The fitted columns with the missing cells taken from `filled`, and every observed cell as it was given.

    Missing cells of the columns in `blank` stay null.
    """
    values = torch.cat([filled, asked.cells[:, fitted.vae.K :]], -1)
    seen = torch.cat([torch.ones_like(known[:, : fitted.vae.K]), asked.observed[:, fitted.vae.K :]], -1)
    seen[:, list(blank)] = False
    decoded = decode_cells(fitted, values, seen, seed)
    place = {name: k for k, name in enumerate(fitted.names)}
    columns = []
    for name in fitted.schema.names:
        given = asked.arrow[name].combine_chunks()
        if name in place:
            keep = pa.array(known[:, place[name]].numpy())
            # what the codec could not represent (a new level that became missing) is observed all the same
            keep = pc.or_(keep, pc.and_(given.is_valid(), pa.array((known | ~asked.observed)[:, place[name]].numpy())))
            columns.append(pc.if_else(keep, given, decoded[name].combine_chunks()))
        else:
            columns.append(given)
    return pa.table(columns, names=list(fitted.schema.names))


def _known(fitted: Fitted, asked: Asked, missing: Any) -> Tensor:
    """Observed cells less those that the extra mask hides, (B, K + G)."""
    if missing is None:
        return asked.observed
    mask, names = _flags(missing, asked.table.names)
    shape = (len(asked), len(names))
    if mask.shape != shape or mask.dtype != bool:
        raise SpecError(
            f"impute: missing has shape {mask.shape} of {mask.dtype}, expected {shape} of bool",
            hint=f"one flag per row and column of the data, in the order {', '.join(names[:6])}, ...",
        )
    if absent := [name for name in fitted.codec.names if name not in names]:
        raise SpecError(f"impute: missing has no column {absent[0]!r}", hint="give it the columns of the data")
    hide = torch.from_numpy(mask[:, [names.index(name) for name in fitted.codec.names]])
    hide[:, fitted.vae.K :] = False
    return asked.observed & ~hide


def _flags(missing: Any, names: list[str]) -> tuple[np.ndarray[Any, Any], list[str]]:
    """The extra mask and the names of its columns: its own for a table, those of the data for an array."""
    if isinstance(missing, np.ndarray | list | torch.Tensor):
        return np.asarray(missing), names
    table = read(missing)
    return np.column_stack([table.arrow[name].to_numpy() for name in table.names]), table.names
