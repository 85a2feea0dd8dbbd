"""The sections on models of images: pictures first, then the numbers."""

from __future__ import annotations

from vaekit import figures
from vaekit.modes.evaluate import Report
from vaekit.report import common
from vaekit.report.common import Section
from vaekit.report.page import details, figure, section, table, text

SAMPLES = 32


def reconstruction(report: Report) -> Section:
    """What survives the bottleneck."""
    shown, columns = report.pictures, report.metrics["reconstruction"]["columns"]
    image = next(each for each in columns.values() if each["kind"] == "image")
    return section(
        "What the latents remember",
        text(
            f"Each image is pressed through {report.about['latents']} numbers, its **latents**, and unfolded again. The "
            f"squared error is **{image['squared_error']:.4f}** a pixel, where black is 0 and white is 1; showing the mean "
            f"image every time gives {image['squared_error_mean_image']:.4f}."
        ),
        figure(figures.pairs(shown["images"], shown["reconstructed"]),
               "Images, and what is left of them after their latents.",
               "Every reconstruction looks like the same blurred picture: the latents are idle. Fine strokes are lost: more "
               "latents, or more epochs, would keep them."),
        _beside(columns),
    )  # fmt: skip


def _beside(columns: dict[str, dict[str, object]]) -> str:
    rows = [(name, each["kind"], each.get("error"), each.get("accuracy"), each.get("most_frequent"))
            for name, each in columns.items() if each["kind"] != "image"]  # fmt: skip
    heads = ["column", "kind", "error", "right", "most frequent name"]
    return details("Columns beside the images", table(heads, rows)) if rows else ""


def samples(report: Report) -> Section | None:
    """Drawn images beside real ones."""
    metrics, shown = report.metrics.get("samples"), report.pictures
    if metrics is None:
        return None
    blocks = [
        text(f"{metrics['rows']:,} new images were drawn."),
        figure(figures.grid(shown["sampled"][:SAMPLES]), "**Sampled** images, the first ones that were drawn."),
        figure(figures.grid(shown["real_images"][:SAMPLES]), "**Real** images, chosen at random.",
               "Samples that no eye would take for real, or many that are alike while real ones differ."),
    ]  # fmt: skip
    if "classifier" in metrics:
        blocks += _to_the_eye(metrics)
    if "agreement" in metrics:
        blocks += _given(report)
    return section("Sampled images", *blocks)


def _to_the_eye(metrics: dict[str, object]) -> list[str]:
    """What the small classifier makes of samples."""
    eye: dict[str, object] = metrics["classifier"]  # type: ignore[assignment]
    rows = [
        (
            "coverage",
            metrics["coverage"],
            metrics["coverage_expected"],
            "real images that have a sampled one near them",
        ),
        ("density", metrics["density"], 1.0, "sampled images are where real ones are; below 1: some are where none is"),
        ("two-sample AUC", metrics["two_sample_auc"], 0.5, "how well sampled and real ones are told apart; 1: always"),
    ]
    return [
        text(
            "Numbers need an eye that knows what matters in such pictures. A small classifier was trained for this, on "
            f"{eye['images']:,} of the real images, to tell **{eye['task']}**; on others it is right in "
            f"{eye['accuracy']:.1%} of the cases. The other real images and the sampled ones are compared by what its last "
            "layer sees (coverage and density: Naeem et al. 2020)."
        ),
        table(["", "here", "where samples are like new images", "what it says"], rows),
        text(
            "Worry where the coverage is far below what it should be: kinds of images are never drawn. A high density with a "
            "low coverage: the model draws the typical ones alone. A classifier that is hardly ever right is a poor eye, "
            "and so are these numbers then."
        ),
    ]


def _given(report: Report) -> list[str]:
    """Images drawn for a value: do they show it?"""
    told, accuracy = report.metrics["samples"]["agreement"], report.metrics["samples"]["classifier"]["accuracy"]
    shown, name = report.pictures["given"], told["column"]
    rows = [(value, f"{share:.0%}") for value, share in told["by_value"].items()]
    return [
        figure(figures.grid(shown["images"], titles=shown["values"]),
               f"Images drawn with `{name}` **given**; its value stands above each.",
               "Images that do not show what stands above them."),
        text(
            f"The classifier reads **{told['share']:.1%}** of {told['rows']:,} such images as the value that was given (of "
            f"real images {accuracy:.1%})."
        ),
        details(f"Every {name}", table([name, "read as this"], rows)),
    ]  # fmt: skip


def imputation(report: Report) -> Section:
    """In-painting."""
    metrics, shown = report.metrics["imputation"], report.pictures["inpainting"]
    image = next(each for each in metrics["columns"].values() if each["kind"] == "image")
    gain = 1 - image["squared_error"] / max(image["squared_error_mean_image"], 1e-12)
    return section(
        "Filling in what is hidden",
        text(
            f"The model sees the upper half of each image and fills in the lower one. The squared error there is "
            f"**{image['squared_error']:.4f}** a pixel, and {image['squared_error_mean_image']:.4f} for the mean image: "
            f"{gain:.0%} of the error is gone. The best filling is a mean over what may be there, and is blurred where much "
            "may be; a random completion picks one possibility."
        ),
        figure(figures.inpainting(shown["images"], shown["missing"], shown["filled"], shown["draws"] or None),
               "Images, what the model was given of them, its best filling, and completions drawn at random.",
               "Fillings that do not continue the strokes at the border, or completions that are all the same although the "
               "upper half leaves the lower one open."),
        _beside(metrics["columns"]),
    )  # fmt: skip


def latents(report: Report) -> Section:
    """What the latents do, in pictures."""
    shown, walks = report.pictures["map"], report.pictures["walks"]
    near = report.metrics.get("neighbours")
    blocks = [
        figure(figures.picture_map(**shown),
               "The images where their latents put them, seen from the side that shows most. Like should lie beside like."),
        figure(figures.traversals(walks["images"], walks["latents"], walks["where"]),
               "One image, and what becomes of it when a single latent goes from −3 to +3 standard deviations; the latents "
               "that tell most stand first.",
               "Rows in which nothing changes, apart from idle latents."),
    ]  # fmt: skip
    if near is not None:
        blocks.append(text(
            f"Of {near['rows']:,} images, the {near['k']} nearest others in the latents tell `{near['column']}` rightly in "
            f"**{near['latents']:.1%}** of the cases, and those nearest in pixels in {near['pixels']:.1%}; always saying the "
            f"most frequent one gives {near['most_frequent']:.1%}. The encoder was not shown `{near['column']}`. Where the "
            "model is given this column, its latents need not hold it, and a low number is no fault."
        ))  # fmt: skip
    return common.latents(report, *blocks)


def strange(report: Report) -> Section:
    """The strangest images of these."""
    shown = report.pictures["strange"]
    return section(
        "The strangest images",
        figure(figures.strange(**shown),
               "The strangest of the images that were scored, what the model makes of them, and the pixels that add most to "
               "their scores.",
               "Ordinary images stand here: the model is too coarse to know what is ordinary."),
    )  # fmt: skip


def bound(report: Report) -> Section | None:
    """The bound, with bits per dimension where they mean something."""
    metrics = report.metrics.get("bound")
    if metrics is None:
        return None
    if metrics["bits_per_dimension"] is not None:
        return common.bound(report, text(
            f"That is **{metrics['bits_per_dimension']:.3f} bits** a pixel and colour: what a perfect coder with this model "
            "would need to store these images."
        ))  # fmt: skip
    return common.bound(report, text(f"Bits per dimension are left out: {metrics['no_bits_because']}."))
