"""Ray: its actors answer pieces of files, its training workers fit together."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vaekit.errors import DataError, UserError, VaekitError
from vaekit.scale.parts import Parts
from vaekit.sources import Table
from vaekit.sources.pieces import Piece, moved, read, walk

Ask = Callable[[Any, Any, int], pa.Table]
RETRIES = 3  # of a training whose workers are lost


def connect(address: str | None = None, workers: int = 2) -> Any:
    """Ray, connected to a cluster, or started here with so many workers.

    Raises:
        UserError: Ray is not installed, or nothing answers at the address.
    """
    try:
        import ray
    except ImportError:
        raise UserError("--on ray needs the package ray", hint="pip install 'vaekit[ray]'") from None
    if ray.is_initialized():
        return ray
    here: dict[str, Any] = {} if address else {"num_cpus": workers + 1, "include_dashboard": False}
    try:
        ray.init(address=address or "local", logging_level=logging.ERROR, log_to_driver=False, **here)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UserError(f"--address {address}: {str(error).splitlines()[0]}", hint="is that Ray's head?") from None
    except Exception as error:  # how Ray says that its own processes did not start within 30 s
        if "timed out" not in str(error):
            raise
        raise UserError("--on ray: Ray did not start here", hint="try again when the machine is less busy") from None
    return ray


def answer(
    model: str, paths: Sequence[str], out: str, ask: Ask, *, of: Any, text: Sequence[str] = (), workers: int = 2,
    address: str | None = None, watch: Callable[[int, int], None] | None = None,
) -> None:  # fmt: skip
    """Write what a model answers to the rows of files, a row group or a block of lines at a time.

    Args:
        model: its file.
        paths: Parquet or CSV files.
        out: a .parquet, .csv, .feather or .jsonl file.
        ask: (model, rows, number of the first) -> answer.
        of: what the answers depend on beside model and files: a command that is repeated finishes what is missing.
        text: columns of CSV that stay text.
        workers: how many actors hold the model.
        address: of Ray's head; None starts Ray here.
        watch: told how many rows are done, and how many there are.
    """
    pieces = [piece for piece, _ in walk(paths, text)]
    _all(model, [(piece, text) for piece in pieces], _of_piece, ask, out, [of, paths], workers, address, watch)


def draw(
    model: str, lots: Sequence[tuple[int, int]], out: str, ask: Ask, *, of: Any, workers: int = 2,
    address: str | None = None, watch: Callable[[int, int], None] | None = None,
) -> None:  # fmt: skip
    """Write new rows, lot by lot: ask(model, size of the lot, seed of the lot)."""
    _all(model, list(lots), _of_lot, ask, out, [of, list(lots)], workers, address, watch)


def _of_piece(model: Any, ask: Ask, job: tuple[Piece, Sequence[str]]) -> pa.Table:
    """The answer to a piece; what is wrong is told of the row of the files."""
    piece, text = job
    answers, first = [], piece.first
    for table in read(piece, text):
        try:
            answers.append(ask(model, Table(table, "file"), first))
        except DataError as error:
            raise DataError(moved(error.message, first), hint=error.hint) from None
        first += table.num_rows
    return pa.concat_tables(answers, promote_options="permissive")


def _of_lot(model: Any, ask: Ask, job: tuple[int, int]) -> pa.Table:
    return ask(model, *job)


class Asker:
    """An actor that holds the model and makes parts; one that exists already, whoever made it, is left as it is."""

    def __init__(self, model: str, jobs: Sequence[Any], make: Callable[..., pa.Table], ask: Ask, parts: Parts) -> None:
        from vaekit.api import load

        self.model = load(model)
        self.model.fitted.form |= {"flavour": "file", "native": {}}
        self.jobs, self.make, self.ask, self.parts = jobs, make, ask, parts

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The numbers of parts, and what went wrong with each."""
        return {"number": batch["number"], "wrong": np.array([self._one(int(number)) for number in batch["number"]])}

    def _one(self, number: int) -> str:
        if not self.parts.place(number).exists():
            try:
                self.parts.write(number, self.make(self.model, self.ask, self.jobs[number]))
            except VaekitError as error:  # the user's to put right: told at once, not tried again
                return str(error)
        return ""


def _all(
    model: str, jobs: list[Any], make: Callable[..., pa.Table], ask: Ask, out: str, of: Any, workers: int,
    address: str | None, watch: Callable[[int, int], None] | None,
) -> None:  # fmt: skip
    stamp = [(str(path), os.path.getsize(path), os.path.getmtime(path)) for path in [model, *_files(jobs)]]
    parts = Parts(out, len(jobs), [of, stamp])
    missing = parts.missing()
    if missing:
        ray = connect(address, workers)
        import ray.data  # noqa: F811 - a part of the package that is imported by itself

        ray.data.DataContext.get_current().enable_progress_bars = False
        numbers = ray.data.from_items([{"number": each} for each in missing], override_num_blocks=len(missing))
        size = min(workers, len(missing))
        made = numbers.map_batches(
            Asker,
            fn_constructor_args=(str(Path(model).absolute()), jobs, make, ask, parts),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=size),
            num_cpus=1,
        )
        for done, row in enumerate(made.iter_rows(), 1):
            if row["wrong"]:
                message, _, hint = row["wrong"].partition("\nHint: ")
                raise DataError(message, hint=hint or None)
            if watch is not None:
                watch(done, len(missing))
    parts.join()


def _files(jobs: Sequence[Any]) -> list[str]:
    return sorted({job[0].path for job in jobs if isinstance(job[0], Piece)})


def fit(data: Any, out: str, options: dict[str, Any], *, workers: int = 2, address: str | None = None) -> None:
    """Fit in so many workers of Ray Train, each with rows of its own; the first writes the model.

    A worker that is lost takes the others down; they begin again from the checkpoint beside the model.

    Args:
        data: what `vaekit.fit` takes: files that every worker can read.
        out: the model's file, in a folder that every worker can write to.
        options: of `vaekit.fit`.
        workers: how many.
        address: of Ray's head; None starts Ray here.
    """
    connect(address, workers)
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    place = Path(out).absolute()
    trainer = TorchTrainer(
        _fit,
        train_loop_config={"data": data, "out": str(place), "options": options},
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=False),
        run_config=RunConfig(
            name=f"{place.name}.ray", storage_path=str(place.parent), failure_config=FailureConfig(max_failures=RETRIES)
        ),
    )
    trainer.fit()


def _fit(config: dict[str, Any]) -> None:
    from vaekit import peers
    from vaekit.api import fit as fit_model

    model = fit_model(config["data"], resume=f"{config['out']}.checkpoint", progress=False, **config["options"])
    if peers.is_first():
        model.save(config["out"])
