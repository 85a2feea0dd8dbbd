"""Every column under the likelihood that suits it."""

import numpy as np
import pytest
import torch

from vaekit.codec.field import MANY_ROWS, Field
from vaekit.errors import SpecError
from vaekit.likelihoods import LIKELIHOODS, Mix, choose
from vaekit.likelihoods.mix import BY_KIND, SOME_ROWS

REAL, MANY = Field("r", "real", rows=100, quantiles=np.linspace(-2, 2, 257)), Field("m", "real", rows=MANY_ROWS)
FLAG, NAME = Field("f", "binary", levels=2), Field("n", "categorical", levels=4)


def kinds(chosen):
    return [part["kind"] for part in chosen]


def test_every_kind_has_a_likelihood_that_serves_it(every_kind):
    assert set(BY_KIND) == {field.kind for field in every_kind.fields.values()}
    assert all(kind in LIKELIHOODS[name].kinds for kind, name in BY_KIND.items())
    assert kinds(choose(list(every_kind.fields.values()))) == [BY_KIND[f.kind] for f in every_kind.fields.values()]


def test_many_rows_learn_the_shape_of_a_number():
    assert kinds(choose([REAL, MANY, FLAG])) == ["gaussian", "histogram", "bernoulli"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("resolution", "law"), [(1 / 255, "discretised_logistic"), (0.0, "gaussian")])
def test_a_channel_that_no_image_shows_has_a_law(resolution, law):
    assert kinds(choose([Field("unseen", "pixel", resolution=resolution)])) == [law]


def test_fewer_rows_do_where_no_density_fits_and_no_cell_is_missing():
    """Heavy tails, or values that repeat; of counts only the former, which have probabilities anyway."""
    steps = np.linspace(-2, 2, 257)
    rows = {"rows": SOME_ROWS, "distinct": np.arange(50.0)}
    heavy, repeats, count = (
        Field("h", "real", rows=SOME_ROWS, quantiles=steps**21),
        Field("d", "real", quantiles=steps, **rows),
        Field("c", "count", quantiles=steps, **rows),
    )
    assert kinds(choose([heavy, repeats, count])) == ["histogram", "histogram", "count"]
    assert kinds(choose([heavy, repeats, count], rows=2 * SOME_ROWS)) == ["gaussian", "gaussian", "count"]


def test_a_name_is_for_the_columns_that_it_serves():
    assert kinds(choose([REAL, FLAG, NAME], "gaussian")) == ["gaussian", "gaussian", "categorical"]
    assert choose([REAL], {"kind": "gaussian", "scale": 0.5})[0]["scale"] == 0.5
    assert kinds(choose([REAL, MANY, NAME], {"columns": {"m": "gaussian"}})) == ["gaussian", "gaussian", "categorical"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("gausian", "no kind 'gausian'"),
        ({"columns": {"x": "gaussian"}}, "no modelled column 'x'"),
        ({"columns": {"n": "gaussian"}}, "column 'n': the column is categorical, it serves"),
        ("count", r"serves \('count',\), the columns are"),
        ({"columns": {"r": "bernoulli"}}, r"column 'r': it is for numbers in \[0, 1\]"),
        ({"columns": {"r": {"kind": "gaussian", "mean": "sigmoid"}}}, r"column 'r': it is for numbers in \[0, 1\]"),
    ],
)
def test_what_does_not_fit_is_refused(spec, message):
    with pytest.raises(SpecError, match=message) as caught:
        choose([REAL, FLAG, NAME], spec)
    assert caught.value.hint


def test_a_cross_entropy_is_for_shares_and_grey_levels():
    """Of standardised numbers it has no lower bound, and training would run away."""
    grey = Field("p", "real", rows=100, quantiles=np.linspace(0, 1, 257))
    assert kinds(choose([grey, REAL, FLAG], "bernoulli")) == ["bernoulli", "gaussian", "bernoulli"]
    with pytest.raises(SpecError, match=r"column 'r': it is for numbers in \[0, 1\]"):
        choose([REAL], "bernoulli")


def test_columns_keep_their_order_and_groups_their_own_head(every_kind):
    fields = list(every_kind.fields.values())
    chosen = choose(fields)
    mix = Mix(5, fields, chosen)
    assert sorted(k for members in mix.members for k in members) == list(range(len(fields)))
    features = torch.ones(1, 1, 5)
    law, cells = mix(features), every_kind.cells.float()
    for members, part in zip(mix.members, mix.parts, strict=True):
        assert len({chosen[k]["kind"] for k in members}) == 1
        torch.testing.assert_close(law.log_prob(cells)[..., members], part(features).log_prob(cells[:, members]))


def test_wide_and_narrow_names_do_not_share_padding():
    fields = [Field(f"c{levels}", "categorical", levels=levels) for levels in (3, 4, 900, 1_000)]
    mix = Mix(5, fields, choose(fields))
    assert mix.members == [[0, 1], [2, 3]]


def test_one_column_alone_answers_as_it_does_among_the_others(every_kind):
    fields = list(every_kind.fields.values())
    mix, features = Mix(5, fields, choose(fields)), torch.randn(2, 7, 5)
    joined, cells = mix(features), torch.zeros(7, len(fields))
    for k in range(len(fields)):
        alone, cell = mix.only(features, k), cells[:, k : k + 1]
        assert alone.batch_shape == (2, 7, 1)
        torch.testing.assert_close(alone.log_prob(cell), joined.log_prob(cells)[..., k : k + 1])
        torch.testing.assert_close(alone.best(), joined.best()[:, k : k + 1])
        torch.testing.assert_close(alone.quantile(0.9), joined.quantile(0.9)[:, k : k + 1])
        torch.testing.assert_close(alone.pooled().mixture_cdf(cell), joined.mixture_cdf(cells)[:, k : k + 1])
