"""What was recorded gives the same numbers, to the last digit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from vaekit import recorded as module
from vaekit.api import Model
from vaekit.modes import nearest
from vaekit.recorded import NAME, recorded, recording


@pytest.fixture(params=["mixed", "numbers", "words"])
def case(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def ready(case: Any) -> Any:
    """A copy of a model that has recorded what one, two and three rows pass."""
    model = Model(copy.deepcopy(case.model.fitted))
    with recording(model.fitted):
        for rows in (1, 2, 3):
            model.score(case.rows[:rows], alpha=0.1)
    return model


def recordings(model: Any) -> list[Any]:
    return [each for each in model.fitted.prepared[NAME].values() if not isinstance(each, bool)]


def test_recorded_answers_are_the_same_to_the_last_digit(case: Any, ready: Any) -> None:
    assert len(recordings(ready)) == 6  # the cells left out and the neighbours, three times
    assert all(isinstance(each, torch.jit.ScriptFunction) for each in recordings(ready))
    at = 0
    for count in (1, 2, 3, 4) * 5:  # with gaps and without, and of four rows nothing was recorded
        own, other = (model.score(case.rows[at : at + count], alpha=0.1) for model in (ready, case.model))
        assert (own.cells == other.cells).all() and (own.latents == other.latents).all()
        assert own.reasons == other.reasons
        at += count
    assert len(recordings(ready)) == 6


def test_a_recorded_model_has_no_gradients_and_copies_know_nothing(ready: Any) -> None:
    assert not any(each.requires_grad for each in ready.fitted.vae.parameters())
    assert NAME not in copy.deepcopy(ready.fitted).prepared


def test_what_depends_on_numbers_is_not_recorded(numbers: Any) -> None:
    fitted = copy.deepcopy(numbers.model.fitted)
    halved = lambda x: (x / 2 if x.sum() > 0 else x,)  # noqa: E731
    with recording(fitted):
        for x in (torch.ones(2), -torch.ones(2)):
            assert torch.equal(recorded(fitted, "halved", halved, x)[0], halved(x)[0])
    assert recordings(Model(fitted)) == [halved]


def test_without_a_recorder_nothing_is_recorded(numbers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(module.torch.jit, "trace")
    model = Model(copy.deepcopy(numbers.model.fitted))
    with recording(model.fitted):
        found = model.score(numbers.rows[:2], alpha=0.1)
    assert (found.total == numbers.model.score(numbers.rows[:2], alpha=0.1).total).all()
    assert not any(isinstance(each, torch.jit.ScriptFunction) for each in recordings(model))


def test_other_questions_are_other_recordings(case: Any, ready: Any) -> None:
    fitted = ready.fitted
    cells, observed = (each[:2] for each in nearest.kept(fitted))
    before = len(recordings(ready))
    for count in (1, 40):
        with recording(fitted):
            found = nearest.distance(fitted, cells, observed, nearest=count)
        assert torch.equal(found, nearest.distance(case.model.fitted, cells, observed, nearest=count))
    assert len(recordings(ready)) == before + 2
