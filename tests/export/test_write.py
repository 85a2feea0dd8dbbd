"""What a message says of a part that ONNX has no words for, and the words that are lent to it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from vaekit.errors import ModeUnavailable, UserError
from vaekit.export.write import write_graph

pytest.importorskip("onnxruntime")


class Lent(nn.Module):
    inputs, outputs = ("x",), ("gamma", "place")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        edges = torch.tensor([[0.5, 1.0, 7.0]])
        place = torch.searchsorted(edges.expand(len(x), 3).contiguous(), x[:, None].contiguous(), right=True)
        return torch.lgamma(x), place.float()


class Foreign(nn.Module):
    inputs, outputs = ("x",), ("y",)

    def forward(self, x: Tensor) -> Tensor:
        return x if bool(x.sum() > 0) else -x  # a graph has no branches that depend on numbers


def test_words_are_lent(tmp_path: Path) -> None:
    x = torch.tensor([0.01, 0.5, 1.0, 2.5, 40.0, 3000.0])
    write_graph(Lent(), {"x": x}, tmp_path / "lent.onnx", "example")  # compares by itself
    assert (tmp_path / "lent.onnx").exists()


class Sure(nn.Module):
    inputs, outputs = ("x",), ("nats", "log")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        nats = nn.functional.binary_cross_entropy_with_logits(x, torch.full_like(x, 0.3), reduction="none")
        return nats, nn.functional.logsigmoid(x)


def test_logits_may_be_large(tmp_path: Path) -> None:
    write_graph(Sure(), {"x": torch.tensor([-300.0, -40.0, -19.0, 0.0, 19.0, 40.0])}, tmp_path / "sure.onnx", "example")


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModeUnavailable, match="the decoder cannot be written as ONNX"):
        write_graph(Foreign(), {"x": torch.ones(4)}, tmp_path / "foreign.onnx", "decoder")


def test_a_place_that_cannot_be_written_to_is_no_fault_of_the_net(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lent\.onnx' cannot be written: No such file") as caught:
        write_graph(Lent(), {"x": torch.ones(4)}, tmp_path / "absent" / "lent.onnx", "example")
    assert not isinstance(caught.value, ModeUnavailable)


class Clash(nn.Module):
    inputs, outputs = ("x",), ("mean", "std")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        middle = torch.lgamma(x).mean(-1, keepdim=True)  # a step that the exporter calls mean as well
        return middle * x, (x - middle).abs()


def test_a_step_may_be_called_as_an_output_is(tmp_path: Path) -> None:
    write_graph(Clash(), {"x": torch.rand(4, 3) + 1}, tmp_path / "clash.onnx", "example")


def test_the_exporter_is_quiet_and_leaves_logs_and_checks_of_laws_as_they_were(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModeUnavailable):
        write_graph(Foreign(), {"x": torch.ones(4)}, tmp_path / "foreign.onnx", "decoder")
    assert capfd.readouterr() == ("", "")
    logging.getLogger("mine").warning("heard")
    assert "heard" in caplog.messages
    with pytest.raises(ValueError, match="scale"):
        torch.distributions.Normal(torch.zeros(1), -torch.ones(1))
