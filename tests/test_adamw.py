"""The optimiser takes the steps of torch's own after its own clipping."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from vaekit.adamw import BETAS, AdamW


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.ModuleDict({"often": nn.Linear(5, 7), "seldom": nn.Linear(5, 7), "never": nn.Linear(2, 2)})


def loss(module: nn.Module, x: Tensor, seldom: bool) -> Tensor:
    out = module["often"](x) + (module["seldom"](x) if seldom else 0.0)  # type: ignore[index]
    return out.square().sum()


@pytest.mark.parametrize("clip", [0.5, 1e6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_are_those_of_torch(clip: float, dtype: torch.dtype) -> None:
    mine, theirs = net().to(dtype), net().to(dtype)
    optimiser = AdamW(mine.parameters(), decay=0.1, clip=clip)
    theirs_optimiser = torch.optim.AdamW(theirs.parameters(), 0.01, betas=BETAS, weight_decay=0.1)
    for i in range(12):
        x = torch.randn(4, 5, dtype=dtype)
        optimiser.zero_grad()
        theirs_optimiser.zero_grad()
        for module in (mine, theirs):
            loss(module, x, seldom=i % 3 == 2).backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), clip)
        theirs_optimiser.param_groups[0]["lr"] = rate = 0.01 / (1 + i)
        theirs_optimiser.step()
        optimiser.step(rate)
    for (name, a), b in zip(mine.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=1e-5, atol=1e-6), name
    state = theirs_optimiser.state_dict()["state"]
    assert optimiser.state.keys() == state.keys()  # what never had a gradient has no moments
    for i, moments in optimiser.state.items():
        assert float(moments["step"]) == float(state[i]["step"])


def test_weights_of_two_precisions_are_clipped_together() -> None:
    single, double = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimiser = AdamW([single, double], decay=0.0, clip=1.0)
    single.grad, double.grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0], dtype=torch.float64)
    optimiser.step(0.1)
    means = [float(optimiser.state[i]["exp_avg"].abs().sum()) / (1 - BETAS[0]) for i in (0, 1)]
    assert means == pytest.approx([0.6, 0.8], rel=1e-5)


def test_a_gradient_that_is_not_a_number_shows_in_the_weights() -> None:
    weight = nn.Parameter(torch.zeros(2))
    optimiser = AdamW([weight], decay=0.0, clip=1.0)
    weight.grad = torch.tensor([1.0, torch.nan])
    optimiser.step(0.1)
    assert weight.isnan().all()


def test_a_training_goes_on_from_a_state_and_begins_anew() -> None:
    def trained(optimiser: AdamW, module: nn.Module, steps: int) -> None:
        for _ in range(steps):
            optimiser.zero_grad()
            loss(module, torch.ones(4, 5), seldom=True).backward()
            optimiser.step(0.01)

    one, two = net(), net()
    first, second = (AdamW(module.parameters(), decay=0.1, clip=1.0) for module in (one, two))
    trained(first, one, 3)
    second.load({i: {name: each.clone() for name, each in state.items()} for i, state in first.state.items()})
    two.load_state_dict(one.state_dict())
    trained(first, one, 2)
    trained(second, two, 2)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    first.clear()
    assert not first.state
    trained(first, one, 1)
    assert {float(state["step"]) for state in first.state.values()} == {1.0}


def test_a_state_of_other_parameters_is_refused() -> None:
    optimiser = AdamW(net().parameters(), decay=0.1, clip=1.0)
    moments = {"step": torch.ones(()), "exp_avg": torch.zeros(3, 3), "exp_avg_sq": torch.zeros(3, 3)}
    for i in (0, 99):
        with pytest.raises(ValueError, match="other parameters"):
            optimiser.load({i: moments})


def test_a_first_step_does_not_import_the_compiler() -> None:
    script = """
import sys, torch
from vaekit.adamw import AdamW
weight = torch.nn.Parameter(torch.ones(3))
weight.sum().backward()
AdamW([weight], decay=0.1, clip=1.0).step(0.1)
print("torch._dynamo" in sys.modules)
"""
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"


def test_a_sparse_gradient_moves_its_rows_alone() -> None:
    """Row by row the numbers of torch, as if each row were a parameter of its own that counts all steps."""
    table = nn.Parameter(torch.arange(24.0).reshape(2, 4, 3))
    start, optimiser = table.detach().clone(), AdamW([table], decay=0.1, clip=1e6)
    at, slopes = torch.tensor([[0, 1, 1], [3, 0, 0]]), torch.tensor([[1.0, 2, 3], [1, 1, 1], [0, 1, -1]])
    table.grad = torch.sparse_coo_tensor(at, slopes, table.shape, check_invariants=True)
    optimiser.step(0.01)
    whole = nn.Parameter(start.clone())
    dense = AdamW([whole], decay=0.1, clip=1e6)
    whole.grad = table.grad.to_dense()
    dense.step(0.01)
    rows = torch.zeros(2, 4, dtype=torch.bool)
    rows[0, 3] = rows[1, 0] = True
    assert torch.equal(table[rows], whole[rows]) and torch.equal(table[~rows], start[~rows])
    for name in ("exp_avg", "exp_avg_sq"):
        assert torch.equal(optimiser.state[0][name], dense.state[0][name])


def test_sparse_gradients_are_clipped_like_others() -> None:
    table, other = nn.Parameter(torch.zeros(5, 1)), nn.Parameter(torch.zeros(1))
    optimiser = AdamW([table, other], decay=0.0, clip=1.0)
    table.grad = torch.sparse_coo_tensor([[2, 2]], [[1.0], [2.0]], (5, 1), check_invariants=True)
    other.grad = torch.tensor([4.0])
    optimiser.step(0.1)
    means = [float(optimiser.state[i]["exp_avg"].abs().sum()) / (1 - BETAS[0]) for i in (0, 1)]
    assert means == pytest.approx([0.6, 0.8], rel=1e-5)
