"""Randomness: equal seeds agree, streams are apart, and nobody else's generator moves."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.errors import UserError


@pytest.fixture(params=["numpy", "generator", "table", "seeded"])
def draw(request):
    def seeded(seed, *stream):
        with rng.seeded(seed, *stream):
            return torch.rand(4).tolist()

    return {
        "numpy": lambda seed, *stream: rng.numpy(seed, *stream).random(4).tolist(),
        "generator": lambda seed, *stream: torch.rand(4, generator=rng.generator(seed, *stream)).tolist(),
        "table": lambda seed, *stream: rng.table(seed, (4,), *stream).tolist(),
        "seeded": seeded,
    }[request.param]


def test_equal_seed_and_stream_give_equal_numbers(draw):
    assert draw(3) == draw(3) == draw(np.int32(3))
    assert draw(3, "age", 1) == draw(3, "age", 1)


def test_seeds_and_streams_are_apart(draw):
    uses = [
        (0,),
        (1,),
        (2**40,),
        (0, 0),
        (0, 0, 0),
        (0, 1),
        (0, "a"),
        (0, "b"),
        (0, "a", "b"),
        (0, "b", "a"),
        (0, "ab"),
    ]
    drawn = [tuple(draw(*use)) for use in uses]
    assert len(set(drawn)) == len(uses)


@pytest.mark.parametrize("seed", [-1, 0.5, None, "0", True, 2**63, float("nan")])
def test_a_seed_is_a_whole_number(draw, seed):
    with pytest.raises(UserError, match=r"seed: given .* expected a whole number"):
        draw(seed)


def test_another_process_draws_the_same():
    code = "from vaekit import rng; print(rng.numpy(5, 'age').random())"
    drawn = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(drawn) == rng.numpy(5, "age").random()


def test_nothing_moves_the_global_generators():
    before, legacy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    rng.numpy(0).random(), rng.generator(0), rng.table(0, (2, 3))
    with rng.seeded(0):
        torch.rand(3)
    with pytest.raises(KeyError), rng.seeded(1):
        torch.rand(3)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == legacy).all()  # noqa: NPY002


def test_seeded_reaches_initialisation_and_distributions():
    def both():
        with rng.seeded(2):
            return torch.nn.Linear(3, 2).weight.detach(), torch.distributions.Normal(0.0, 1.0).sample((3,))

    for first, second in zip(both(), both(), strict=True):
        assert torch.equal(first, second)


def test_the_table_is_standard_normal_and_the_same_at_every_precision():
    table = rng.table(0, (200, 1, 500))
    assert table.shape == (200, 1, 500)
    assert table.dtype == torch.get_default_dtype()
    assert abs(table.mean().item()) < 0.01
    assert table.std().item() == pytest.approx(1, abs=0.01)
    double = rng.table(0, (200, 1, 500), dtype=torch.float64)
    assert torch.equal(double.to(table.dtype), table)


def test_words_of_rows_are_uniform_and_know_nothing_of_one_another() -> None:
    words = rng.words(0, np.arange(20_000), "split") / 2.0**64
    assert abs(words.mean() - 0.5) < 0.01 and abs(words.std() - 12**-0.5) < 0.005
    assert abs(np.corrcoef(words[:-1], words[1:])[0, 1]) < 0.03
    for other in (rng.words(1, np.arange(20_000), "split"), rng.words(0, np.arange(20_000), "pass", 1)):
        assert abs(np.corrcoef(words, other / 2.0**64)[0, 1]) < 0.03
    assert np.array_equal(rng.words(0, np.arange(5, 9), "split"), rng.words(0, np.arange(9), "split")[5:])
