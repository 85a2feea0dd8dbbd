"""One token a column: which features reach which token, and what a hidden column says."""

import pytest
import torch

from vaekit.errors import SpecError
from vaekit.nets import Attention, ColumnSize

SIZE = ColumnSize(((0, 5), (1, 2, 3, 6), (4, 7)), 2)  # two modelled columns and a given one


def net(**options):
    torch.manual_seed(0)
    return Attention(SIZE, 3, **{"width": 8, "heads": 2, "depth": 1, "queries": 2, **options}).double()


def test_sizes_follow_the_tokens():
    made = net()
    assert (made.encoded, made.decoded) == (2 * 8, 2 * 8)
    wide = Attention(ColumnSize(tuple((k,) for k in range(200)), 200), 3, width=8, heads=2)
    assert wide.decoded == 200 * 2  # many columns leave few features each


def test_columns_in_another_order_are_the_same_row():
    """Attention knows columns by their weights alone: with features and weights moved, nothing changes."""
    made, moved = net(), net()
    order = [2, 0, 1]
    moved.load_state_dict(made.state_dict())
    with torch.no_grad():
        moved.weight.copy_(made.weight[order])
        moved.bias.copy_(made.bias[order])
    moved.places = made.places[order]
    x = torch.randn(5, SIZE.features, dtype=torch.float64)
    torch.testing.assert_close(made.encode(x), moved.encode(x))


def test_a_token_sees_its_own_columns_features():
    made = net()
    tokens = []
    made._down.register_forward_pre_hook(lambda _, given: tokens.append(given[0]))
    x = torch.zeros(8, SIZE.features, dtype=torch.float64)
    made.encode(x)
    made.encode(x + torch.eye(8, dtype=torch.float64))
    moved = (tokens[1] != tokens[0]).any(-1)[:, 2:]  # the two queries come first
    assert not (tokens[1] != tokens[0])[:, :2].any()
    owner = [next(k for k, place in enumerate(SIZE.places) if f in place) for f in range(8)]
    assert torch.equal(moved, torch.eye(3, dtype=torch.bool)[owner])


def test_any_lead_of_samples_and_rows():
    made, z = net(), torch.randn(4, 5, 3, dtype=torch.float64)
    torch.testing.assert_close(made.decode(z)[2], made.decode(z[2]))


def test_dropout_is_for_training():
    made, x = net(dropout=0.5), torch.ones(1, SIZE.features, dtype=torch.float64)
    assert not torch.equal(made.encode(x), made.encode(x))
    made.eval()
    assert torch.equal(made.encode(x), made.encode(x))


def test_heads_that_do_not_share_the_width_are_refused():
    with pytest.raises(SpecError, match="width 8 cannot be shared by 3 heads") as refusal:
        net(heads=3)
    assert refusal.value.hint == "width=9"
