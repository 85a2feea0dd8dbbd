"""The steps of a fit: plan (split, codec, spec), run (assemble, train, learn the prior, calibrate), and what is told of it."""

from __future__ import annotations

import platform
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

import vaekit
from vaekit import codec as codecs
from vaekit import peers, rng
from vaekit import spec as specs
from vaekit.artifact import Fitted
from vaekit.checkpoint import Run
from vaekit.codec import Codec, Layout
from vaekit.errors import DataError, SpecError, UserError, VaekitWarning, warn
from vaekit.goals import BoundGoal, PriorGoal, Rows, unfold
from vaekit.likelihoods import frequent
from vaekit.lots import Lots
from vaekit.modes import balance, coverage, discover, ratio, trust
from vaekit.modes.ask import tensors
from vaekit.modes.calibrate import calibrate
from vaekit.modes.latent_use import rates
from vaekit.objectives import OBJECTIVES, elbo
from vaekit.pace import settings
from vaekit.precision import has_fast_half
from vaekit.presets import complete
from vaekit.principal import begin
from vaekit.schema import Schema
from vaekit.sources import Table, holdout
from vaekit.train import Step, train
from vaekit.vae import VAE, assemble

KEPT_CONDITIONS = 1_000  # rows of given columns that unconditional samples draw their conditions from
STOPPED = ("interrupted", "stopped")  # how a run ends after which no stage begins
MANY, WIDE = 128, 256  # rows in a step and cells in a row from which on half precision pays: every step rounds weights
HELD_OUT = 20_000  # more held-out rows sharpen neither the choice of the epoch nor a p-value


@dataclass(frozen=True)
class Plan:
    """What a fit starts from: encoded rows, split, and the complete spec; of rows beyond memory a sample, and lots."""

    table: Table
    codec: Codec
    layout: Layout
    spec: dict[str, Any]
    train: Rows
    held_out: Rows | None
    patterns: Tensor
    net: nn.Module | None
    lots: Lots | None = None
    count: int | None = None

    @property
    def rows(self) -> int:
        """How many rows train: more than `train` holds where they do not fit in memory."""
        return len(self.train) if self.count is None else self.count


def plan(
    table: Table, schema: Schema, preset: str | None, parts: Mapping[str, Any], validation: float, seed: int
) -> Plan:
    """Split the rows, fit the codec on those that train, complete the spec.

    Raises:
        DataError, SpecError: when nothing can be modelled or the parts do not fit.
    """
    conformed = schema.conform(table.arrow)
    if not schema.modelled:
        aside = "; ".join(f"{column.name}: {column.reason}" for column in schema.set_aside)
        raise DataError(f"no column to model: {aside}", hint="override a kind with schema={column: kind}")
    codec, train, held_out = _encoded(table, conformed, schema, validation, seed)
    return planned(table, codec, preset, parts, train, held_out)


def planned(
    table: Table, codec: Codec, preset: str | None, parts: Mapping[str, Any], train: Rows, held_out: Rows
) -> Plan:
    """The plan for encoded rows: what of the spec nobody chose follows from them."""
    label = None if codec.schema.label is None else codec.schema.label.name
    layout = codec.layout(None if table.cut is None else table.cut.size)
    observed = train.observed[:, : layout.K]
    gaps = not bool(observed.all())
    net = parts.get("net") if isinstance(parts.get("net"), nn.Module) else None
    unseen = gaps and bool(observed[:, [field.name != label for field in layout.fields]].all())
    spec = complete(parts, preset, layout, len(train), gaps=gaps, label=label, label_alone=unseen)
    patterns = observed[:0]
    if gaps and not layout.shape:
        patterns = frequent(observed)
        spec["gaps"] = len(patterns)
    return Plan(table, codec, layout, spec, train, held_out if len(held_out) else None, patterns, net)


