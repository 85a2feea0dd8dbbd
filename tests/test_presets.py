from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import vaekit
from vaekit.codec import Field, Layout
from vaekit.errors import SpecError
from vaekit.presets import PARTS, PRESETS, complete, merge

BRIEF = {"epochs": 1, "prior_epochs": 1, "batch": 64}
NEEDED: dict[str, dict[str, Any]] = {"given": {"given": ["x1"]}}


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].needs != "label"])
def test_every_preset_fits_and_scores(numbers: Any, name: str) -> None:
    named = NEEDED.get(PRESETS[name].needs, {})
    model = vaekit.fit(numbers.fitted_on[:120], name, train=BRIEF, **named)
    assert model.card["preset"] == name and model.card["spec"]["train"]["batch"] == 64
    assert np.isfinite(model.score(numbers.rows[:3], alpha=0.2).total).all()


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].needs])
def test_a_preset_says_what_of_the_data_it_needs(numbers: Any, name: str) -> None:
    with pytest.raises(SpecError, match=f"preset '{re.escape(name)}'.*{PRESETS[name].needs}=") as refusal:
        vaekit.fit(numbers.fitted_on[:50], name)
    assert f"{PRESETS[name].needs}=" in str(refusal.value.hint)


def test_what_an_objective_tells_of_its_terms_is_in_the_history(numbers: Any) -> None:
    model = vaekit.fit(numbers.fitted_on[:120], "beta-tc-vae", train={**BRIEF, "epochs": 2})
    names = {"mutual_information", "total_correlation", "dimension_wise_kl"}
    for epoch in model.fitted.history:
        assert sum(epoch[name] for name in names) == pytest.approx(sum(epoch["kl"]), abs=0.3)


def test_a_denoising_autoencoder_mends_better_than_a_plain_one() -> None:
    noise = np.random.default_rng(0)
    clean = noise.normal(size=(600, 2)) @ noise.normal(size=(2, 8))
    spoilt = clean[:200] + 1.0 * noise.normal(size=(200, 8)) * clean.std(0)
    error = {}
    for name, options in (("ae", {}), ("dae", {"noise": 1.0})):
        train = {"epochs": 60, "batch": 64, "rate": 5e-3, **options}
        model = vaekit.fit(clean[200:], name, latent=8, net={"hidden": [64]}, train=train)
        error[name] = float(np.square((np.asarray(model.reconstruct(spoilt)) - clean[:200]) / clean.std(0)).mean())
    assert error["dae"] < 0.8 * error["ae"], error


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].needs == "label"])
def test_presets_that_are_told_a_label(mixed: Any, name: str) -> None:
    rows = mixed.fitted_on[:120]
    model = vaekit.fit(rows, name, label="city", train=BRIEF)
    assert np.isfinite(model.score(rows[:3], alpha=0.2).total).all()
    assert model.classify(rows[:3]).probability.shape == (3, 5)
    assert (model.sample(4, given={"city": "Rome"})["city"] == "Rome").all()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_told_in_a_line_with_its_reference(name: str) -> None:
    preset = PRESETS[name]
    assert preset.line and "\n" not in preset.line and any(year.isdigit() for year in preset.reference.split())
    assert set(preset.parts) <= set(PARTS)


def test_what_the_user_chose_overrides_the_preset() -> None:
    merged = merge("beta-vae", {"objective": {"beta": 8}, "latent": 3})
    assert merged["objective"] == {**PRESETS["beta-vae"].parts["objective"], "beta": 8} and merged["latent"] == 3
    assert merge("vae", {"net": {"kind": "residual", "width": 8}})["net"] == {"kind": "residual", "width": 8}
    assert merge("vae", {"prior": "flow_matching"})["prior"] == "flow_matching"
    assert PRESETS["beta-vae"].parts["objective"]["beta"] != 8, "the preset itself stays"


