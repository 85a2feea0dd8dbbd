"""Every question that a fitted model answers: the table that Python, the command line and the service read.

A mode is one file with one function `(fitted, rows, options) -> answer`, and one line here. Reading the table imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from vaekit.errors import ModeUnavailable

if TYPE_CHECKING:
    from vaekit.artifact import Fitted

Takes = Literal["rows", "nothing", "latents", "row", "bytes"]


@dataclass(frozen=True)
class Mode:
    """One question.

    Args:
        target: "module:function", imported when first asked.
        line: what it answers.
        takes: what it is asked about: a table of rows, nothing, a table of latents, single rows, or compressed rows.
        needs: facts about the model (see `FACTS`) without which there is no answer.
    """

    target: str
    line: str
    takes: Takes = "rows"
    needs: tuple[str, ...] = ()


CODER = ("density", "coded latents", "constriction")  # what bits back need
MODES: Mapping[str, Mode] = {
    "score": Mode("vaekit.modes.score:score", "how strange each row is, and which columns make it so"),
    "log_prob": Mode("vaekit.modes.log_prob:log_prob", "a lower bound on log p(row), in nats", needs=("density",)),
    "sample": Mode(
        "vaekit.modes.sample:sample", "new rows like the fitted ones, or given values", "nothing", ("density",)
    ),
    "impute": Mode("vaekit.modes.impute:impute", "the missing cells: best values, draws"),
    "impute_interval": Mode(
        "vaekit.modes.impute:impute_interval", "low and high ends of the missing cells", needs=("density",)
    ),
    "reconstruct": Mode("vaekit.modes.reconstruct:reconstruct", "each row as the model sees it"),
    "denoise": Mode("vaekit.modes.reconstruct:denoise", "each row with cells replaced that disagree with the others"),
    "encode": Mode("vaekit.modes.encode:encode", "latent coordinates of each row"),
    "decode": Mode("vaekit.modes.encode:decode", "rows at given latents", "latents"),
    "traverse": Mode("vaekit.modes.traverse:traverse", "rows along each latent", "row"),
    "interpolate": Mode("vaekit.modes.traverse:interpolate", "rows between two rows", "row"),
    "shift": Mode("vaekit.modes.traverse:shift", "a row with some latents moved", "row"),
    "classify": Mode("vaekit.modes.classify:classify", "the label of each row, with probabilities", needs=("label",)),
    "cluster": Mode(
        "vaekit.modes.cluster:cluster", "which rows belong together, with probabilities", needs=("components",)
    ),
    "compress": Mode("vaekit.modes.compress:compress", "rows as few bytes, without loss", needs=CODER),
    "decompress": Mode("vaekit.modes.compress:decompress", "the rows that were compressed", "bytes", CODER),
    "evaluate": Mode("vaekit.modes.evaluate:evaluate", "how good all of this is"),
}

# told how many of how many rows are done, over and over: a mode may pass through its rows several times
WATCH: ContextVar[Callable[[int, int], None] | None] = ContextVar("WATCH", default=None)

FACTS: Mapping[str, tuple[Callable[[Fitted], bool], str]] = {
    "density": (
        lambda fitted: fitted.has_density,
        "a plain autoencoder has no density of rows; fit a preset with a posterior, such as 'vae' or the default",
    ),
    "coded latents": (
        lambda fitted: fitted.has_coded_latents,
        "bits back need latents that are normal one by one under q(z|row), and so or in a mixture under p(z); fit with "
        "posterior='gaussian' and prior='normal', 'mixture' or 'vamp'",
    ),
    "constriction": (
        lambda _: find_spec("constriction") is not None,
        "the package constriction is not installed; pip install 'vaekit[compress]'",
    ),
    "label": (
        lambda fitted: fitted.schema.label is not None,
        "the model was fitted without a label column; fit with label='column'",
    ),
    "components": (
        lambda fitted: hasattr(fitted.vae.prior, "responsibilities") or "neighbours.latents" in fitted.arrays,
        "the file keeps no latents of training rows to find clusters among; fit anew",
    ),
}


# modes that ask for cells given others
CONTEXTUAL = ("score", "impute", "impute_interval", "denoise", "classify")


def run(name: str, fitted: Fitted, *args: Any, **options: Any) -> Any:
    """Ask one question, without gradients.

    Raises:
        ModeUnavailable: when this model cannot answer it.
    """
    import torch

    require(name, fitted)
    module, function = MODES[name].target.split(":")
    with torch.no_grad():
        return getattr(import_module(module), function)(fitted, *args, **options)


def require(name: str, fitted: Fitted) -> None:
    """Refuse a question that this model cannot answer.

    Raises:
        ModeUnavailable: why not.
    """
    reason = why_not(name, fitted)
    if reason is not None:
        raise ModeUnavailable(f"{name}: not available: {reason}", hint="model.modes() lists what is")


def state(name: str, fitted: Fitted) -> str:
    """Available, with what is missing of an answer that is there."""
    if name == "score" and not any(key.startswith("calibration.") for key in fitted.arrays):
        return "available, without p-values: validation=0 kept no rows to calibrate with"
    told = name == "classify" and fitted.vae.label is not None  # its classifier learned without labels anyway
    if name in CONTEXTUAL and not told and fitted.has_density and not fitted.spec["train"]["hide"]:
        return "available, though no cells were hidden in training (hide=0): answers given some cells only were not learned"
    return "available"


def why_not(name: str, fitted: Fitted) -> str | None:
    """Why a mode is not available, None where it is."""
    return next((FACTS[fact][1] for fact in MODES[name].needs if not FACTS[fact][0](fitted)), None)
