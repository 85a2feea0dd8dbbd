"""How far rows of a table lie from their nearest training rows, and which columns make the way long."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from vaekit import rng
from vaekit.artifact import Fitted
from vaekit.codec.field import Field
from vaekit.distributions import Scale
from vaekit.recorded import recorded

NEAREST = 3  # training rows
KEPT = 20_000  # training rows that a file keeps, at most
MANY_CELLS, WIDE = 2**19, 5_000  # past so many cells fewer rows are kept, but of a wide table still so many,
MOST_CELLS = 2**21  # up to so many cells: 8 MB
MOST_LEVELS = 64  # of a column that are told apart; the rarer ones are one
FARTHEST = 20.0  # deviations from the mean that a number counts for, at most
RAREST = 0.01  # share of a level below which being another level weighs no more
PASS = 256  # rows that look for their neighbours together: their distances stay near the core
AMONG = 5_000  # kept rows among which the far neighbour of a row is looked for
FEW = 16  # rows that look for their neighbours without those of other levels
BLOCK = 50  # kept rows of which the nearest one is found first
SPARE = 40  # columns that no row lacks and that pass beside others, at most: they take as long as another pass over distances


@dataclass(frozen=True)
class Space:
    """Where rows lie: a number as its cell and as its value, both in standard deviations; a name as a corner of a simplex.

    Args:
        axes: what each coordinate is.
        centre: mean of every coordinate over the kept training rows, (D,).
        scale: by which each is stretched, (D,).
    """

    axes: Axes
    centre: Tensor
    scale: Tensor

    def place(self, cells: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Coordinates (B, D) of cells (B, K), 0 where missing, and where they are not."""
        seen = observed[:, self.axes.owner]
        where = ((self.axes.of(cells) - self.centre) * self.scale).clamp(-FARTHEST, FARTHEST)
        return where.where(seen, 0.0), seen


@dataclass(frozen=True)
class Axes:
    """What the D coordinates of a row are: cells, numbers where those lie on another scale, and flags of levels.

    Args:
        owner: the column of each, (D,).
        level: of which level a flag is, -1 where the coordinate is no flag, (D,).
        curved: which ones are numbers rather than cells, (N,).
        scale: from the cells of these to numbers.
    """

    owner: Tensor
    level: Tensor
    last: Tensor
    curved: Tensor
    scale: Scale

    def of(self, cells: Tensor) -> Tensor:
        """Coordinates (B, D) before they are standardised."""
        own = cells[:, self.owner]
        if len(self.curved):
            own[:, self.curved] = self.scale.number(own[:, self.curved])
        named, wanted, last = self._named
        if len(named):
            level = own[:, named].nan_to_num(0.0).long().clamp(min=0).minimum(last)
            own[:, named] = (level == wanted).to(own.dtype)
        return own

    @property
    def numbers(self) -> tuple[Tensor, Tensor]:
        """Which coordinates are no flags, and how often each counts: one stands for both of a number that is its cell."""
        first = (self.level < 0).nonzero()[::2, 0]
        both = ~torch.isin(first + 1, self.curved)
        return torch.cat([first, self.curved]), torch.cat([1.0 + both, torch.ones(len(self.curved))])

    @cached_property
    def _named(self) -> tuple[Tensor, Tensor, Tensor]:
        """Which coordinates are flags, of which level each is, and the last level of its column."""
        named = (self.level >= 0).nonzero()[:, 0]
        return named, self.level[named], self.last[named]


def axes(fields: tuple[Field, ...]) -> Axes:
    """The coordinates of the columns: two of a number, one of each common level of a name.

    >>> axes((Field("age", "count", transform="log1p"), Field("sex", "binary", levels=2))).level.tolist()
    [-1, -1, 0, 1]
    """
    width = [min(field.levels, MOST_LEVELS) if _is_named(field) else 2 for field in fields]
    level = [list(range(count)) if _is_named(field) else [-1, -1] for field, count in zip(fields, width, strict=True)]
    start = [sum(width[:k]) for k in range(len(fields))]
    curved = [k for k, field in enumerate(fields) if not field.levels and field.transform != "linear"]
    mean, std = (torch.tensor([getattr(fields[k], name) for k in curved]) for name in ("mean", "std"))
    return Axes(
        torch.arange(len(fields)).repeat_interleave(torch.tensor(width)),
        torch.tensor([each for own in level for each in own]),
        torch.tensor(width).repeat_interleave(torch.tensor(width)) - 1,
        torch.tensor([start[k] + 1 for k in curved], dtype=torch.long),
        Scale([fields[k].transform for k in curved], mean, std),
    )


def _is_named(field: Field) -> bool:
    return field.levels > 0 and field.kind != "ordinal"


