import numpy as np
import pytest
import torch

from vaekit.modes.ask import ask
from vaekit.modes.judge import Subject
from vaekit.modes.looks import STEPS, WALKS, latents


@pytest.fixture(scope="module")
def given(fitted):
    return fitted("image-given")


@torch.no_grad()
def test_a_map_and_walks_of_the_busiest_latents(given):
    case = given
    asked = ask(case.model.fitted, case.rows)
    subject = Subject(case.model.fitted, asked, 0, np.arange(len(asked)))
    use = latents(subject)
    walks, shown = subject.pictures["walks"], subject.pictures["map"]
    count = min(WALKS, use["count"])
    assert walks["images"].shape == (count, STEPS, 8, 6)
    assert walks["latents"][0] == int(np.argmax(use["kl"]))
    assert shown["images"].shape == (30, 8, 6)
    assert shown["color"] == [str(d) for d in case.rows["digit"]]
