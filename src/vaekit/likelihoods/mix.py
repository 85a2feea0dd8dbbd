"""Every column under the likelihood that suits it; columns of a likelihood and a size are one tensor."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vaekit import spec as specs
from vaekit.codec.field import MANY_ROWS, Field, repeats
from vaekit.distributions import Columns
from vaekit.distributions.continuous_bernoulli import ROUNDING
from vaekit.errors import SpecError
from vaekit.likelihoods.gaussian import GaussianLikelihood
from vaekit.likelihoods.narrow import narrow
from vaekit.likelihoods.registry import LIKELIHOODS

BY_KIND = {
    "real": "gaussian",
    "positive": "positive",
    "datetime": "gaussian",
    "count": "count",
    "mixed": "spike",
    "binary": "bernoulli",
    "ordinal": "ordinal",
    "categorical": "categorical",
}
Usual = Callable[[Field], object]
INK, DRAWN = 0.02, 0.4  # pixels this near to 0 or 1 are paper or ink; with this share of them images are drawings
WHOLE = ("discretised_logistic", "logistic_mixture")  # they are for levels
MANY_LEVELS, VERY_MANY_LEVELS = 1_000, 20_000  # more of them are told apart in two steps, and in three
SOME_ROWS, MISFIT = 1_000, 0.2  # from here on that of one so far from normal, and of one whose values repeat
GAPS = 0.05  # share of missing cells from which on a column is there to be filled


class Mix(nn.Module):
    """p(row|z) = prod_k p_k(cell k|z), each factor the likelihood chosen for that column.

        decoder features (S, B, F) --> head of group 1 --> law of K1 cells --+
                                   --> head of group 2 --> law of K2 cells --+--> Columns (S, B, K)

    Args:
        features: F, features of the decoder.
        fields: the K modelled columns.
        chosen: for each column its spec, as `choose` returns it.
    """

    order: Tensor

    def __init__(self, features: int, fields: Sequence[Field], chosen: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        groups: dict[str, list[int]] = {}
        for k, (field, part) in enumerate(zip(fields, chosen, strict=True)):
            groups.setdefault(json.dumps(part, sort_keys=True) + _size(field, part), []).append(k)
        self.members = list(groups.values())
        self.parts = nn.ModuleList(
            specs.build("likelihood", chosen[members[0]], LIKELIHOODS, features, [fields[k] for k in members])
            for members in self.members
        )
        for g, members in enumerate(self.members):
            self.register_buffer(f"at_{g}", torch.tensor(members), persistent=False)
        flat = torch.tensor([k for members in self.members for k in members])
        self.register_buffer("order", flat.argsort(), persistent=False)

    def forward(self, features: Tensor) -> Columns:
        at = [getattr(self, f"at_{g}") for g in range(len(self.members))] if len(self.members) > 1 else [slice(None)]
        return Columns([part(features) for part in self.parts], at, self.order)

    @property
    def K(self) -> int:  # noqa: N802  # the letter of shapes.py
        """How many cells it explains."""
        return len(self.order)

    def masses(self, cells: Tensor) -> Tensor:
        """Flags (B, K) of the cells that have a probability rather than a density."""
        out = torch.zeros_like(cells, dtype=torch.bool)
        for part, members in zip(self.parts, self.members, strict=True):
            out[:, members] = part.masses(cells[:, members])  # type: ignore[operator]
        return out

    def attend(self, features: Tensor, cells: Tensor, observed: Tensor, weights: Tensor | None = None) -> None:
        """Show every likelihood that learns from them the rows of a training step: cells and observed (B, ..., K)."""
        for part, members in zip(self.parts, self.members, strict=True):
            if isinstance(part, GaussianLikelihood) and part.scale == "optimal":
                part.attend(features, cells[..., members], observed[..., members], weights)

    def settle(self, error: Tensor) -> None:
        """Tell every likelihood that waits for it the mean squared residuals (K,) of the trained model."""
        for part, members in zip(self.parts, self.members, strict=True):
            if isinstance(part, GaussianLikelihood):
                part.settle(error[members])

    def only(self, features: Tensor, k: int) -> Columns:
        """The law of column k alone, batch shape (S, B, 1): nothing but its own part of a head is computed."""
        return self.among([k])(features)

    def among(self, columns: Sequence[int]) -> Callable[[Tensor], Columns]:
        """From features to the law of some columns in their order, batch shape (S, B, columns): nothing but their own parts
        of the heads is computed.
        """
        parts, groups = [], []
        for part, members in zip(self.parts, self.members, strict=True):
            at = [i for i, k in enumerate(columns) if k in members]
            if at:
                parts.append(narrow(part, [members.index(columns[i]) for i in at]))
                groups.append(torch.tensor(at))
        order = torch.cat(groups).argsort()
        return lambda features: Columns([part(features) for part in parts], groups, order)


def choose(
    fields: Sequence[Field], spec: object = None, *, usual: Usual | None = None, rows: int | None = None
) -> list[dict[str, Any]]:
    """One likelihood spec per column, all options filled in.

    Args:
        fields: the modelled columns; of a grid the channels first.
        spec: None for what suits each column; a name or dict for every column whose kind it serves; or
            {"columns": {name: spec}} for single columns.
        usual: what a column has when nobody chose; `suiting` when None,
        rows: of so many training rows.

    Raises:
        SpecError: for an unknown likelihood, option or column, and for a likelihood that does not serve the column's kind.
    """
    wanted: dict[str, object] = {}
    usual = usual or partial(suiting, rows=rows)
    if isinstance(spec, Mapping) and "columns" in spec:
        names = {field.name for field in fields}
        wanted = dict(spec["columns"])
        if unknown := sorted(wanted.keys() - names):
            raise SpecError(f"likelihood: no modelled column {unknown[0]!r}", hint=f"modelled columns: {sorted(names)}")
    elif spec is not None:
        part = specs.normalise("likelihood", spec, LIKELIHOODS)
        wanted = {field.name: part for field in fields if serves(part, field)}
        if not wanted and (near := [field for field in fields if field.kind in LIKELIHOODS[part["kind"]].kinds]):
            _one(near[0], part)  # says what keeps it from this column
        if not wanted:
            kinds = sorted({field.kind for field in fields})
            raise SpecError(
                f"likelihood {part['kind']!r}: serves {LIKELIHOODS[part['kind']].kinds}, the columns are {kinds}",
                hint="`vaekit kinds likelihood` lists them all",
            )
    return [_one(field, wanted.get(field.name, usual(field))) for field in fields]


def _one(field: Field, spec: object) -> dict[str, Any]:
    part = specs.normalise("likelihood", spec, LIKELIHOODS)
    kinds = LIKELIHOODS[part["kind"]].kinds
    if field.kind in kinds and (lack := _lacking(part, field)):
        wanted, hint = lack
        raise SpecError(f"likelihood {part['kind']!r} for column {field.name!r}: it is for {wanted}", hint=hint)
    if field.kind not in kinds:
        raise SpecError(
            f"likelihood {part['kind']!r} for column {field.name!r}: the column is {field.kind}, it serves {', '.join(kinds)}",
            hint=f"leave it out, or give the column another kind: schema={{{field.name!r}: {kinds[0]!r}}}",
        )
    return part


def suiting(field: Field, rows: int | None = None) -> str | dict[str, Any]:
    """What a column of a table of so many rows or the pixels of an image have when nobody chose."""
    if field.kind == "pixel":
        inked = (field.quantiles <= INK) | (field.quantiles >= 1 - INK)
        drawn = len(inked) > 0 and np.mean(inked) >= DRAWN  # of a channel that was never seen nothing is known
        return "bernoulli" if drawn else "discretised_logistic" if field.resolution else "gaussian"
    if field.kind == "categorical" and field.levels > MANY_LEVELS:
        return {"kind": "hierarchical_softmax", "depth": 3 if field.levels > VERY_MANY_LEVELS else 2}
    return "histogram" if field.levels == 0 and field.rows >= _enough(field, rows) else BY_KIND[field.kind]


def _enough(field: Field, rows: int | None) -> int:
    """Rows from which on a numeric column is a histogram: fewer where no density fits (counts have probabilities anyway).

    Not fewer where cells are missing: those are filled with means, which a normal law learns from fewer rows.
    """
    if rows is not None and field.rows < (1 - GAPS) * rows:
        return MANY_ROWS
    atoms = field.kind != "count" and repeats(field)
    return SOME_ROWS if atoms or _misfit(field) > MISFIT else MANY_ROWS


def _misfit(field: Field) -> float:
    """How far the distribution function of a column's cells without spikes is from that of a normal law, at most.

    >>> steps = np.linspace(0, 1, 257)
    >>> round(_misfit(Field("even", "real", quantiles=steps)), 2), round(_misfit(Field("far", "real", quantiles=steps**20)), 2)
    (0.06, 0.4)
    """
    if len(field.quantiles) < 2:
        return 0.0
    cells = torch.from_numpy(field.quantiles)
    share = torch.linspace(0, 1, len(cells), dtype=cells.dtype)
    normal = torch.special.ndtr((cells - cells.mean()) / cells.std(correction=0).clamp(min=1e-12))
    return float((normal - share).abs().max())


def suiting_channels(field: Field) -> dict[str, Any]:
    """What a channel of a stream has when nobody chose: squared errors of numbers, all channels alike."""
    return {"kind": BY_KIND[field.kind]} if field.levels > 2 else {"kind": "gaussian", "scale": "residual"}


def serves(part: Mapping[str, Any], field: Field) -> bool:
    """Whether the likelihood that a full spec names has probabilities or densities for the cells of this column.

    >>> serves({"kind": "bernoulli"}, Field("price", "positive"))
    False
    """
    return field.kind in LIKELIHOODS[part["kind"]].kinds and _lacking(part, field) is None


def _lacking(part: Mapping[str, Any], field: Field) -> tuple[str, str] | None:
    """What keeps a likelihood from a column of a kind that it serves: what it is for, and a hint; None where nothing does."""
    if part["kind"] in WHOLE and field.resolution <= 0:
        return "pixels that are whole numbers", "likelihood='gaussian' for floats, or give uint8 images"
    # outside [0, 1] a cross-entropy has no lower bound
    cells = part["kind"] == "bernoulli" or part.get("mean") == "sigmoid"
    if (cells or part["kind"] == "continuous_bernoulli") and not _inside(field, cells):
        return "numbers in [0, 1], such as grey levels", "leave it out: other numbers have a Gaussian or a histogram"
    return None


def _inside(field: Field, cells: bool) -> bool:
    """Whether a column's cells, or else its numbers, lie between 0 and 1."""
    if field.levels == 2 or not len(field.quantiles):
        return True
    ends = field.quantiles[[0, -1]]
    low, high = ends if cells or field.kind == "pixel" else field.value(ends)
    return bool(low >= -ROUNDING and high <= 1 + ROUNDING)


def _size(field: Field, part: Mapping[str, Any]) -> str:
    """Columns share one padded tensor when their numbers of levels are within a power of two of each other."""
    if field.kind == "pixel" or part.get("scale") == "residual":
        return ""
    size = field.levels or len(field.distinct) or 256
    return f"|{(size - 1).bit_length()}"