@pytest.mark.parametrize(
    ("preset", "parts", "message", "hint"),
    [
        ("beta_vae", {}, "preset: given 'beta_vae'", "beta-vae"),
        ("nonsense", {}, "expected one of default", None),
        (None, {"priors": "normal"}, "unknown part 'priors'", "prior"),
        (None, {"epochs": 3}, "unknown part 'epochs'", "train"),
        (None, {"prior": "normall"}, "'normall'", "normal"),
        (None, {"objective": {"betta": 1}}, "'betta'", "beta"),
        (None, {"train": {"epoch": 1}}, "'epoch'", "epochs"),
        (None, {"train": {"epochs": 0}}, "epochs", None),
        (None, {"train": {"rate": -1.0}}, "rate", None),
        (None, {"net": {"kind": "mpl"}}, "'mpl'", "mlp"),
        (
            None,
            {"posterior": "labelled"},
            "needs a label column of names beside the rows, given label=None",
            "label='column'",
        ),
        (None, {"prior": "labelled_layer"}, "needs a label column of names", "label='column'"),
        (None, {"objective": "semi_supervised"}, "no part of this model is told a label", "posterior='labelled'"),
        (None, {"posterior": "categorical", "prior": "normal"}, "it is a law of numbers", "prior='categorical'"),
        (None, {"prior": "bernoulli"}, "posterior Gaussian has other latents", "normal"),
        (None, {"latent": 0}, "latent: given 0", "latent=32"),
        (None, {"latent": 2.5}, "latent: given 2.5", "latent=32"),
        (None, {"likelihood": {"columns": {"x9": "gaussian"}}}, "'x9'", "x0"),
        (None, {"likelihood": {"columns": {"x0": "bernoulli"}}}, "'x0'", None),
    ],
)
def test_mistakes_are_told_with_what_was_meant(
    numbers: Any, preset: str | None, parts: dict[str, Any], message: str, hint: str | None
) -> None:
    with pytest.raises(SpecError) as refusal:
        vaekit.fit(numbers.fitted_on[:50], preset, **parts)
    assert message in refusal.value.message
    assert hint is None or hint in str(refusal.value.hint)


def test_a_complete_spec_names_every_choice(numbers: Any) -> None:
    spec = complete({}, None, numbers.model.fitted.layout, 500, gaps=False)
    assert set(spec) == {*PARTS, "preset", "flags", "gaps", "label"}
    assert all(value is not None or name == "patience" for name, value in spec["train"].items())
    assert [part["kind"] for part in spec["likelihood"]] == ["gaussian", "gaussian"]
    again = complete(
        {name: spec[name] for name in ("net", "posterior", "prior", "objective", "latent", "train")},
        None, numbers.model.fitted.layout, 500, gaps=False,
    )  # fmt: skip
    assert again == spec, "a spec completed is a spec that can be given"


def test_nets_of_small_tables_are_narrow_unless_somebody_chose(numbers: Any) -> None:
    layout = numbers.model.fitted.layout
    for rows, width in ((500, 128), (3_999, 128), (4_000, 256)):
        spec = complete({}, None, layout, rows, gaps=False)
        assert spec["net"]["width"] == spec["prior"]["width"] == width
    chosen = complete({"prior": {"kind": "flow_matching", "width": 32}}, None, layout, 500, gaps=False)
    assert chosen["prior"]["width"] == 32 and chosen["prior"]["steps"] == 4
    assert complete({}, "two-stage", layout, 500, gaps=False)["prior"]["width"] == 384


def test_an_encoder_that_never_sees_the_label_needs_no_flags_for_its_gaps(numbers: Any) -> None:
    layout = numbers.model.fitted.layout
    for preset, alone, flags in (("m2", True, False), ("m2", False, True), ("vae", True, True)):
        assert complete({}, preset, layout, 500, gaps=True, label="y", label_alone=alone)["flags"] == flags


def test_the_tutorials_words_are_understood() -> None:
    train = complete(
        {"train": {"epochs": 20, "batch": 256, "rate": 1e-3, "patience": None}}, None, Layout(()), 9_999, gaps=False
    )
    assert {k: train["train"][k] for k in ("epochs", "batch", "rate", "patience")} == {
        "epochs": 20, "batch": 256, "rate": 1e-3, "patience": None,
    }  # fmt: skip


@pytest.mark.parametrize(("shape", "start"), [((), "torch"), ((8, 8), "he")])
def test_fully_connected_nets_of_images_begin_wider(shape: Any, start: str) -> None:
    layout = Layout((), shape=shape, channels=(Field("image", "pixel"),) if shape else ())
    assert complete({}, "vae", layout, 500, gaps=False)["net"]["start"] == start
    chosen = {"net": {"kind": "mlp", "start": "torch"}}
    assert complete(chosen, "vae", layout, 500, gaps=False)["net"]["start"] == "torch"
