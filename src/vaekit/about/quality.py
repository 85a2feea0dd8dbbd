"""How well a fit went, as far as the fit itself can tell: on rows that did not train."""

from __future__ import annotations

import math
from typing import Any

from vaekit.artifact import Fitted

ACTIVE = 0.01  # nats: below, a latent carries nothing (Burda, Grosse, Salakhutdinov 2016 count active units likewise)
ENOUGH = 99  # held-out rows, below which no p-value is 0.01 or less
TURNED = 0.05  # of the way that the held-out loss fell: a rise by more is the model learning rows by heart


def quality(fitted: Fitted) -> dict[str, Any]:
    """Losses, latents in use, calibration; and `worries`, a sentence for each thing that a reader should look into.

    Losses are in nats a row as the objective weighs them (negative bounds where beta is 1); only their course means something.
    """
    epochs = [row for row in fitted.history if row["stage"] == "model"]
    held_out = [value if math.isfinite(value := row.get("validation", math.nan)) else None for row in epochs]
    best = _best(fitted, held_out)
    rates = fitted.arrays["latents.rate"].tolist() if fitted.has_density else None
    found: dict[str, Any] = {
        "judged_on": fitted.about["held_out_rows"],
        "epochs": len(epochs),
        "best_epoch": best,
        "loss": _rounded(epochs[best].get("loss")) if best is not None else None,
        "held_out_loss": _rounded(held_out[best]) if best is not None else None,
        "latents": fitted.vae.latents,
        "active_latents": None if rates is None else sum(rate > ACTIVE for rate in rates),
        "kl_nats": None if rates is None else round(sum(rates), 4),
        "calibration_rows": (rows := _calibration_rows(fitted)),
        "least_p_value": round(1 / (rows + 1), 6) if rows else None,
        "intervals_corrected": "coverage" in fitted.arrays,
    }
    return {**found, "worries": list(_worries(fitted, found, held_out))}


def _best(fitted: Fitted, held_out: list[float | None]) -> int | None:
    """The epoch whose weights were kept: that of the least held-out loss, without patience the last."""
    known = [epoch for epoch, value in enumerate(held_out) if value is not None]
    if not held_out or not known or fitted.spec["train"]["patience"] is None:
        return len(held_out) - 1 if held_out else None
    return min(known, key=lambda epoch: held_out[epoch] or 0.0)


def _worries(fitted: Fitted, found: dict[str, Any], held_out: list[float | None]) -> Any:
    """Sentences: no latent in use, a training cut short or turned, too few rows to say how strange a row is."""
    if found["active_latents"] == 0:
        yield "No latent is in use: the model learned the columns one by one. Lower objective.beta, or train for longer."
    if cut := [f"{stage}: {how}" for stage, how in fitted.about["ended"].items()
               if how in ("time limit", "interrupted", "stopped", "cut short", "not a number")]:  # fmt: skip
        yield f"Training ended before its time ({', '.join(cut)}): a longer one may do better."
    if _turned(held_out, found["best_epoch"]):
        yield (
            "The held-out loss rose again while the model trained on: it began to learn rows by heart; more rows, a smaller "
            "net or patience may help."
        )
    if 0 < found["calibration_rows"] < ENOUGH:
        yield (
            f"{found['calibration_rows']} held-out rows give no p-value below {found['least_p_value']}, so that alpha=0.01 "
            "flags nothing."
        )


def _turned(held_out: list[float | None], kept: int | None) -> bool:
    """Whether the weights that were kept come from after the least held-out loss, by which it has risen.

    >>> _turned([5.0, 3.0, 2.0, 2.5], 3), _turned([5.0, 3.0, 2.0, 2.5], 2)
    (True, False)
    """
    known = [value for value in held_out if value is not None]
    if kept is None or len(known) < 3 or held_out[kept] is None:
        return False
    return (held_out[kept] or 0.0) - min(known) > TURNED * (known[0] - min(known))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _calibration_rows(fitted: Fitted) -> int:
    return max((len(array) for name, array in fitted.arrays.items() if name.startswith("calibration.")), default=0)
