"""What a user's own net is told when it does not fit, and that it takes part when it does."""

from __future__ import annotations

import copy

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

import vaekit
from vaekit.errors import ArtifactError, SpecError
from vaekit.nets.own import adopt
from vaekit.sources import write

BRIEF = {"epochs": 1, "prior_epochs": 1, "batch": 64}


class Good(nn.Module):
    """Six features in, four latents; eight features leave either half."""

    encoded = decoded = 8

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(6, 8), nn.Linear(4, 8)

    def encode(self, features):
        return self.down(features)

    def decode(self, latents):
        return self.up(latents)


class Pair(Good):
    def encode(self, features):
        return self.down(features), self.down(features)


class OneRow(Good):
    def decode(self, latents):
        return self.up(latents[0])


class Sums(Good):
    def encode(self, features):
        return self.down(features).sum()


class Halved(Good):
    def encode(self, features):
        return self.down(features).half()


class Named(Good):
    def decode(self, latents):
        return {"features": self.up(latents)}


class Broken(Good):
    def encode(self, features):
        raise KeyError("weights")


def changed(**attributes):
    net = Good()
    for name, value in attributes.items():
        setattr(net, name, value)
    return net


WRONG = {
    "no halves": (nn.Linear(6, 3), "your Linear lacks encode, decode, encoded, decoded", "has encode(features)"),
    "no size": (changed(encoded=None), "Good.encoded is None, expected how many features leave", "self.encoded = 64"),
    "size of nothing": (changed(decoded=0), "Good.decoded is 0, expected", "self.decoded = 64"),
    "other promise": (changed(encoded=9), "returned (3, 8), expected one tensor (3, 9)", "self.encoded = 8"),
    "other features": (changed(down=nn.Linear(7, 8)), "encode was given features of shape (3, 6) and failed", "Linear(6,"),
    "other latents": (changed(up=nn.Linear(5, 8)), "decode was given latents of shape (3, 4) and failed", "takes 4 latents"),
    "mean and variance": (Pair(), "encode was given features of shape (3, 6) and returned a tuple of 2", "features alone"),
    "a dict": (Named(), "returned a dict, expected one tensor (3, 8)", "features alone"),
    "one row": (OneRow(), "decode was given latents of shape (3, 4) and returned (8,)", "one row of features for each row"),
    "a number": (Sums(), "returned (), expected one tensor (3, 8)", "one row of features for each row"),
    "doubles": (Good().double(), "down.weight of your Good holds torch.float64", "net=MyNet().float()"),
    "halves": (Halved(), "encode was given features of shape (3, 6) and returned torch.float16", "features.float()"),
    "its own mistake": (Broken(), "failed: KeyError: 'weights'", "takes 6 features"),
    "a net on a grid": (changed(on_grid=True), "your Good lacks local, beside", "encoded, decoded"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_said(name):
    net, message, hint = WRONG[name]
    with pytest.raises(SpecError) as refusal:
        adopt(net, 6, 4)
    assert refusal.value.message.startswith("net: ") and message in refusal.value.message
    assert hint in refusal.value.hint and len(str(refusal.value)) < 600


def test_looking_at_a_net_leaves_no_trace():
    net = Good()
    net.down = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
    before, state = copy.deepcopy(net.state_dict()), torch.get_rng_state()
    own = adopt(net, 6, 4)
    for made in (net, own):
        assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
    assert own is not net and own.training and torch.equal(torch.get_rng_state(), state)


class Lazy(nn.Module):
    """Any number of features; statistics of batches on both sides, which know rows alone."""

    encoded = decoded = 16

    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.LazyLinear(16), nn.BatchNorm1d(16), nn.ReLU())
        self.up = nn.Sequential(nn.LazyLinear(16), nn.BatchNorm1d(16), nn.ReLU())

    def encode(self, features):
        return self.down(features)

    def decode(self, latents):
        return self.up(latents)


def test_an_own_net_is_fitted_saved_and_loaded(mixed, tmp_path):
    torch.manual_seed(0)
    net = Lazy()
    model = vaekit.fit(mixed.fitted_on, net=net, given=["city"], train=BRIEF)
    assert model.card["spec"]["net"] == {"kind": "own", "name": "Lazy"}
    rows = mixed.rows[:20]
    loaded = vaekit.load(model.save(tmp_path / "own.vae"), net=Lazy())
    np.testing.assert_array_equal(loaded.encode(rows).mean, model.encode(rows).mean)
    assert loaded.impute(rows).equals(model.impute(rows))
    assert model.log_prob(rows, samples=3).shape == (20,) and len(model.sample(5)) == 5
    assert isinstance(net.down[0].weight, nn.UninitializedParameter), "the model trains a copy"


def test_the_same_seed_and_net_are_the_same_model(numbers):
    net = Lazy()
    one, two = (vaekit.fit(numbers.fitted_on, net=net, train=BRIEF, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.encode(numbers.rows).mean, two.encode(numbers.rows).mean)


def test_a_class_is_told_from_a_module(numbers):
    with pytest.raises(SpecError, match="given the class Lazy, expected a module") as refusal:
        vaekit.fit(numbers.fitted_on, net=Lazy)
    assert refusal.value.hint == "net=Lazy()"


def test_without_its_code_the_file_is_refused_with_a_hint(numbers, tmp_path, capsys):
    from vaekit.cli import main

    path = vaekit.fit(numbers.fitted_on, net=Lazy(), train=BRIEF).save(tmp_path / "own.vae")
    with pytest.raises(ArtifactError, match="your own net 'Lazy', whose code a model file never holds"):
        vaekit.load(path)
    for line in ("inspect own.vae", "score own.vae rows.csv"):
        command, *words = line.replace("own.vae", str(path)).split()
        assert main([command, *words]) == 2
        told = capsys.readouterr().err
        assert "your own net 'Lazy'" in told and "in Python: vaekit.load(path, net=MyNet())" in told
    write(pa.table({"x": [0.5 * i for i in range(50)]}), tmp_path / "r.csv")
    assert main(["fit", str(tmp_path / "r.csv"), "-o", str(tmp_path / "new.vae"), "--set", "net=own"]) == 2
    assert "neither a name nor a file holds code" in capsys.readouterr().err
