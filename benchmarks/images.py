"""Images: density, in-painting, a digit given, one-class anomalies; vaekit's default beside simple peers, in one run.

usage: VAEKIT_DATA=... python benchmarks/images.py [part ...]     parts: binarised grey given one_class frey omniglot

binarised   static binarised MNIST, 60,000 images to fit, importance-weighted bound of the test images, nats
grey        MNIST: the lower half filled in, beside means, nearest neighbours and a linear regression; latents; samples
given       MNIST with the digit given (a CVAE): how often a digit given is the digit drawn
one_class   MNIST, one digit to fit, all test images scored, averaged over the digits; beside nearest neighbours and PCA
frey        Frey faces: bits per dimension and reconstruction, the last fifth of the film tests
omniglot    Omniglot, 28 x 28: four drawers held out
Every part is kept when it is done; a run that was cut off goes on where it stood.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from _common import RESULTS, data_folder, write_result
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from torch import nn

import vaekit

Array = NDArray[Any]
KEPT = RESULTS / "images.partial.json"
LOWER = np.arange(28)[:, None].repeat(28, 1) >= 14


def load(name: str) -> dict[str, Array]:
    with np.load(data_folder() / "images" / f"{name}.npz", allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def fitted(data: Any, **options: Any) -> tuple[vaekit.Model, dict[str, Any]]:
    """A default fit, and what it cost."""
    wall, cpu = time.perf_counter(), time.process_time()
    model = vaekit.fit(data, **options)
    cost = {
        "fit_s": round(time.perf_counter() - wall, 1),
        "fit_cpu_s": round(time.process_time() - cpu, 1),
        "images": int(model.card["rows"]),
        "epochs": sum(row["stage"] == "model" for row in model.fitted.history),
        "hide": model.card["spec"]["train"]["hide"],
        "parameters": model.card["parameters"],
    }
    return model, cost


def bound(model: vaekit.Model, rows: Array, samples: int = 500) -> dict[str, Any]:
    nats = -model.log_prob(rows, samples=samples)
    return {
        "nats": round(float(nats.mean()), 3),
        "standard_error": round(float(nats.std() / len(nats) ** 0.5), 3),
        "test_images": len(nats),
        "samples": samples,
    }


def shuffled(rows: Array, count: int) -> Array:
    return rows[np.random.default_rng(0).permutation(len(rows))[:count]]


def binarised() -> dict[str, Any]:
    data = load("mnist_static_binarized")
    known = np.concatenate([data["x_train"], data["x_valid"]])
    model, cost = fitted(known)
    few = shuffled(data["x_test"], 500)
    mean = known.mean(0).clip(1e-3, 1 - 1e-3)
    alone = -(few * np.log(mean) + (1 - few) * np.log1p(-mean)).sum((1, 2)).mean()
    peers = {"independent_pixels_nats": round(float(alone), 2)}
    return {**cost, **bound(model, few), "elbo_nats": bound(model, few, 1)["nats"], **peers}


def grey() -> dict[str, Any]:
    data = load("mnist")
    model, cost = fitted(data["x_train"])
    truth, known = data["x_test"][:2_000] / 255, data["x_train"] / 255
    filled = np.asarray(model.impute(data["x_test"][:2_000], missing=LOWER)) / 255
    upper, lower = known[:, :14].reshape(len(known), -1), known[:, 14:].reshape(len(known), -1)
    asked = truth[:, :14].reshape(len(truth), -1)
    near = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(upper).kneighbors(asked)[1]
    guesses = {
        "vaekit": filled[:, 14:].reshape(len(truth), -1),
        "mean": lower.mean(0),
        "nearest_neighbours": lower[near].mean(1),
        "linear": Ridge(10.0).fit(upper, lower).predict(asked).clip(0, 1),
    }
    error = {
        name: float(np.square(guess - truth[:, 14:].reshape(len(truth), -1)).mean()) for name, guess in guesses.items()
    }
    lowered = {name: round(1 - value / error["mean"], 4) for name, value in error.items() if name != "mean"}
    report = model.evaluate(vaekit.images(data["x_test"][:5_000])).metrics
    return {**cost, "error_lowered_against_mean": lowered, "evaluate": report}


def given() -> dict[str, Any]:
    data = load("mnist")
    model, cost = fitted(vaekit.images(data["x_train"], columns={"digit": data["y_train"]}), given=["digit"])
    read = reader(data["x_train"], data["y_train"])
    truth = float((read(data["x_test"]) == data["y_test"]).mean())
    right = [float((read(np.asarray(model.sample(500, given={"digit": d}, seed=d))) == d).mean()) for d in range(10)]
    return {**cost, "digit_drawn": round(float(np.mean(right)), 4), "by_digit": right, "classifier_on_test": truth}


def reader(images: Array, digits: Array, epochs: int = 3) -> Callable[[Array], Array]:
    """A small classifier of real digits."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(32 * 49, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10),
    )  # fmt: skip
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    rows, truth = torch.tensor(images)[:, None].float() / 255, torch.tensor(digits).long()
    for _ in range(epochs):
        for batch in torch.randperm(len(rows)).split(128):
            loss = nn.functional.cross_entropy(net(rows[batch]), truth[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    net.eval()

    def read(some: Array) -> Array:
        with torch.no_grad():
            guess: Array = net(torch.tensor(some)[:, None].float() / 255).argmax(1).numpy()
            return guess

    return read


def one_class() -> dict[str, Any]:
    data = load("mnist")
    test = data["x_test"]
    rows: list[dict[str, float]] = []
    began = time.perf_counter()
    for digit in range(10):
        known, strange = data["x_train"][data["y_train"] == digit], data["y_test"] != digit
        model, cost = fitted(known)
        flat, asked = (each.reshape(len(each), -1) / 255 for each in (known, test))
        near = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(flat).kneighbors(asked)[0].mean(1)
        principal = PCA(0.9, random_state=0).fit(flat)
        left = np.square(asked - principal.inverse_transform(principal.transform(asked))).sum(1)
        scores = {"vaekit": model.score(test, reasons=0).total, "nearest_neighbours": near, "pca": left}
        rows.append({"digit": digit, "fit_s": cost["fit_s"],
                     **{name: round(float(roc_auc_score(strange, score)), 4) for name, score in scores.items()}})  # fmt: skip
        print(rows[-1], file=sys.stderr, flush=True)
    names = ("vaekit", "nearest_neighbours", "pca", "fit_s")
    mean = {name: round(float(np.mean([row[name] for row in rows])), 4) for name in names}
    return {"auroc": mean, "digits": rows, "seconds": round(time.perf_counter() - began, 1)}


def frey() -> dict[str, Any]:
    faces = load("freyfaces")
    film = next(each for each in faces.values() if each.ndim >= 2 and len(each) == 1965).reshape(-1, 28, 20)
    known, test = film[:1572], film[1572:]
    model, cost = fitted(known)
    nats = bound(model, test)
    bits = nats["nats"] / film[0].size / np.log(2)
    error = np.square((np.asarray(model.reconstruct(test)) - test.astype(float)) / 255).mean()
    principal = PCA(model.card["latents"]["count"], random_state=0).fit(known.reshape(len(known), -1) / 255)
    flat = test.reshape(len(test), -1) / 255
    rest = np.square(flat - principal.inverse_transform(principal.transform(flat))).mean()
    likelihood = model.card["spec"]["likelihood"][0]["kind"]
    return {**cost, **nats, "likelihood": likelihood, "bits_per_dimension": round(float(bits), 4),
            "squared_error": round(float(error), 5), "squared_error_pca": round(float(rest), 5)}  # fmt: skip


def omniglot() -> dict[str, Any]:
    data = load("omniglot8")
    apart = data["drawer"] > 16
    model, cost = fitted(data["x28"][~apart])
    error = np.square(
        (np.asarray(model.reconstruct(data["x28"][apart])) - data["x28"][apart].astype(float)) / 255
    ).mean()
    return {**cost, **bound(model, data["x28"][apart][:500]), "squared_error": round(float(error), 5)}


PARTS = {part.__name__: part for part in (binarised, grey, given, one_class, frey, omniglot)}


def main() -> None:
    wanted = sys.argv[1:] or list(PARTS)
    RESULTS.mkdir(exist_ok=True)
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in wanted:
        if name not in kept:
            print(name, file=sys.stderr, flush=True)
            kept[name] = PARTS[name]()
            KEPT.write_text(json.dumps(kept, default=float))
    if kept.keys() >= PARTS.keys():
        write_result("images", {name: kept[name] for name in PARTS})
        KEPT.unlink()


if __name__ == "__main__":
    main()
