"""The chapters about single pictures: halves filled in, noise taken out, strange ones, which digit it is, how probable."""

from __future__ import annotations

import numpy as np

from vaekit import figures, rng
from vaekit.demo.digits import EACH, SIDE, Digits
from vaekit.report import code, facts, figure, section, table, text

Section = tuple[str, str]

NOISE = 0.15  # share of pixels that are spoiled
FEW = 60  # pictures behind a figure that takes long


def filled_halves(told: Digits) -> Section:
    """The mode impute with an extra mask: in-painting."""
    few, lower = told.pixels[:FEW], np.zeros((SIDE, SIDE), dtype=bool)
    lower[SIDE // 2 :] = True
    filled = np.asarray(told.model.impute(few, missing=lower))
    draws = [np.asarray(each) for each in told.model.impute(few[:6], draws=5, missing=lower)]
    mean = np.asarray(told.known).mean(0)
    error, usual = (np.square(np.asarray(each, dtype=float) - few)[:, lower].mean() for each in (filled, mean))
    return section(
        "The lower half",
        text(
            "What belongs below? Any mask will do. The best filling is the mean of what could be there, so it is "
            "grey where several digits begin alike; draws are single ways to go on, each sharp and each possible. "
            f"The squared error of the best filling is **{1 - error / usual:.0%}** lower than that of the mean picture."
        ),
        code("model.impute(pixels, missing=lower)\nmodel.impute(pixels, draws=5, missing=lower)"),
        figure(
            figures.inpainting(few, lower, filled, draws),
            "New digits, what the model was given of them, the best filling and five draws.",
            "All draws alike where the upper half leaves the digit open.",
        ),
    )


def noise_taken_out(told: Digits) -> Section:
    """The mode denoise."""
    clean = told.pixels[:10]
    noise = rng.numpy(0, "noisy digits").random(clean.shape)
    noisy = np.where(noise < NOISE, 255 * (noise < NOISE / 2), clean).astype(np.uint8)
    right = np.asarray(told.model.denoise(noisy))
    before, after = (np.square(each.astype(float) - clean).mean() for each in (noisy, right))
    kept = float((right == noisy)[noise >= NOISE].mean())
    return section(
        "Noise taken out",
        text(
            f"{NOISE:.0%} of the pixels of new digits were set to black or white at random. `denoise` was not told "
            "which. It "
            "replaces pixels that the others contradict and keeps the rest: the squared error falls to "
            f"**{after / before:.0%}**, and {kept:.0%} of the untouched pixels stay exactly as they were."
        ),
        code("model.denoise(noisy)"),
        figure(figures.rows_of_images({"noisy": noisy, "denoised": right, "original": clean}), "Ten new digits."),
    )


def strange_digits(told: Digits) -> Section:
    """The mode score on digits of which some were made strange."""
    scores, (digits, sorts) = told.scores, told.strange
    ordinary, made = scores.total[: -len(sorts)], scores.total[-len(sorts) :]
    flagged = scores.flagged[-len(sorts) :]
    lines = [
        (
            sort,
            f"{flagged[[s == sort for s in sorts]].sum()} of {EACH}",
            f"{(ordinary[:, None] < made[[s == sort for s in sorts]]).mean():.0%}",
        )
        for sort in dict.fromkeys(sorts)
    ]
    each = [np.flatnonzero(np.array([s == sort for s in sorts])) + len(ordinary) for sort in dict.fromkeys(sorts)]
    rows = np.concatenate([group[np.argsort(-scores.total[group])[:2]] for group in (*each, np.arange(len(ordinary)))])
    expected = np.zeros((len(digits), SIDE, SIDE), dtype=np.uint8)
    expected[rows] = np.asarray(told.model.reconstruct(np.asarray(digits)[rows]))
    shown = np.full(len(digits), -np.inf)
    shown[rows] = scores.total[rows]
    pixels = scores.cells[:, : SIDE * SIDE].reshape(-1, SIDE, SIDE)
    return section(
        "Strange digits, and which pixels make them so",
        text(
            f"Among {len(ordinary):,} ordinary new digits there are {len(sorts)} that were spoiled. At `alpha=0.01` the "
            f"score flags **{flagged.sum()} of {len(sorts)}**, and {scores.flagged[: -len(sorts)].mean():.1%} of the "
            "ordinary ones. A score is a sum over pixels and named parts, so it says where."
        ),
        code(
            "scores = model.score(digits)\nscores.total, scores.p_value, scores.cells     # scores.plot() shows the "
            "pixels"
        ),
        table(["what was done", "flagged", "ordinary digits with a lower score"], lines),
        figure(
            figures.strange(np.asarray(digits), pixels, len(rows), expected, total=shown),
            "The two strangest of each sort and the two strangest ordinary ones; what is left of each when it goes "
            "through the latents; and the pixels that add to its score.",
        ),
    )


def read_by_the_model(told: Digits) -> Section:
    """The mode classify."""
    found, digits = told.model.classify(told.pixels), told.new["digit"]
    right = np.array([int(label) for label in found.label]) == digits
    sure = found.probability.max(1)
    order = [int(row) for row in np.flatnonzero(~right)[np.argsort(-sure[~right])][:12]]
    blocks = [
        figure(
            figures.grid(
                told.pixels[order], titles=[f"{found.label[b]} for {digits[b]}\n{sure[b]:.0%}" for b in order]
            ),
            "Read wrong, the surest first: what the model read for what was meant, and how sure it was.",
        )
    ]
    return section(
        "Which digit is it",
        text(
            "The digit is a column like any other, so it can be filled in. `label=` made the fit care for it, and "
            f"some of its values may be missing there. Of the new digits **{right.mean():.0%}** are read right, "
            "from the pixels alone; of "
            f"the half of which it is surest, {right[sure >= np.median(sure)].mean():.0%}."
        ),
        code("labels = model.classify(pixels)\nlabels.label, labels.probability"),
        *(blocks if order else []),
    )


def probable_digits(told: Digits) -> Section:
    """The mode log_prob."""
    few = told.pixels[:FEW]
    nats = told.model.log_prob(few)
    order = np.argsort(-nats)
    picked = [*order[:6].tolist(), *order[-6:].tolist()]
    return section(
        "How probable is a picture",
        text(
            "The tutorial's bound, made tighter by importance sampling with 64 draws: a lower bound on log p(x), "
            "where grey levels are probabilities of white. Small strokes are more probable than large ones; "
            "strangeness is another question, which the score answers."
        ),
        code("model.log_prob(pixels)     # nats"),
        facts(
            (f"{nats.mean():.1f}", f"nats a digit, mean of {len(few)} new ones"),
            (f"{-nats.mean() / np.log(2) / SIDE**2:.3f}", "bits a pixel"),
        ),
        figure(
            figures.grid(few[picked], titles=[f"{nats[b]:.0f} nats" for b in picked], columns=12),
            f"The six most and the six least probable of {len(few)}.",
        ),
    )
