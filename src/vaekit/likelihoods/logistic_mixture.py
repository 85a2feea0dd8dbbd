"""Pixels of whole numbers with several likely shades."""

from __future__ import annotations

from collections.abc import Sequence

from vaekit.codec.field import Field
from vaekit.likelihoods.discretised_logistic import DiscretisedLogisticLikelihood
from vaekit.spec import AtLeastOne, Positive


class LogisticMixtureLikelihood(DiscretisedLogisticLikelihood):
    """P(x|z) = sum_c share_c(z) logistic_c(level of x|z): the discretised logistic mixture, each channel by itself.

    Salimans et al. 2017, PixelCNN++ (arXiv 1701.05517), whose channels are tied to one another as well; here the latents tie
    them. `discretised_logistic` is the same with one component.

    Args:
        features: features of the decoder.
        fields: K channels of pixels with whole numbers.
        components: logistic laws in each mixture.
        floor: least scale of a component, in levels.
    """

    def __init__(
        self, features: int, fields: Sequence[Field], *, components: AtLeastOne = 5, floor: Positive = 0.1
    ) -> None:
        super().__init__(features, fields, components=components, floor=floor)
