"""What a training step costs, beside the bare matrix products of its network, the tutorials' loop and pythae, in one run.

usage: VAEKIT_DATA=... python benchmarks/training.py [--repeats N]

images   20,000 images of MNIST, a fully connected network 784-400-32, batches of 256 and of 64: processor time a step in one
         thread, contenders taking turns, medians of N rounds
table    20 columns, 100,000 rows, 20-64-10: how long until the bound on held-out rows is that of the tutorials' loop after
         its 20 epochs
pythae takes part where it is installed (requirements-peers.txt).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from _common import data_folder, write_result
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from vaekit import pace
from vaekit.fitting import Plan, in_half, plan
from vaekit.goals import BoundGoal, Rows
from vaekit.objectives import OBJECTIVES
from vaekit.schema import Schema
from vaekit.sources import read
from vaekit.spec import build
from vaekit.train import Settings, train
from vaekit.vae import VAE, assemble

ROWS, HIDDEN, LATENTS = 20_000, 400, 32
STEPS = 40  # of a turn
Timed = Callable[[], int]  # some steps; answers how many


class Tutorial(nn.Module):
    """The VAE of PyTorch's own examples."""

    def __init__(self, features: int, hidden: int, latents: int) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = (
            nn.Linear(features, hidden),
            nn.Linear(hidden, latents),
            nn.Linear(hidden, latents),
        )
        self.fc3, self.fc4 = nn.Linear(latents, hidden), nn.Linear(hidden, features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.fc1(x))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.fc4(F.relu(self.fc3(z))), mu, logvar


def bound(model: Tutorial, x: Tensor, numbers: bool) -> Tensor:
    """The negative bound of a batch, summed: pixels under a Bernoulli law, numbers under a normal one of deviation 1."""
    out, mu, logvar = model(x)
    if numbers:
        cost = 0.5 * (out - x).square().sum() + x.numel() * 0.5 * float(np.log(2 * np.pi))
    else:
        cost = F.binary_cross_entropy(torch.sigmoid(out), x, reduction="sum")
    return cost - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


def tutorial(rows: Tensor, batch: int) -> Timed:
    """One epoch of the example's loop: a loader of single rows, Adam, the loss read at every step."""
    model = Tutorial(rows.shape[1], HIDDEN, LATENTS)
    adam, loader = torch.optim.Adam(model.parameters(), lr=1e-3), DataLoader(TensorDataset(rows), batch, shuffle=True)

    def epoch() -> int:
        total = 0.0
        for (x,) in loader:
            adam.zero_grad()
            loss = bound(model, x, numbers=False)
            loss.backward()
            total += loss.item()
            adam.step()
        return len(loader)

    return epoch


def products(rows: Tensor, batch: int) -> Timed:
    """The matrix products of a step and nothing else: forward, by the weights, by the inputs but the first one."""
    sizes = [(rows.shape[1], HIDDEN), (HIDDEN, 2 * LATENTS), (LATENTS, HIDDEN), (HIDDEN, rows.shape[1])]
    layers = [(torch.randn(batch, a), torch.randn(a, b), torch.randn(batch, b)) for a, b in sizes]

    def steps() -> int:
        count = len(rows) // batch
        for _ in range(count):
            for i, (x, weight, gradient) in enumerate(layers):
                torch.mm(x, weight)
                torch.mm(x.T, gradient)
                if i:
                    torch.mm(gradient, weight.T)
        return count

    return steps


def planned(table: Any, batch: int, net: dict[str, Any], latent: int, epochs: int, **parts: Any) -> tuple[Plan, VAE]:
    """A model under the bound of the tutorials, whose rate weighs all from the first step, untrained."""
    source = read(table)
    chosen = {
        "net": net,
        "latent": latent,
        "objective": {"beta": 1.0, "warm_up": 0.0},
        "train": {"batch": batch, "epochs": epochs, **parts.pop("train", {})},
        **parts,
    }
    ready = plan(source, Schema.infer(source.arrow), "vae", chosen, 0.1, 0)
    return ready, assemble(ready.spec, ready.layout)


def goal_of(ready: Plan, vae: VAE) -> BoundGoal:
    return BoundGoal(vae, build("objective", ready.spec["objective"], OBJECTIVES, rows=len(ready.train)), hide=0.0)


def settings(ready: Plan, epochs: int) -> Settings:
    return pace.settings(ready.spec["train"], epochs, half=in_half(ready, torch.device("cpu")))


def ours(images: Any, batch: int) -> Timed:
    ready, vae = planned(images, batch, {"kind": "mlp", "hidden": [HIDDEN]}, LATENTS, 1)
    goal, count = goal_of(ready, vae), len(ready.train) // batch

    def epoch() -> int:
        train(vae, goal, ready.train, None, settings(ready, 1))
        return count

    return epoch


