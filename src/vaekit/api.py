"""fit, load, Model: the tour of the house.

data --read--> Arrow --infer--> schema --fit--> codec --encode--> cells, observed
     --complete--> spec --assemble--> VAE --train--> weights --calibrate--> Fitted --> Model: every mode is a line here
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import nn

from vaekit import about, fitting, modes, outofcore, pace, peers
from vaekit.artifact import Fitted, read_model, write_model
from vaekit.modes.classify import Labels
from vaekit.modes.cluster import By, Clusters
from vaekit.modes.encode import Latents
from vaekit.modes.score import Scores
from vaekit.modes.traverse import Walk
from vaekit.progress import reporter, watching
from vaekit.report.notebook import of_card
from vaekit.schema import Schema
from vaekit.sources import Table, give_back, read
from vaekit.train import Step


def fit(
    data: Any,
    preset: str | None = None,
    *,
    schema: Schema | Mapping[str, Any] | None = None,
    given: Iterable[str] = (),
    label: str | None = None,
    ignore: Iterable[str] = (),
    seed: int = 0,
    device: str = "auto",
    time_limit: float | str | None = None,
    validation: float = 0.1,
    resume: str | Path | None = None,
    on_step: Callable[[Step], Any] | None = None,
    progress: bool | None = None,
    store_rows: bool = True,
    **parts: Any,
) -> Model:
    """Fit one variational autoencoder to a table, to images, or to the windows of a stream.

    Args:
        data: a pandas, polars or Arrow table, an array or tensor (2-D rows, 3-D or 4-D images), dicts, a path, list of paths or
            glob; `vaekit.images(array_or_path, columns=)`; `vaekit.windows(stream, size=, stride=, time=, by=)`.
        preset: a name from `vaekit.presets.PRESETS`, which `parts` then override.
        schema: kinds and options of columns that shall not be inferred, `{"age": "count"}`, or a whole `Schema`.
        given: columns that the model conditions on (a conditional VAE).
        label: a partly observed class column.
        ignore: columns left out.
        seed: equal seed and input, equal model.
        device: "auto", "cpu", "cuda", ...
        time_limit: seconds, or "20s", "10m", "1h"; the best model so far comes back, as it does on Ctrl-C.
        validation: share of the rows that never train: they choose the best epoch and calibrate p-values.
        resume: a checkpoint: continued when the file exists, rewritten while training.
        on_step: called after every step with a `Step`; return False to stop, "cut short" to end that stage alone.
        progress: a bar with rate and time left; None shows it on a terminal only.
        store_rows: keep up to 20,000 training rows in the model, which scores compare with and clusters are found in; False
            keeps none, for data that must not travel with the file.
        **parts: net, posterior, prior, likelihood, objective, latent, train; each a name or `{"kind": ..., option: value}`.

    Returns:
        The fitted model.

    Raises:
        DataError, SchemaError, SpecError: with what, where and a hint.

    >>> import numpy as np
    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = fit(rows, train={"epochs": 2, "prior_epochs": 1})
    >>> model.sample(5).shape
    (5, 3)
    """
    began = time.monotonic()
    roles: dict[str, Any] = {"given": given, "label": label, "ignore": [ignore] if isinstance(ignore, str) else ignore}
    with peers.together():
        shown = progress if peers.is_first() else False
        if (paths := outofcore.too_large(data, parts)) is not None:
            with watching("survey", shown):
                plan = outofcore.plan(paths, preset, parts, validation, seed, schema, modes.WATCH.get(), **roles)
        else:
            plan = fitting.plan(*_read(data, schema, roles), preset, parts, validation, seed)
        with reporter(shown, on_step) as report:
            chosen, until = fitting.choose_device(device), pace.deadline(began, time_limit)
            fitted = fitting.run(plan, seed, chosen, until, resume, report, store=store_rows)
    fitted.about["seconds"] = round(time.monotonic() - began, 2)
    return Model(fitted)


def _read(data: Any, schema: Any, roles: Mapping[str, Any]) -> tuple[Table, Schema]:
    table = read(data)
    stream = table.cut is not None
    aside = table.cut.aside if stream else ()  # the clock and the names of machines are no channels
    roles = {**roles, "ignore": [*roles["ignore"], *aside]}
    return table, Schema.infer(table.arrow, schema, stream=stream, **roles)


def load(path: str | Path, net: nn.Module | None = None) -> Model:
    """Read a model file; nothing in it is executed.

    Args:
        path: what `Model.save` wrote.
        net: your own net, when the model was fitted with one.

    Raises:
        ArtifactError: when the file is absent, truncated, altered, foreign or newer than this vaekit.

    >>> import tempfile
    >>> model = fit(np.random.default_rng(0).normal(size=(90, 2)), train={"epochs": 1, "prior_epochs": 1})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load(model.save(f"{folder}/rows.vae"))
    Model(default, 90 rows, 4 latents; x0: real, x1: real)
    """
    return Model(read_model(path, net))


class Model:
    """A fitted model: ask it anything. Rows are numbered from 0; a row may be a dict; `data` is whatever `fit` takes.

    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = fit(rows, train={"epochs": 2, "prior_epochs": 1})
    >>> model.impute({"x0": 0.5, "x1": None, "x2": 1.0}).keys()
    dict_keys(['x0', 'x1', 'x2'])
    >>> model.score(rows[:4], alpha=0.1).cells.shape, model.encode(rows[:4]).mean.shape
    ((4, 3), (4, 4))
    """

    def __init__(self, fitted: Fitted) -> None:
        self.fitted = fitted

    def score(self, data: Any, by: str = "default", reasons: int = 3, alpha: float = 0.01, seed: int = 0) -> Scores:
        """How strange each row is, and which columns make it so.

        Args:
            data: rows.
            by: "default" asks of a row of a table how far the nearest training rows are, and of each cell how probable it is
                given the others; of images and streams how well the latents explain them and how usual these are;
                "likelihood" is the negative bound, "reconstruction" the error through the mean, "latent" the distance from
                the training rows' latents.
            reasons: columns to explain per row.
            alpha: share of ordinary rows to flag.
            seed: nothing is drawn by chance, so that every seed gives the same scores.

        Returns:
            Scores: total (B,), higher is stranger, the sum of cells (B, K) and named parts; p_value, flagged, reasons. Of a
            stream B counts its steps and K its channels, and .causal holds the scores that look at nothing later.
        """
        return modes.run("score", self.fitted, data, by, reasons, alpha, seed)

    def log_prob(self, data: Any, samples: int = 64, seed: int = 0) -> NDArray[np.float64]:
        """An importance-weighted lower bound on log p(row) under N(0, I), in nats per row of original units, (B,).

        log p(x) >= E log 1/S sum_s p(x|z_s) p(z_s) / q(z_s|x) over observed cells: densities of numbers in their own units,
        probabilities of names, counts and spikes. Burda, Grosse, Salakhutdinov 2016 (arXiv 1509.00519).
        """
        return modes.run("log_prob", self.fitted, data, samples, seed)

    def sample(self, n: int | None = None, given: Any = None, seed: int = 0, temperature: float = 1.0) -> Any:
        """New rows, of the table type, columns and types that were fitted, gaps included.

        Args:
            n: how many, 1,000 when None; left out beside a table of conditions.
            given: {column: value} for any columns, or a table of conditions: one new row for each of its rows.
            seed: equal seed, equal rows.
            temperature: scale of the latent noise; below 1 rows are more typical.
        """
        return modes.run("sample", self.fitted, n, given, seed, temperature)

    def impute(self, data: Any, draws: int | None = None, missing: Any = None, seed: int = 0) -> Any:
        """The rows with their missing cells filled; observed cells never change.

        Args:
            data: rows.
            draws: None for the best single value (mean of numbers, mode otherwise, legal for its kind), or how many random
                completions to return as a list.
            missing: an extra mask (B, columns), True where a cell shall be taken as missing; of images (H, W) or (B, H, W).
            seed: of the draws.
        """
        return modes.run("impute", self.fitted, data, draws, missing, seed)

    def impute_interval(self, data: Any, level: float = 0.9, missing: Any = None, seed: int = 0) -> tuple[Any, Any]:
        """Low and high ends within which a missing cell lies with probability `level`, as two tables."""
        return modes.run("impute_interval", self.fitted, data, level, missing, seed)

    def reconstruct(self, data: Any) -> Any:
        """Each row encoded and decoded through the mean."""
        return modes.run("reconstruct", self.fitted, data)

    def denoise(self, data: Any, seed: int = 0) -> Any:
        """Each row with the cells replaced that its other cells contradict, and its gaps filled."""
        return modes.run("denoise", self.fitted, data, seed)

    def encode(self, data: Any) -> Latents:
        """q(z|row): .mean (B, L), .std (B, L); as a table mean_0 ..., std_0 ..."""
        return modes.run("encode", self.fitted, data)

    def decode(self, z: Any, given: Any = None) -> Any:
        """Rows at latents: an array (B, L), or a table with mean_0, mean_1, ..."""
        return modes.run("decode", self.fitted, z, given)

    def traverse(
        self, row: Any = None, dims: Sequence[int] | int | None = None, span: float = 3.0, steps: int = 9
    ) -> Walk:
        """Rows along each latent, from -span to +span standard deviations, starting from a row or from the centre."""
        return modes.run("traverse", self.fitted, row, dims, span, steps)

    def interpolate(self, a: Any, b: Any, steps: int = 9, path: Literal["linear", "spherical"] = "linear") -> Walk:
        """Rows between two rows; begins and ends at them."""
        return modes.run("interpolate", self.fitted, a, b, steps, path)

    def shift(self, row: Any, moves: Mapping[int, float] | Any) -> Any:
        """The row with its latents moved.

        Args:
            row: one row, or one window.
            moves: {latent: standard deviations}, or a direction (L,) in the latents' own units, such as the way from one group
                of rows to another.

        >>> rows = np.random.default_rng(0).normal(size=(200, 3))
        >>> model = fit(rows, train={"epochs": 2, "prior_epochs": 1})
        >>> z = model.encode(rows).mean
        >>> model.shift(rows[:1], z[rows[:, 0] > 0].mean(0) - z[rows[:, 0] < 0].mean(0)).shape
        (1, 3)
        """
        return modes.run("shift", self.fitted, row, moves)

    def classify(self, data: Any) -> Labels:
        """The label of each row given its other columns, with probabilities."""
        return modes.run("classify", self.fitted, data)

    def cluster(self, data: Any, clusters: int | None = None, by: By = "default") -> Clusters:
        """Which rows belong together, with probabilities.

        Args:
            data: rows; of a stream every step has the mean of the windows that cover it.
            clusters: how many; None for the number that suits the training rows best, of 2 to 12.
            by: "prior" are the components of the model's prior, "mixture" those of a Gaussian mixture, "neighbours" groups of
                any shape in the graph of neighbours, "kmeans" the nearest of k centres, all three fitted to the latents of the
                training rows that the file keeps; "default" is the prior where it has components and nobody says how many,
                else neighbours of images and the mixture of other rows.
        """
        return modes.run("cluster", self.fitted, data, clusters, by)

    def compress(self, data: Any) -> bytes:
        """The rows as few bytes, from which `decompress` gives them back to the last bit: values, gaps, order and types.

        Rows cost about their negative bound in bits; what the model has no symbols for (identifiers, ignored columns, new
        levels) travels as it is. Only this model, on the same kind of machine, reads them. Needs normal latents, under a
        prior that is normal or a mixture, and `pip install 'vaekit[compress]'`. Townsend, Bird, Barber 2019 (arXiv 1901.04866).
        """
        return modes.run("compress", self.fitted, data)

    def decompress(self, blob: bytes) -> Any:
        """The rows that were compressed, in the type that was given.

        Raises:
            ArtifactError: damaged bytes, another model or another kind of machine: never other rows.
        """
        return modes.run("decompress", self.fitted, blob)

    def evaluate(self, data: Any, seed: int = 0, factors: Mapping[str, Any] | Iterable[str] | None = None) -> Any:
        """How good all of this is on rows that did not train: `.metrics`, `.save("report.html")`.

        Args:
            data: rows.
            seed: of the choice among more than 5,000 rows, of what is hidden and drawn.
            factors: what is known to lie behind the rows, {name: a value for each row} or names of columns of the data: then
                `.metrics` has "mig" and "dci", how far latents and factors stand one to one.
        """
        return modes.run("evaluate", self.fitted, data, seed, factors)

    def save(self, path: str | Path) -> Path:
        """Write the model to one file, whole or not at all."""
        return write_model(self.fitted, path)

    def export(self, path: str | Path) -> Path:
        """Write scorer, encoder and decoder as ONNX graphs, held against torch, with the codec as JSON beside them.

        Needs `pip install 'vaekit[onnx]'`; see `vaekit.export`.
        """
        from vaekit.export import export

        return export(self.fitted, path)

    def modes(self) -> dict[str, str]:
        """Every mode: "available", or why not."""
        return {name: modes.why_not(name, self.fitted) or modes.state(name, self.fitted) for name in modes.MODES}

    @property
    def schema(self) -> dict[str, dict[str, Any]]:
        """The fitted columns by name, in their order: kind, role, type, levels, unit, and the reason for the kind."""
        return {column["name"]: column for column in self.fitted.schema.model_dump(mode="json")["columns"]}

    @property
    def card(self) -> dict[str, Any]:
        """What was fitted on what, how it went, and what it cannot do."""
        return about.card(self.fitted)

    @property
    def history(self) -> Any:
        """One row an epoch: loss, reconstruction, KL of each latent, held-out loss, rows/s; a table of the fitted type, of
        models of arrays a list of dicts.
        """
        flavour = self.fitted.form["flavour"]
        return give_back(about.history(self.fitted), "rows" if flavour in ("numpy", "torch") else flavour)

    @property
    def module(self) -> nn.Module:
        """The torch module: encode(x) -> (mu, logvar), decode(z), forward(x) -> (recon, mu, logvar), in cells (B, K)."""
        return self.fitted.vae

    def _repr_html_(self) -> str:
        return of_card(self.card)

    def __repr__(self) -> str:
        about, schema = self.fitted.about, self.fitted.schema
        kinds = ", ".join(f"{column.name}: {column.kind}" for column in schema.modelled[:6])
        more = "" if len(schema.modelled) <= 6 else f", ... {len(schema.modelled) - 6} more"
        return f"Model({about['preset']}, {about['rows']} rows, {self.fitted.vae.latents} latents; {kinds}{more})"
