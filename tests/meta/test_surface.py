"""The names and signatures that scripts of users call as written: a change here breaks them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import vaekit
from vaekit.modes import MODES
from vaekit.modes.encode import Latents
from vaekit.modes.reasons import Reason
from vaekit.modes.score import Scores

PROMISED = {
    "score": "(data, by='default', reasons=3, alpha=0.01, seed=0)",
    "log_prob": "(data, samples=64, seed=0)",
    "sample": "(n=None, given=None, seed=0, temperature=1.0)",
    "impute": "(data, draws=None, missing=None, seed=0)",
    "reconstruct": "(data)",
    "denoise": "(data, seed=0)",
    "encode": "(data)",
    "traverse": "(row=None, dims=None, span=3.0, steps=9)",
    "interpolate": "(a, b, steps=9, path='linear')",
    "classify": "(data)",
    "cluster": "(data, clusters=None, by='default')",
    "compress": "(data)",
    "decompress": "(blob)",
    "evaluate": "(data, seed=0, factors=None)",
    "save": "(path)",
    "export": "(path)",
    "modes": "()",
}
BEGIN = {"impute_interval": ["data", "level"], "decode": ["z"], "shift": ["row"]}  # further options may follow
FIT = (
    "(data, preset=None, *, schema=None, given=(), label=None, ignore=(), seed=0, device='auto', "
    "time_limit=None, validation=0.1, resume=None, on_step=None, progress=None, store_rows=True, **parts)"
)


def _plain(function: Any) -> str:
    """The signature without self and annotations."""
    signature = inspect.signature(function)
    bare = [p.replace(annotation=p.empty) for name, p in signature.parameters.items() if name != "self"]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def test_fit_and_load() -> None:
    assert _plain(vaekit.fit) == FIT
    assert list(inspect.signature(vaekit.load).parameters) == ["path", "net"]


@pytest.mark.parametrize("name", PROMISED)
def test_methods_of_a_model(name: str) -> None:
    assert _plain(getattr(vaekit.Model, name)) == PROMISED[name]


@pytest.mark.parametrize("name", BEGIN)
def test_methods_that_begin_so(name: str) -> None:
    parameters = list(inspect.signature(getattr(vaekit.Model, name)).parameters.values())[1:]
    assert [p.name for p in parameters][: len(BEGIN[name])] == BEGIN[name]
    assert all(p.default is not p.empty for p in parameters[len(BEGIN[name]) :] if p.name != "moves")


def test_every_mode_is_an_explicit_method_and_nothing_else_is() -> None:
    written = {
        name for name, value in vars(vaekit.Model).items() if inspect.isfunction(value) and not name.startswith("_")
    }
    assert written == {*MODES, "save", "modes", "export"}
    assert {"card", "schema", "history", "module"} <= set(vars(vaekit.Model))
    assert {*PROMISED, *BEGIN} == written


def test_answers_have_their_fields() -> None:
    assert {"total", "cells", "parts", "latents", "p_value", "flagged"} <= set(Scores.__dataclass_fields__)
    assert isinstance(Scores.reasons, property) or hasattr(Scores, "reasons")
    assert Reason._fields == ("column", "observed", "expected", "low", "high", "share")
    assert {"mean", "std"} <= set(Latents.__dataclass_fields__)


def test_every_result_has_a_frame_and_shows_itself(mixed: Any, fitted: Any) -> None:
    model, row = mixed.model, mixed.rows[:2]
    results = [model.score(row, alpha=0.2), model.encode(row), model.traverse(dims=[0], steps=2)]
    results += [model.interpolate(row[:1], row[1:], steps=2), model.cluster(row)]
    results += [fitted("label").model.classify(row)]
    for result in results:
        assert result.to_frame().shape[0] >= 1 and len(result) >= 1, type(result)
    assert all(hasattr(result, "plot") for result in results[:5])


def test_names_of_the_package() -> None:
    for name in ("fit", "load", "Model", "presets", "Schema", "Column"):
        assert name in vaekit.__all__ and getattr(vaekit, name) is not None
    tree = {"VaekitError", "UserError", "SchemaError", "SpecError", "DataError", "ModeUnavailable", "ArtifactError"}
    assert tree <= set(vaekit.__all__) and issubclass(vaekit.UserError, ValueError)
    assert "default" in vaekit.presets.PRESETS and {"vae", "ae", "beta-vae"} <= set(vaekit.presets.PRESETS)
