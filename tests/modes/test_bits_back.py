from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from vaekit import rng
from vaekit.goals import Rows
from vaekit.modes.ans import Stack, filler
from vaekit.modes.ask import ask
from vaekit.modes.bits_back import BUCKETS, Scheme, batches, decode, encode
from vaekit.modes.verbatim import Alphabets, to_symbols
from vaekit.sources import read


def scheme_of(case: Any, rows: int = 8) -> tuple[Scheme, Any, Any]:
    fitted = case.model.fitted
    alphabets = Alphabets.of(fitted.codec)
    coded = to_symbols(alphabets, read(case.rows).arrow)
    vae = copy.deepcopy(fitted.vae).double()
    return Scheme(vae, alphabets.books, rows, 1 / 16, 300, np.empty((0, 0))), coded, coded.cells(alphabets)


def nothing(rows: int) -> Rows:
    return Rows(torch.zeros(rows, 0), torch.zeros(rows, 0, dtype=torch.bool))


@pytest.mark.parametrize("name", ["mixed", "vae", "words"])
def test_the_stack_gives_back_rows_and_the_bits_that_it_lent(fitted: Any, name: str) -> None:
    scheme, coded, cells = scheme_of(fitted(name))
    stack = Stack(filler(64))
    with torch.no_grad():
        assert encode(scheme, stack, coded.symbols, cells, nothing(len(cells)))
        symbols = decode(scheme, stack, cells, nothing(len(cells)))
    assert np.array_equal(symbols[cells], coded.symbols[cells]) and np.array_equal(stack.words(), filler(64))


def test_too_few_bits_to_begin_with_are_told(mixed: Any) -> None:
    scheme, coded, cells = scheme_of(mixed)
    with torch.no_grad():
        assert not encode(scheme, Stack(filler(2)), coded.symbols, cells, nothing(len(cells)))


def test_rows_cost_their_negative_bound(words: Any) -> None:
    """Of words every value has a symbol: the bits are those of the evidence lower bound with one sample."""
    rows = words.fitted_on
    scheme, _, _ = scheme_of(words)
    coded = to_symbols(Alphabets.of(words.model.fitted.codec), read(rows).arrow)
    stack = Stack(filler(64))
    with torch.no_grad():
        encode(scheme, stack, coded.symbols, np.ones(coded.symbols.shape, dtype=bool), nothing(len(rows)))
    assert 32 * (len(stack) - 64) == pytest.approx(_bits(words), rel=0.03)


def _bits(words: Any) -> float:
    """The negative bound of all rows, each under noise of its own as their bits are: `log_prob` has one noise for all."""
    asked, vae = ask(words.model.fitted, words.fitted_on), words.model.fitted.vae
    with torch.no_grad(), rng.seeded(0):
        q = vae.posterior_of(asked.cells, asked.observed)
        z = q.rsample((64,))
        nats = vae.likelihood_of(z, asked.cells, asked.observed).log_prob(asked.cells[:, : vae.K]).sum(-1)
        rate = (q.log_prob(z) - vae.prior_law(asked.cells, asked.observed).log_prob(z)).sum(-1)
    return float((rate - nats).mean(0).sum()) / math.log(2)


@pytest.mark.parametrize("name", ["mixed", "vae", "words", "image-colour", "image-label", "stream"])
def test_every_cell_has_shares_that_sum_to_one(fitted: Any, name: str) -> None:
    case = fitted(name)
    scheme, _, _ = scheme_of(case)
    scheme = replace(scheme, grey=np.full((BUCKETS, 256), 1 / 256))
    shown = torch.zeros(8, scheme.vae.K), torch.zeros(8, scheme.vae.K, dtype=torch.bool)
    with torch.no_grad():
        groups = list(scheme.tables(np.zeros(8 * scheme.vae.latents, np.int32), *shown, 8))
    for group, shares in groups:
        np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-6)
        assert (shares > 0).all() and shares.shape[:2] == (8, len(group))
    assert sorted(k for group, _ in groups for k in group) == list(range(scheme.vae.K))


def test_one_symbol_is_certain(fitted: Any) -> None:
    scheme, _, _ = scheme_of(fitted("vae"))
    shown = torch.zeros(8, scheme.vae.K), torch.zeros(8, scheme.vae.K, dtype=torch.bool)
    for at, law, _ in scheme.laws(np.zeros(8 * scheme.vae.latents, np.int32), *shown, 8):
        shares = scheme._shares(law, torch.empty(0, len(at), dtype=torch.float64))
        assert shares.shape == (8, len(at), 1) and (shares == 1).all()


def test_batches_cover_the_rows_and_begin_with_one() -> None:
    for rows in (1, 2, 7, 300):
        cut = list(batches(rows, 64))
        assert [at.start for at in cut[1:]] == [at.stop for at in cut[:-1]]
        assert cut[0] == slice(0, 1) and cut[-1].stop == rows
        assert max(at.stop - at.start for at in cut) <= 64
