"""The label of each row, as the model completes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from vaekit.artifact import Fitted
from vaekit.distributions import BernoulliCell, Columns
from vaekit.errors import ModeUnavailable
from vaekit.modes.abreast import abreast
from vaekit.modes.ask import Asked, answer, ask, chunks, column_values, law_given, placed
from vaekit.modes.shown import shown
from vaekit.modes.ways import SAMPLES, law_without
from vaekit.sources.steps import mean_over


@dataclass(frozen=True, eq=False)
class Labels:
    """label (B,) the most probable value, probability (B, M) of each of `values`.

    Of a stream there is one label a step; none, and probabilities that are not a number, where no window covers the step.
    """

    label: list[Any]
    probability: NDArray[np.float64]
    values: list[Any]
    _asked: Asked = field(repr=False)

    def __len__(self) -> int:
        return len(self.label)

    def to_arrow(self) -> pa.Table:
        """Columns label, probability, then probability_VALUE of each value."""
        each = {f"probability_{value}": self.probability[:, m] for m, value in enumerate(self.values)}
        return pa.table({"label": pa.array(self.label), "probability": self.probability.max(1), **each})

    def to_frame(self) -> Any:
        return answer(self.to_arrow(), self._asked)

    def _repr_html_(self) -> str:
        return shown(self)


def classify(fitted: Fitted, data: Any) -> Labels:
    """p(label | the other columns): the label's cell is hidden, whatever was given; see `vaekit.Model.classify`."""
    asked, label = ask(fitted, data), fitted.schema.label
    assert label is not None, "the table of modes asks for a label"
    levels = next(field for field in fitted.layout.columns if field.name == label.name).levels
    if not levels:
        raise ModeUnavailable(
            f"classify: the label {label.name!r} is {label.kind}, not a class", hint="impute fills numbers"
        )
    of = _of_rows if asked.at is None else _of_steps
    probability = of(fitted, asked, label.name, levels)
    values = column_values(fitted, label.name, np.arange(levels)).to_pylist()
    if label.kind == "categorical":  # the last level stands for all rare ones
        probability, values = probability[:, :-1], values[:-1]
        probability = probability / probability.sum(1, keepdims=True)
    known = ~np.isnan(probability).any(1)
    chosen = np.where(known, np.nan_to_num(probability).argmax(1), -1)
    return Labels([values[m] if m >= 0 else None for m in chosen], probability, values, asked)


def _of_rows(fitted: Fitted, asked: Asked, name: str, levels: int) -> NDArray[np.float64]:
    if fitted.vae.label is not None:
        inferred = abreast(
            lambda at: _inferred(fitted, asked.cells[at], asked.observed[at]), chunks(len(asked), fitted.at_once)
        )
        found = torch.cat(inferred).double().numpy()
        return np.pad(found, ((0, 0), (0, levels - found.shape[1])))  # names too rare for a class of their own
    k = fitted.names.index(name)

    def lot(at: slice) -> torch.Tensor:
        return _probabilities(law_without(fitted, asked.cells[at], asked.observed[at], k), levels)

    return torch.cat(abreast(lot, chunks(len(asked), fitted.at_once))).double().numpy()


def _inferred(fitted: Fitted, cells: torch.Tensor, observed: torch.Tensor) -> torch.Tensor:
    """q(y|x) (B, C) of a model with a part that is told the label: of the posterior, or of the prior at the row's latents."""
    vae = fitted.vae
    law: Any = vae.posterior_of(cells, vae.unlabelled(observed))
    if getattr(vae.posterior, "labelled", False):
        return cast(torch.Tensor, law.logits.exp())
    return cast(torch.Tensor, vae.prior.shares(placed(fitted, law, SAMPLES)).mean(0))


def _of_steps(fitted: Fitted, asked: Asked, name: str, levels: int) -> NDArray[np.float64]:
    """P(level) at each step (N, M) when no window shows any label: the mean over the windows that cover the step."""
    C, K = len(fitted.layout.channels), fitted.layout.K
    own = torch.arange([field.name for field in fitted.layout.channels].index(name), K, C)
    context = asked.observed.clone()
    context[:, own] = False
    parts = []
    for at in chunks(len(asked), fitted.at_once):
        law, cells, nats = law_given(fitted, asked.cells[at], context[at], context[at], SAMPLES), asked.cells[at], []
        for level in range(levels):
            guess = cells[:, :K].clone()
            guess[:, own] = float(level)
            nats.append(law.log_prob(guess)[..., own].logsumexp(0))
        parts.append(torch.stack(nats, -1).softmax(-1))
    assert asked.at is not None, "a stream"
    return mean_over(torch.cat(parts).double().numpy(), asked.at, asked.arrow.num_rows)


def _probabilities(law: Columns, levels: int) -> torch.Tensor:
    """P(level) of the one column, averaged over the latents, (B, M)."""
    (inner,) = law.laws
    if isinstance(inner, BernoulliCell):
        one = inner.probs.mean(0)[:, law.order[0]]
        return torch.stack([1 - one, one], -1)
    return inner.probs.mean(0)[:, law.order[0], :levels]
