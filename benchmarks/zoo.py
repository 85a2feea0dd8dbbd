"""The models of the literature, each beside what its paper claims: small in minutes, --full in the published setting.

usage: VAEKIT_DATA=... python benchmarks/zoo.py [--middle | --full] [part ... | part:preset ...]

density      static binarised MNIST: the test bound of every preset with a density, nats by importance sampling
beta         dSprites: rate, mutual information gap and DCI of vae, beta-vae, annealed-beta-vae, beta-tc-vae
incomplete   tables with half of their cells missing: the bound of the observed test cells, miwae against the plain bound
             with the same net, and vae
robust       tables with one training row in ten an anomaly: the bound over all rows against that without the strangest
cluster      MNIST: share of test images whose component is their digit, components matched to digits one to one
labels       MNIST with 100 labels: error of m2, with its paper's net and with convolutions, and of m1+m2, beside a support
             vector machine on the same labels
lossless     MNIST, raw and binarised, and Adult: size beside gzip, bz2, PNG, WebP and Parquet; binarised by convolutions, and
             by the fit of density:vamp
conditional  Adult: can a classifier tell new rows, and new rows given values, from real ones?

--middle fits all training images, so few times that each preset takes one core minutes to half an hour.

Every fit is kept when it is done, by part, preset and seed, with the commit that it ran at; a run that was cut off goes on
where it stood, and parts that were measured before stay. Name a preset (density:vae) to run it alone. The result is
benchmarks/results/zoo.json (zoo_middle.json, zoo_full.json) and the page docs/zoo.md, which shows all of them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from _common import RESULTS, adult, commit, data_folder, two_sample_auc, write_result
from _zoo_page import write_page
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.svm import SVC

import vaekit
from vaekit.modes.disentangle import disentanglement

Array = NDArray[Any]
Kept = dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """How large a run is: images to fit, epochs, seeds, images and samples of a bound.

    hidden and net are the net of a bound, step the batch, the rate and the weight decay of its training, apart the share of the
    images that it is judged by; sprites passes over those; groups passes of pretraining and training where clusters are
    sought; labelled the images of which a hundred tell their label, and passes over them; layered passes of M1+M2's upper
    layer, and batch and rate of both its layers; packed passes over images that are compressed, their weight decay, and how
    many test images then.
    """

    name: str
    images: int
    epochs: int
    seeds: int
    test: int
    samples: int
    hidden: tuple[int, ...]
    tables: tuple[str, ...]
    sprites: int
    groups: tuple[int, int]
    labelled: tuple[int, int]
    layered: tuple[int, int, float]
    step: tuple[int, float, float] = (256, 3e-3, 0.2)
    activation: str = "silu"
    apart: float = 0.02
    packed: tuple[int | None, float, int] = (24, 0.1, 10_000)


TABLES = ("banknote", "concrete", "wine_quality")
SMALL = Scale("zoo", 4_000, 60, 1, 500, 200, (300,), TABLES, 30, (40, 60), (10_000, 25), (75, 128, 2e-3),
              (100, 1e-3, 1e-4), "relu", 0.1, (None, 1e-4, 500))  # fmt: skip
MIDDLE = Scale("zoo_middle", 60_000, 200, 1, 1_000, 5_000, (500, 500), TABLES, 20, (24, 30), (60_000, 20),
               (120, 256, 1.5e-3))  # fmt: skip
FULL = Scale("zoo_full", 60_000, 400, 3, 10_000, 5_000, (500, 500), (*TABLES, "yeast"), 100, (50, 300), (60_000, 200),
             (600, 256, 1.5e-3))  # fmt: skip
SCALES = {"--middle": MIDDLE, "--full": FULL}


def images(name: str) -> dict[str, Array]:
    with np.load(data_folder() / "images" / f"{name}.npz", allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def some(rows: Array, count: int) -> Array:
    """A seeded sample: test files are sorted by digit."""
    return rows[np.random.default_rng(0).permutation(len(rows))[:count]]


def timed(data: Any, preset: str, **options: Any) -> tuple[vaekit.Model, float]:
    began = time.process_time()
    model = vaekit.fit(data, preset, progress=False, **options)
    return model, round(time.process_time() - began, 1)


# -- what papers claim ---------------------------------------------------------------------------------------------------


DENSITY = (
    "vae", "iwae", "gm-vae", "vamp", "flow-prior", "iaf", "ladder", "two-stage", "binary", "discrete",
)  # fmt: skip
CONVOLVED = "vamp, convolutions"
CONVOLVED_PASSES = 2  # times those of an image that is compressed


def density(scale: Scale, preset: str, seed: int) -> Kept:
    data = images("mnist_static_binarized")
    if preset == CONVOLVED:
        passes, decay, _ = scale.packed
        plan = {"hide": 0.0, "epochs": passes and CONVOLVED_PASSES * passes, "weight_decay": decay}
        parts: Kept = {"net": "conv", "latent": 40, "validation": scale.apart, "train": plan}
        model, cost = timed(some(_known(data), scale.images), "vamp", seed=seed, **parts)
        return {**_nats(model, data["x_test"], replace(scale, test=scale.test // 4)), "cpu_s": cost}
    model, cost = _perceptron(data, scale, preset, seed)
    return {**_nats(model, data["x_test"], scale), "cpu_s": cost}


def _known(data: Mapping[str, Array]) -> Array:
    """The images that train, in both of their files where they come in two."""
    return np.concatenate([data[part] for part in ("x_train", "x_valid") if part in data])


def _perceptron(data: Mapping[str, Array], scale: Scale, preset: str, seed: int) -> tuple[vaekit.Model, float]:
    known = _known(data)
    net = {"kind": "mlp", "hidden": list(scale.hidden), "activation": scale.activation}
    batch, rate, decay = scale.step
    return timed(
        some(known, scale.images), preset, net=net, latent=40, seed=seed, validation=scale.apart,
        train={"epochs": scale.epochs, "batch": batch, "rate": rate, "weight_decay": decay},
    )  # fmt: skip


COARSE = 50  # samples of every test image


def _nats(model: vaekit.Model, rows: Array, scale: Scale) -> Kept:
    """-log p(x) of all test images: by few samples of each, and what many samples change on some of them.

    What many change differs little from image to image, so that the error is that of a test set of this size.
    """
    every = -model.log_prob(some(rows, len(rows)), samples=COARSE)
    change = -model.log_prob(some(rows, scale.test), samples=scale.samples) - every[: scale.test]
    error = (every.var() / len(every) + change.var() / len(change)) ** 0.5
    return {"nats": float(every.mean() + change.mean()), "standard_error": float(error)}


BETA = ("vae", "beta-vae", "annealed-beta-vae", "beta-tc-vae")


def beta(scale: Scale, preset: str, seed: int) -> Kept:
    data = images("dsprites_grid")
    order = np.random.default_rng(seed).permutation(len(data["imgs"]))[: scale.images]
    pictures, factors = data["imgs"][order], data["latents_classes"][order]
    model, cost = timed(
        pictures, preset, net={"kind": "mlp", "hidden": [400]}, latent=10, seed=seed, likelihood="bernoulli",
        train={"epochs": scale.sprites, "batch": 64, "rate": 1e-3},
    )  # fmt: skip
    told = {str(name): factors[:, i] for i, name in enumerate(("shape", "scale", "orientation", "x", "y"))}
    told = {name: values for name, values in told.items() if len(np.unique(values)) > 1}
    found = disentanglement(model.encode(pictures).mean, told)
    rate = float(sum(model.card["latents"]["kl_nats"]))
    return {"rate": rate, "mig": found["mig"]["mean"], "dci": found["dci"], "cpu_s": cost}


SAME_NET = "bound, net of miwae"


def incomplete(scale: Scale, preset: str, seed: int) -> Kept:
    found: Kept = {"cpu_s": 0.0}
    for name in scale.tables:
        table = pd.read_parquet(data_folder() / "imputation" / f"{name}.parquet").select_dtypes("number").astype(float)
        order = np.random.default_rng(seed).permutation(len(table))
        table = table.mask(np.random.default_rng(seed).random(table.shape) < 0.5).iloc[order]
        cut = len(table) // 5
        parts: Kept = {"objective": "elbo"} if preset == SAME_NET else {}
        rows = table.iloc[cut:].reset_index(drop=True)
        model, cost = timed(rows, "miwae" if parts else preset, seed=seed, likelihood="gaussian", **parts)
        nats = model.log_prob(table.iloc[:cut].reset_index(drop=True), samples=scale.samples)
        found[name], found["cpu_s"] = float(nats.mean()), found["cpu_s"] + cost
    return found


POLLUTED = ("wilt", "vowels", "pageblocks", "satimage-2", "pendigits")


def robust(scale: Scale, preset: str, seed: int) -> Kept:
    found: Kept = {"cpu_s": 0.0}
    for name in POLLUTED:
        table = pd.read_parquet(data_folder() / "anomaly" / f"{name}.parquet")
        label = table.pop("label").to_numpy()
        noise = np.random.default_rng(seed)
        normal, strange = noise.permutation(np.flatnonzero(label == 0)), np.flatnonzero(label == 1)
        count = min(
            4_000, len(normal), 9 * len(strange)
        )  # no row twice: copies of a strange row are a group of their own
        rows = np.concatenate([normal[:count], noise.choice(strange, count // 9, replace=False)])
        rows = noise.permutation(rows)
        parts: Kept = {"objective": {"kind": "elbo", "beta": 0.35, "warm_up": 0.1}} if preset == "bound" else {}
        model, cost = timed(table.iloc[rows].reset_index(drop=True), "robust", seed=seed, **parts)
        scores = model.score(table.iloc[rows].reset_index(drop=True), by="likelihood", reasons=0).total
        found[name] = {
            "auroc": float(roc_auc_score(label[rows], scores)),
            "average_precision": float(average_precision_score(label[rows], scores)),
        }
        found["cpu_s"] += cost
    tables = [value for value in found.values() if isinstance(value, dict)]
    return found | {key: float(np.mean([table[key] for table in tables])) for key in ("auroc", "average_precision")}


def cluster(scale: Scale, preset: str, seed: int) -> Kept:
    data, (pretrain, epochs) = images("mnist"), scale.groups
    first = {"pretrain": pretrain} if preset == "vade" else {}
    model, cost = timed(
        data["x_train"][: scale.images], preset, seed=seed, latent=10, likelihood="bernoulli",
        net={"kind": "mlp", "hidden": [500, 500, 2000]}, train={"batch": 128, "epochs": epochs, **first},
    )  # fmt: skip
    given = {} if preset == "vade" else {"clusters": 10}
    found = np.asarray(model.cluster(data["x_test"], **given).cluster)
    table = np.zeros((max(found) + 1, 10))
    np.add.at(table, (found, data["y_test"]), 1)
    pairs = linear_sum_assignment(-table)
    return {"accuracy": float(table[pairs].sum() / len(found)), "cpu_s": cost}


CONVOLUTIONS = "m2, convolutions"


def labels(scale: Scale, preset: str, seed: int) -> Kept:
    data, (count, passes) = images("mnist"), scale.labelled
    digits, rows = data["y_train"][:count], data["x_train"][:count]
    noise = np.random.default_rng(seed)
    known = np.concatenate([noise.permutation(np.flatnonzero(digits == d))[:10] for d in range(10)])
    if preset == "support vectors":
        model = SVC(C=10).fit(rows[known].reshape(100, -1) / 255, digits[known])
        guess = model.predict(data["x_test"].reshape(len(data["x_test"]), -1) / 255)
        return {"error": float(np.mean(guess != data["y_test"])), "cpu_s": 0.0}
    partly = pd.Series([None] * len(rows), dtype="object")
    partly.iloc[known] = [str(d) for d in digits[known]]
    pictures = vaekit.images(rows, columns={"digit": partly})
    parts: Kept = {"train": {"epochs": passes}}
    if preset == "m1+m2":
        above, batch, rate = scale.layered
        parts["train"] |= {"prior_epochs": above, "batch": batch, "rate": rate}
        parts["net"] = {"kind": "mlp", "hidden": [500, 500], "activation": scale.activation}
    if preset == CONVOLUTIONS:
        parts = {"train": {"epochs": max(passes // 3, 1)}, "net": "conv"}
    fitted, cost = timed(pictures, preset.partition(",")[0], label="digit", seed=seed, latent=16, **parts)
    none = pd.Series([None] * len(data["x_test"]), dtype="object")
    guess = fitted.classify(vaekit.images(data["x_test"], columns={"digit": none})).label
    return {"error": float(np.mean(np.asarray(guess).astype(int) != data["y_test"])), "cpu_s": cost}


VAMP = "binarised, vamp"


def lossless(scale: Scale, preset: str, seed: int) -> Kept:
    if preset == "adult":
        return _lossless_table(seed)
    data, (passes, decay, count) = images("mnist" if preset == "raw" else "mnist_static_binarized"), scale.packed
    few = some(data["x_test"], count)
    if preset == VAMP:
        model, cost = _perceptron(data, scale, "vamp", seed)
    else:
        known = _known(data)
        model, cost = timed(
            some(known, scale.images), "vae", seed=seed, latent=32, net="conv", validation=scale.apart,
            train={"hide": 0.0, "epochs": passes, "weight_decay": decay},
        )  # fmt: skip
    began = time.process_time()
    blob = model.compress(few)
    spent = time.process_time() - began
    exact = np.array_equal(np.asarray(model.decompress(blob)), few)
    shown, packed = (few, few) if preset == "raw" else (few.astype(bool), np.packbits(few))
    sizes = {
        "vaekit": len(blob), "gzip": len(gzip.compress(packed.tobytes(), 9)), "bz2": len(bz2.compress(packed.tobytes())),
        "png": _picture(shown, "PNG", optimize=True), "webp": _picture(shown, "WEBP", lossless=True, quality=100),
    }  # fmt: skip
    bits = {name: round(size * 8 / few.size, 4) for name, size in sizes.items()}
    found = {"bits_per_pixel": bits, "exact": exact, "compress_s": round(spent, 1), "cpu_s": cost}
    if preset == "raw":  # a bound on grey levels as probabilities is none on bits
        return found
    return found | {"bound_bits": float(-model.log_prob(few, samples=1).mean() / np.log(2) / few[0].size)}


def _picture(rows: Array, form: str, **options: Any) -> int:
    """Bytes of all images, tiled into one picture so that headers do not count 10,000 times."""
    side = int(np.ceil(len(rows) ** 0.5))
    sheet = np.zeros((side * side, *rows.shape[1:]), dtype=rows.dtype)
    sheet[: len(rows)] = rows
    tiled = sheet.reshape(side, side, *rows.shape[1:]).swapaxes(1, 2).reshape(side * rows.shape[1], -1)
    out = io.BytesIO()
    Image.fromarray(tiled).save(out, form, **options)
    return out.tell()


def _lossless_table(seed: int) -> Kept:
    known, test = adult()
    model, cost = timed(known, "default", seed=seed)
    blob = model.compress(test)
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(test, preserve_index=False), out, compression="zstd", compression_level=19)
    exact = model.decompress(blob).equals(test)
    return {"bytes": {"vaekit": len(blob), "parquet_zstd": out.tell()}, "exact": bool(exact), "cpu_s": cost}


def conditional(scale: Scale, preset: str, seed: int) -> Kept:
    known, test = adult()
    rows = min(len(known), 2 * scale.images)
    model, cost = timed(known.iloc[:rows].reset_index(drop=True), preset, seed=seed)
    free = model.sample(len(test), seed=seed)
    given = model.sample(given=test[["education", "sex"]].reset_index(drop=True), seed=seed)
    return {
        "unconditional_auc": two_sample_auc(test, free),
        "conditional_auc": two_sample_auc(test, given[list(test.columns)]),
        "cpu_s": cost,
    }


# -- the run -------------------------------------------------------------------------------------------------------------

Part = Callable[[Scale, str, int], Kept]
PARTS: Mapping[str, tuple[Part, tuple[str, ...]]] = {
    "density": (density, (*DENSITY, CONVOLVED)),
    "beta": (beta, BETA),
    "incomplete": (incomplete, ("vae", SAME_NET, "miwae")),
    "robust": (robust, ("bound", "robust")),
    "cluster": (cluster, ("vade", "vae")),
    "labels": (labels, ("support vectors", "m1+m2", "m2", CONVOLUTIONS)),
    "lossless": (lossless, ("raw", "binarised", VAMP, "adult")),
    "conditional": (conditional, ("default", "two-stage", "vae")),
}
SEEDS = {"beta": 5, "robust": 2, "labels": 3}  # at every scale: runs differ, by which images tell their label for one


def main(arguments: list[str]) -> None:
    scale = next((SCALES[flag] for flag in arguments if flag in SCALES), SMALL)
    done = started(scale.name)
    for name, preset in wanted([each for each in arguments if each not in SCALES]):
        part, seeds = PARTS[name][0], range(max(scale.seeds, SEEDS.get(name, 1)))
        runs = done.setdefault(name, {}).setdefault(preset, {})
        for seed in seeds:
            if str(seed) not in runs:
                print(f"{name} {preset} {seed}", file=sys.stderr, flush=True)
                runs[str(seed)] = {**part(scale, preset, seed), "commit": commit()}
                (RESULTS / f"{scale.name}.partial.json").write_text(json.dumps(done))
    write_result(scale.name, done)
    write_page()


def started(name: str) -> dict[str, dict[str, dict[str, Kept]]]:
    """What was measured before, of a run that was cut off or of the committed result."""
    for path in (RESULTS / f"{name}.partial.json", RESULTS / f"{name}.json"):
        if path.exists():
            return {part: runs for part, runs in json.loads(path.read_text()).items() if part in PARTS}
    return {}


def wanted(names: list[str]) -> list[tuple[str, str]]:
    """Parts and presets, of `part`, `part:preset` or nothing, which is all of them."""
    pairs = [tuple(name.partition(":")[::2]) for name in names or PARTS]
    return [(part, preset) for part, one in pairs for preset in ([one] if one else PARTS[part][1])]


if __name__ == "__main__":
    main(sys.argv[1:])
