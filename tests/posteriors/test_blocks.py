"""Latents of several kinds side by side."""

import pytest
import torch

from vaekit.errors import SpecError
from vaekit.posteriors import Product

PARTS = [{"kind": "gaussian", "latent": 2}, {"kind": "categorical", "latent": 1, "classes": 10}, {"kind": "binary"}]


def test_blocks_have_their_own_sizes_or_the_usual_one():
    q = Product(5, 3, parts=PARTS)
    assert q.latents == Product.width(3, PARTS) == 2 + 10 + 3
    assert q(torch.zeros(4, 5)).sizes == [2, 10, 3]


def test_states_are_gone_through_while_they_are_few_together():
    law = Product(5, 3, parts=PARTS)(torch.zeros(4, 5))
    assert law.enumerated()[1].shape == (10, 4), "80 states with the bits would be too many"
    law = Product(5, 3, parts=[*PARTS[:2], {"kind": "binary", "exact": True}])(torch.zeros(4, 5))
    assert law.enumerated()[1].shape == (80, 4)


def test_every_block_is_annealed():
    q = Product(5, 3, parts=PARTS)
    q.anneal(0.0)
    assert [block.temperature for block in q.blocks[1:]] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "at least one dict"),
        ([{"latent": 3}], "with a kind"),
        ([{"kind": "point"}], "'point'"),
        ([{"kind": "gaussian", "latent": 0}], "latent 0"),
        ([{"kind": "categorical", "classses": 3}], "'classses'"),
    ],
)
def test_mistakes_are_told(parts, message):
    with pytest.raises(SpecError, match=message):
        Product(5, 3, parts=parts)
