"""Which cells of a new row are missing: sampled rows have gaps as the training rows had."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vaekit.distributions.levels import draw_index


class Gaps(nn.Module):
    """P(gap pattern|z), a categorical law over the most frequent patterns of the training rows.

    It reads detached features: what it learns changes nothing else in the model, and no bound counts it. Where the frequent
    patterns cover too few rows, as when cells are missing at random, each column has a probability of its own instead.

    Args:
        features: features of the decoder.
        patterns: (P, K) observed flags of the frequent patterns; P = 0 for a probability per column.
        columns: K.
    """

    patterns: Tensor

    def __init__(self, features: int, patterns: Tensor, columns: int) -> None:
        super().__init__()
        self.register_buffer("patterns", patterns)
        self.linear = nn.Linear(features, len(patterns) or columns)
        nn.init.zeros_(self.linear.weight)

    @torch.no_grad()
    def start(self, patterns: Tensor, observed: Tensor) -> Tensor:
        """Take the patterns (P, K), and begin with how often the rows (N, K) show each; the answer is `target`'s."""
        self.patterns.copy_(patterns)
        target = self.target(observed)
        if len(patterns):
            count = target[target >= 0].bincount(minlength=len(patterns))
            self.linear.bias.copy_((count + 0.5).log())
        else:
            self.linear.bias.copy_(((observed.sum(0) + 0.5) / (len(observed) + 1)).logit())
        return target

    def target(self, observed: Tensor) -> Tensor:
        """What `loss` compares with: the pattern's index of each row (B,), -100 for a rare one; or the flags (B, K)."""
        if not len(self.patterns):
            return observed.float()
        known = {pattern.numpy().tobytes(): p for p, pattern in enumerate(self.patterns.cpu())}
        return torch.tensor([known.get(row.tobytes(), -100) for row in observed.cpu().numpy()])

    def loss(self, features: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy of the gaps given features (B, F), which get no gradient: nats per row."""
        logits = self.linear(features.detach())
        if not len(self.patterns):
            return F.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(-1).mean()
        return F.cross_entropy(logits, target, reduction="sum") / len(target)

    def sample(self, features: Tensor, known: Tensor, sample_shape: tuple[int, ...] = ()) -> Tensor:
        """Observed flags (*sample_shape, B, K) for features (B, F); cells that are known (B, K) are no gaps."""
        logits = self.linear(features)
        if not len(self.patterns):
            return known | (torch.rand(*sample_shape, *logits.shape, device=logits.device) < logits.sigmoid())
        # a pattern that would hide a known cell is out of the question, unless all of them would
        against = (known[:, None] & ~self.patterns).any(-1)
        logits = logits.masked_fill(against & ~against.all(-1, keepdim=True), -torch.inf)
        return known | self.patterns[draw_index(logits.softmax(-1), sample_shape)]


def frequent(observed: Tensor, most: int = 256, cover: float = 0.9) -> Tensor:
    """The frequent rows of observed flags, (P, K); none when `most` patterns cover less than `cover` of the rows.

    >>> frequent(torch.tensor([[True, True], [True, True], [True, False]])).tolist()
    [[True, True], [True, False]]
    """
    patterns, counts = observed.unique(dim=0, return_counts=True)
    order = counts.argsort(descending=True, stable=True)[:most]
    enough = counts[order].sum() >= cover * len(observed)
    return patterns[order] if enough else patterns[:0]
