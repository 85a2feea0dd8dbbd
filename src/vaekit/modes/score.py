"""How strange each row is, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit import rng
from vaekit import spec as specs
from vaekit.artifact import Fitted
from vaekit.errors import ModeUnavailable, SpecError, warn
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import Asked, answer, ask, chunks
from vaekit.modes.calibrate import Centred, centred, p_values, raw_scores, raw_scores_of
from vaekit.modes.options import number, whole
from vaekit.modes.reasons import Reason, Reasons, explain
from vaekit.modes.shown import shown
from vaekit.modes.stream import causal_scores, over_steps, per_step
from vaekit.modes.ways import NEEDS_DENSITY, WAYS, unusual, way
from vaekit.schema.tensors import is_tensor, ndarray_of
from vaekit.sources.cut import Cut


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of B rows over K columns.

    total (B,) is higher the stranger a row is, and is the sum of cells (B, K) and of the named parts, each (B,); latents (B, L)
    tell how unusual each latent is; p_value (B,) and flagged (B,) compare with rows that never trained; by is the way.

    Of a stream the rows are its steps and K counts its channels: a step has the mean over the windows that cover it, in nats a
    step, and `causal` looks at nothing that comes later. Steps in pieces shorter than a window have no score (not a number).
    """

    total: NDArray[np.float64]
    cells: NDArray[np.float64]
    parts: dict[str, NDArray[np.float64]]
    latents: NDArray[np.float64]
    p_value: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    columns: tuple[str, ...]
    by: str
    _explain: Callable[[], Reasons] = field(repr=False)
    _asked: Asked = field(repr=False)
    _ending: Callable[[], NDArray[np.float64]] | None = field(default=None, repr=False)
    _cut: Cut | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.total)

    @cached_property
    def causal(self) -> NDArray[np.float64]:
        """Of a stream: the score of the window that ends in each step, (B,), as a live monitor would have it.

        Raises:
            ModeUnavailable: for rows that do not follow one another.
        """
        if self._ending is None:
            raise ModeUnavailable("score: causal scores are for streams", hint="fit vaekit.windows(data, size=...)")
        return self._ending()

    @cached_property
    def _why(self) -> Reasons:
        """Found when somebody wants to know."""
        with torch.no_grad():
            return self._explain()

    @cached_property
    def reasons(self) -> list[list[Reason]]:
        """Per row the columns that made it strange, the strangest first; fewer where fewer columns are strange."""
        return self._why.rows()

    def explained(self) -> Scores:
        """The same, whose reasons are found now rather than when somebody wants to know."""
        _ = self._why
        return self

    def to_arrow(self, causal: bool = False) -> pa.Table:
        """row, score, p_value, flagged, then six columns a reason: reason_1_column, reason_1_observed, ...

        Of a stream the columns of its clock and its machines stand beside `row`; `causal` adds score_causal.
        """
        own: dict[str, NDArray[Any]] = {"row": np.arange(len(self)), "score": self.total}
        own |= {"score_causal": self.causal} if causal else {}
        own |= {"p_value": self.p_value, "flagged": self.flagged}
        columns = {name: pa.array(values, from_pandas=True) for name, values in own.items()} | self._why.columns()
        aside = () if self._cut is None else self._cut.aside
        beside = {name: self._asked.table.arrow[name] for name in aside if name not in columns}
        return pa.table({"row": columns.pop("row"), **beside, **columns})

    def to_rows(self) -> list[dict[str, Any]] | None:
        """The same row by row, for few rows that stand alone, None for what is missing or not a number; None for many."""
        reasons = None if self._cut is not None else self._why.few()
        if reasons is None:
            return None
        numbers = (values.tolist() for values in (self.total, self.p_value))
        own = zip(*([x if isfinite(x) else None for x in each] for each in numbers), self.flagged.tolist(), strict=True)
        return [
            {"row": b, "score": score, "p_value": p, "flagged": flagged, **why}
            for b, ((score, p, flagged), why) in enumerate(zip(own, reasons, strict=True))
        ]

    def to_frame(self, causal: bool = False) -> Any:
        return answer(self.to_arrow(causal), self._asked)

    def _repr_html_(self) -> str:
        return shown(self)

    def plot(self, rows: int = 3) -> Any:
        """The distribution of the scores and why the strangest rows are strange; the strangest images with their strange
        pixels; of a stream the scores of its strangest machine over time.
        """
        from vaekit import figures

        images = [column for column in self._asked.arrow.columns if is_tensor(column.type)]
        if images:
            return figures.scores_of_images(self, ndarray_of(images[0])[0], max(1, rows))
        return (
            figures.scores(self, rows)
            if self._cut is None
            else figures.scores_of_stream(self, self._asked.table.arrow, self._cut)
        )


