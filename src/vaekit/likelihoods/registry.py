"""The table of likelihoods."""

from typing import Any

from vaekit.likelihoods.bernoulli import BernoulliLikelihood
from vaekit.likelihoods.categorical import CategoricalLikelihood
from vaekit.likelihoods.continuous_bernoulli import ContinuousBernoulliLikelihood
from vaekit.likelihoods.count import CountLikelihood
from vaekit.likelihoods.discretised_logistic import DiscretisedLogisticLikelihood
from vaekit.likelihoods.gaussian import GaussianLikelihood
from vaekit.likelihoods.gaussian_mixture import GaussianMixtureLikelihood
from vaekit.likelihoods.hierarchical_softmax import HierarchicalSoftmaxLikelihood
from vaekit.likelihoods.histogram import HistogramLikelihood
from vaekit.likelihoods.hurdle import HurdleLikelihood
from vaekit.likelihoods.logistic_mixture import LogisticMixtureLikelihood
from vaekit.likelihoods.negative_binomial import NegativeBinomialLikelihood
from vaekit.likelihoods.ordinal import OrdinalLikelihood
from vaekit.likelihoods.positive import PositiveLikelihood
from vaekit.likelihoods.spike import SpikeLikelihood
from vaekit.likelihoods.student_t import StudentTLikelihood
from vaekit.likelihoods.zero_inflated import ZeroInflatedLikelihood

LIKELIHOODS: dict[str, Any] = {
    "gaussian": GaussianLikelihood,
    "bernoulli": BernoulliLikelihood,
    "categorical": CategoricalLikelihood,
    "ordinal": OrdinalLikelihood,
    "count": CountLikelihood,
    "positive": PositiveLikelihood,
    "spike": SpikeLikelihood,
    "histogram": HistogramLikelihood,
    "discretised_logistic": DiscretisedLogisticLikelihood,
    "logistic_mixture": LogisticMixtureLikelihood,
    "continuous_bernoulli": ContinuousBernoulliLikelihood,
    "student_t": StudentTLikelihood,
    "gaussian_mixture": GaussianMixtureLikelihood,
    "negative_binomial": NegativeBinomialLikelihood,
    "zero_inflated": ZeroInflatedLikelihood,
    "hurdle": HurdleLikelihood,
    "hierarchical_softmax": HierarchicalSoftmaxLikelihood,
}
