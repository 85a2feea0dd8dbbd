from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

import vaekit
from vaekit.errors import SpecError


def test_probabilities_of_all_possible_rows_sum_to_one(words: Any) -> None:
    names = list(words.fitted_on.columns)
    rows = pd.DataFrame(list(product(*(sorted(words.fitted_on[name].unique()) for name in names))), columns=names)
    total = np.exp(words.model.log_prob(rows, samples=2000)).sum()
    assert 0.9 < total < 1.01, "what is lacking belongs to the level of new words"


def test_a_density_integrates_to_one_in_original_units(numbers: Any) -> None:
    x, y = np.linspace(-20, 120, 101), np.linspace(-0.15, 0.15, 101)
    grid = np.array(list(product(x, y)))
    area = (x[1] - x[0]) * (y[1] - y[0])
    assert np.exp(numbers.model.log_prob(grid, samples=64)).sum() * area == pytest.approx(1, abs=0.08)


def test_one_column_among_gaps_integrates_to_one(numbers: Any) -> None:
    x = np.linspace(-20, 120, 1001)
    rows = np.column_stack([x, np.full(len(x), np.nan)])
    assert np.exp(numbers.model.log_prob(rows, samples=500)).sum() * (x[1] - x[0]) == pytest.approx(1, abs=0.06)


def test_repeated_values_of_a_histogram_have_probabilities() -> None:
    steps = np.array([0.0, 250.0, 1000.0])
    rows = np.random.default_rng(0).choice(steps, size=(300, 1))
    brief = {"epochs": 20, "prior_epochs": 1}
    model = vaekit.fit(rows, schema={"x0": "real"}, likelihood="histogram", train=brief)
    assert np.exp(model.log_prob(steps[:, None], samples=500)).sum() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("name", ["mixed", "numbers", "words"])
def test_the_bound_grows_with_samples(fitted: Any, name: str) -> None:
    """In expectation: the noise is shared by all rows, so few samples need many seeds."""
    case = fitted(name)
    bounds = [
        np.mean([case.model.log_prob(case.rows[:40], samples=samples, seed=seed).mean() for seed in range(seeds)])
        for samples, seeds in ((1, 200), (8, 50), (64, 10))
    ]
    assert bounds[0] < bounds[1] < bounds[2] + 0.05


def test_another_unit_shifts_it_by_the_logarithm_of_the_unit(numbers: Any) -> None:
    """Metres instead of kilometres: the density of a row falls by log(1024), whatever the model."""
    unit = np.array([1024.0, 1.0])
    options: dict[str, Any] = {"train": {"epochs": 2, "prior_epochs": 1, "batch": 64}, "latent": 2}
    before = vaekit.fit(numbers.fitted_on, **options).log_prob(numbers.rows[:20])
    after = vaekit.fit(numbers.fitted_on * unit, **options).log_prob(numbers.rows[:20] * unit)
    np.testing.assert_allclose(before - after, np.log(1024), rtol=1e-4)


def test_usual_rows_are_more_probable(mixed: Any) -> None:
    rows = mixed.rows.dropna()[:40]
    strange = rows.assign(height=rows["height"] + 60)
    assert (mixed.model.log_prob(rows) > mixed.model.log_prob(strange)).all()


def test_it_exceeds_the_bound_of_the_likelihood_score(words: Any) -> None:
    """Both bound log p(row) from below; many weighted samples do so more tightly than the expectation's one."""
    scores = words.model.score(words.rows, by="likelihood", alpha=0.05)
    arrays = words.model.fitted.arrays
    uncentred = scores.total + arrays["centre.likelihood"].sum() + arrays["centre.likelihood.(latent)"][0]
    assert words.model.log_prob(words.rows).mean() > -uncentred.mean() - 0.02


def test_samples_are_a_whole_number(words: Any) -> None:
    assert words.model.log_prob(words.rows[:3], samples=5000).shape == (3,)
    for wrong in (0, -1, 1.5, "x"):
        with pytest.raises(SpecError, match="samples"):
            words.model.log_prob(words.rows[:3], samples=wrong)
