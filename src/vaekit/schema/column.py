"""One column: what it holds, which part it plays, and how to write it back exactly."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "real",
    "positive",
    "count",
    "binary",
    "ordinal",
    "categorical",
    "datetime",
    "mixed",
    "image",
    "constant",
    "identifier",
]
Role = Literal["feature", "given", "label", "ignored"]
Level = bool | int | float | str

KINDS: tuple[Kind, ...] = get_args(Kind)
ROLES: tuple[Role, ...] = get_args(Role)
NUMERIC: frozenset[Kind] = frozenset({"real", "positive", "count", "mixed"})
DISCRETE: frozenset[Kind] = frozenset({"binary", "ordinal", "categorical"})
UNMODELLED: frozenset[Kind] = frozenset({"constant", "identifier"})


class Column(BaseModel):
    """One column of the fitted table.

    Args:
        name: the column's name.
        kind: one of ``KINDS``; decides the codec and the likelihood.
        role: feature (modelled), given (conditioned on), label (a class, possibly partly observed), ignored.
        unit: for people and figures only, e.g. ``"km"``.
        levels: binary and ordinal: every legal value, in order; categorical: only where the user declares them;
            constant: the one value, empty when every cell is null. They are plain values (see `vaekit.schema.plain`).
        type: the Arrow type as text, so that answers are written back exactly as they were given.
        decimals: the digits after the point that the training values have; ``None`` where there is no such number.
        spikes: the exact values of a mixed column that hold a large share by themselves, in original units.
        unseen: what scoring does with a new level of a categorical column: ``"other"`` (with a warning) or ``"error"``.
        format: the pattern of a date that is stored as text (see `vaekit.schema.times`).
        reason: why it has this kind, in plain words.

    >>> Column(name="age", kind="count", unit="years").type
    'int64'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Kind
    role: Role = "feature"
    unit: str | None = None
    levels: tuple[Level, ...] | None = None
    type: str = "int64"
    decimals: int | None = None
    spikes: tuple[float, ...] | None = None
    unseen: Literal["other", "error"] = "other"
    format: str | None = None
    reason: str = ""

    @property
    def is_modelled(self) -> bool:
        """True where the column becomes cells that the model explains: a feature or label that varies."""
        return self.role in ("feature", "label") and self.kind not in UNMODELLED

    @property
    def is_set_aside(self) -> bool:
        """True where the model never sees the column: constants, identifiers and ignored columns."""
        return self.role == "ignored" or self.kind in UNMODELLED
