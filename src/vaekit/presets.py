"""A paper's name -> parts; and every part's size from the data where nobody chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from vaekit import spec as specs
from vaekit.codec.layout import Layout
from vaekit.errors import SpecError
from vaekit.likelihoods import choose
from vaekit.likelihoods.mix import suiting_channels
from vaekit.nets import NETS
from vaekit.objectives import OBJECTIVES, Elbo
from vaekit.pace import adamw, pace
from vaekit.posteriors import POSTERIORS
from vaekit.priors import PRIORS

SOME = 4_000  # rows of a table from which on its nets are wide
ENOUGH = 300  # rows from which on it can be told which of the model's own are unlike them
PARTS = ("net", "posterior", "prior", "likelihood", "objective", "latent", "train")


@dataclass(frozen=True)
class Preset:
    """A named model: one line on what it is, where it comes from, the parts that make it, and an argument of fit it needs."""

    line: str
    reference: str
    parts: Mapping[str, Any]
    needs: str = ""


GROWN = {"beta": 1.0, "warm_up": 0.2}  # a rate that weighs all from the first step silences latents for good: note 0010
PLAIN: dict[str, Any] = {"objective": GROWN, "train": {"hide": 0.0}}
WIDE = {"kind": "mlp", "hidden": [500, 500]}
ALL_EPOCHS = {"hide": 0.0, "patience": None}  # the bound of rows held out says little of how well classes are told

PRESETS: dict[str, Preset] = {
    "default": Preset(
        "mask-aware VAE with a prior learned on its latents: one fit for every mode",
        "Ivanov et al. 2019 (arXiv 1806.02382); Dai and Wipf 2019 (arXiv 1903.05789); Lipman et al. 2023 (arXiv 2210.02747)",
        {},
    ),
    "vae": Preset(
        "the variational autoencoder of the tutorials",
        "Kingma and Welling 2014 (arXiv 1312.6114)",
        {"net": "mlp", "prior": "normal", "objective": GROWN, "train": {"hide": 0.0}},
    ),
    "ae": Preset(
        "a plain autoencoder: reconstruction alone, no density",
        "Hinton and Salakhutdinov 2006 (doi 10.1126/science.1127647)",
        {"net": "mlp", "posterior": "point", "prior": "normal", "train": {"hide": 0.0}},
    ),
    "dae": Preset(
        "a plain autoencoder that mends what noise and holes have spoilt: the answer is the clean row",
        "Vincent et al. 2010 (JMLR 11, 3371-3408)",
        {"net": "mlp", "posterior": "point", "prior": "normal", "train": {"hide": 0.5, "noise": 0.3}},
    ),
    "beta-vae": Preset(
        "a VAE whose rate weighs more, for latents that mean something one by one",
        "Higgins et al. 2017 (ICLR, Sy2fzU9gl)",
        {"net": "mlp", "prior": "normal", "objective": {"beta": 4.0, "warm_up": 0.2}, "train": {"hide": 0.0}},
    ),
    "annealed-beta-vae": Preset(
        "a VAE whose rate grows to a capacity that you choose: objective={'capacity': nats}",
        "Burgess et al. 2018 (arXiv 1804.03599)",
        {"net": "mlp", "prior": "normal", "objective": {"capacity": 25.0, "warm_up": 0.5}, "train": {"hide": 0.0}},
    ),
    "beta-tc-vae": Preset(
        "a VAE that pays more for latents that depend on one another, and for nothing else",
        "Chen et al. 2018 (arXiv 1802.04942)",
        {"net": "mlp", "prior": "normal", "objective": "total_correlation", "train": {"hide": 0.0}},
    ),
    "info-vae": Preset(
        "a VAE whose rows may say more, while the latents of all rows together are held to the prior",
        "Zhao et al. 2019 (arXiv 1706.02262)",
        {"net": "mlp", "prior": "normal", "objective": "info", "train": {"hide": 0.0}},
    ),
    "iwae": Preset(
        "a VAE trained on a tighter bound: several latents a row, weighted by how well each explains it",
        "Burda et al. 2016 (arXiv 1509.00519); Tucker et al. 2019 (arXiv 1810.04152)",
        {"net": "mlp", "prior": "normal", "objective": {"kind": "importance", "samples": 5}, "train": {"hide": 0.0}},
    ),
    "miwae": Preset(
        "the importance-weighted bound on the observed cells of rows with gaps",
        "Mattei and Frellsen 2019 (arXiv 1812.02633)",
        {"prior": "normal", "objective": {"kind": "importance", "samples": 20}, "train": {"hide": 0.0}},
    ),
    "cvae": Preset(
        "a VAE conditioned on columns: given=['digit'] reaches encoder and decoder, and is not modelled",
        "Sohn et al. 2015 (NeurIPS); Kingma et al. 2014 (arXiv 1406.5298)",
        {"net": "mlp", "prior": "conditional", "objective": GROWN, "train": {"hide": 0.0}},
        needs="given",
    ),
    "hi-vae": Preset(
        "mixed columns and gaps: every kind its own likelihood, a mixture of normal laws as prior",
        "Nazábal et al. 2020 (arXiv 1807.03653)",
        {"prior": "mixture", "objective": {"beta": 1.0, "warm_up": 0.1}, "train": {"hide": 0.0}},
    ),
    "discrete": Preset(
        "latents that are classes: Gumbel-softmax with hard draws, its temperature falling over the training",
        "Jang et al. 2017 (arXiv 1611.01144); Maddison et al. 2017 (arXiv 1611.00712)",
        {"net": "mlp", "posterior": "categorical", "objective": GROWN, "train": {"hide": 0.0}},
    ),
    "binary": Preset(
        "latents that are bits: binary concrete with hard draws, its temperature falling over the training",
        "Maddison et al. 2017 (arXiv 1611.00712)",
        {"net": "mlp", "posterior": "binary", "objective": GROWN, "train": {"hide": 0.0}},
    ),
    "joint": Preset(
        "normal latents and one class side by side",
        "Dupont 2018 (arXiv 1804.00104)",
        {"net": "mlp", "posterior": "product", "objective": GROWN, "train": {"hide": 0.0}},
    ),
    "m2": Preset(
        "a class that few rows tell, beside normal latents: semi-supervised",
        "Kingma et al. 2014 (arXiv 1406.5298), M2",
        {
            "net": WIDE,
            "posterior": "labelled",
            "objective": "semi_supervised",
            "train": ALL_EPOCHS,
        },
        needs="label",
    ),
    "m1+m2": Preset(
        "a VAE, and above its latents a second one with a class that few rows tell",
        "Kingma et al. 2014 (arXiv 1406.5298), M1+M2",
        {"net": WIDE, "prior": {"kind": "labelled_layer", "depth": 2}, "objective": GROWN, "train": ALL_EPOCHS},
        needs="label",
    ),
    "vaeac": Preset(
        "cells hidden at random, so that any cells can be the condition; q(z|cells) in the place of the paper's second encoder",
        "Ivanov et al. 2019 (arXiv 1806.02382)",
        {"prior": "normal", "objective": {"beta": 1.0, "warm_up": 0.1}, "train": {"hide": 0.8}},
    ),
    "vamp": Preset(
        "a prior that is a mixture of the model's own posteriors, at inputs that are learned",
        "Tomczak and Welling 2018 (arXiv 1705.07120)",
        {"net": "mlp", "prior": "vamp", **PLAIN},
    ),
    "gm-vae": Preset(
        "a prior of several groups, learned with the model",
        "Dilokthanakul et al. 2016 (arXiv 1611.02648)",
        {"net": "mlp", "prior": "mixture", **PLAIN},
    ),
    "vade": Preset(
        "groups of rows: a plain VAE first, then a mixture that begins at the groups of its latents",
        "Jiang et al. 2017 (arXiv 1611.05148)",
        {
            "net": "mlp",
            "prior": {"kind": "mixture", "groups": "neighbours", "covariance": "full"},
            "objective": {"beta": 1.0},
            "train": {"hide": 0.0, "pretrain": 10},
        },
    ),
    "iaf": Preset(
        "a posterior of any shape: an inverse autoregressive flow",
        "Kingma et al. 2016 (arXiv 1606.04934)",
        {"net": "mlp", "posterior": "flow", "prior": "normal", **PLAIN},
    ),
    "ladder": Preset(
        "two layers of latents: the upper one tells the lower one where to lie, in prior and posterior alike",
        "Sønderby et al. 2016 (arXiv 1602.02282)",
        {"net": "mlp", "posterior": "ladder", "objective": GROWN, "train": {"hide": 0.0}},
    ),
    "flow-prior": Preset(
        "a prior of any shape: a normalising flow, learned with the model",
        "Chen et al. 2017 (arXiv 1611.02731); Durkan et al. 2019 (arXiv 1906.04032)",
        {"net": "mlp", "prior": "flow", **PLAIN},
    ),
    "two-stage": Preset(
        "the tutorials' VAE, and a second model of where the latents of its rows lie",
        "Dai and Wipf 2019 (arXiv 1903.05789); Lipman et al. 2023 (arXiv 2210.02747)",
        {
            "net": "mlp",
            "prior": {"kind": "flow_matching", "width": 384, "steps": 8},
            "objective": GROWN,
            "train": {"hide": 0.0, "ratio_epochs": 0},
        },
    ),
    "robust": Preset(
        "for rows among which are strange ones, when nobody knows which: the strangest of each batch do not count",
        "Rousseeuw 1984 (doi 10.1080/01621459.1984.10477105); Shen and Sanghavi 2019 (arXiv 1810.11874)",
        {"prior": "normal", "objective": "robust"},
    ),
}


# What nobody chose, by the dimensions of the grid: tables have none, windows one, images two.
# Tables begin with a small rate, which the learned prior makes up for.
USUAL: dict[int, dict[str, Any]] = {
    0: {
        "net": "residual",
        "objective": {"kind": "elbo", "beta": 0.35, "warm_up": 0.1},
        "prior": {"steps": 4},  # what is left to do, the correction of new rows does
        "train": {},
    },
    1: {
        "net": {"kind": "conv", "straight": True},
        "objective": {"kind": "elbo", "beta": 1.0},
        "train": {"hide": 0.5},
        "likelihood": suiting_channels,
    },
    2: {"net": "conv", "objective": {"kind": "elbo", "beta": 1.0, "warm_up": 0.1}, "train": {"hide": 0.3}},
}


def complete(
    parts: Mapping[str, Any], preset: str | None, layout: Layout, rows: int, *, gaps: bool, label: str | None = None,
    label_alone: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The complete spec that a model is assembled from and saved with.

    Args:
        parts: what the user chose, which overrides the preset.
        preset: a key of `PRESETS`; the default when None.
        layout: the cells of a row: of a table, an image or a window.
        rows: training rows.
        gaps: whether any training cell is missing.
        label: the name of the partly observed class column.
        label_alone: whether all missing cells are the label's, which the encoder of a model that is told it does not see.

    Raises:
        SpecError: for an unknown preset, part, kind or option, and for a value of the wrong type or out of range.
    """
    usual = USUAL[len(layout.shape)]
    chosen = merge(preset, parts)
    _suits(preset, {"given": layout.given, "label": label})
    train = specs.normalise("train", {**usual["train"], **_options(chosen.get("train"))}, {"adamw": adamw})
    del train["kind"], train["memory"]  # which says where rows lie, not what is made of them
    net = specs.normalise("net", _net(chosen.get("net"), usual["net"]), NETS)
    width = 256 if rows >= SOME or layout.K > 64 else 128
    if net["kind"] == "residual" and "width" not in _options(chosen.get("net")):
        net["width"] = width
    if net["kind"] == "mlp" and len(layout.shape) == 2 and "start" not in _options(chosen.get("net")):
        net["start"] = "he"
    posterior = specs.normalise("posterior", chosen.get("posterior"), POSTERIORS)
    prior = getattr(POSTERIORS[posterior["kind"]], "prior", "flow_matching")  # the usual one of its kind of latents
    sizes = {} if layout.shape else {"width": width, **usual["prior"]}
    prior = specs.normalise("prior", _prior(chosen.get("prior", prior), sizes), PRIORS)
    told = any(
        getattr(kinds[part["kind"]], "labelled", False) for kinds, part in ((POSTERIORS, posterior), (PRIORS, prior))
    )
    objective = specs.normalise("objective", chosen.get("objective", usual["objective"]), OBJECTIVES)
    corrects = not layout.shape and _corrects(train["ratio_epochs"], prior["kind"], rows)
    paced = pace(train, rows, layout, objective.get("cycles", 1))
    return {
        "preset": preset or "default",
        "net": net,
        "posterior": posterior,
        "prior": prior,
        "likelihood": choose(layout.columns, chosen.get("likelihood"), usual=usual.get("likelihood"), rows=rows),
        "objective": objective,
        "latent": _latent(chosen.get("latent"), layout),
        "train": {**paced, "ratio_epochs": paced["ratio_epochs"] if corrects else 0},
        "flags": (gaps and not (told and label_alone)) or bool(layout.given) or train["hide"] > 0,
        "gaps": None,
        "label": label,
    }