def space(fitted: Fitted) -> Space:
    """The space that the kept training rows span."""
    fields, cells, observed = fitted.fields, *kept(fitted)
    along = axes(fields)
    along.scale.to(cells.dtype)
    raw, seen = along.of(cells), observed[:, along.owner].double()
    count = seen.sum(0).clamp(min=1)
    centre = (raw.double() * seen).sum(0) / count
    spread = (((raw.double() - centre) * seen).square().sum(0) / count).sqrt()
    named = along.level >= 0
    share = centre.clamp(RAREST, 1 - RAREST)
    scale = torch.where(named, (0.5 + 0.5 / (share * (1 - share))).sqrt(), 1 / spread.clamp(min=1e-6))
    scale = scale.where(named | (spread > 1e-6), 0.0)
    return Space(along, centre.where(~named, 0.0).to(cells), scale.to(cells))


def keep(fitted: Fitted, cells: Tensor, observed: Tensor) -> None:
    """Keep a seeded sample of the training rows (B, K + G) in the model, as cells."""
    K = fitted.layout.K
    most = max(1, min(KEPT, max(WIDE, MANY_CELLS // K), MOST_CELLS // K))
    pick = torch.from_numpy(rng.numpy(0, "neighbours").permutation(len(cells))[:most])
    fitted.arrays["neighbours.cells"] = cells[pick, :K].where(observed[pick, :K], torch.nan).numpy()
    objective = fitted.spec["objective"]
    if objective["kind"] == "robust" and objective["share"] > 0:
        few = ordinary(fitted, objective["share"]).numpy()
        fitted.arrays["neighbours.cells"] = fitted.arrays["neighbours.cells"][few]


def ordinary(fitted: Fitted, share: float) -> Tensor:
    """Flags (N,) of all kept rows but the strangest, where a `share` of the training rows may be strange: twice as many go.

    Strange are those far from the neighbour past a `share` of all rows, so that strange rows do not vouch for one another; of
    ordinary ones that go with them there are others. Trimming is from Rousseeuw 1984 (doi 10.1080/01621459.1984.10477105).
    """
    (cells, observed), search = kept(fitted), searched(fitted)
    among = min(len(cells), AMONG)  # kept rows are in no order
    far = []
    for at in torch.arange(len(cells)).split(PASS):
        own, seen = search.where.place(cells[at], observed[at])
        apart = _order(search, own, observed[at])[:, :among] + (own.square() * seen).sum(1, keepdim=True)
        far.append(apart.kthvalue(min(1 + round(share * among), among), 1).values)
    every = torch.cat(far)
    return every <= every.kthvalue(max(1, round((1 - min(2 * share, 0.9)) * len(every)))).values


def kept(fitted: Fitted) -> tuple[Tensor, Tensor]:
    """Cells and observed flags (N, K) of the kept training rows."""
    cells = torch.from_numpy(fitted.arrays["neighbours.cells"]).to(fitted.dtype)
    return cells.nan_to_num(0.0), ~cells.isnan()


@dataclass(frozen=True)
class Search:
    """The kept training rows as a search looks through them.

    Args:
        where: the space that they span.
        known: their coordinates, 0 where missing, (N, D).
        columns: 1 where a coordinate is a column's own, (D, K).
        products: what the order of the kept rows from a row follows from, (D + 1 + K, N): -2 times their coordinates, the sums
        of their squares, and minus those squares column by column, for columns that the row lacks.
        numbers: the coordinates that are no flags, of two equal ones one, and
        plain: their products, those of equal ones together.
        levels: the coordinates that are flags, of which a row has few.
    """

    where: Space
    known: Tensor
    columns: Tensor
    products: Tensor
    numbers: Tensor
    plain: Tensor
    levels: Tensor


def searched(fitted: Fitted) -> Search:
    """The search among the kept training rows, prepared once for a model."""
    of = fitted.arrays["neighbours.cells"]
    return fitted.once(("neighbours", fitted.dtype), of, lambda: _search(fitted))


def _search(fitted: Fitted) -> Search:
    where = space(fitted)
    known, flags = where.place(*kept(fitted))
    known = known.where(flags, 0.0)
    columns = torch.nn.functional.one_hot(where.axes.owner, fitted.layout.K).to(known)
    squares = known.square() @ columns
    products = torch.cat([-2 * known, squares.sum(1, keepdim=True), -squares], 1).T.contiguous()
    numbers, weight = where.axes.numbers
    plain, levels = products[numbers] * weight[:, None].to(products), (where.axes.level >= 0).nonzero()[:, 0]
    return Search(where, known, columns, products, numbers, plain, levels)


def distance(fitted: Fitted, cells: Tensor, observed: Tensor, *, nearest: int = NEAREST) -> Tensor:
    """Mean distance to the nearest training rows, as a sum over columns, (B, K), 0 where missing.

        d = mean_j |x - t_j| = sum_k mean_j (x_k - t_jk)^2 / |x - t_j|

    over the observed columns of x. A row is not its own neighbour: one training row that is equal to it does not count.
    Ramaswamy, Rastogi, Shim 2000 (doi 10.1145/342009.335437); Angiulli and Pizzuti 2002 (doi 10.1007/3-540-45681-3_2).
    """
    K, search = fitted.layout.K, searched(fitted)
    own, seen = cells[:, :K], observed[:, :K]
    if 0 < len(own) <= FEW:
        return recorded(fitted, ("nearest", nearest), partial(_distance, search, nearest), own, seen)[0]
    room = search.known.new_empty(min(PASS, len(cells)), len(search.known))  # taken once: new memory takes time
    lots = (slice(at, at + PASS) for at in range(0, len(cells), PASS))
    parts = [_distance(search, nearest, own[at], seen[at], room)[0] for at in lots]
    return torch.cat(parts) if parts else cells.new_zeros(0, K)


def _distance(
    search: Search, nearest: int, cells: Tensor, observed: Tensor, room: Tensor | None = None
) -> tuple[Tensor]:  # fmt: skip
    where, known = search.where, search.known
    own, seen = where.place(cells, observed)
    found = smallest(_order(search, own, observed, room), min(nearest + 1, len(known)))
    apart = own[:, None] - known[found]  # anew: a matrix product loses the digits of near ones
    if len(own) <= FEW or not observed.all():
        apart = apart * seen[:, None]
    squares = apart.square() @ search.columns
    length = squares.sum(-1, keepdim=True).sqrt()
    share = squares / length.clamp(min=1e-12)
    order = length[..., 0].argsort(-1)
    share = share.gather(1, order[..., None].expand_as(share))
    itself = length.amin(1) < 1e-6  # (B, 1)
    both = torch.where(itself[..., None], share[:, -nearest:], share[:, :nearest])
    return (both.mean(1),)


def _order(search: Search, own: Tensor, observed: Tensor, room: Tensor | None = None) -> Tensor:
    """Squared distances of rows to all kept ones, less what is the same for all of them, (B, N), in `room` where there is any.

    One matrix product; two where it would go over many columns that no row lacks.
    """
    lacking, D = ~observed, own.shape[1]
    if len(own) <= FEW:  # with or without gaps the same steps
        return _of_few(search, own).addmm_(lacking.to(own.dtype), search.products[D + 1 :])
    columns, one = lacking.any(0).nonzero()[:, 0], own.new_ones(len(own), 1)
    fused = 0 < len(columns) >= lacking.shape[1] - SPARE
    beside = [own, one, lacking.to(own.dtype)] if fused else [own, one]
    wanted = torch.cat(beside, 1)
    found = torch.mm(wanted, search.products[: wanted.shape[1]], out=None if room is None else room[: len(own)])
    if len(columns) and not fused:
        found.addmm_(lacking[:, columns].to(own.dtype), search.products[D + 1 + columns])
    return found


def _of_few(search: Search, own: Tensor) -> Tensor:
    """The same of few rows without gaps: of all levels each row has but its own, so that of the kept rows little is read."""
    flags = own[:, search.levels]
    at = flags.nonzero(as_tuple=True)
    first = torch.searchsorted(at[0], torch.arange(len(own)))
    found = torch.nn.functional.embedding_bag(
        search.levels[at[1]], search.products, first, mode="sum", per_sample_weights=flags[at]
    )
    return found.addmm_(own[:, search.numbers], search.plain).add_(search.products[own.shape[1]])


def smallest(values: Tensor, count: int) -> Tensor:
    """Where the `count` smallest of each row of (B, N) stand, (B, count), in no order.

    The smallest are among the `count` blocks with the smallest minima: one pass over all values, and a search in few.

    >>> smallest(torch.arange(6.0)[None].flip(1), 2)
    tensor([[5, 4]])
    """
    blocks = values.shape[1] // BLOCK
    if blocks <= count:
        return values.topk(count, largest=False).indices
    whole = values[:, : blocks * BLOCK].unflatten(1, (BLOCK, blocks))  # a block is every `blocks`-th value
    near = whole.amin(1).topk(count, largest=False).indices  # (B, count)
    rest = torch.arange(blocks * BLOCK, values.shape[1]).expand(len(near), -1)
    place = torch.cat([(near[:, :, None] + blocks * torch.arange(BLOCK)).flatten(1), rest], 1)
    return place.gather(1, values.gather(1, place).topk(count, largest=False).indices)
