"""A mix in as few groups as it may have is the same mix."""

from __future__ import annotations

import numpy as np
import torch

from vaekit.codec.field import Field
from vaekit.likelihoods import Mix, choose
from vaekit.likelihoods.merge import MOST, Merged, for_few
from vaekit.likelihoods.narrow import of_pairs

FEATURES = 6


def fields(levels: int = 40) -> list[Field]:
    """Names of two sizes, and numbers of three: a few values, a spike, and a count with many."""
    noise = np.random.default_rng(0)
    at, real = np.linspace(0, 1, 257), noise.normal(size=9000)
    number = np.log1p(noise.poisson(60, 9000))
    count = (number - number.mean()) / number.std()
    return [
        Field("few", "real", rows=9000, distinct=np.array([-1.0, 0.0, 2.0]), quantiles=np.quantile([-1.0, 0.0, 2.0], at)),
        Field("a", "categorical", levels=3),
        Field("spiked", "mixed", rows=9000, spikes=(0.25,), shares=np.array([0.3]), quantiles=np.quantile(real, at)),
        Field("b", "categorical", levels=levels),
        Field("count", "count", transform="log1p", mean=number.mean(), std=number.std(), rows=9000,
              quantiles=np.quantile(count, at)),
        Field("yes", "binary", levels=2),
    ]  # fmt: skip


def mix(levels: int = 40) -> Mix:
    own = fields(levels)
    numeric = {field.name: "histogram" for field in own if not field.levels}
    made = Mix(FEATURES, own, choose(own, {"columns": numeric}))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    return made


def test_laws_agree() -> None:
    made = mix()
    one, features = Merged(made), torch.randn(2, 5, FEATURES, generator=torch.Generator().manual_seed(1))
    assert len(made.parts) == 5 and len(one.parts) == 3
    cells = torch.tensor([[0.0, 2, 0.25, 39, 0.0, 1], [2.0, 0, 0.3, 0, -1.5, 0], [9.0, 1, -7.0, 3, 4.0, 1]])
    wide, narrow = one(features[:, :3]), made(features[:, :3])
    torch.testing.assert_close(wide.log_prob(cells), narrow.log_prob(cells))
    torch.testing.assert_close(wide.cdf(cells), narrow.cdf(cells))
    torch.testing.assert_close(wide.best(), narrow.best())
    torch.testing.assert_close(wide.quantile(0.9), narrow.quantile(0.9), rtol=1e-4, atol=1e-4)


def test_pairs_of_rows_and_columns_agree() -> None:
    """Of numbers whose mean depends on the column's scale too."""
    own = [Field(name, "positive", transform="log", std=float(k)) for k, name in enumerate("abc", 1)]
    made = Mix(FEATURES, own, choose(own))
    features = torch.randn(5, FEATURES, generator=torch.Generator().manual_seed(1))
    for whole in (made, Merged(made)):
        pairs = of_pairs(whole.parts[0], features, places := [2, 0, 1, 1, 0])
        assert torch.allclose(pairs.best()[0], made(features[None]).mean[0, range(5), places], atol=1e-6)


def test_groups_of_many_levels_stay_apart() -> None:
    assert len(Merged(mix(MOST)).parts) == 4


def test_each_column_sees_features_of_its_own() -> None:
    made, owner = mix(), torch.tensor([0, 2, 1, 1, 0, 2])
    features = torch.randn(3, 4, FEATURES, generator=torch.Generator().manual_seed(1))
    cells = torch.tensor([[0.0, 2, 0.25, 39, 0.0, 1]]).expand(4, -1)
    own, every = Merged(made, owner)(features), made(features)
    assert own.batch_shape == (1, 4, 6)
    torch.testing.assert_close(own.log_prob(cells)[0], every.log_prob(cells)[owner, :, torch.arange(6)].T)
    assert for_few(made, {}, owner)(features).log_prob(cells).equal(own.log_prob(cells))


def test_it_is_made_anew_when_the_parameters_change() -> None:
    made, prepared, features = mix(), {}, torch.ones(1, 1, FEATURES)
    first = for_few(made, prepared)
    assert for_few(made, prepared) is first
    with torch.no_grad():
        made.parts[1].head.linear.bias.add_(1.0)  # type: ignore[union-attr]
    other = for_few(made, prepared)
    assert other is not first
    torch.testing.assert_close(other(features).best(), made(features).best())


def test_it_is_made_anew_when_the_precision_changes() -> None:
    made, prepared, owner = mix(), {}, torch.tensor([0, 0, 1, 1, 0, 1])
    for_few(made, prepared, owner)
    double = for_few(made.double(), prepared, owner)(torch.ones(2, 1, FEATURES, dtype=torch.float64))
    assert double.best().dtype == torch.float64
