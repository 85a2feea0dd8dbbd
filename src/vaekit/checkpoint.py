"""A training in progress as one safetensors file, replaced whole: weights, best weights, optimiser, epoch, history."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vaekit.adamw import AdamW
from vaekit.errors import ArtifactError
from vaekit.sources.write import whole_file

KEPT = ("epoch", "best", "since", "slow", "recoveries", "history")


@dataclass
class Run:
    """A training in progress: what a checkpoint holds beside the weights."""

    stage: str
    epoch: int = 0
    best: float = math.inf
    since: int = 0
    slow: float = 1.0
    recoveries: int = 0
    ended: str = ""
    history: list[dict[str, Any]] = field(default_factory=list)


def write_checkpoint(path: Path, run: Run, module: nn.Module, optimiser: AdamW, best: dict[str, Tensor]) -> None:
    """Write beside the file, then put it in place, so that a reader finds the old or the new one, never half."""
    tensors = {f"now.{name}": tensor for name, tensor in module.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    for number, state in optimiser.state.items():
        tensors |= {f"optimiser.{number}.{name}": tensor for name, tensor in state.items()}
    about = {"stage": run.stage, **{name: getattr(run, name) for name in KEPT}}
    data = save({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, {"run": json.dumps(about)})
    whole_file(path, lambda stream: stream.writelines([data]))


def read_checkpoint(path: Path, run: Run, module: nn.Module, optimiser: AdamW) -> dict[str, Tensor] | None:
    """Put a checkpoint of this stage back into run, module and optimiser; the best weights, or None for another stage's.

    Raises:
        ArtifactError: when the file is no checkpoint or belongs to a model of other sizes.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["run"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        if about["stage"] != run.stage:
            return None
        module.load_state_dict(_under("now.", tensors))
        _load_optimiser(optimiser, _under("optimiser.", tensors))
        kept = {name: about[name] for name in KEPT}
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise ArtifactError(
            f"{path}: not a checkpoint of this training: {_reason(error)}",
            hint="resume with the same data and options, or delete the file to start anew",
        ) from error
    for name, value in kept.items():
        setattr(run, name, value)
    return _under("best.", tensors)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _load_optimiser(optimiser: AdamW, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    optimiser.load(state)


def _reason(error: Exception) -> str:
    """The last line: torch begins with what it was doing, and goes on with what was wrong."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
