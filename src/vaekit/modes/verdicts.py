"""What the measures mean: for each thing that goes wrong with such models, whether it does here, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

State = Literal["fine", "look", "worry", "unknown"]
Metrics = Mapping[str, Any]

MOVED, FAR = 0.1, 0.25  # distances between distributions that are small, and large
OFF = 0.05  # of an interval's coverage
TOLD = (0.75, 0.9)  # areas under the curve from which samples are told from rows, and told with ease
APART = (0.5, 1.0)  # gaps between training and held-out rows, in standard deviations of held-out rows
NEARER = (0.6, 0.75)  # P(a sample is nearer to training rows than a real row is)


class Verdict(NamedTuple):
    """about: what it is about; state: fine, look, worry or unknown; says: why, in a sentence."""

    about: str
    state: State
    says: str


def verdicts(metrics: Metrics) -> list[Verdict]:
    """One verdict for each of collapse, overfitting, memorisation, intervals, drift, samples, in this order.

    >>> [(each.about, each.state) for each in verdicts({"latents": {"active_units": 0, "count": 4}})]
    [('collapse', 'worry')]
    """
    return [Verdict(about, *found) for about, check in CHECKS.items() if (found := check(metrics)) is not None]


def _of(metrics: Metrics) -> str:
    return str(metrics.get("of", "rows"))


def _graded(value: float, limits: tuple[float, float]) -> State:
    """Fine up to the first limit, a worry past the second."""
    return "worry" if value > limits[1] else "look" if value > limits[0] else "fine"


def _off(share: float, cells: int) -> bool:
    """Whether intervals hold another share of so many cells than the nine in ten they say, by more than chance."""
    return abs(share - 0.9) > OFF + 2 * (0.09 / max(cells, 1)) ** 0.5


def collapse(metrics: Metrics) -> tuple[State, str] | None:
    """Latents that say nothing."""
    use = metrics["latents"]
    active, count = use["active_units"], use["count"]
    if active == 0:
        return "worry", (
            "No latent is in use: the model has learned the columns one by one, and nothing of what connects them. Lower "
            "objective.beta, add warm_up, or train for longer."
        )
    if active == 1 < count:
        return "look", f"One of {count} latents is in use. That may be all there is to know; a smaller beta would tell."
    idle = count - active
    return "fine", f"{active} of {count} latents are in use." + (f" {idle} idle ones do no harm." if idle else "")


def overfitting(metrics: Metrics) -> tuple[State, str] | None:
    """Rows that trained are explained better than others."""
    found = metrics.get("generalisation")
    if found is None:
        return None
    gap, spread = found["gap"], found["spread"]
    if gap is None or not spread:
        return _from_history(found, _of(metrics))
    state = _graded(gap / spread, APART)
    words = {
        "fine": "Rows that trained and rows that did not are explained about equally well",
        "look": "Rows that trained are explained somewhat better than rows that did not",
        "worry": "Rows that trained are explained far better than rows that did not: the model knows them by heart. Fit more "
        "rows, a smaller net, or fewer epochs",
    }
    return state, f"{words[state]} (a gap of {gap:.2f} nats; held-out rows vary by {spread:.2f})."


def _from_history(found: Mapping[str, Any], of: str) -> tuple[State, str]:
    """The losses of the best epoch, where the file keeps no training rows."""
    if found["held_out_loss"] is None or found["loss"] is None:
        return "unknown", f"No {of} were held out (validation=0), so that nothing tells."
    gap, fell = found["held_out_loss"] - found["loss"], max(found["fell"], 1e-9)
    state = _graded(gap / fell, APART)
    words = {
        "fine": f"The loss of {of} that did not train is not far above that of those that did",
        "look": f"The loss of {of} that did not train is above that of those that did",
        "worry": f"The loss of {of} that did not train is far above that of those that did: fit more of them, or a smaller net",
    }
    return state, f"{words[state]} ({found['held_out_loss']:.2f} and {found['loss']:.2f})."


def memorisation(metrics: Metrics) -> tuple[State, str] | None:
    """Samples that are training rows."""
    found = metrics.get("memory")
    if found is None:
        return None
    if not found["kept_rows"]:
        return "unknown", "The file keeps no training rows to hold samples against (store_rows=False)."
    near, copies, trained = found["nearer_than_real"], found["copies"], found["trained"]
    state = _graded(near, NEARER)
    words = (
        f"Samples are nearer to training rows than other rows are in {near:.0%} of the comparisons, where 50% is chance"
    )
    copied = f", and {copies:.1%} equal one in every column" if copies else ""
    of = " (the rows at hand trained themselves, and are compared with the others)" if trained > 0.5 else ""
    return state, f"{words}{copied}{of}." + (" Do not hand these samples out." if state == "worry" else "")


def intervals(metrics: Metrics) -> tuple[State, str] | None:
    """Columns whose intervals hold fewer, or more, hidden cells than they say."""
    found = metrics.get("imputation", {})
    if found.get("coverage") is None:
        return None
    cells = found["cells_by_column"]
    off = [name for name, share in found["coverage_by_column"].items() if _off(share, cells[name])]
    low = [name for name in off if found["coverage_by_column"][name] < 0.9]
    every = f"{found['coverage']:.0%} of hidden numbers lie in their 90% intervals"
    if not off:
        if _off(found["coverage"], sum(cells.values())):
            wide = "wider than need be" if found["coverage"] > 0.9 else "narrower than they say"
            return "look", f"{every}: they are {wide}."
        return "fine", f"{every}, and about as many in each column."
    named = ", ".join(f"{name} ({found['coverage_by_column'][name]:.0%})" for name in off[:5])
    more = f" and {len(off) - 5} more" if len(off) > 5 else ""
    kind = (
        "narrower than they say" if len(low) == len(off) else "too narrow or too wide" if low else "wider than need be"
    )
    return "look", f"Intervals are {kind} for {named}{more}, where 90% was asked for."


def drift(metrics: Metrics) -> tuple[State, str] | None:
    """Rows that are no longer like those that trained."""
    found, of = metrics.get("drift"), _of(metrics)
    if found is None:
        return None
    moved = {name: each["distance"] for name, each in found["columns"].items()
             if each["distance"] > max(MOVED, each["by_chance"])}  # fmt: skip
    flagged = ((metrics.get("calibration") or {}).get("flagged_share") or {}).get("0.01")
    state: State = "worry" if max(moved.values(), default=0.0) > FAR or (flagged or 0) > 0.1 else (
        "look" if moved or (flagged or 0) > 0.03 else "fine")  # fmt: skip
    first = sorted(moved, key=lambda name: -moved[name])
    named = ", ".join(f"{name} ({moved[name]:.2f})" for name in first[:4])
    parts = [
        f"Moved since training: {named}{f' and {len(first) - 4} more' if len(first) > 4 else ''}" if moved else "",
        f"{flagged:.1%} of the {of} are flagged at 0.01, where 1% is usual" if flagged is not None else "",
    ]
    words = "; ".join(part for part in parts if part)
    start = (
        f"These {of} "
        + {
            "fine": "are like those that trained",
            "look": "differ from those that trained",
            "worry": "are not like those that trained: answers about them go beyond what was learned",
        }[state]
    )
    return state, f"{start}. {words}." if words else f"{start}."


def samples(metrics: Metrics) -> tuple[State, str] | None:
    """Samples that are easily told from rows."""
    auc = (metrics.get("samples") or {}).get("two_sample_auc")
    if auc is None:
        return None
    state = _graded(auc, TOLD)
    moved = (drift(metrics) or ("fine", ""))[0] == "worry"
    words = {
        "fine": "hard to tell from real ones",
        "look": "told from real ones more often than not",
        "worry": "easily told from real ones",
    }[state]
    why = " But the real ones here have drifted." if moved else " Train for longer, and see which columns are off."
    auc_words = f"(an area under the curve of {auc:.2f}, where 0.5 is chance)"
    return state, f"Sampled {metrics['of']} are {words} {auc_words}.{why if state == 'worry' else ''}"


CHECKS: Mapping[str, Callable[[Metrics], tuple[State, str] | None]] = {
    "collapse": collapse,
    "overfitting": overfitting,
    "memorisation": memorisation,
    "intervals": intervals,
    "drift": drift,
    "samples": samples,
}


def worst_first(found: list[Verdict]) -> Iterator[Verdict]:
    """What to look into comes first."""
    order: list[State] = ["worry", "look", "fine", "unknown"]
    yield from sorted(found, key=lambda each: order.index(each.state))
