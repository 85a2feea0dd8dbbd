"""What evaluate asks of a model of images: the parts of `judge`, with pictures instead of columns of numbers.

Pixels are cells in [0, 1]; errors are means over pixels. Columns beside the images are judged as those of tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from vaekit.modes import features, judge
from vaekit.modes.ask import Asked, ask
from vaekit.modes.calibrate import centred, p_values, raw_scores
from vaekit.modes.features import small
from vaekit.modes.impute import best, draw
from vaekit.modes.judge import Subject, averages, by_column, cells_of, first, through, uniformity, values_of
from vaekit.modes.labels import Labels, labels_of
from vaekit.modes.log_prob import bounds
from vaekit.modes.neighbours import K, knn_accuracy, overlap
from vaekit.modes.privacy import picture_privacy
from vaekit.modes.quality import quality, two_sample
from vaekit.modes.sample import drawn
from vaekit.modes.ways import way
from vaekit.sources import Table

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

COARSE = 14  # pixels a side, at which pictures are compared with their nearest ones
LEARNED = 0.5  # share of the images that the classifier learns from; the others are compared with samples
READ = 1_000  # images drawn to see whether they show what they were given
SHOWN = 10
DRAWS = 3
STRANGEST = 5


def pictures(subject: Subject, cells: Tensor) -> Tensor:
    """Pixels (B, C, H, W) of cells (B, K) or more."""
    layout = subject.fitted.layout
    grid = cells[:, : layout.grid].unflatten(1, (*layout.shape, len(layout.channels)))
    return grid.movedim(-1, 1).float().clamp(0, 1)


def shown(subject: Subject, cells: Tensor, observed: Tensor | None = None) -> NDArray[Any]:
    """What figures draw: (B, H, W), or (B, H, W, C) with colours, not-a-number where a pixel is missing."""
    images = pictures(subject, cells).movedim(1, -1).numpy().astype(float)
    if observed is not None:
        images[~pictures(subject, observed).movedim(1, -1).bool().numpy()] = np.nan
    return images[..., 0] if images.shape[-1] == 1 else images


def reconstruction(subject: Subject) -> dict[str, Any]:
    """Each image through the mean of its latents, beside the mean image; and the columns beside it."""
    asked, cells = subject.asked, through(subject.fitted, subject.asked)
    some = first(asked, SHOWN)
    subject.pictures["images"] = shown(subject, some.cells, some.observed)
    subject.pictures["reconstructed"] = shown(subject, cells[:SHOWN])
    return _errors(subject, asked, cells, torch.ones_like(asked.observed[:, : cells.shape[1]]))


def imputation(subject: Subject) -> dict[str, Any]:
    """In-painting: the lower half of each image is filled in from the upper one; each column beside it from the image."""
    fitted, asked = subject.fitted, first(subject.asked, judge.IMPUTED_ROWS)
    layout, (H, W) = fitted.layout, fitted.layout.shape
    lower = torch.zeros(H, W, len(layout.channels), dtype=torch.bool)
    lower[H - H // 2 :] = True
    known = asked.observed.clone()
    known[:, : layout.grid] &= ~lower.flatten()
    cells = best(fitted, asked, known, subject.seed)
    hidden = torch.zeros_like(cells, dtype=torch.bool)
    hidden[:, : layout.grid] = lower.flatten()
    if layout.plain:
        beside = asked.observed.clone()
        beside[:, layout.grid : layout.K] = False
        cells[:, layout.grid :] = best(fitted, asked, beside, subject.seed)[:, layout.grid :]
        hidden[:, layout.grid :] = True
    _show_inpainting(subject, asked, known, cells, lower.any(-1).numpy())
    told = {"hidden": "the lower half of every image", "hidden_share": float(lower.float().mean()),
            "hidden_cells": int((hidden & asked.observed[:, : layout.K]).sum())}  # fmt: skip
    return {**told, **_errors(subject, asked, cells, hidden)}


def _show_inpainting(subject: Subject, asked: Asked, known: Tensor, cells: Tensor, hidden: Flags) -> None:
    few = first(asked, 6)
    seen = few.observed[:, : cells.shape[1]] & known[:6, : cells.shape[1]]
    ways = [cells[:6]]
    if subject.fitted.has_density:
        ways += [draw(subject.fitted, few, known[:6], subject.seed, d) for d in range(DRAWS)]
    filled = [shown(subject, torch.where(seen, few.cells[:, : cells.shape[1]], each)) for each in ways]
    subject.pictures["inpainting"] = {
        "images": shown(subject, few.cells, few.observed), "missing": hidden, "filled": filled[0], "draws": filled[1:]
    }  # fmt: skip


def _errors(subject: Subject, asked: Asked, guess: Tensor, counted: Tensor) -> dict[str, Any]:
    """Errors over the cells (B, K) that count and are observed, as `by_column` tells them; the image is one column."""
    layout = subject.fitted.layout
    image, beside = slice(0, layout.grid), slice(layout.grid, layout.K)
    seen = asked.observed
    at = (counted[:, image].bool() & seen[:, image]).numpy()
    columns = {layout.channels[0].name.split(".")[0]: pixel_errors(
        asked.cells[:, image].double().numpy(), guess[:, image].double().numpy(), seen[:, image].numpy(), at)}  # fmt: skip
    truth = values_of(layout.plain, cells_of(asked)[:, beside])
    said = values_of(layout.plain, guess[:, beside].double().numpy())
    asked_for = counted[:, beside].bool().numpy() & ~np.isnan(truth)
    columns |= by_column(layout.plain, said, asked_for, truth)["columns"]
    return {"columns": columns, **averages(columns)}


def pixel_errors(truth: Floats, guess: Floats, seen: Flags, asked: Flags) -> dict[str, Any]:
    """How far pixels (B, n) are from the truth where asked for, beside the mean image of all that was seen.

    squared_error is per pixel, black 0 and white 1; error is its root over that of the mean image: 0 is perfect, 1 no better.

    >>> truth, every = np.array([[0.0, 1.0], [1.0, 1.0]]), np.ones((2, 2), bool)
    >>> found = pixel_errors(truth, truth, every, every)
    >>> found["error"], found["squared_error_mean_image"]
    (0.0, 0.125)
    """
    mean = np.where(seen, truth, 0).sum(0) / np.maximum(seen.sum(0), 1)
    ours, simple = (float(np.square(each - truth)[asked].mean()) if asked.any() else 0.0 for each in (guess, mean))
    spread = max(simple, 1e-12)
    return {
        "kind": "image",
        "error": float(np.sqrt(ours / spread)),
        "mean_filling": 1.0,
        "squared_error": ours,
        "squared_error_mean_image": simple,
    }


def bound(subject: Subject) -> dict[str, Any]:
    """The bounds of `judge.bound` in nats per image, and bits per dimension where every pixel has a probability."""
    fitted, asked = subject.fitted, judge.bound_rows(subject)
    why = why_no_bits(subject)
    bits = None
    if why is None:
        observed = asked.observed.clone()
        observed[:, fitted.layout.grid : fitted.layout.K] = False  # the image alone
        nats = bounds(fitted, asked.cells, observed, judge.SAMPLES, subject.seed)
        bits = float(-nats.sum() / observed[:, : fitted.layout.grid].sum() / np.log(2))
    note = {} if why is None else {"no_bits_because": why}
    return {**judge.bound(subject), "bits_per_dimension": bits, **note}


def why_no_bits(subject: Subject) -> str | None:
    """Why the bound is no length in bits, None where it is."""
    fitted, some = subject.fitted, first(subject.asked, 100)
    n = fitted.layout.grid
    masses = fitted.vae.likelihood.masses(some.cells[:, : fitted.vae.K])[:, :n]
    cells = some.cells[:, :n]
    if not masses.all():
        return "pixels have densities here, no probabilities; likelihood='discretised_logistic' has some"
    if fitted.spec["likelihood"][0]["kind"] == "bernoulli" and not ((cells == 0) | (cells == 1)).all():
        return (
            "grey levels are probabilities of a Bernoulli law: the bound is the expected log-probability of a random "
            "black-and-white image, and no probability of the grey one"
        )
    return None


def calibration(subject: Subject) -> dict[str, Any]:
    """P-values as in `judge.calibration`; the strangest images are kept for a picture."""
    fitted, by = subject.fitted, way(subject.fitted, "default")
    asked = first(subject.asked, max(judge.SCORED, judge.SCORED_CELLS // fitted.vae.K))
    scored = centred(fitted, by, raw_scores(fitted, by, asked.cells, asked.observed), asked.observed)
    total = scored.total.numpy()
    top = np.argsort(-total, kind="stable")[:STRANGEST]
    odd = judge.take(asked, top)
    subject.pictures["strange"] = {
        "images": shown(subject, odd.cells, odd.observed),
        "cells": scored.cells[top, : fitted.layout.grid].unflatten(1, (*fitted.layout.shape, -1)).sum(-1).numpy(),
        "expected": shown(subject, through(fitted, odd)),
        "total": total[top],
        "numbers": subject.rows[top].tolist(),
    }
    subject.pictures["p_value"] = p = np.sort(p_values(fitted, by, scored.total))
    return uniformity(fitted, by, p)


def samples(subject: Subject) -> dict[str, Any]:
    """How much sampled images look like real ones, to a small classifier that was trained for this; see `features`."""
    found, real = labels_of(subject), pictures(subject, subject.asked.cells) * pictures(subject, subject.asked.observed)
    made = pictures(subject, subject.drawn.cells)
    count = min(round(LEARNED * len(real)), len(real) - 1)
    codes = None if found is None else found.codes
    at = np.arange(len(real)) if codes is None else np.flatnonzero(codes >= 0)
    learn, rest = at[at < count], at[at >= count]
    subject.pictures["sampled"] = shown(subject, subject.drawn.cells[:40])
    subject.pictures["real_images"] = shown(subject, subject.asked.cells[:40], subject.asked.observed[:40])
    metrics = {"rows": len(made), **_beside(subject)}
    if len(learn) < judge.LEAST or len(rest) < judge.LEAST:
        return {**metrics, "two_sample_auc": None}
    eye = features.trained(
        real[learn], None if codes is None else codes[learn], (real[rest], None if codes is None else codes[rest]),
        features.TURNS if found is None else found.name, subject.seed,
    )  # fmt: skip
    new, old = eye.features(made[: len(real) - count]), eye.features(real[count:])
    return {
        **metrics,
        "classifier": {"task": eye.task, "classes": eye.classes, "images": len(learn), "accuracy": eye.accuracy},
        "two_sample_auc": two_sample(old, new, np.zeros(new.shape[1], dtype=bool), subject.seed),
        **overlap(old, new),
        **({} if found is None or not found.known else {"agreement": agreement(subject, found, eye)}),
    }


def agreement(subject: Subject, found: Labels, eye: features.Eye) -> dict[str, Any]:
    """The share of images drawn for a value that the classifier reads as this value, over all and by value."""
    rows = np.flatnonzero(found.codes >= 0)[:READ]
    given = [column.name for column in subject.fitted.schema.given]
    names = [*given, *(name for name in (found.name,) if name not in given)]
    conditions = subject.asked.arrow.select(names).take(pa.array(rows))
    new = drawn(subject.fitted, None, conditions, subject.seed)
    images = ask(subject.fitted, Table(new.rows, "arrow")).cells
    right = eye.read(pictures(subject, images)) == found.codes[rows]
    by_value = {
        value: float(right[found.codes[rows] == code].mean())
        for code, value in enumerate(found.values)
        if (found.codes[rows] == code).any()
    }
    order = np.argsort(found.codes[rows], kind="stable")
    pick = order[np.linspace(0, len(order) - 1, min(len(order), 40)).astype(int)]
    subject.pictures["given"] = {
        "images": shown(subject, images[pick]), "values": [found.values[code] for code in found.codes[rows][pick]]
    }  # fmt: skip
    return {"column": found.name, "rows": len(rows), "share": float(right.mean()), "by_value": by_value}


def _beside(subject: Subject) -> dict[str, Any]:
    """The quality of the columns beside the images, as of a table."""
    layout = subject.fitted.layout
    if not layout.plain:
        return {}
    at = slice(layout.grid, layout.K)
    real, drawn = (values_of(layout.plain, cells_of(each)[:, at]) for each in (subject.asked, subject.drawn))
    names = [field.name for field in layout.plain]
    return quality(real, drawn, np.array([field.levels > 0 for field in layout.plain]), names)


def neighbours(subject: Subject) -> dict[str, Any] | None:
    """Whether images of one class have like latents: the accuracy of the nearest neighbours, beside those in pixels.

    The encoder is not shown the class, also where the model knows it.
    """
    found = labels_of(subject)
    if found is None:
        return None
    fitted, asked = subject.fitted, subject.asked
    at = np.flatnonzero(found.codes >= 0)
    context = asked.observed.clone()
    if found.known:
        context[:, fitted.codec.spans[found.name]] = False
    mean = torch.cat([
        fitted.vae.posterior_of(asked.cells[part], context[part]).mean
        for part in torch.arange(len(asked)).split(fitted.at_once)
    ])  # fmt: skip
    pixels = (asked.cells * asked.observed)[:, : fitted.layout.grid]
    return {
        "column": found.name,
        "k": K,
        "rows": len(at),
        "latents": knn_accuracy(mean.double().numpy()[at], found.codes[at]),
        "pixels": knn_accuracy(pixels.double().numpy()[at], found.codes[at]),
        "most_frequent": float(np.bincount(found.codes[at]).max() / len(at)),
    }


def nearest_records(subject: Subject) -> dict[str, Any]:
    """Nearest-record distances of sampled images; None where there are too few images to split."""
    if len(subject.asked) < judge.FEW:
        return {"reference_rows": 0}
    n = subject.fitted.layout.grid
    real, drawn = (cells_of(each)[:, :n] for each in (subject.asked, subject.drawn))
    near = tuple(
        small(pictures(subject, each.cells) * pictures(subject, each.observed), COARSE).flatten(1).double().numpy()
        for each in (subject.asked, subject.drawn)
    )
    return picture_privacy(real, drawn, (near[0], near[1]), subject.seed)