def score(
    fitted: Fitted, data: Any, by: str = "default", reasons: int = 3, alpha: float = 0.01, seed: int = 0
) -> Scores:
    """Score rows; see `vaekit.Model.score`. The same noise serves every seed, since a score must not change with it."""
    chosen = _check(fitted, by, reasons, alpha)
    rng.checked(seed)
    asked = ask(fitted, data)
    count = 0 if chosen == "latent" else reasons
    scored = _rows(fitted, chosen, asked, count) if asked.at is None else _steps(fitted, chosen, asked, count)
    total = scored.centred.total
    p = p_values(fitted, chosen, total)
    return Scores(
        total=total.numpy(),
        cells=scored.centred.cells.numpy(),
        parts={name: part.numpy() for name, part in scored.centred.parts.items()},
        latents=scored.unusual.double().numpy(),
        p_value=p,
        flagged=_flag(fitted, chosen, p, alpha),
        columns=fitted.names if asked.at is None else tuple(field.name for field in fitted.layout.channels),
        by=chosen,
        _explain=scored.explain,
        _asked=asked,
        _ending=None if asked.at is None else partial(causal_scores, fitted, chosen, asked),
        _cut=fitted.cut,
    )


class _Scored(NamedTuple):
    centred: Centred
    unusual: Tensor
    explain: Callable[[], Reasons]


def _rows(fitted: Fitted, by: str, asked: Asked, count: int) -> _Scored:
    """Scores of rows that stand alone, lot by lot: what only reasons need is gone with its lot, where there are several."""
    several = len(asked) > fitted.at_once
    lots = abreast(lambda at: _lot(fitted, by, asked.part(at), count, soon=several), chunks(len(asked), fitted.at_once))
    if len(lots) == 1:
        return lots[0]
    every, unlike, why = zip(*lots, strict=True)
    parts = {name: torch.cat([each.parts[name] for each in every]) for name in every[0].parts}
    both = Centred(torch.cat([each.cells for each in every]), parts)
    return _Scored(both, torch.cat(unlike), partial(_same, Reasons.joined([found() for found in why])))


def _lot(fitted: Fitted, by: str, asked: Asked, count: int, *, soon: bool) -> _Scored:
    raw = raw_scores_of(fitted, by, asked.cells, asked.observed)
    found = centred(fitted, by, raw, asked.observed)
    unlike = unusual(fitted, asked.cells, asked.observed) if raw.unusual is None else raw.unusual
    why = partial(explain, fitted, asked, found, count, raw)
    return _Scored(found, unlike, partial(_same, why()) if soon else why)


def _same(why: Reasons) -> Reasons:
    return why


def _steps(fitted: Fitted, by: str, asked: Asked, count: int) -> _Scored:
    """Scores of the steps of a stream, from those of its windows."""
    windows = centred(fitted, by, raw_scores(fitted, by, asked.cells, asked.observed), asked.observed)
    found = over_steps(asked, windows)
    unlike = per_step(asked, unusual(fitted, asked.cells, asked.observed).double().numpy())
    return _Scored(found, torch.from_numpy(unlike), partial(explain, fitted, asked, found, count))


def _check(fitted: Fitted, by: str, reasons: int, alpha: float) -> str:
    if by not in WAYS:
        raise SpecError(
            f"score: by={by!r} is no way to score, expected one of {', '.join(WAYS)}", hint=specs.meant(by, WAYS)
        )
    if not fitted.has_density and by in NEEDS_DENSITY and by != "default":
        raise ModeUnavailable(
            f"score: by={by!r} needs a density, which a plain autoencoder lacks", hint="by='reconstruction'"
        )
    whole("score: reasons", reasons, 0)
    number("score: alpha", alpha, 0, 1, "a share between 0 and 1", hint="alpha=0.01 flags 1 row in 100")
    return way(fitted, by)


def _flag(fitted: Fitted, by: str, p: NDArray[np.float64], alpha: float) -> NDArray[np.bool_]:
    """P <= alpha; nothing is flagged, with a warning, where too few calibration rows make that impossible."""
    known = fitted.arrays.get(f"calibration.{by}")
    count = 0 if known is None else len(known)
    if (1 + count) * alpha < 1:
        warn(
            f"score: {count} calibration rows cannot give a p-value of {alpha} or less, so nothing is flagged; "
            f"at least {np.ceil(1 / alpha) - 1:.0f} are needed"
        )
        return np.zeros(len(p), dtype=bool)
    return p <= alpha
