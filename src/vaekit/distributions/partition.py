"""The line cut into atoms, bins and tails: how numeric columns become levels, and levels numbers again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from vaekit.codec.field import ROWS, Field, Floats, repeats
from vaekit.codec.twins import near
from vaekit.distributions.scale import Scale


class Partition(nn.Module):
    """For K numeric columns: A atoms (exact values), J bins between edges, a left and a right tail, in cell units.

    Segment order along M = A + J + 2: atoms, bins, left tail, right tail. Atoms hold point masses, bins are uniform, tails
    exponential. In a column of whole numbers bins are uniform and the right tail geometric over those numbers.

    Args:
        atoms: a list of K sorted 1-D tensors of cells.
        edges: a list of K increasing 1-D tensors of cells, each at least two long.
        whole: K flags, of columns that hold the numbers 0, 1, 2, ...
        scale: from cells to numbers.

    >>> scale = Scale(["linear"], torch.zeros(1), torch.ones(1))
    >>> cut = Partition([torch.tensor([0.0])], [torch.tensor([-1.0, 0.5, 2.0])], [False], scale)
    >>> cut.segment(torch.tensor([[0.0], [0.1], [1.0], [-3.0], [5.0]]))[:, 0].tolist()
    [0, 1, 2, 3, 4]
    """

    atoms: Tensor
    lowered: Tensor
    edges: Tensor
    whole: Tensor
    reach: Tensor
    last: Tensor
    end: Tensor
    last_number: Tensor
    beyond: Tensor
    within: Tensor
    valid: Tensor
    absent: Tensor
    centre: Tensor
    ends: Tensor
    slab_at: Tensor
    atom_at: Tensor

    def __init__(self, atoms: list[Tensor], edges: list[Tensor], whole: list[bool], scale: Scale) -> None:
        super().__init__()
        self.A, self.J = max(map(len, atoms)), max(map(len, edges)) - 1
        self.register_buffer("atoms", pad(atoms, self.A), persistent=False)
        self.register_buffer("edges", pad(edges, self.J + 1), persistent=False)
        self.register_buffer("whole", torch.tensor(whole), persistent=False)
        self.counts_whole = any(whole)  # a plain flag: graphs cannot branch on tensors
        self.scale = scale
        self.register_buffer("reach", self._reach(), persistent=False)
        self.register_buffer("lowered", self.atoms - self.reach, persistent=False)
        self.register_buffer("last", torch.tensor([len(edge) - 1 for edge in edges]), persistent=False)
        end = self.edges.gather(1, self.last[:, None])[:, 0]
        self.register_buffer("end", end, persistent=False)  # the last edge, (K,)
        self._keep_ends()
        self.register_buffer("last_number", scale.number(end), persistent=False)
        self.register_buffer("beyond", (self.last_number / 10).clamp(min=1.0), persistent=False)
        self.register_buffer("within", self._within(), persistent=False)
        tails = torch.stack([~self.whole, torch.ones_like(self.whole)], 1)
        valid = torch.cat([self.atoms.isfinite(), self.edges[:, 1:].isfinite(), tails], 1)
        self.register_buffer("valid", valid, persistent=False)
        # added to logits: one pass over them, where masking would copy them first
        self.register_buffer("absent", torch.zeros(valid.shape).masked_fill(~valid, -torch.inf), persistent=False)
        self.pieces: list[object] = [None] * len(whole)  # column by column, found when they are asked for
        self.stacked = False  # then they are tensors

    @property
    def M(self) -> int:  # noqa: N802 - a size, as K is
        return self.A + self.J + 2

    def atom_and_slab(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """The index of the atom that a cell (..., K) equals, -1 where it equals none; and the bin or tail that it falls in, an
        index along M. One search for both.
        """
        at = _search(self.ends, cells) + 1
        slab = _pick(self.slab_at, at)
        if self.A == 0:
            return torch.full_like(slab, -1), slab
        nearest = _pick(self.atom_at, at)
        equal = (cells - _pick(self.atoms, nearest)).abs() <= _pick(self.reach, nearest)
        return torch.where(equal, nearest, -1), slab

    def atom(self, cells: Tensor) -> Tensor:
        """The index of the atom that a cell (..., K) equals, -1 where it equals none."""
        return self.atom_and_slab(cells)[0]

    def slab(self, cells: Tensor) -> Tensor:
        """The bin or tail (index along M) that a cell (..., K) falls in."""
        return self.atom_and_slab(cells)[1]

    def exact(self, cells: Tensor) -> Tensor:
        """Cells (..., K), an atom itself where one lies twice as near as a rounding error may put it."""
        nearest = _search(self.lowered - self.reach, cells).clamp(0, self.A - 1)
        atom = _pick(self.atoms, nearest)
        return torch.where((cells - atom).abs() <= 2 * _pick(self.reach, nearest), atom, cells)

    def _reach(self) -> Tensor:
        """How far a cell may lie beside the atom that it equals: a rounding error, or a third of the way to a whole number."""
        whole = 0.3 / ((self.scale.number(self.atoms.T).T + 1) * self.scale.std[:, None])
        reach = torch.where(self.whole[:, None], whole, near(self.atoms))
        return torch.where(self.atoms.isfinite(), reach, -1.0)  # padding equals nothing

    def _keep_ends(self) -> None:
        """Where atoms and bins begin, in one order (K, W), and what lies after the first 0, 1, ... of these (K, W + 1)."""
        self.register_buffer("ends", torch.cat([self.lowered, self.edges], 1).sort(1).values, persistent=False)
        first = torch.full_like(self.ends[:, :1], -torch.inf)
        before = torch.cat([first, self.ends], 1)
        atom, j = (torch.searchsorted(rows, before, right=True) - 1 for rows in (self.lowered, self.edges))
        left = torch.where(self.whole, self.A, self.A + self.J)[:, None]
        slab = torch.where(j < 0, left, self.A + j)
        slab = torch.where(j >= self.last[:, None], self.A + self.J + 1, slab)
        self.register_buffer("slab_at", slab, persistent=False)
        self.register_buffer("atom_at", atom.clamp(0, max(self.A - 1, 0)), persistent=False)

    def segment(self, cells: Tensor) -> Tensor:
        """The atom where a cell equals one, else its bin or tail: an index below M."""
        atom, slab = self.atom_and_slab(cells)
        return torch.where(atom >= 0, atom, slab)

    def log_density(self, cells: Tensor, slab: Tensor) -> Tensor:
        """Log density of each cell within its bin or tail, (..., K); log mass in whole-number columns."""
        tail = slab - (self.A + self.J)
        outside = torch.where(tail == 0, self.edges[:, 0] - cells, cells - self.end).clamp(min=0).neg()
        if self.counts_whole:
            step = (self.scale.number(cells) - self.last_number - 0.5).round().clamp(min=0)
            outside = torch.where(self.whole, -torch.log1p(self.beyond) - step * torch.log1p(1 / self.beyond), outside)
        return torch.where(tail >= 0, outside, _pick(self.within, self._bin(slab)).to(cells.dtype))

    def _within(self) -> Tensor:
        """Log density inside of each bin, (K, J); log mass in whole-number columns."""
        low, high = self.edges[:, :-1], self.edges[:, 1:]
        density = -torch.log((high - low).clamp(min=1e-6))
        count = (self.scale.number(high.T) - self.scale.number(low.T)).T.round().clamp(min=1)
        return torch.where(self.whole[:, None], -torch.log(count), density).nan_to_num(0.0, 0.0, 0.0)  # of padding

    def place(self, index: Tensor, uniform: Tensor) -> Tensor:
        """The cell at a share `uniform` of segment `index`, both (..., K): the atom, within the bin, along the tail."""
        slab = index.clamp(min=self.A)
        low, high = self._bounds(slab, uniform.dtype)
        cell = low + uniform * (high - low)
        beyond = -torch.log1p(-uniform.clamp(max=1 - 1e-6))
        tail = index - (self.A + self.J)
        cell = torch.where(tail == 0, self.edges[:, 0] - beyond, cell)
        cell = torch.where(tail == 1, self.end + beyond, cell)
        if self.counts_whole:
            cell = torch.where(self.whole, self._place_whole(low, high, tail, uniform, beyond), cell)
        atom = _pick(self.atoms, index.clamp(max=max(self.A - 1, 0))) if self.A else cell
        return torch.where(index < self.A, atom, cell)

    def _place_whole(self, low: Tensor, high: Tensor, tail: Tensor, uniform: Tensor, beyond: Tensor) -> Tensor:
        a, b = (self.scale.number(low) + 0.5).round(), (self.scale.number(high) + 0.5).round()
        inside = a + (uniform * (b - a)).floor()
        outside = (self.last_number + 0.5).round() + self.steps(beyond).floor()
        return self.scale.cell(torch.where(tail == 1, outside, inside))

    def steps(self, beyond: Tensor) -> Tensor:
        """So many steps past the last edge has a geometric tail where an exponential one of mean 1 has come to `beyond`.

        It has `self.beyond` steps on average, (K,): a tenth of the range.
        """
        return beyond / torch.log1p(1 / self.beyond)

    def _bin(self, slab: Tensor) -> Tensor:
        return torch.minimum((slab - self.A).clamp(min=0), self.last - 1)

    def _bounds(self, slab: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        j = self._bin(slab)
        return _pick(self.edges, j).to(dtype), _pick(self.edges, j + 1).to(dtype)

    @property
    def centres(self) -> Tensor:
        """The cell of the expected number in each segment, (K, M); along a right tail one unit out, 0 for none."""
        if "centre" not in self._buffers:  # found when it is asked for, in the precision of that time
            self.register_buffer("centre", self._centres(), persistent=False)
        return self.centre

    def _centres(self) -> Tensor:
        low, high = self.edges[:, :-1], self.edges[:, 1:]
        last = self.edges.gather(1, self.last[:, None])
        # within a bin that is uniform in cells, E exp(std cell) = exp(std low) (exp(w) - 1) / w
        std = self.scale.std[:, None]
        width = (std * (high - low)).clamp(1e-3, 80.0)
        grown = low + (torch.expm1(width) / width).log() / std
        bins = torch.where(self.scale.kind[:, None] == 0, (low + high) / 2, grown)
        fore = self.edges[:, :1] - torch.where(self.scale.kind[:, None] == 0, 1.0, torch.log1p(std) / std)
        tail = last + 1  # on a log scale the mean of the right tail may be infinite
        if self.counts_whole:
            among = self.scale.cell(((self.scale.number(low.T) + self.scale.number(high.T)) / 2).clamp(min=0)).T
            beyond = self.scale.cell(self.scale.number(last.T) + 0.5 + self.beyond).T
            bins = torch.where(self.whole[:, None], among, bins)
            tail = torch.where(self.whole[:, None], beyond, tail)
        return torch.cat([self.atoms, bins, fore, tail], 1).nan_to_num(0.0, 0.0, 0.0).where(self.valid, 0.0)

    def below(self, cells: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """At or below a cell: how many atoms, its bin, and the shares of that bin, the left and the right tail."""
        x, number = cells, cells
        if self.counts_whole:  # a step at each whole number
            number = self.scale.number(cells)
            number = (number + (1e-3 + 4e-6 * number.abs()).clamp(max=0.4)).floor() + 0.5
            x = torch.where(self.whole, self.scale.cell(number), cells)
        slab = self.A + torch.minimum(_search(self.edges, x).clamp(min=0), self.last - 1)
        low, high = self._bounds(slab, x.dtype)
        first, last = self.edges[:, 0], self.end
        inside, right = (x - low) / (high - low), -torch.expm1(-(x - last).clamp(min=0))
        if self.counts_whole:
            a, b = self.scale.number(low), self.scale.number(high)
            steps = (number - self.last_number).clamp(min=0)
            inside = torch.where(self.whole, (number - a) / (b - a), inside)
            right = torch.where(self.whole, -torch.expm1(-steps * torch.log1p(1 / self.beyond)), right)
        atoms = _search(self.lowered, x) + 1 if self.A else torch.zeros_like(slab)
        return atoms, slab, inside.clamp(0, 1), torch.exp(-(first - x).clamp(min=0)), right


def pad(rows: list[Tensor], width: int) -> Tensor:
    """K rows of different lengths as one tensor (K, width), the rest filled with infinity."""
    out = torch.full((len(rows), width), torch.inf)
    for k, row in enumerate(rows):
        out[k, : len(row)] = row
    return out


def _search(sorted_rows: Tensor, cells: Tensor) -> Tensor:
    """Index of the last entry of row k that is <= the cell, -1 before the first; cells (..., K)."""
    flat = cells.reshape(-1, cells.shape[-1]).T.contiguous()
    found = torch.searchsorted(sorted_rows.to(cells.dtype).contiguous(), flat, right=True) - 1
    return found.T.reshape(cells.shape)


def _pick(rows: Tensor, index: Tensor) -> Tensor:
    """rows[k, index[..., k]] for rows (K, W) and an index (..., K)."""
    return rows.expand(*index.shape, -1).gather(-1, index[..., None])[..., 0]


def partition(fields: Sequence[Field], bins: int = 128) -> Partition:
    """The partition that suits each column: repeated values are atoms, the rest is cut at its quantiles.

    A column of at most 256 distinct values that repeat (20 rows each on average) is atoms only, with one wide bin for
    whatever else may come; else its spikes are atoms (of whole numbers, bins of one number) and quantile bins hold the rest,
    `bins` for a column without spikes.

    Args:
        fields: numeric columns.
        bins: most bins of one column; fewer when a bin would hold under 20 rows.
    """
    atoms = [torch.tensor(_atoms(field), dtype=torch.float32) for field in fields]
    edges = [torch.tensor(_edges(field, bins), dtype=torch.float32) for field in fields]
    scale = Scale(
        [field.transform for field in fields],
        torch.tensor([field.mean for field in fields]),
        torch.tensor([field.std for field in fields]),
    )
    return Partition(atoms, edges, [field.kind == "count" for field in fields], scale)


def _atoms(field: Field) -> Floats:
    if repeats(field):
        return np.sort(field.distinct)
    return np.asarray(() if field.kind == "count" else field.spikes, dtype=float)


def _edges(field: Field, bins: int) -> Floats:
    others = 1 - float(np.sum(field.shares[: len(field.spikes)]))
    wanted = 1 if repeats(field) else int(np.clip(field.rows * others // ROWS, 4, max(round(bins * others), 4)))
    edges = field.quantiles if len(field.quantiles) else np.array([-1.0, 1.0])
    edges = edges[np.linspace(0, len(edges) - 1, wanted + 1).round().astype(int)]
    if field.kind == "count":  # whole numbers: cut half-way between two of them, from zero on
        cuts = np.floor(np.maximum(field.value(edges), 0) + 0.5) + 0.5
        single = field.value(np.asarray(() if repeats(field) else field.spikes, dtype=float)).round()
        edges = field.cell(np.sort(np.concatenate([[-0.5], cuts, single - 0.5, single + 0.5])))
    else:  # the least and the greatest value belong to a bin, not to a tail
        slack = 1e-5 * np.ptp(edges)
        edges = np.concatenate([[edges[0] - slack], edges[1:-1], [edges[-1] + slack]])
    edges = np.unique(np.float32(edges)).astype(float)
    edges = edges[np.concatenate([[True], np.diff(edges) > 1e-5])]
    return edges if len(edges) > 1 else np.array([edges[0] - 0.5, edges[0] + 0.5])