def _encoded(
    table: Table, conformed: pa.Table, schema: Schema, validation: float, seed: int
) -> tuple[Codec, Rows, Rows]:
    """The codec, fitted on what trains, and the encoded rows or windows of both parts."""
    if table.cut is None:
        scarce = holdout.scarce(conformed, getattr(schema.label, "name", None))
        kept, apart = split(table.rows, validation, seed, scarce)
        codec = codecs.fit(conformed.take(pa.array(kept)), schema, every=conformed)
        return codec, _encode(codec, conformed, kept), _encode(codec, conformed, apart)
    holdout.check(validation)
    segments = table.cut.segments(table.arrow)
    table.cut.refuse_short(table.arrow, segments)
    parts = holdout.split(segments, table.cut.size, validation)
    codec = codecs.fit(conformed.take(pa.array(np.concatenate(parts[0]))), schema, every=conformed)
    steps = _encode(codec, conformed, np.arange(table.rows))
    dense = sum(map(len, parts[1])) <= HELD_OUT  # every window of a short held-out stretch: p-values need many
    train, held_out = table.cut.windows(parts[0]), table.cut.windows(parts[1], 1 if dense else None)
    first, second = (unfold(steps, torch.from_numpy(at), codec.modelled) for at in (train, held_out))
    return codec, first, second


