"""Laws of latents that are classes or bits: draws are values of the law itself, gradients are those of relaxed draws.

Each has one log-density a latent, batch shape (B, L), as independent normal latents have. All that they draw is hard, in
training as well, so that bounds are those of the discrete model; only the gradient is that of a Gumbel-softmax, which a low
temperature makes noisier and less biased.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import torch
from torch import Size, Tensor
from torch.distributions import Distribution
from torch.distributions.kl import register_kl
from torch.nn.functional import logsigmoid, one_hot
from torch.special import log_ndtr

from vaekit.errors import SpecError

FEW = 16  # states up to which "auto" goes through all of them
MOST = 4_096  # states that can be gone through at all: each is a row for the decoder
Listed = Callable[[], tuple[Tensor, Tensor]]


class Categories(Distribution):
    """Independent variables of C classes each, as one-hot vectors side by side.

        log p(z) = sum_v sum_c z_vc log p_vc,   z = one-hot of argmax_c (log p_vc + g_vc),   g ~ Gumbel(0, 1)

    The gradient is that of softmax((log p + g) / temperature). Jang, Gu, Poole 2017 (arXiv 1611.01144); Maddison, Mnih, Teh
    2017 (arXiv 1611.00712).

    Args:
        logits: (..., V, C), of V variables; L = V C.
        temperature: of the relaxed draw whose gradient is taken.
        exact: whether `enumerated` lists all C^V values.

    >>> law = Categories(torch.tensor([[[0.0, 0.0, 9.0]]]))
    >>> law.place(torch.zeros(1, 1, 3)), law.log_prob(torch.eye(3)[:1, None]).sum().round()
    (tensor([[[0., 0., 1.]]]), tensor(-9.))
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = True

    def __init__(self, logits: Tensor, temperature: float = 1.0, *, exact: bool = False) -> None:
        self.logits, self.temperature = logits.log_softmax(-1), temperature
        self.enumerated: Listed | None = self._all if exact else None
        super().__init__(Size((*logits.shape[:-2], logits.shape[-2] * logits.shape[-1])), validate_args=False)

    @property
    def probs(self) -> Tensor:
        """(..., V, C)."""
        return self.logits.exp()

    @property
    def mean(self) -> Tensor:
        return self.probs.flatten(-2)

    @property
    def variance(self) -> Tensor:
        return self.mean * (1 - self.mean)

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    def log_prob(self, value: Tensor) -> Tensor:
        return value * self.logits.flatten(-2)

    def rsample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self.place(torch.randn(*sample_shape, *self.batch_shape).to(self.logits))

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self.rsample(sample_shape).detach()

    def place(self, noise: Tensor) -> Tensor:
        """The values that standard normal noise (S, 1, L) or (S, B, L) stands for: Gumbel noise of the same rank."""
        gumbel = -(-log_ndtr(noise)).log()
        scores = self.logits + gumbel.unflatten(-1, self.logits.shape[-2:])
        return _through(_hard(scores), (scores / self.temperature).softmax(-1)).flatten(-2)

    def _all(self) -> tuple[Tensor, Tensor]:
        V, C = self.logits.shape[-2:]
        states = torch.tensor(list(product(range(C), repeat=V)), device=self.logits.device)
        values = one_hot(states, C).to(self.logits).flatten(1)
        weights = torch.einsum("sl,bl->sb", values, self.logits.flatten(-2)).exp()
        return values[:, None].expand(-1, *self.batch_shape), weights


class Bits(Distribution):
    """Independent bits: log p(z) = z log p + (1 - z) log(1 - p).

        z = [logit p + logit u > 0],   u ~ U(0, 1), with the gradient of sigmoid((logit p + logit u) / temperature)

    The binary concrete relaxation: Maddison, Mnih, Teh 2017 (arXiv 1611.00712), appendix B.

    Args:
        logits: (..., L).
        temperature: of the relaxed draw whose gradient is taken.
        exact: whether `enumerated` lists all 2^L values.

    >>> Bits(torch.tensor([[0.0, 2.0]]), exact=True).enumerated()[1].sum().round()
    tensor(1.)
    """

    arg_constraints: dict[str, Any] = {}
    has_rsample = True

    def __init__(self, logits: Tensor, temperature: float = 1.0, *, exact: bool = False) -> None:
        self.logits, self.temperature = logits, temperature
        self.enumerated: Listed | None = self._all if exact else None
        super().__init__(logits.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.logits.sigmoid()

    @property
    def variance(self) -> Tensor:
        return self.mean * (1 - self.mean)

    @property
    def stddev(self) -> Tensor:
        return self.variance.sqrt()

    def log_prob(self, value: Tensor) -> Tensor:
        return value * logsigmoid(self.logits) + (1 - value) * logsigmoid(-self.logits)

    def rsample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self.place(torch.randn(*sample_shape, *self.batch_shape).to(self.logits))

    def sample(self, sample_shape: Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self.rsample(sample_shape).detach()

    def place(self, noise: Tensor) -> Tensor:
        """The bits that standard normal noise (S, 1, L) or (S, B, L) stands for: logistic noise of the same rank."""
        scores = self.logits + log_ndtr(noise) - log_ndtr(-noise)
        return _through((scores > 0).to(scores), (scores / self.temperature).sigmoid())

    def _all(self) -> tuple[Tensor, Tensor]:
        L = self.logits.shape[-1]
        values = (
            torch.tensor(list(product((0.0, 1.0), repeat=L))).to(self.logits)[:, None].expand(-1, *self.batch_shape)
        )
        return values, self.log_prob(values).sum(-1).exp()


class _Through(torch.autograd.Function):
    """Forward the hard values, backward the gradient of the soft ones: Bengio et al. 2013 (arXiv 1308.3432)."""

    @staticmethod
    def forward(ctx: Any, hard: Tensor, soft: Tensor) -> Tensor:
        return hard

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, gradients[0]


def _through(hard: Tensor, soft: Tensor) -> Tensor:
    return _Through.apply(hard, soft)  # type: ignore[no-untyped-call]


def _hard(scores: Tensor) -> Tensor:
    return one_hot(scores.argmax(-1), scores.shape[-1]).to(scores)


def within(states: int, exact: bool | str) -> bool:
    """Whether all states of a law shall be gone through: "auto" does so up to `FEW` of them.

    Raises:
        SpecError: where they are more than can be gone through.

    >>> within(10, "auto"), within(1024, "auto"), within(1024, True)
    (True, False, True)
    """
    if exact is True and states > MOST:
        raise SpecError(
            f"posterior: exact=True goes through all {states:,} states of a row's latents, expected at most {MOST:,}",
            hint='exact="auto", or fewer latents',
        )
    return states <= FEW if exact == "auto" else bool(exact)


@register_kl(Categories, Categories)  # type: ignore[untyped-decorator]
def _kl_of_categories(q: Categories, p: Categories) -> Tensor:
    return (q.probs * (q.logits - p.logits)).flatten(-2)


@register_kl(Bits, Bits)  # type: ignore[untyped-decorator]
def _kl_of_bits(q: Bits, p: Bits) -> Tensor:
    one = q.mean * (logsigmoid(q.logits) - logsigmoid(p.logits))
    return one + (1 - q.mean) * (logsigmoid(-q.logits) - logsigmoid(-p.logits))
