from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest

import vaekit
from vaekit import modes
from vaekit.errors import ModeUnavailable
from vaekit.modes import FACTS, MODES


def test_every_mode_names_a_function_that_is_there() -> None:
    for name, mode in MODES.items():
        module, function = mode.target.split(":")
        assert callable(getattr(import_module(module), function)), name
        assert mode.line and mode.line[0].islower() and not mode.line.endswith(".")
        assert set(mode.needs) <= set(FACTS)


def test_a_method_takes_the_options_of_its_mode() -> None:
    """Model passes options on by position: names, order and defaults must be those of the function."""
    for name, mode in MODES.items():
        module, function = mode.target.split(":")
        own = list(inspect.signature(getattr(import_module(module), function)).parameters.values())[1:]
        method = list(inspect.signature(getattr(vaekit.Model, name)).parameters.values())[1:]
        assert [(p.name, p.default) for p in own] == [(p.name, p.default) for p in method], name


def test_the_table_is_read_without_torch() -> None:
    code = "import sys, vaekit.modes; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_plain_autoencoder_says_what_it_lacks(fitted: Any) -> None:
    states = fitted("ae").model.modes()
    lacking = {name for name, state in states.items() if not state.startswith("available")}
    assert lacking == {"log_prob", "sample", "impute_interval", "classify", "compress", "decompress"}
    assert "plain autoencoder" in states["sample"] and states["score"] == "available"
    with pytest.raises(ModeUnavailable, match="plain autoencoder"):
        fitted("ae").model.sample(3)


def test_a_default_model_can_do_everything_but_classify(mixed: Any, fitted: Any) -> None:
    assert {name for name, state in mixed.model.modes().items() if state != "available"} == {"classify"}
    assert set(fitted("label").model.modes().values()) == {"available"}
    assert modes.why_not("classify", fitted("label").model.fitted) is None


def test_modes_need_no_gradients(mixed: Any) -> None:
    seen = []
    handle = mixed.model.module.register_forward_pre_hook(lambda *_: None)
    embed = mixed.model.module.embed.register_forward_hook(lambda _m, _i, out: seen.append(out.requires_grad))
    mixed.model.encode(mixed.rows[:2])
    handle.remove()
    embed.remove()
    assert seen == [False]


def test_a_model_that_never_hid_cells_says_so(fitted: Any) -> None:
    assert "hide=0" in fitted("vae").model.modes()["impute"]
    assert fitted("mixed").model.modes()["impute"] == "available"


def test_a_classifier_that_learned_without_labels_needs_no_hidden_cells(mixed: Any) -> None:
    model = vaekit.fit(mixed.fitted_on[:120], "m2", label="city", train={"epochs": 1})
    assert model.modes()["classify"] == "available" and "hide=0" in model.modes()["impute"]
