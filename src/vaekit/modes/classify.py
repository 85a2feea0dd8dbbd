"""The label of each row, as the model completes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from vaekit.artifact import Fitted
from vaekit.distributions import BernoulliCell, Columns
from vaekit.errors import ModeUnavailable
from vaekit.modes.ask import Asked, answer, ask, chunks, column_values
from vaekit.modes.ways import law_without


@dataclass(frozen=True, eq=False)
class Labels:
    """label (B,) the most probable value, probability (B, M) of each of `values`."""

    label: list[Any]
    probability: NDArray[np.float64]
    values: list[Any]
    _asked: Asked = field(repr=False)

    def __len__(self) -> int:
        return len(self.label)

    def to_arrow(self) -> pa.Table:
        """Columns label, probability, then probability_VALUE of each value."""
        each = {f"probability_{value}": self.probability[:, m] for m, value in enumerate(self.values)}
        return pa.table({"label": self.label, "probability": self.probability.max(1), **each})

    def to_frame(self) -> Any:
        return answer(self.to_arrow(), self._asked)


def classify(fitted: Fitted, data: Any) -> Labels:
    """p(label | the other columns): the label's cell is hidden, whatever was given; see `vaekit.Model.classify`."""
    asked, label = ask(fitted, data), fitted.schema.label
    assert label is not None, "the table of modes asks for a label"
    k = fitted.names.index(label.name)
    levels = fitted.fields[k].levels
    if not levels:
        raise ModeUnavailable(
            f"classify: the label {label.name!r} is {label.kind}, not a class", hint="impute fills numbers"
        )
    parts = [law_without(fitted, asked.cells[at], asked.observed[at], k) for at in chunks(len(asked), fitted.at_once)]
    probability = torch.cat([_probabilities(law, levels) for law in parts]).double().numpy()
    values = column_values(fitted, label.name, torch.arange(levels).float()).to_pylist()
    if label.kind == "categorical":  # the last level stands for all rare ones
        probability, values = probability[:, :-1], values[:-1]
        probability = probability / probability.sum(1, keepdims=True)
    return Labels([values[m] for m in probability.argmax(1)], probability, values, asked)


def _probabilities(law: Columns, levels: int) -> torch.Tensor:
    """P(level) of the one column, averaged over the latents, (B, M)."""
    (inner,) = law.laws
    if isinstance(inner, BernoulliCell):
        one = inner.probs.mean(0)[:, law.order[0]]
        return torch.stack([1 - one, one], -1)
    return inner.probs.mean(0)[:, law.order[0], :levels]
