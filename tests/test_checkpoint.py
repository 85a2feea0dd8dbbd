"""A checkpoint is the whole of a training in progress, or it is refused."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from vaekit.adamw import AdamW
from vaekit.checkpoint import KEPT, Run, read_checkpoint, write_checkpoint
from vaekit.errors import ArtifactError


def pair(width=3):
    module = nn.Linear(2, width)
    optimiser = AdamW(module.parameters(), decay=0.01, clip=1.0)
    module(torch.ones(4, 2)).square().sum().backward()
    optimiser.step(0.1)
    return module, optimiser


@pytest.fixture
def written(tmp_path):
    module, optimiser = pair()
    best = {name: tensor.clone() + 1 for name, tensor in module.state_dict().items()}
    run = Run("model", 4, 1.5, 2, 0.5, 1, "stopped", [{"epoch": 0, "loss": 3.0, "kl": [0.1, 0.2]}])
    path = tmp_path / "run.ckpt"
    write_checkpoint(path, run, module, optimiser, best)
    return path, run, module, optimiser, best


def test_everything_comes_back(written):
    path, run, module, optimiser, best = written
    other, fresh = pair()
    found = Run("model")
    kept = read_checkpoint(path, found, other, fresh)
    assert all(getattr(found, name) == getattr(run, name) for name in KEPT)
    assert found.ended == ""  # a stopped training goes on
    for name, tensor in module.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor) and torch.equal(kept[name], best[name])
    states = zip(optimiser.state.values(), fresh.state.values(), strict=True)
    for mine, theirs in states:
        assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_a_best_that_is_still_infinite_survives(tmp_path):
    module, optimiser = pair()
    write_checkpoint(tmp_path / "c", Run("model"), module, optimiser, module.state_dict())
    found = Run("model")
    read_checkpoint(tmp_path / "c", found, *pair())
    assert found.best == float("inf")


def test_nothing_is_left_beside_it(written):
    assert [path.name for path in written[0].parent.iterdir()] == ["run.ckpt"]


def test_another_stage_starts_anew(written):
    module, optimiser = pair()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    assert read_checkpoint(written[0], Run("prior"), module, optimiser) is None
    assert all(torch.equal(module.state_dict()[name], tensor) for name, tensor in before.items())


def refused(path):
    module, optimiser = pair()
    with pytest.raises(ArtifactError, match=r"not a checkpoint of this training") as caught:
        read_checkpoint(path, Run("model"), module, optimiser)
    assert path.name in str(caught.value) and "resume" in caught.value.hint and "\n" not in caught.value.hint


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused(written, share):
    data = written[0].read_bytes()
    written[0].write_bytes(data[: int(len(data) * share)])
    refused(written[0])


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    path.write_text("epoch,loss\n0,1.0\n")
    refused(path)
    path.unlink()
    path.mkdir()
    refused(path)


@pytest.mark.parametrize("about", [None, "not json", "[1, 2]", '"text"', '{"stage": "model"}', "{}"])
def test_a_foreign_tensor_file_is_refused(tmp_path, about):
    path = tmp_path / "run.ckpt"
    tensors = {f"now.{name}": tensor for name, tensor in pair()[0].state_dict().items()}
    save_file(tensors, path, None if about is None else {"run": about})
    refused(path)


def test_a_model_of_other_sizes_is_refused(written):
    module, optimiser = pair(width=5)
    with pytest.raises(ArtifactError, match=r"not a checkpoint of this training: .*size"):
        read_checkpoint(written[0], Run("model"), module, optimiser)


def test_missing_weights_are_refused(written):
    about = json.dumps({"stage": "model", **{name: getattr(Run("model"), name) for name in KEPT}})
    save_file({"now.weight": torch.zeros(3, 2)}, written[0], {"run": about})
    refused(written[0])
