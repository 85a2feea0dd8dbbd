import os
import signal
import subprocess
import sys
import time

import pytest

import vaekit
from vaekit.cli.fit import Interrupt
from vaekit.train import CUT, Step

QUICK = ["--set", "train.epochs=1", "--set", "train.prior_epochs=1", "--set", "net.width=16", "--set", "net.depth=1"]


@pytest.fixture
def away(here, tmp_path):
    return tmp_path / "m.vae"


def test_every_option_reaches_the_model(here, away, run):
    done = run(
        "fit", "rows.csv", "-o", away, *QUICK, "--set", "objective.beta=0.5", "--set", "latent=3", "--given", "city",
        "--label", "member", "--ignore", "debt", "--kind", "height=positive", "--seed", 5, "--validation", 0.2,
        "--device", "cpu",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert done.out == ""
    model = vaekit.load(away)
    assert (model.card["seed"], model.card["held_out_rows"], model.card["device"]) == (5, 8, "cpu")
    assert (model.card["spec"]["objective"]["beta"], model.card["latents"]["count"]) == (0.5, 3)
    roles = {column.name: column.role for column in model.fitted.schema}
    assert (roles["city"], roles["member"], roles["debt"]) == ("given", "label", "ignored")
    assert model.fitted.schema["height"].kind == "positive"


def test_a_preset_and_a_time_limit(here, away, run):
    assert (
        run("fit", "rows.csv", "-o", away, "--preset", "vae", "--time-limit", "1s", "--set", "net.hidden=[8]").status
        == 0
    )
    card = vaekit.load(away).card
    assert card["preset"] == "vae"
    assert card["spec"]["net"]["hidden"] == [8]


def test_it_tells_what_it_fitted_and_leaves_the_model_alone(here, away, run):
    done = run("fit", "rows.csv", "-o", away, *QUICK)
    assert os.listdir(away.parent) == ["m.vae"]
    assert "model: epoch 1/1 · " in done.err and "rows/s · loss " in done.err
    assert f"{away}: 40 rows, 8 columns (2 set aside: id, country)" in done.err


def test_rows_may_come_from_standard_input(here, away, run):
    assert run("fit", "-", "-o", away, *QUICK, stdin=(here / "rows.csv").read_text()).status == 0
    assert vaekit.load(away).card["rows"] == 40


def test_an_old_checkpoint_is_continued_only_when_asked(here, away, run):
    old = away.with_name("m.vae.checkpoint")
    old.write_bytes(b"nonsense")
    refused = run("fit", "rows.csv", "-o", away, *QUICK, "--resume")
    assert refused.status == 2 and "not a checkpoint of this training" in refused.err
    fresh = run("fit", "rows.csv", "-o", away, *QUICK)
    assert fresh.status == 0 and f"an unfinished fit left {old}; starting anew" in fresh.err
    assert not old.exists()
    nothing = run("fit", "rows.csv", "-o", away, *QUICK, "--resume")
    assert nothing.status == 0 and f"nothing to resume: there is no {old}" in nothing.err


def test_a_failed_fit_leaves_the_old_model(here, away, run):
    away.write_bytes(b"old")
    assert run("fit", "rows.csv", "-o", away, "--given", "nowhere").status == 2
    assert away.read_bytes() == b"old"


def interrupted(here, away, stage, again=0):
    """A fit in a process of its own that got Ctrl-C once its stage had written a checkpoint, and then `again`."""
    long = [name for name, own in (("epochs", "model"), ("prior_epochs", "prior")) if again or stage == own]
    endless = [word for name in long for word in ("--set", f"train.{name}=100000")] + ["--set", "train.patience=null"]
    words = [sys.executable, "-m", "vaekit", "fit", "rows.csv", "-o", str(away), *QUICK, *endless]
    process = subprocess.Popen(words, cwd=here, stderr=subprocess.PIPE, text=True)
    sign = away.with_name("m.vae.checkpoint" + ("" if stage == "model" else ".prior"))
    until = time.monotonic() + 60
    while not sign.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    for _ in range(1 + again):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)  # two signals at once are one
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def test_a_second_ctrl_c_still_saves_the_best(here, away):
    status, err = interrupted(here, away, "model", again=1)
    assert status == 130 and "hurrying" in err, err
    assert f"{away} is the best so far" in err
    assert vaekit.load(away).card["ended"] == {"model": "cut short", "prior": "stopped"}


def test_later_stages_get_a_little_time_after_ctrl_c():
    with Interrupt() as interrupt:
        model, prior = (Step(stage, 0, 1, 0, 1, 0.0, 1.0) for stage in ("model", "prior"))
        assert interrupt.on_step(model) is True
        signal.raise_signal(signal.SIGINT)
        assert interrupt.on_step(model) == CUT and interrupt.on_step(prior) is True
        interrupt.asked -= 11
        assert interrupt.on_step(prior) == CUT
        signal.raise_signal(signal.SIGINT)
        assert interrupt.on_step(prior) is False
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("stage", ["model", "prior"])
def test_ctrl_c_saves_the_best_so_far_and_resume_goes_on(stage, here, away, run):
    status, err = interrupted(here, away, stage)
    assert status == 130, err
    assert "Traceback" not in err
    assert f"{away} is the best so far" in err
    assert len(vaekit.load(away).sample(5)) == 5
    kept = ["m.vae", "m.vae.checkpoint"] + (["m.vae.checkpoint.prior"] if stage == "prior" else [])
    assert sorted(os.listdir(away.parent)) == kept
    before = len(vaekit.load(away).history)
    assert run("fit", "rows.csv", "-o", away, *QUICK, "--resume").status == 0
    history = vaekit.load(away).history
    assert len(history) >= before - 1  # but for the epoch that was cut short, which is repeated
    assert os.listdir(away.parent) == ["m.vae"]