def _corrects(epochs: int | None, prior: str, rows: int) -> bool:
    """Whether a table's new rows are corrected: where it was asked for, else where a prior learns from enough rows."""
    return getattr(PRIORS[prior], "learns", False) and rows >= ENOUGH if epochs is None else epochs > 0


def _suits(preset: str | None, given: Mapping[str, Any]) -> None:
    """A preset that is about some part of the data needs that part."""
    needs = PRESETS[preset or "default"].needs
    if needs and not given[needs]:
        like = {"given": "['column']", "label": "'column'"}[needs]
        raise SpecError(
            f"preset {preset!r}: it is about a column that {needs}= names, and none is named", hint=f"{needs}={like}"
        )


def merge(preset: str | None, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The preset's parts with the user's on top; options of the same part and kind are merged.

    >>> merge("beta-vae", {"objective": {"beta": 8}})["objective"]
    {'beta': 8, 'warm_up': 0.2}
    """
    if preset is not None and preset not in PRESETS:
        raise SpecError(
            f"preset: given {preset!r}, expected one of {', '.join(PRESETS)}", hint=specs.meant(preset, PRESETS)
        )
    for name in parts:
        if name not in PARTS:
            raise SpecError(f"unknown part {name!r}, expected one of {', '.join(PARTS)}", hint=_where(name))
    merged: dict[str, Any] = dict(PRESETS[preset or "default"].parts)
    for name, part in parts.items():
        before = merged.get(name)
        same = isinstance(part, Mapping) and part.get("kind", _kind(before)) == _kind(before)
        merged[name] = {**_options(before), **part} if same and before is not None else part
    return merged


def _where(name: str) -> str:
    """Where an option goes that was given as a part."""
    for part, kind in (("train", adamw), ("objective", Elbo)):
        if name in signature(kind).parameters:
            return f"{part}={{{name!r}: ...}}"
    return specs.meant(name, PARTS) or "options go inside their part: train={'epochs': 20}, objective={'beta': 4}"


def _latent(latent: Any, layout: Layout) -> int:
    if latent is None:
        count = len(layout.columns)
        if layout.shape:
            return 32 if len(layout.shape) == 2 else int(np.clip(8 + count, 16, 32))
        return int(np.clip(count, 4, 32)) if count <= 16 else int(np.clip(8 + count // 2, 16, 32))
    if isinstance(latent, bool) or not isinstance(latent, int) or latent < 1:
        raise SpecError(f"latent: given {latent!r}, expected a whole number of latents from 1 on", hint="latent=32")
    return latent


def _prior(chosen: Any, usual: Mapping[str, Any]) -> Any:
    """Options of the prior that learns on latents, where nobody chose others."""
    return {**usual, "kind": "flow_matching", **_options(chosen)} if _kind(chosen) == "flow_matching" else chosen


def _net(chosen: Any, usual: Any) -> Any:
    """Options without a kind are options of the usual net."""
    if chosen is None:
        return usual
    return {**_options(usual), **chosen} if isinstance(chosen, Mapping) and "kind" not in chosen else chosen


def _kind(part: Any) -> Any:
    return part.get("kind") if isinstance(part, Mapping) else part


def _options(part: Any) -> dict[str, Any]:
    if part is None:
        return {}
    return dict(part) if isinstance(part, Mapping) else {"kind": part}
