"""The table of likelihoods."""

from typing import Any

from vaekit.likelihoods.bernoulli import BernoulliLikelihood
from vaekit.likelihoods.categorical import CategoricalLikelihood
from vaekit.likelihoods.continuous_bernoulli import ContinuousBernoulliLikelihood
from vaekit.likelihoods.count import CountLikelihood
from vaekit.likelihoods.discretised_logistic import DiscretisedLogisticLikelihood
from vaekit.likelihoods.gaussian import GaussianLikelihood
from vaekit.likelihoods.histogram import HistogramLikelihood
from vaekit.likelihoods.logistic_mixture import LogisticMixtureLikelihood
from vaekit.likelihoods.ordinal import OrdinalLikelihood
from vaekit.likelihoods.positive import PositiveLikelihood
from vaekit.likelihoods.spike import SpikeLikelihood
from vaekit.likelihoods.student_t import StudentTLikelihood

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
}
