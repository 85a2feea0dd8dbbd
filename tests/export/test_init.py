"""An exported model: equal to torch, and at work where neither torch nor vaekit is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vaekit
from vaekit.errors import ModeUnavailable, UserError
from vaekit.export import describe, write

pytest.importorskip("onnxruntime")

ROWS = 200
QUICK = {"epochs": 2, "prior_epochs": 1}

ALONE = """
import sys
sys.modules["torch"] = sys.modules["vaekit"] = sys.modules["pyarrow"] = None  # importing one of them fails
import importlib.util, json
spec = importlib.util.spec_from_file_location("runtime", sys.argv[1])
runtime = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runtime)
model, rows = runtime.Runtime(sys.argv[2]), json.loads(sys.argv[3])
found, codes = model.score(rows), model.encode(rows)
back = model.decode(codes["mean"])
numbers = {"score": found["score"], "p": found["p_value"], "mean": codes["mean"]}
print(json.dumps({**{name: array.tolist() for name, array in numbers.items()}, "back": back}))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A model of numbers, a skewed number with gaps and names, its file, and rows."""
    import pandas as pd

    noise = np.random.default_rng(0)
    x = noise.normal(size=ROWS)
    rows = pd.DataFrame({
        "size": 50 + 10 * x, "price": np.exp(x + 0.1 * noise.normal(size=ROWS)),
        "city": np.where(x > 0.5, "Bern", np.where(noise.random(ROWS) > 0.5, "Oslo", "Rome")),
    })  # fmt: skip
    rows.loc[::9, "price"] = None
    net = {"kind": "residual", "width": 16, "depth": 1}
    model = vaekit.fit(rows, train=QUICK, net=net, latent=2)
    return model, model.export(tmp_path_factory.mktemp("onnx") / "small.onnx"), rows[:6]


def test_everything_lies_beside_the_scorer(exported: Any) -> None:
    path = exported[1]
    beside = {"small.onnx", "small.encoder.onnx", "small.decoder.onnx", "small.codec.json", "small.runtime.py"}
    assert {each.name for each in path.parent.iterdir()} == beside


def test_without_torch_and_vaekit_the_answers_are_the_same(exported: Any) -> None:
    model, path, rows = exported
    plain = json.dumps(json.loads(rows.to_json(orient="records")))
    words = [sys.executable, "-c", ALONE, str(path.with_suffix(".runtime.py")), str(path), plain]
    found = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    scores = model.score(rows, alpha=0.5)
    np.testing.assert_allclose(found["score"], scores.total, atol=1e-3)
    np.testing.assert_allclose(found["p"], scores.p_value, atol=0.06)
    np.testing.assert_allclose(found["mean"], model.encode(rows).mean, atol=1e-4)
    back = model.reconstruct(rows)
    assert [row["city"] for row in found["back"]] == back["city"].tolist()
    np.testing.assert_allclose([row["size"] for row in found["back"]], back["size"], rtol=1e-4)


@pytest.mark.slow
def test_images_are_exported(tmp_path: Path) -> None:
    from vaekit.export.runtime import Runtime

    pixels = np.random.default_rng(0).integers(0, 256, (80, 8, 8)).astype("uint8")
    model = vaekit.fit(vaekit.images(pixels, columns={"digit": np.arange(80) % 3}), train=QUICK, latent=2)
    ran = Runtime(model.export(tmp_path / "m.onnx"))
    shown = vaekit.images(pixels[:3], columns={"digit": [0, 2, None]})
    rows = [{"image": image[..., None], "digit": digit} for image, digit in zip(pixels, (0, 2, None), strict=False)]
    np.testing.assert_allclose(ran.score(rows)["score"], model.score(shown, alpha=0.5).total, rtol=1e-3, atol=1e-3)
    codes = ran.encode(rows)["mean"]
    np.testing.assert_allclose(codes, model.encode(shown).mean, atol=1e-4)
    back = np.stack([row["image"] for row in ran.decode(codes)])[..., 0]
    wanted = np.asarray(model.reconstruct(shown), float)
    assert np.abs(back - wanted).max() < 0.51  # torch's answer is rounded to whole grey levels


@pytest.mark.slow
def test_windows_are_exported(tmp_path: Path) -> None:
    import pandas as pd

    from vaekit.export.runtime import Runtime

    stream = pd.DataFrame({"a": np.sin(np.arange(300) / 5), "b": np.random.default_rng(0).normal(size=300)})
    model = vaekit.fit(vaekit.windows(stream, size=4, stride=4), train=QUICK, latent=2)
    ran = Runtime(model.export(tmp_path / "m.onnx"))
    some = stream[:12]
    rows = some.to_dict("records")
    means = model.score(some, alpha=0.5).total.reshape(3, 4).mean(1)
    np.testing.assert_allclose(ran.score(rows)["score"], means, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(ran.encode(rows)["mean"], model.encode(some).mean, atol=1e-4)
    assert len(ran.decode(ran.encode(rows)["mean"])) == 12


def test_noise_is_an_input(exported: Any) -> None:
    import onnxruntime

    path, about = exported[1], describe(exported[0].fitted)
    ran = onnxruntime.InferenceSession(str(path.with_suffix(".encoder.onnx")))
    assert [each.name for each in ran.get_inputs()] == ["cells", "observed", "noise"]
    cells, noise = np.zeros((2, about["modelled_cells"]), np.float32), np.ones((2, about["latents"]), np.float32)
    mean, std, z = ran.run(None, {"cells": cells, "observed": cells == 0, "noise": noise})
    np.testing.assert_allclose(z, mean + std, rtol=1e-6)


def test_a_difference_is_refused(exported: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from vaekit.export import example
    from vaekit.export.graphs import Encoder

    model, path, _ = exported
    inputs, encoder = example(model.fitted), Encoder(model.fitted)
    assert write.compare(encoder, inputs, path.with_suffix(".encoder.onnx"), "encoder") < write.CLOSE
    monkeypatch.setattr(write, "CLOSE", -1.0)
    with pytest.raises(ModeUnavailable, match="the encoder in onnxruntime is"):
        write.compare(encoder, inputs, path.with_suffix(".encoder.onnx"), "encoder")


def test_mistakes_are_told(exported: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = exported[0]
    with pytest.raises(UserError, match=r"ends in \.onnx"):
        model.export(tmp_path / "model.bin")
    monkeypatch.setattr(write, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="onnx") as told:
        model.export(tmp_path / "model.onnx")
    assert "vaekit[onnx]" in str(told.value) and not list(tmp_path.iterdir())
