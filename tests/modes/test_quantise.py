from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from vaekit import codec
from vaekit.distributions import Bins, Spiked
from vaekit.distributions.partition import partition
from vaekit.modes.quantise import MOST, book_of, column_of, ranks_of
from vaekit.schema import Schema
from vaekit.schema.values import flat


@pytest.fixture(scope="module")
def fitted_codec(mixed: Any) -> tuple[codec.Codec, pa.Table]:
    table = mixed.model.fitted.schema.conform(pa.Table.from_pandas(mixed.fitted_on, preserve_index=False))
    return mixed.model.fitted.codec, table


def test_training_values_have_a_symbol_and_come_back(fitted_codec: Any) -> None:
    fitted, table = fitted_codec
    for name in fitted.names:
        part, book = fitted.parts[name], book_of(fitted.parts[name])
        ranked, known = ranks_of(part, table[name])
        symbol, offset, found = book.look_up(ranked)
        valid = table[name].is_valid().to_numpy()
        assert np.array_equal(known & found, valid), name
        assert np.array_equal(book.rank(symbol, offset)[valid], ranked[valid])
        assert flat(column_of(part, ranked, known)).equals(flat(table[name])), name


def test_a_symbol_lies_between_its_edges(fitted_codec: Any) -> None:
    fitted, table = fitted_codec
    for name in fitted.names:
        part, book = fitted.parts[name], book_of(fitted.parts[name])
        assert len(book.edges) + 1 == len(book) == len(book.centre) and (np.diff(book.edges) >= 0).all()
        cells, observed = part.encode(table[name])
        symbol = book.look_up(ranks_of(part, table[name])[0])[0]
        low = np.append(-np.inf, book.edges)[symbol]
        high = np.append(book.edges, np.inf)[symbol]
        assert ((low <= cells + 1e-5) & (cells <= high + 1e-5))[observed].all(), name  # an atom keeps its distance


def test_few_whole_numbers_have_a_symbol_each() -> None:
    table = pa.table({"n": pa.array(range(0, 300, 7), pa.int16()), "wide": pa.array(range(0, 4_300_000, 100_000))})
    fitted = codec.fit(table, Schema.infer(table, {"n": "real", "wide": "real"}))
    narrow, wide = book_of(fitted.parts["n"]), book_of(fitted.parts["wide"])
    assert (narrow.count == 1).all() and len(narrow) <= MOST
    assert wide.count.max() > 1 and len(wide) < 1000


def test_values_far_outside_have_none() -> None:
    table = pa.table({"x": pa.array(np.linspace(0, 1, 50))})
    part = codec.fit(table, Schema.infer(table)).parts["x"]
    ranked, known = ranks_of(part, pa.array([0.5, 1e9, -1e300, np.inf]))
    assert (known & book_of(part).look_up(ranked)[2]).tolist() == [True, False, False, False]


@pytest.mark.parametrize("kind", ["histogram", "spike"])
def test_the_share_of_a_repeated_value_is_that_of_its_symbol(kind: str) -> None:
    """A law finds an atom although single precision puts it beside its cell; the edges keep that distance."""
    noise = np.random.default_rng(0)
    numbers = np.where(noise.random(2000) < 0.4, 1 / 3, noise.normal(size=2000))
    table = pa.table({"x": numbers})
    part: Any = codec.fit(table, Schema.infer(table, {"x": {"kind": "mixed", "spikes": [1 / 3]}})).parts["x"]
    book, logits = book_of(part), torch.zeros(1, 2)
    law: Any = Spiked(logits, torch.zeros(1), torch.ones(1), torch.tensor([part.field.spikes], dtype=torch.float32))
    if kind == "histogram":
        cut = partition([part.field])
        law = Bins(torch.where(torch.arange(cut.M) < cut.A, 0.0, -torch.tensor(cut.M - 1.0).log())[None], cut)
    below = law.cdf(torch.from_numpy(book.edges)[:, None])[:, 0].numpy()
    shares = np.diff(np.concatenate([[0.0], below, [1.0]]))
    symbol = book.look_up(ranks_of(part, pa.array([1 / 3]))[0])[0][0]
    assert shares[symbol] == pytest.approx(0.5, abs=0.01)
