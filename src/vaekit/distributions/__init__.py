"""Only what `torch.distributions` lacks: laws of table cells, one scalar law per cell, batch shape (S, B, K).

Beside torch's own methods each law of a cell has `best()`, the best single value under the mixture over its first axis, and
`pooled()`, that mixture in as few terms as the law allows.
"""

from vaekit.distributions.bernoulli import BernoulliCell
from vaekit.distributions.bins import Bins
from vaekit.distributions.columns import Columns
from vaekit.distributions.continuous_bernoulli import ContinuousBernoulliCell
from vaekit.distributions.count_cell import CountCell
from vaekit.distributions.delta import Delta
from vaekit.distributions.discrete_normal import DiscreteNormal
from vaekit.distributions.discretised_logistic import DiscretisedLogistic
from vaekit.distributions.level_tree import LevelTree
from vaekit.distributions.levels import Levels
from vaekit.distributions.normal import NormalCell
from vaekit.distributions.normal_mixture import NormalMixture
from vaekit.distributions.partition import Partition
from vaekit.distributions.scale import Scale
from vaekit.distributions.spike import Spiked
from vaekit.distributions.student import StudentCell

CELL_LAWS = {
    "bernoulli": BernoulliCell,
    "bins": Bins,
    "discrete_normal": DiscreteNormal,
    "discretised_logistic": DiscretisedLogistic,
    "levels": Levels,
    "normal": NormalCell,
    "spiked": Spiked,
    "continuous_bernoulli": ContinuousBernoulliCell,
    "student": StudentCell,
    "count": CountCell,
    "normal_mixture": NormalMixture,
    "level_tree": LevelTree,
}

__all__ = [
    "CELL_LAWS",
    "BernoulliCell",
    "Bins",
    "Columns",
    "ContinuousBernoulliCell",
    "CountCell",
    "Delta",
    "DiscreteNormal",
    "DiscretisedLogistic",
    "LevelTree",
    "Levels",
    "NormalCell",
    "NormalMixture",
    "Partition",
    "Scale",
    "Spiked",
    "StudentCell",
]
