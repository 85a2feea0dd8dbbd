from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import vaekit
from vaekit.errors import ArtifactError, DataError, ModeUnavailable, UserError
from vaekit.modes.archive import pack, unpack


@pytest.fixture(scope="module")
def blob(words: Any) -> bytes:
    return words.model.compress(words.rows)


def test_rows_that_a_model_knows_become_small(mixed: Any) -> None:
    rows = mixed.fitted_on.drop(columns="id")
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), sink, compression="zstd", compression_level=19)
    assert len(mixed.model.compress(rows)) < 0.75 * len(sink.getvalue())


def test_equal_rows_are_equal_bytes_in_every_process(words: Any, blob: bytes, tmp_path: Any) -> None:
    again = vaekit.load(words.model.save(tmp_path / "words.vae"))
    assert again.compress(words.rows) == words.model.compress(words.rows) == blob
    pd.testing.assert_frame_equal(again.decompress(blob), words.rows)


def test_threads_make_no_difference(words: Any, blob: bytes) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert words.model.compress(words.rows) == blob
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_another_model_is_refused(mixed: Any, blob: bytes) -> None:
    with pytest.raises(ArtifactError, match="another model"):
        mixed.model.decompress(blob)


def test_a_changed_weight_is_another_model(words: Any, blob: bytes, tmp_path: Any) -> None:
    other = vaekit.load(words.model.save(tmp_path / "other.vae"))
    weight = next(other.module.parameters())
    with torch.no_grad():
        weight.view(-1)[0] = torch.nextafter(weight.view(-1)[0], torch.tensor(9.0))
    with pytest.raises(ArtifactError, match="another model"):
        other.decompress(blob)


def test_other_arithmetic_is_refused(words: Any, blob: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "9.9")
    with pytest.raises(ArtifactError, match="another version of torch"):
        words.model.decompress(blob)
    monkeypatch.undo()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "ABACUS")
    with pytest.raises(ArtifactError, match="another class of processor"):
        words.model.decompress(blob)


def test_damaged_bytes_are_refused(words: Any, blob: bytes) -> None:
    for at in range(0, len(blob), 7):
        with pytest.raises(ArtifactError):
            words.model.decompress(blob[:at] + bytes([blob[at] ^ 16]) + blob[at + 1 :])
        with pytest.raises(ArtifactError):
            words.model.decompress(blob[:at])
    with pytest.raises(UserError, match="expected bytes"):
        words.model.decompress("rows.vz")


def test_words_that_decode_to_other_rows_are_refused(words: Any, blob: bytes) -> None:
    """As if the machine counted differently: the container is whole, what comes out of it is not what went in."""
    about, parts = unpack(blob)
    stack = np.frombuffer(parts[2], "<u4").copy()
    stack[len(stack) // 2] ^= 1
    with pytest.raises(ArtifactError, match="do not come back"):
        words.model.decompress(pack(about, [parts[0], parts[1], stack.tobytes(), parts[3]]))


def test_nothing_is_returned_that_does_not_come_back(words: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaekit.modes.compress.identical", lambda *_: False)
    with pytest.raises(ModeUnavailable, match="did not come back"):
        words.model.compress(words.rows)


def test_without_the_package_the_modes_say_so(words: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaekit.modes.find_spec", lambda _: None)
    assert "vaekit[compress]" in words.model.modes()["compress"]
    with pytest.raises(ModeUnavailable, match="not installed"):
        words.model.compress(words.rows)


def test_latents_that_are_not_normal_have_no_bits_back(words: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(words.model.module.prior), "forward", lambda _: torch.distributions.Uniform(0, 1))
    with pytest.raises(ModeUnavailable, match="normal one by one"):
        words.model.compress(words.rows)


def test_an_index_that_cannot_travel_is_refused(words: Any) -> None:
    rows = words.rows[:4]
    with pytest.raises(UserError, match="the index cannot travel"):
        words.model.compress(rows.set_index([[0, 0, 1, 1], [0, 1, 0, 1]]))


def test_pixels_come_back_under_every_law(fitted: Any) -> None:
    case = fitted("image-mlp")
    brief = {"epochs": 2, "prior_epochs": 1, "batch": 32}
    for law, images in (
        ("discretised_logistic", case.fitted_on), ("gaussian", case.fitted_on), ("bernoulli", case.fitted_on > 99),
    ):  # fmt: skip
        model = vaekit.fit(images, likelihood=law, train=brief, net={"kind": "mlp", "hidden": [16]})
        back = model.decompress(model.compress(images[:20]))
        assert back.dtype == images.dtype and np.array_equal(back, images[:20])


@pytest.mark.parametrize("preset", ["vamp", "gm-vae", "vade"])
def test_rows_come_back_under_a_mixture(words: Any, preset: str) -> None:
    model = vaekit.fit(words.fitted_on, preset, latent=3, net={"hidden": [16]}, train={"epochs": 3, "batch": 64})
    blob = model.compress(words.rows)
    pd.testing.assert_frame_equal(model.decompress(blob), words.rows)
    assert len(blob) < 2 * len(words.model.compress(words.rows))


def test_rows_without_any_fitted_column_are_refused(words: Any) -> None:
    with pytest.raises(DataError, match="are absent"):
        words.model.compress(words.rows.add_suffix("_2"))
