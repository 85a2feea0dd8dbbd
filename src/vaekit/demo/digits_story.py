"""The page about digits, for who learned the VAE from a tutorial: the tutorial's pictures, and what else one fit answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vaekit import api, figures
from vaekit.demo.digits import Digits
from vaekit.demo.digits_answers import (
    filled_halves,
    noise_taken_out,
    probable_digits,
    read_by_the_model,
    strange_digits,
)
from vaekit.report import code, facts, figure, section, text

Section = tuple[str, str]

TITLE = "Images: handwritten digits"
LEAD = (
    "The data set of every tutorial. The model got pictures and, beside each, the digit that it shows; that is all. "
    "The tutorial's pictures come first, then what the same fit answers besides."
)
SHOWN, MEASURED = 10, 200  # pictures in a row, and digits that evaluate measures


def the_digits(told: Digits) -> Section:
    """The pictures."""
    known = told.known[:40]
    return section(
        "The digits",
        text(
            f"{len(told.known):,} digits are fitted and {len(told.new):,} others are kept for the questions: no "
            "picture "
            "below that is called new was seen by the model. A picture is a grid of 28 by 28 grey levels; "
            "`columns=` puts any columns beside it."
        ),
        code('digits = vaekit.images(pixels, columns={"digit": labels})     # pixels (B, 28, 28), bytes'),
        figure(figures.grid(np.asarray(known), 20), "The first 40 of the fitted digits."),
    )


def the_fit(told: Digits) -> Section:
    """What is fitted and how it went."""
    about, few = told.model.card, told.new[:20]
    same = np.array_equal(api.load(told.file).score(few).total, told.model.score(few).total)
    return section(
        "One fit to pictures",
        text(
            "As in the tutorial there is an encoder q(z|x), a decoder p(x|z) and the evidence lower bound; a grey "
            "level counts as the probability that the pixel is white. Three things differ. The nets are "
            "convolutional. Pixels are hidden from the encoder at random while it learns, so that any part of a "
            "picture can be asked about given any other. And a second, small network learns where the latents of "
            "real digits lie, for sampling."
        ),
        code('model = vaekit.fit(digits, label="digit")\nmodel.save("digits.vae")'),
        facts(
            (f"{about['seconds']:.0f} s", "for the whole fit"),
            (f"{about['latents']['count']}", "latents"),
            (f"{about['parameters']:,}", "weights"),
            (f"{told.file.stat().st_size / 1e6:.1f} MB", "is the file, with nothing executable in it"),
            ("equal" if same else "NOT equal", "scores before and after save and load"),
        ),
        figure(
            figures.training(told.model.fitted.history),
            "The loss after each pass over the digits: grey on digits that train, blue on digits kept aside.",
            "The blue line rises while the grey one falls: digits are being learned by heart.",
        ),
    )


def seen_again(told: Digits) -> Section:
    """The modes reconstruct, encode and decode."""
    few, latents = told.pixels[:SHOWN], told.latents.mean
    again = np.asarray(told.model.reconstruct(few))
    error, mean = (np.square(_unit(each) - _unit(few)).mean() for each in (again, told.known.array.mean(0)))
    digits = told.new["digit"]
    centres = np.stack([latents[digits == digit].mean(0) for digit in sorted(set(digits.tolist()))])
    return section(
        "Originals and reconstructions",
        text(
            f"Each new digit is pressed through {latents.shape[1]} numbers and comes out again. Its error is "
            f"**{error / mean:.0%}** of what the mean picture of all digits would give. `decode` takes any latents, "
            "such as "
            "the mean of all that belong to one digit."
        ),
        code("model.reconstruct(pixels)\nlatents = model.encode(pixels)     # .mean, .std\nmodel.decode(latents.mean)"),
        figure(figures.pairs(few, again), "New digits above, their reconstructions below."),
        figure(
            figures.strip(np.asarray(told.model.decode(centres))),
            "Decoded: the mean latents of each digit from 0 to 9.",
        ),
    )


def new_digits(told: Digits) -> Section:
    """The mode sample."""
    drawn = told.model.sample(60, seed=1)
    return section(
        "New digits",
        text(
            "Latents are drawn, then decoded. Beside each new picture the model draws its digit, as every column is "
            "drawn."
        ),
        code("model.sample(60)"),
        figure(figures.grid(np.asarray(drawn), 15), "Digits that nobody wrote."),
    )


def digits_given(told: Digits) -> Section:
    """The mode sample with a condition, judged from outside."""
    from sklearn.neighbors import KNeighborsClassifier

    judge = KNeighborsClassifier(3).fit(_flat(told.known), told.known["digit"])
    real = float(judge.score(_flat(told.new), told.new["digit"]))
    wanted = sorted(set(told.known["digit"].tolist()))
    drawn = {digit: told.model.sample(20, given={"digit": digit}, seed=2) for digit in wanted}
    right = float(np.mean([judge.predict(_flat(each)) == digit for digit, each in drawn.items()]))
    return section(
        "A digit given",
        text(
            "Which digit shall be drawn? A conditional VAE has to be told beforehand which column it will be asked "
            "about; here any column, and any part of the picture, can be the condition. Three nearest neighbours "
            f"among the fitted digits, a judge that has no part in the model, read **{right:.0%}** of "
            f"{20 * len(wanted)} drawn digits as the one that "
            f"was asked for. The same judge reads {real:.0%} of real new digits right."
        ),
        code('model.sample(20, given={"digit": 3})'),
        figure(
            figures.rows_of_images({f"digit = {digit}": np.asarray(each) for digit, each in drawn.items()}),
            "A row for each digit that was asked for.",
            "A row in which other digits appear, or ten times the same picture.",
        ),
    )


def the_map(told: Digits) -> Section:
    """The latents as a map."""
    from sklearn.neighbors import KNeighborsClassifier

    latents, digits = told.latents, told.new["digit"]
    known = told.known[:2_000]
    near = KNeighborsClassifier(5).fit(told.model.encode(np.asarray(known)).mean, known["digit"])
    share = float(near.score(told.model.encode(told.pixels).mean, digits))
    return section(
        "A map of digits",
        text(
            "The encoder gives every picture a place. Neighbours look alike: the five nearest of 2,000 fitted "
            f"digits name **{share:.0%}** of the new ones right, from the latents of the pixels alone."
        ),
        code('model.encode(digits).plot("digit")'),
        figure(
            latents.plot("digit"),
            f"New digits where their latents lie; of {latents.mean.shape[1]} directions the page has room for two. "
            "Frames "
            "have the colour of the digit.",
        ),
    )


def walks(told: Digits) -> Section:
    """The modes traverse, interpolate and shift."""
    digits = told.new["digit"].tolist()
    a, b = digits.index(0), digits.index(1)
    along = told.model.traverse(steps=11)
    busiest = int(along.latent[0])
    moves = {move: told.model.shift(told.new[a : a + 1], {busiest: move}) for move in (-2.0, -1.0, 0.0, 1.0, 2.0)}
    moved = np.concatenate([np.asarray(each) for each in moves.values()])
    return section(
        "Walking from picture to picture",
        text("What does a latent draw? Move it, keep the others, and look. Between two pictures all of them move."),
        code("model.traverse()"),
        figure(
            along.plot(),
            "The latents that carry most, from −3 to +3 standard deviations, from the centre of all digits.",
        ),
        code("model.interpolate(a, b)"),
        figure(
            told.model.interpolate(told.new[a : a + 1], told.new[b : b + 1], steps=11).plot(),
            "From a new 0 to a new 1: both ends are the pictures themselves, everything between them is decoded.",
        ),
        code(f"model.shift(picture, {{{busiest}: +2.0}})"),
        figure(figures.strip(moved, list(moves)), f"The same 0 with latent {busiest} moved."),
    )


def how_good(told: Digits) -> Section:
    """The mode evaluate."""
    report = told.model.evaluate(told.new[:MEASURED])
    report.save(told.evaluation)
    return section(
        "How good are the digits",
        text(
            f"`evaluate` measures all of this, here on {min(MEASURED, len(told.new))} of the new digits. Its own page, "
            f"with every figure explained, is [{told.evaluation.name}]."
        ),
        code('report = model.evaluate(new_digits)\nreport.metrics\nreport.save("evaluation.html")'),
        figure(report.plot(), "The measures at a glance."),
    )


def _unit(pixels: Any) -> Any:
    return np.asarray(pixels, dtype=float) / 255


def _flat(digits: Any) -> Any:
    return _unit(digits).reshape(len(digits), -1)


SECTIONS: dict[str, Callable[[Digits], Section]] = {
    "the digits": the_digits,
    "the fit": the_fit,
    "reconstruct, decode": seen_again,
    "sample": new_digits,
    "sample given": digits_given,
    "encode": the_map,
    "traverse, interpolate, shift": walks,
    "impute": filled_halves,
    "denoise": noise_taken_out,
    "score": strange_digits,
    "classify": read_by_the_model,
    "log_prob": probable_digits,
    "evaluate": how_good,
}