def pythae(rows: Tensor, batch: int) -> Timed | None:
    try:
        from pythae import models
        from pythae.data.datasets import BaseDataset
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder
        from pythae.trainers import BaseTrainer, BaseTrainerConfig
    except ImportError:
        return None

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.mu = nn.Linear(rows.shape[1], HIDDEN), nn.Linear(HIDDEN, LATENTS)
            self.log_var = nn.Linear(HIDDEN, LATENTS)

        def forward(self, x: Tensor) -> Any:
            h = F.relu(self.body(x))
            return ModelOutput(embedding=self.mu(h), log_covariance=self.log_var(h))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Linear(LATENTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, rows.shape[1]), nn.Sigmoid()
            )

        def forward(self, z: Tensor) -> Any:
            return ModelOutput(reconstruction=self.body(z))

    config = models.VAEConfig(input_dim=(rows.shape[1],), latent_dim=LATENTS, reconstruction_loss="bce")
    model, data = models.VAE(config, Encoder(), Decoder()), BaseDataset(rows, torch.zeros(len(rows)))

    def epoch() -> int:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            how = BaseTrainerConfig(
                output_dir=folder, num_epochs=1, per_device_train_batch_size=batch, no_cuda=True, learning_rate=1e-3,
            )  # fmt: skip
            trainer = BaseTrainer(model=model, train_dataset=data, training_config=how)
            trainer.prepare_training()
            trainer.train_step(1)
        return len(rows) // batch

    return epoch


def timed(contenders: dict[str, Timed], repeats: int) -> dict[str, float]:
    """Milliseconds of processor time a step, the median over rounds in which each takes its turn."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, steps in contenders.items():
            began = time.process_time()
            count = steps()
            if turn:  # the first round warms up
                found[name].append(1e3 * (time.process_time() - began) / count)
    return {name: round(statistics.median(each), 3) for name, each in found.items()}


def of_images(repeats: int) -> dict[str, Any]:
    images = np.load(data_folder() / "images/mnist.npz")["x_train"][:ROWS]
    rows = torch.from_numpy(images.reshape(ROWS, -1)).float() / 255
    found: dict[str, Any] = {}
    for batch in (256, 64):
        part = min(STEPS * batch, ROWS * 9 // 10)  # a tenth of vaekit's rows never trains
        contenders: dict[str, Timed | None] = {
            "vaekit": ours(images[: part + part // 9], batch), "bare products": products(rows[:part], batch),
            "tutorial": tutorial(rows[:part], batch), "pythae": pythae(rows[:part], batch),
        }  # fmt: skip
        cost = timed({name: each for name, each in contenders.items() if each is not None}, repeats)
        found[f"batch {batch}"] = {
            "ms a step": cost,
            "vaekit over bare products": round(cost["vaekit"] / cost["bare products"], 2),
            **{
                f"{name} over vaekit": round(cost[name] / cost["vaekit"], 2) if name in cost else "not installed"
                for name in ("tutorial", "pythae")
            },
        }
    return found


def numbers(rows: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Twenty numbers a row that follow from five, with noise."""
    noise, law = np.random.default_rng(seed), np.random.default_rng(100)
    z, first, second = noise.normal(size=(rows, 5)), law.normal(size=(5, 20)), law.normal(size=(5, 20))
    return z @ first + np.tanh(z @ second) + 0.3 * noise.normal(size=(rows, 20))


def of_table() -> dict[str, Any]:
    """Processor seconds until a bound on the same held-out rows, standardised, both under normal laws of deviation 1."""
    raw = numbers(100_000)
    rows = torch.from_numpy((raw - raw.mean(0)) / raw.std(0)).float()
    known, held = rows[:90_000], rows[90_000:]
    model = Tutorial(20, 64, 10)
    adam, loader = torch.optim.Adam(model.parameters(), lr=1e-3), DataLoader(TensorDataset(known), 128, shuffle=True)
    began = time.process_time()
    for _ in range(20):
        for (x,) in loader:
            adam.zero_grad()
            bound(model, x, numbers=True).backward()
            adam.step()
    theirs = time.process_time() - began
    with torch.no_grad():
        target = float(bound(model, held, numbers=True)) / len(held)
    return {
        "tutorial, 20 epochs": {"seconds": round(theirs, 2), "bound": round(target, 3)},
        **reached(known, held, target),
    }


def reached(known: Tensor, held: Tensor, target: float) -> dict[str, Any]:
    """How long the same network takes in vaekit's loop, epoch by epoch, until its bound is as good."""
    names = [f"x{i}" for i in range(20)]
    table = pa.table({name: known[:, i].numpy() for i, name in enumerate(names)})
    likelihood = {"kind": "gaussian", "scale": 1.0}
    for epochs in (4, 5, 6, 8):
        ready, vae = planned(
            table, 512, {"kind": "mlp", "hidden": [64]}, 10, epochs, likelihood=likelihood, train={"rate": 2e-2}
        )
        goal, began = goal_of(ready, vae), time.process_time()
        train(vae, goal, ready.train, None, settings(ready, epochs))
        spent = time.process_time() - began
        vae.eval()
        with torch.no_grad():
            torch.manual_seed(0)
            rows = Rows(held, torch.ones_like(held, dtype=torch.bool))
            value = float(goal.objective(vae.draw(rows.cells, rows.observed), 1.0).bound.mean())
        if value <= target:
            return {"vaekit": {"seconds": round(spent, 2), "epochs": epochs, "bound": round(value, 3)}}
    return {"vaekit": {"seconds": round(spent, 2), "epochs": epochs, "bound": round(value, 3), "reached": False}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    table = of_table()
    table["share of the tutorial's time"] = round(
        table["vaekit"]["seconds"] / table["tutorial, 20 epochs"]["seconds"], 3
    )
    write_result("training", {"images": of_images(asked.repeats), "table": table})


if __name__ == "__main__":
    main()
