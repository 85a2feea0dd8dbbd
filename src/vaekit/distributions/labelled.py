"""A class, and numbers that depend on it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution, Normal, kl_divergence
from torch.distributions.kl import register_kl
from torch.nn.functional import one_hot

from vaekit.distributions.discrete import Categories
from vaekit.distributions.side_by_side import SideBySide

NEVER = -1e4  # the logit of a class that a row is known not to have: finite, so that nothing times it is no number


class Labelled(Distribution):
    """q(y, z) = q(y) N(z; mu_y, diag sigma_y^2), with y as its one-hot vector; where the label is known q(y) is certain of it.

    Kingma, Rezende, Mohamed, Welling 2014 (arXiv 1406.5298). One log-density a latent, those of z given y. `enumerated` lists
    classes with their probabilities and a draw of z for each: all of them, or the likeliest and one drawn of the others.

    Args:
        logits: of the classes as they are inferred (B, C).
        loc: mean of z given each class (B, C, L).
        scale: its deviation (B, C, L).
        label: the known class of each row, -1 where unknown, (B,).
        states: how many classes `enumerated` lists.

    >>> law = Labelled(torch.zeros(2, 3), torch.zeros(2, 3, 4), torch.ones(2, 3, 4), torch.tensor([1, -1]))
    >>> law.mean[:, :3]
    tensor([[0.0000, 1.0000, 0.0000],
            [0.3333, 0.3333, 0.3333]])
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = True

    def __init__(self, logits: Tensor, loc: Tensor, scale: Tensor, label: Tensor, states: int | None = None) -> None:
        self.logits, self.label, self.loc, self.scale = logits.log_softmax(-1), label, loc, scale
        self.states = min(states or logits.shape[-1], logits.shape[-1])
        self.classes = Categories(known(self.logits, label)[..., None, :])
        # the rows are asked of the shape: len() would be a number of the trace
        super().__init__(Size((logits.shape[0], logits.shape[-1] + loc.shape[-1])), validate_args=False)

    @property
    def C(self) -> int:  # noqa: N802  # the letter of shapes.py
        """How many classes."""
        return self.logits.shape[-1]

    @property
    def mean(self) -> Tensor:
        share = self.classes.mean[..., None]
        return torch.cat([self.classes.mean, (share * self.loc).sum(-2)], -1)

    @property
    def variance(self) -> Tensor:
        share, mean = self.classes.mean[..., None], self.mean[..., None, self.C :]
        within = (share * (self.scale.square() + (self.loc - mean).square())).sum(-2)
        return torch.cat([self.classes.variance, within], -1)

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    def numbers(self, y: Tensor) -> Normal:
        """The law of z given classes (S, B, C), one-hot."""
        loc, scale = (torch.einsum("sbc,bcl->sbl", y, part) for part in (self.loc, self.scale))
        return Normal(loc, scale, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        y, z = value.split([self.C, value.shape[-1] - self.C], -1)
        flat = y.reshape(-1, *self.batch_shape[:1], self.C)
        law = self.numbers(flat)
        return torch.cat([self.classes.log_prob(y), law.log_prob(z.reshape(law.mean.shape)).reshape(z.shape)], -1)

    def rsample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        drawn = self.place(torch.randn(Size(sample_shape).numel(), *self.batch_shape).to(self.loc))
        return drawn.reshape(*sample_shape, *self.batch_shape)

    def place(self, noise: Tensor) -> Tensor:
        """The class and the numbers that standard normal noise (S, 1, C + L) or (S, B, C + L) stands for."""
        y = self.classes.place(noise[..., : self.C])
        y = y.reshape(-1, *self.batch_shape[:1], self.C)
        law = self.numbers(y)
        z = torch.cat([y, law.mean + law.stddev * noise[..., self.C :]], -1)
        return z if noise.dim() > 2 else z[0]

    def enumerated(self) -> tuple[Tensor, Tensor]:
        """Classes with a draw of the numbers of each, (S, B, C + L), and the weights of the classes (S, B), which sum to one.

        Where they are not all there is, the last one is drawn of those that are left and stands for them: with the gradients of
        the weights, an average over them is that over all classes in expectation. Liu et al. 2019 (arXiv 1810.04777).
        """
        shares = self.classes.mean
        if self.states == self.C:
            index, weights = torch.arange(self.C, device=shares.device).expand(len(shares), -1), shares
        else:
            index, weights = some(shares, self.states)
        y = one_hot(index.T, self.C).to(self.loc)
        at = index[..., None].expand(-1, -1, self.loc.shape[-1])
        loc, scale = (part.gather(1, at).movedim(1, 0) for part in (self.loc, self.scale))
        return torch.cat([y, loc + scale * torch.randn_like(loc)], -1), weights.T


def some(shares: Tensor, states: int) -> tuple[Tensor, Tensor]:
    """So many of the classes of each row (B, S), of shares (B, C): the likeliest, then one drawn of the others; their weights.

    >>> index, weights = some(torch.tensor([[0.2, 0.7, 0.1]]), 2)
    >>> index[:, 0], weights
    (tensor([1]), tensor([[0.7000, 0.3000]]))
    """
    top = shares.detach().topk(states - 1, -1).indices
    rest = shares.detach().clamp(min=1e-30).scatter(-1, top, 0.0)
    drawn = torch.multinomial(rest, 1)
    index = torch.cat([top, drawn], -1)
    weights = shares.gather(-1, index)
    of_rest = rest.gather(-1, drawn) / rest.sum(-1, keepdim=True)
    return index, torch.cat([weights[:, :-1], weights[:, -1:] / of_rest], -1)


def known(logits: Tensor, label: Tensor) -> Tensor:
    """Logits (B, C) that are certain of the label (B,) where it is known (not negative).

    >>> known(torch.zeros(2, 2), torch.tensor([-1, 0])).exp()
    tensor([[1., 1.],
            [1., 0.]])
    """
    told = one_hot(label.clamp(min=0), logits.shape[-1]).bool()
    sure = torch.where(told, 0.0, NEVER).to(logits)
    return torch.where((label >= 0)[:, None], sure, logits)


@register_kl(Labelled, SideBySide)  # type: ignore[untyped-decorator]
def _kl_to_independent(q: Labelled, p: SideBySide) -> Tensor:
    """Of the class; and of the numbers given each class, weighed by its probability."""
    if p.sizes[0] != q.C:
        raise NotImplementedError
    numbers = kl_divergence(Normal(q.loc, q.scale, validate_args=False), p.laws[1])
    return torch.cat([kl_divergence(q.classes, p.laws[0]), (q.classes.mean[..., None] * numbers).sum(-2)], -1)
