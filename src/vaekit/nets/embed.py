"""Cells and gaps become features: what the encoder sees of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vaekit.codec.field import Field
from vaekit.distributions.partition import Partition, partition
from vaekit.lookup import lookup

FAINT = 0.01  # size of the vectors of bins at the start, beside those of levels


class ColumnSize(NamedTuple):
    """Features column by column: the `places` of each column's own among all of them; the `modelled` columns come first."""

    places: tuple[tuple[int, ...], ...]
    modelled: int

    @property
    def features(self) -> int:
        """All of them in one row."""
        return sum(map(len, self.places))


class Embed(nn.Module):
    """(cells (..., K), observed (..., K)) -> features (..., F).

        numbers ---> squashed value ----------------------------+
        numbers of `coded` columns -> bin ---+                   |
        levels -> index ---------------------+-> learned vector -+-> cat -> features
        observed -> one flag a column (unless `flags` is off) ---+

    A missing cell adds zeros and a lowered flag: nothing is filled in before the model sees it.

    Args:
        fields: the K columns.
        coded: flags of the numeric columns whose bin is looked up as well, so that exact values can be told apart.
        flags: add the observed flags; off only where no cell is ever missing or hidden.
        squash: damp far values as 5 asinh(x / 5); off, a purely numeric row enters as it is, as in the tutorials.
        width: length of a learned vector.
    """

    offsets: Tensor
    numbers: Tensor
    levels: Tensor
    binned: Tensor
    looked_up: Tensor

    def __init__(
        self, fields: Sequence[Field], *, coded: Sequence[bool], flags: bool = True, squash: bool = True, width: int = 8
    ) -> None:
        super().__init__()
        self.flags, self.squash = flags, squash
        numeric = [k for k, field in enumerate(fields) if field.levels <= 2]
        named = [k for k, field in enumerate(fields) if field.levels > 2]
        binned = [k for k, field in enumerate(fields) if field.levels == 0 and coded[k]]
        self.partition: Partition | None = partition([fields[k] for k in binned]) if binned else None
        sizes = [fields[k].levels for k in named]
        sizes += [self.partition.M] * len(binned) if self.partition is not None else []
        for name, index in (("numbers", numeric), ("levels", named), ("binned", binned)):
            self.register_buffer(name, torch.tensor(index, dtype=torch.long), persistent=False)
        self.register_buffer("looked_up", torch.cat([self.levels, self.binned]), persistent=False)
        starts = torch.tensor([0, *sizes]).cumsum(0)
        self.register_buffer("offsets", starts[:-1], persistent=False)
        self.table = nn.Embedding(int(starts[-1]), width) if sizes else None
        if self.table is not None:
            with torch.no_grad():  # bins begin all but equal: their number tells more than a vector yet to learn
                self.table.weight[int(starts[len(named)]) :] *= FAINT
        self.features = len(numeric) + len(sizes) * width + len(fields) * flags
        owner = [*numeric, *(k for k in [*named, *binned] for _ in range(width)), *range(len(fields) if flags else 0)]
        self.owner = tuple(owner)  # the column of each feature

    def forward(self, cells: Tensor, observed: Tensor) -> Tensor:
        if not self.flags and self.table is None and known_whole(observed):
            values = cells[..., self.numbers] if len(self.numbers) < cells.shape[-1] else cells
            return 5 * torch.asinh(values / 5) if self.squash else values
        seen = observed.to(cells.dtype)
        values = cells if len(self.numbers) == cells.shape[-1] else cells[..., self.numbers]
        if self.squash:
            values = 5 * torch.asinh(values / 5)
        parts = [values * (seen if len(self.numbers) == cells.shape[-1] else seen[..., self.numbers])]
        if self.table is not None:
            parts.append(self._vectors(cells, seen))
        if self.flags:
            parts.append(seen)
        return torch.cat(parts, -1) if len(parts) > 1 else parts[0]

    def columns(self, modelled: int) -> ColumnSize:
        """Which features say something of which column; so many columns are modelled, the others given."""
        each: list[list[int]] = [[] for _ in range(1 + max(self.owner))]
        for place, k in enumerate(self.owner):
            each[k].append(place)
        return ColumnSize(tuple(map(tuple, each)), modelled)

    def single(self) -> tuple[Tensor, Tensor]:
        """Features that depend on one column by a number each: numbers, the first of every learned vector, flags.

        Returns:
            Their places among all features, and which of these belong to learned vectors.
        """
        first, count = len(self.numbers), len(self.offsets)
        width = 0 if self.table is None else self.table.embedding_dim
        flags = range(first + count * width, self.features)
        places = [*range(first), *(first + i * width for i in range(count)), *flags]
        return torch.tensor(places), torch.arange(first, first + count)

    def _vectors(self, cells: Tensor, seen: Tensor) -> Tensor:
        assert self.table is not None
        index = cells[..., self.levels].long()
        if self.partition is not None:
            index = torch.cat([index, self.partition.segment(cells[..., self.binned])], -1)
        vectors = lookup(self.table.weight, index + self.offsets) * seen[..., self.looked_up, None]
        return vectors.flatten(-2)


def known_whole(observed: Tensor) -> bool:
    """Whether all cells are observed, where asking costs less than not knowing: an accelerator would have to wait.

    A graph that is traced for all rows to come cannot know.
    """
    if observed.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    if not any(observed.stride()) and observed.numel():  # one flag that stands for all, see `goals.Rows`
        return bool(observed[(0,) * observed.dim()])
    return bool(observed.all())


def where_observed(values: Tensor, observed: Tensor) -> Tensor:
    """Values (..., K), 0 where a cell is missing."""
    return values if known_whole(observed) else values.where(observed, 0.0)
