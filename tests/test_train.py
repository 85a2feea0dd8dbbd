"""The loop ends when and how it says, and always with a model."""

from __future__ import annotations

import math
import time
import warnings

import pytest
import torch
from torch import nn

from vaekit import rng
from vaekit.codec import Layout
from vaekit.errors import DataError, VaekitWarning
from vaekit.goals import BoundGoal, Rows
from vaekit.likelihoods import choose
from vaekit.objectives import Elbo
from vaekit.train import RECOVERIES, Settings, held_out_loss, schedule, train
from vaekit.vae import assemble


class Line(nn.Module):
    """y = w x, the smallest thing that trains."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))


class Squares:
    """The mean squared distance of rows from the weights; `broken(epoch share, module)` may spoil it."""

    def __init__(self, module, spoil=None):
        self.module, self.parameters, self.spoil, self.calls = module, list(module.parameters()), spoil, 0

    def loss(self, rows, progress):
        self.calls += 1
        loss = (rows.cells - self.module.weight).square().mean()
        if self.spoil is not None and self.spoil(self, progress):
            loss = loss * math.nan
        return loss, {"reconstruction": loss}


def rows(count=64, centre=1.0, stream="rows"):
    cells = rng.table(0, (count, 3), stream) * 0.1 + centre
    return Rows(cells, torch.ones_like(cells, dtype=torch.bool))


def settings(**options):
    return Settings(**{"epochs": 6, "batch": 16, "rate": 0.05, "patience": None, "weight_decay": 0.0, **options})


def run_line(data=None, held_out=None, *, spoil=None, module=None, **options):
    module = Line() if module is None else module
    chosen = {name: options.pop(name) for name in ("epochs", "batch", "rate", "patience") if name in options}
    goal = Squares(module, spoil)
    return module, train(module, goal, data or rows(), held_out, settings(**chosen), **options), goal


@pytest.fixture
def small(every_kind):
    """(a function that makes the same untrained model, its goal's maker, training rows, held-out rows)."""
    fields = list(every_kind.fields.values())
    description = {
        "net": {"kind": "residual", "width": 16, "depth": 1, "dropout": 0.1}, "posterior": "gaussian", "prior": "normal",
        "latent": 3, "likelihood": choose(fields), "flags": True, "gaps": None,
    }  # fmt: skip

    def build():
        with rng.seeded(3):
            vae = assemble(description, Layout(tuple(fields)))
        return vae, BoundGoal(vae, Elbo(), hide=0.5)

    every = Rows(every_kind.cells.float(), every_kind.observed)
    return build, every[torch.arange(320)], every[torch.arange(320, 400)]


def equal(one, two):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


# -- ordinary endings


def test_the_loss_decreases(small):
    build, kept, apart = small
    vae, goal = build()
    run = train(vae, goal, kept, apart, settings(epochs=8, batch=32, rate=5e-3))
    losses = [row["loss"] for row in run.history]
    assert losses[-1] < losses[0] - 0.02 and run.history[-1]["validation"] < run.history[0]["validation"]
    assert run.ended == "complete"
    assert {"stage", "epoch", "loss", "reconstruction", "kl", "rows_per_s", "validation"} <= run.history[0].keys()
    assert len(run.history[0]["kl"]) == 3  # one per latent


def test_without_patience_every_epoch_runs_and_the_last_is_kept():
    module, run, goal = run_line(rows(centre=1.0), rows(centre=-5.0, stream="other"), epochs=9)
    assert [row["epoch"] for row in run.history] == list(range(9)) and run.ended == "complete"
    validations = [row["validation"] for row in run.history]
    assert validations == sorted(validations)  # worse and worse, and still it ran
    assert module.weight.mean() > 0.3
    assert held_out_loss(module, goal, rows(centre=-5.0, stream="other"), 0) == pytest.approx(validations[-1])


def test_patience_ends_and_gives_the_best_weights_back():
    """Held-out rows at 0.3 while the weights run to 1: the best epoch lies in between."""
    apart = rows(centre=0.3, stream="other")
    module, run, goal = run_line(rows(centre=1.0), apart, epochs=200, patience=4, rate=0.01)
    validations = [row["validation"] for row in run.history]
    best = validations.index(min(validations))
    assert run.ended == "no better on held-out rows"
    assert len(validations) == best + 1 + 5 < 200  # the sixth epoch that is no better ends it
    assert held_out_loss(module, goal, apart, 0) == pytest.approx(min(validations))


def test_no_held_out_rows_and_patience_run_every_epoch():
    _, run, _ = run_line(patience=1, epochs=7)
    assert len(run.history) == 7 and "validation" not in run.history[0]


@pytest.mark.parametrize("count", [1, 5, 16, 37])
def test_few_rows_train_too(count):
    _, run, goal = run_line(rows(count), epochs=3)
    assert len(run.history) == 3 and goal.calls == 3 * max(1, count // 16)


def test_a_deadline_ends_it_with_what_was_learned():
    started = time.monotonic()
    module, run, _ = run_line(epochs=10**6, deadline=started + 0.3)
    assert time.monotonic() - started < 60
    assert run.ended == "time limit" and run.history and (module.weight > 0).all()


def test_a_deadline_in_the_past_still_takes_a_step():
    module, run, goal = run_line(deadline=time.monotonic() - 1)
    assert run.ended == "time limit" and goal.calls == 1 and (module.weight != 0).all()


def test_on_step_sees_every_step_and_may_stop():
    seen = []
    _, run, _ = run_line(epochs=3, on_step=seen.append)
    assert [step.step for step in seen] == list(range(1, 13))
    assert {(step.stage, step.epochs, step.steps) for step in seen} == {("model", 3, 12)}
    assert all(step.rows_per_s > 0 and math.isfinite(step.loss) for step in seen)
    assert run.ended == "complete"

    module, run, goal = run_line(epochs=3, on_step=lambda step: step.step < 6)
    assert run.ended == "stopped" and goal.calls == 6 and (module.weight != 0).all()


def interrupt_at(number):
    def on_step(step):
        if step.step == number:
            raise KeyboardInterrupt

    return on_step


def test_an_interrupt_gives_the_best_back():
    apart = rows(centre=0.3, stream="other")
    module, run, goal = run_line(rows(), apart, epochs=300, patience=300, rate=0.02, on_step=interrupt_at(700))
    assert run.ended == "interrupted"
    best = min(row["validation"] for row in run.history)
    assert held_out_loss(module, goal, apart, 0) == pytest.approx(best) and best < run.history[-1]["validation"]


def test_an_interrupt_in_the_first_epoch_keeps_what_was_learned():
    module, run, _ = run_line(on_step=interrupt_at(3))
    assert run.ended == "interrupted" and (module.weight != 0).all()


# -- losses that are not numbers


def test_it_recovers_from_a_loss_that_is_no_number_at_half_the_rate():
    module, run, _ = run_line(epochs=12, spoil=lambda goal, progress: goal.calls in (9, 20))
    assert run.recoveries == 2 and run.slow == 0.25 and run.ended == "complete" and len(run.history) == 12
    assert module.weight.isfinite().all() and (module.weight > 0.5).all()


def test_after_too_many_recoveries_it_ends_with_the_last_good_model_and_says_why():
    with pytest.warns(VaekitWarning, match=r"not a number 4 times; at fault: column 'x1'"):
        _, run, goal = run_line(
            epochs=12, rate=0.2, spoil=lambda goal, progress: progress > 0.5, blame=lambda rows: "column 'x1'"
        )
    assert run.ended == "not a number" and run.recoveries == RECOVERIES + 1
    assert len(run.history) == 6 and goal.loss(rows(), 0.0)[0] < 0.2


def test_a_loss_that_never_was_a_number_is_the_data_fault():
    with pytest.raises(DataError, match=r"from the first epoch on; at fault: column 'x1'") as caught:
        run_line(spoil=lambda goal, progress: True, blame=lambda rows: "column 'x1'")
    assert "rate" in caught.value.hint


def test_a_gradient_that_is_no_number_does_not_stay():
    """The loss of the last step is finite, its gradient is not: the epoch is undone all the same."""

    class Root(Squares):
        def loss(self, rows, progress):
            loss, terms = super().loss(rows, progress)
            if self.calls == 4:  # the slope of a square root at zero is infinite, times zero is not a number
                loss = loss + (self.module.weight * 0).square().sum().sqrt() * 0
            return loss, terms

    module = Line()
    run = train(module, Root(module), rows(), None, settings(epochs=5))
    assert run.recoveries == 1 and run.ended == "complete" and module.weight.isfinite().all()


def test_held_out_rows_without_a_finite_loss_choose_nothing():
    apart = rows()
    apart.cells[0, 0] = math.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module, run, _ = run_line(rows(), apart, patience=2, epochs=10)
    assert run.ended == "complete" and (module.weight > 0.5).all()


# -- the same again


def test_equal_seeds_give_bit_equal_weights(small):
    build, kept, apart = small
    made = []
    for seed in (0, 0, 1):
        vae, goal = build()
        torch.manual_seed(len(made))  # whatever the global generator holds
        train(vae, goal, kept, apart, settings(epochs=2, batch=64), seed=seed)
        made.append(vae)
    assert equal(made[0], made[1]) and not equal(made[0], made[2])


def test_training_leaves_the_global_generator_alone(small):
    build, kept, apart = small
    before = torch.get_rng_state()
    vae, goal = build()
    train(vae, goal, kept, apart, settings(epochs=1, batch=64))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("patience", [None, 2])
@pytest.mark.parametrize("stop", ["epoch", "step", "interrupt"])
def test_a_resumed_training_is_bit_equal_to_an_uninterrupted_one(small, tmp_path, stop, patience):
    build, kept, apart = small
    wanted = settings(epochs=6, batch=64, rate=5e-3, patience=patience)
    whole, goal = build()
    reference = train(whole, goal, kept, apart, wanted)

    def on_step(step):  # five steps an epoch
        if stop == "interrupt" and step.step == 13:
            raise KeyboardInterrupt
        return step.step < (15 if stop == "epoch" else 13)

    part, goal = build()
    path = tmp_path / "run.ckpt"
    first = train(part, goal, kept, apart, wanted, checkpoint=path, on_step=on_step)
    assert first.ended in ("stopped", "interrupted") and path.exists()
    rest, goal = build()
    second = train(rest, goal, kept, apart, wanted, checkpoint=path)
    assert equal(rest, whole) and second.ended == reference.ended
    assert [row["loss"] for row in second.history] == [row["loss"] for row in reference.history]


def test_a_training_that_patience_ended_stays_ended_when_resumed(tmp_path):
    apart, path = rows(centre=0.3, stream="other"), tmp_path / "run.ckpt"
    one, first, _ = run_line(rows(), apart, epochs=200, patience=3, rate=0.01, checkpoint=path)
    two, second, goal = run_line(rows(), apart, epochs=200, patience=3, rate=0.01, checkpoint=path)
    assert second.ended == first.ended == "no better on held-out rows"
    assert equal(one, two) and len(second.history) == len(first.history) and goal.calls == 0


def test_a_complete_training_is_not_trained_again(tmp_path):
    path = tmp_path / "run.ckpt"
    one, _, _ = run_line(checkpoint=path)
    two, run, goal = run_line(checkpoint=path)
    assert equal(one, two) and goal.calls == 0 and run.ended == "complete" and len(run.history) == 6


def test_the_rate_rises_and_falls():
    rates = [schedule(step / 1000) for step in range(1001)]
    top = rates.index(max(rates))
    assert rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert max(rates) == pytest.approx(1, abs=0.01) and rates[-1] == pytest.approx(0.01) and min(rates) > 0