def split(
    rows: int, validation: float, seed: int, scarce: np.ndarray[Any, Any] | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Row numbers that train, and row numbers that never do, taken from the scarce rows last.

    >>> kept, apart = split(100, 0.1, 0)
    >>> len(kept), len(apart)
    (90, 10)
    """
    holdout.check(validation)
    order = rng.numpy(seed, "split").permutation(rows)
    order = order if scarce is None else order[np.argsort(scarce[order], kind="stable")]
    apart = min(round(rows * validation), HELD_OUT)
    if apart == rows:
        raise SpecError(f"validation={validation!r} leaves none of {rows:,} rows to train on", hint="0.1")
    return np.sort(order[apart:]), np.sort(order[:apart])


def _encode(codec: Codec, table: pa.Table, rows: np.ndarray[Any, Any]) -> Rows:
    with warnings.catch_warnings():  # a level that only held-out rows have is not the user's concern
        warnings.simplefilter("ignore", VaekitWarning)
        return Rows(*tensors(codec, table.take(pa.array(rows))))


def run(
    plan: Plan, seed: int, device: torch.device, deadline: float | None, resume: str | Path | None,
    on_step: Callable[[Step], Any] | None, *, store: bool = True,
) -> Fitted:  # fmt: skip
    """Assemble, train, learn the prior where it learns, calibrate."""
    if resume is not None and not Path(resume).parent.is_dir():
        raise UserError(f"resume: {str(resume)!r} lies in a folder that does not exist", hint="make the folder first")
    with rng.seeded(seed, "assemble"):
        vae = assemble(plan.spec, plan.layout, net=plan.net)
    rows, aside = _begun(vae, plan, seed)
    runs = _train(vae.to(device), plan, rows.to(device), device, seed, deadline, resume, on_step)
    if runs[0].ended == "time limit" and len(runs[0].history) <= 1:
        warn("fit: the time limit ended the training in its first pass over the rows, so the model has learned little")
    vae.to("cpu").eval()
    fitted = Fitted(plan.codec, plan.spec, vae, _form(plan.table), [], {})
    discover.learn(fitted, plan.train)
    hurry = runs[-1].ended in STOPPED or (deadline is not None and time.monotonic() > deadline)
    if vae.ratio is not None and not hurry:
        path = None if resume is None else Path(f"{resume}.ratio")
        runs.append(ratio.learn(fitted, plan.train, plan.held_out, device, seed, deadline, path, on_step))
    fitted.about = _about(plan, seed, runs, device)
    fitted.history = [row for each in runs for row in each.history]
    _keep(fitted, plan, aside, store)
    return fitted


def _begun(vae: VAE, plan: Plan, seed: int) -> tuple[Rows, Tensor | None]:
    """The rows that train, where the model is told of them first; and the cells of them set aside for the intervals."""
    rows, K = plan.train, plan.layout.K
    if vae.gaps is not None:
        rows = Rows(rows.cells, rows.observed, vae.gaps.start(plan.patterns, rows.observed[:, :K]))
    aside = None
    if not plan.layout.shape and plan.lots is None:
        aside = coverage.set_aside(rows.observed[:, :K], seed)
    if aside is not None:
        kept = rows.observed.clone()
        kept[:, :K] &= ~aside
        rows = Rows(rows.cells, kept, rows.target)
    begin(vae, rows.cells, rows.observed)
    if hasattr(vae.prior, "begin"):
        some = torch.from_numpy(rng.numpy(seed, "pseudo-inputs").permutation(len(rows))[: len(vae.prior.inputs)])
        with rng.seeded(seed, "pseudo-inputs"):
            vae.prior.begin(vae.embed(rows.cells[some], rows.observed[some]))
    return rows, aside


def _train(
    vae: VAE, plan: Plan, rows: Rows, device: torch.device, seed: int, deadline: float | None,
    resume: str | Path | None, on_step: Callable[[Step], Any] | None,
) -> list[Run]:  # fmt: skip
    """Stage one fits the model (once pretrained); stage two a prior that learns, in what is left of a limited time."""
    options, names = plan.spec["train"], plan.layout.names
    held_out = None if plan.held_out is None else plan.held_out.to(device)
    rows, world = peers.own(rows), peers.place()[1]
    every: Rows | Lots = rows if plan.lots is None else plan.lots.after(rows, lambda lot: _ready(vae, lot).to(device))

    def stage(
        name: str, module: nn.Module, goal: Any, rows: Rows | Lots, held_out: Rows | None, epochs: int, until: float | None
    ) -> Run:  # fmt: skip
        larger = name == "prior" and not plan.layout.shape
        pace = settings(options, epochs, larger=larger, workers=world, half=in_half(plan, device))
        path = None if resume is None else Path(f"{resume}{'' if name == 'model' else '.' + name}")
        return train(module, goal, rows, held_out, pace, stage=name, seed=seed, deadline=until, checkpoint=path,
                     on_step=on_step, blame=lambda batch: blame(vae, batch, names))  # fmt: skip

    objective = specs.build("objective", plan.spec["objective"], OBJECTIVES, rows=plan.rows)
    runs, seen = [], {"hide": options["hide"], "noise": options["noise"]}
    if epochs := options["pretrain"]:
        goal, until = BoundGoal(vae, elbo.plain, **seen), part(deadline, epochs / (epochs + options["epochs"]))
        runs.append(stage("pretrain", vae, goal, every, held_out, epochs, until))
        if runs[0].ended in STOPPED:
            return runs
        begin_prior(vae, rows)
    until = part(deadline, 2 / 3) if vae.prior.learns else deadline
    runs.append(
        stage("model", vae, BoundGoal(vae, objective, rows=rows, **seen), every, held_out, options["epochs"], until)
    )
    settle(vae, rows)
    if not vae.prior.learns or runs[-1].ended in STOPPED:
        return runs
    of_prior = PriorGoal(vae.eval())
    with rng.seeded(seed, "contexts"):
        rows, held_out = of_prior.prepare(rows), None if held_out is None else of_prior.prepare(held_out)
    vae.prior.start(*of_prior.latents(rows))
    until = part(deadline, 2 / 3) if vae.ratio is not None else deadline
    return [*runs, stage("prior", vae.prior.train(), of_prior, rows, held_out, options["prior_epochs"], until)]


def in_half(plan: Plan, device: torch.device) -> bool:
    """Whether the network multiplies in half precision: where that was asked for, else where it was found to pay."""
    wanted, batch, net = plan.spec["train"]["half"], plan.spec["train"]["batch"], plan.spec["net"]["kind"]
    large = bool(plan.layout.shape) and batch >= MANY and plan.layout.K >= WIDE
    pays = net == "mlp" and large and device.type == "cpu" and has_fast_half()
    return pays if wanted == "auto" else bool(wanted)


def _ready(vae: VAE, rows: Rows) -> Rows:
    """Encoded rows with what the gaps head learns of them."""
    target = None if vae.gaps is None else vae.gaps.target(rows.observed[:, : vae.K])
    return Rows(rows.cells, rows.observed, target)


def part(deadline: float | None, share: float) -> float | None:
    """The time at which so large a share of what is left until the deadline will be over."""
    return None if deadline is None else deadline - (deadline - time.monotonic()) * (1 - share)


@torch.no_grad()
def begin_prior(vae: VAE, rows: Rows) -> None:
    """A prior that learns with the model and has a place to start from is put where the latents of the rows lie."""
    if vae.prior.learns or not hasattr(vae.prior, "start"):
        return
    at = torch.arange(len(rows), device=rows.cells.device).split(vae.layout.at_once)
    laws = [vae.eval().posterior_of(rows.cells[each], rows.observed[each]) for each in at]
    vae.prior.start(*(torch.cat([getattr(law, name) for law in laws]) for name in ("mean", "stddev")))
    vae.train()


@torch.no_grad()
def settle(vae: VAE, rows: Rows) -> None:
    """Tell the likelihoods that wait for it what the trained model leaves unexplained of each cell."""
    if not any(getattr(part, "scale", None) == "residual" for part in vae.modules()):
        return
    vae.eval()
    total, count = (torch.zeros(vae.K, device=rows.cells.device) for _ in range(2))
    for at in torch.arange(min(len(rows), HELD_OUT), device=rows.cells.device).split(256):
        part = rows[at]
        law = vae.likelihood_of(vae.posterior_of(part.cells, part.observed).mean[None], part.cells, part.observed)
        seen = part.observed[:, : vae.K]
        total += (part.cells[:, : vae.K] - law.mean[0]).square().where(seen, 0.0).sum(0)
        count += seen.sum(0)
    vae.likelihood.settle(total / count.clamp(min=1))


@torch.no_grad()
def blame(vae: VAE, rows: Rows, names: Iterable[str]) -> str:
    """The column whose log-probability is not a number, or that of the largest cell when all columns are at a loss."""
    part = rows[torch.arange(min(len(rows), 4096))]
    cells, observed = part.cells[:, : vae.K], part.observed[:, : vae.K]
    law = vae.draw(part.cells, part.observed).likelihood
    bad = (~law.log_prob(cells)[0].isfinite() & observed).any(0)
    largest = cells.where(observed, 0.0).abs().amax(0).nan_to_num(torch.inf)
    k = int((largest if bad.all() or not bad.any() else bad.float()).argmax())
    return f"column {list(names)[k]!r}"


def _keep(fitted: Fitted, plan: Plan, aside: torch.Tensor | None, store: bool) -> None:
    """What modes need beside the weights: calibration, rates of the latents, conditions to draw from (rows only if `store`)."""
    pair = (plan.train.cells, plan.train.observed)
    apart = None if plan.held_out is None else (plan.held_out.cells, plan.held_out.observed)
    cells, observed = apart if apart is not None else pair
    calibrate(fitted, pair, apart, store=store)
    with torch.no_grad():
        unseen = apart if aside is None else pair
        if unseen is not None and fitted.has_density and not plan.layout.shape:
            coverage.learn(fitted, *unseen, aside)
            trust.learn(fitted, *unseen, aside)
        fitted.arrays["latents.rate"] = rates(fitted, cells[:HELD_OUT], observed[:HELD_OUT]).numpy()
    K = plan.layout.K
    if fitted.vae.ratio is not None and not plan.layout.given:
        fitted.arrays |= balance.learned(fitted.fields, plan.train)
    if plan.layout.given and store:
        pick = rng.numpy(0, "conditions").permutation(len(plan.train))[:KEPT_CONDITIONS]
        fitted.arrays["given.cells"] = plan.train.cells[pick, K:].numpy()
        fitted.arrays["given.observed"] = plan.train.observed[pick, K:].numpy()


def _form(table: Table) -> dict[str, Any]:
    form = {"flavour": table.flavour, "native": table.native}
    return form if table.cut is None else {**form, "cut": table.cut.to_dict()}


def _about(plan: Plan, seed: int, runs: list[Run], device: torch.device) -> dict[str, Any]:
    held_out = 0 if plan.held_out is None else len(plan.held_out)
    return {
        "preset": plan.spec["preset"],
        "rows": plan.table.rows if plan.count is None else plan.count + held_out,
        "train_rows": plan.rows,
        "held_out_rows": held_out,
        "seed": seed,
        "device": device.type,
        "ended": {run.stage: run.ended for run in runs},
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {"vaekit": vaekit.__version__, "torch": torch.__version__, "python": platform.python_version()},
    }


def choose_device(name: str) -> torch.device:
    """The device of that name; "auto" is a graphics card where there is one.

    Raises:
        SpecError: for a device that torch does not know or this machine lacks.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SpecError(f"device={name!r}: {str(error).splitlines()[0]}", hint="device='auto' or 'cpu'") from error
    return device
