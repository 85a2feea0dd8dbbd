"""A real Ray with two workers here: the answers of one process, whoever is killed on the way."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

import vaekit
from vaekit.cli import main
from vaekit.errors import DataError, UserError

pytest.importorskip("ray", reason="Ray is not installed: pip install 'vaekit[ray]'")
pytestmark = pytest.mark.timeout(600)  # Ray's processes start slowly on a busy machine

from vaekit.scale import on_ray  # noqa: E402

ROWS, GROUP = 1_200, 200
NET = {"kind": "mlp", "hidden": [32]}
TRAIN = {"epochs": 12, "batch": 64, "rate": 5e-3, "patience": 20}


def table(rows: int = ROWS, seed: int = 0) -> pa.Table:
    noise = np.random.default_rng(seed)
    a = noise.normal(size=rows)
    words = np.where(a + noise.normal(size=rows) > 0, "up", "down")
    return pa.table(
        {"x": 10 * a, "y": pa.array(a + 0.5 * noise.normal(size=rows), mask=noise.random(rows) < 0.1), "z": words}
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rows in six row groups, a model of them, and Ray, which ends with these tests."""
    import ray

    try:
        on_ray.connect(workers=2)
    except UserError as error:  # its processes have 30 s to start, which a very busy machine may not grant
        pytest.skip(error.message)
    folder = tmp_path_factory.mktemp("ray")
    pa_parquet.write_table(table(), folder / "rows.parquet", row_group_size=GROUP)
    vaekit.fit(table(), net=NET, prior="normal", latent=2, train=TRAIN).save(folder / "one.vae")
    yield folder
    ray.shutdown()


def read(path: Path) -> pa.Table:
    return pa_parquet.read_table(path)


def near(one: pa.Table, other: pa.Table) -> bool:
    """Equal, numbers to 1e-5."""
    if one.schema != other.schema or one.num_rows != other.num_rows:
        return False
    pairs = [(one[name], other[name]) for name in one.column_names]
    numbers = [pair for pair in pairs if pa.types.is_floating(pair[0].type)]
    same = all(a.equals(b) for a, b in pairs if not pa.types.is_floating(a.type))
    return same and all(np.allclose(a, b, rtol=1e-5, atol=1e-5, equal_nan=True) for a, b in numbers)


@pytest.mark.parametrize("words", [["score", "--reasons", "0"], ["encode"], ["impute"]], ids=lambda words: words[0])
def test_answers_are_those_of_one_process(place: Path, words: list[str]) -> None:
    word, *more = words
    model, data = str(place / "one.vae"), str(place / "rows.parquet")
    assert main([word, model, data, "-o", str(place / "here.parquet"), *more]) == 0
    assert main([word, model, data, "-o", str(place / "there.parquet"), *more, "--on", "ray", "--workers", "2"]) == 0
    assert near(read(place / "here.parquet"), read(place / "there.parquet"))
    assert not list(place.glob("*.parts"))


def test_new_rows_are_those_of_one_process(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaekit.modes.sample.BATCH", 300)
    words = ["sample", str(place / "one.vae"), "-n", "700", "--seed", "3"]
    assert main([*words, "-o", str(place / "here.parquet")]) == 0
    assert main([*words, "-o", str(place / "there.parquet"), "--on", "ray"]) == 0
    assert near(read(place / "here.parquet"), read(place / "there.parquet"))


def counting(folder: str, *, dies: bool = False, fails: bool = False) -> on_ray.Ask:
    """Asks for scores, and leaves a file for every piece; at the fourth piece it dies once, or fails."""

    def ask(model: Any, rows: Any, first: int) -> pa.Table:
        if first == 3 * GROUP and dies and not os.path.exists(f"{folder}/died"):
            Path(f"{folder}/died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if first == 3 * GROUP and fails:
            raise DataError("column 'x', row 7: odd")
        Path(f"{folder}/{first}-{os.getpid()}").touch()
        return model.score(rows, reasons=0).to_arrow()

    return ask


def answer(place: Path, ask: on_ray.Ask) -> None:
    on_ray.answer(
        str(place / "one.vae"), [str(place / "rows.parquet")], str(place / "scores.parquet"), ask, of="scores"
    )


def test_a_worker_that_is_killed_loses_nothing(place: Path, tmp_path: Path) -> None:
    answer(place, counting(str(tmp_path), dies=True))
    assert (tmp_path / "died").exists()
    scores = read(place / "scores.parquet")["score"].to_numpy()
    np.testing.assert_allclose(scores, vaekit.load(place / "one.vae").score(table()).total, rtol=1e-5, atol=1e-5)


def test_a_repeated_command_makes_what_is_missing_and_nothing_else(place: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"row {3 * GROUP + 7}: odd"):
        answer(place, counting(str(tmp_path), fails=True))
    before = {path.name.split("-")[0] for path in tmp_path.iterdir()}
    assert str(3 * GROUP) not in before
    for path in tmp_path.iterdir():
        path.unlink()
    answer(place, counting(str(tmp_path)))
    after = {path.name.split("-")[0] for path in tmp_path.iterdir()}
    assert str(3 * GROUP) in after and len(after) <= 6 - len(before) + 2  # what was under way may be made again
    assert read(place / "scores.parquet").num_rows == ROWS


def test_workers_fit_the_model_of_one_process(place: Path) -> None:
    options = ["--set", "net=mlp", "--set", "net.hidden=[32]", "--set", "prior=normal", "--set", "latent=2"]
    options += [word for name, value in TRAIN.items() for word in ("--set", f"train.{name}={value}")]
    words = ["fit", str(place / "rows.parquet"), "-o", str(place / "two.vae"), *options]
    assert main([*words, "--on", "ray", "--workers", "2"]) == 0
    one, two, fresh = vaekit.load(place / "one.vae"), vaekit.load(place / "two.vae"), table(400, seed=1)
    assert abs(two.log_prob(fresh).mean() - one.log_prob(fresh).mean()) < 0.25
    assert np.corrcoef(two.score(fresh).total, one.score(fresh).total)[0, 1] > 0.95
    assert not list(place.glob("two.vae.checkpoint*"))
