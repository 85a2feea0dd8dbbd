from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save, save_file
from torch import Tensor, nn

import vaekit
from vaekit.artifact import FORMAT, VERSION, checksum
from vaekit.errors import ArtifactError, UserError, VaekitError

BRIEF = {"epochs": 1, "prior_epochs": 1, "batch": 64}


@pytest.fixture(scope="module")
def tiny(fitted: Any, tmp_path_factory: Any) -> Path:
    """A small model file of three columns of words."""
    words = fitted("words").fitted_on[:80]
    model = vaekit.fit(words, net={"kind": "mlp", "hidden": [4]}, prior="normal", latent=2, train=BRIEF)
    return model.save(tmp_path_factory.mktemp("tiny") / "tiny.vae")


def _refused(path: Path, data: bytes) -> ArtifactError:
    path.write_bytes(data)
    with pytest.raises(ArtifactError) as refusal:
        vaekit.load(path)
    message = refusal.value.message
    assert message.startswith(str(path)) and "\n" not in message and len(message) < 400, message
    return refusal.value


def test_a_truncated_file_is_refused_wherever_it_ends(tiny: Path, tmp_path: Path) -> None:
    whole = tiny.read_bytes()
    for end in {0, 1, 7, 8, 9, 100, *range(0, len(whole), len(whole) // 40), len(whole) - 1}:
        _refused(tmp_path / "cut.vae", whole[:end])
    assert "truncated" in str(_refused(tmp_path / "cut.vae", whole[:-1]))
    assert "truncated" in str(_refused(tmp_path / "cut.vae", whole[:200]))


def test_an_altered_byte_is_found_wherever_it_is(tiny: Path, tmp_path: Path) -> None:
    whole = bytearray(tiny.read_bytes())
    header = 8 + int.from_bytes(whole[:8], "little")
    places = {*range(8), *range(8, header, header // 150), *range(header, len(whole), (len(whole) - header) // 30)}
    for at in places:
        for flip in (0x01, 0x10):
            altered = whole.copy()
            altered[at] ^= flip
            if bytes(altered[8:header]).rstrip() != bytes(whole[8:header]).rstrip() or not 8 <= at < header:
                _refused(tmp_path / "altered.vae", bytes(altered))


def test_every_character_that_names_the_version_is_checked(tiny: Path, tmp_path: Path) -> None:
    whole = tiny.read_bytes()
    for wrong in (b'"version":"q"', b'"version":"0"', b'"versios":"1"', b'"format":"other"'):
        key = b'"format":"vaekit"' if b"format" in wrong else b'"version":"1"'
        data = whole.replace(key, wrong, 1)
        data = (int.from_bytes(whole[:8], "little") + len(wrong) - len(key)).to_bytes(8, "little") + data[8:]
        _refused(tmp_path / "version.vae", data)


def test_a_newer_file_says_so(tiny: Path, tmp_path: Path) -> None:
    newer = tiny.read_bytes().replace(b'"version":"1"', b'"version":"2"', 1)
    refusal = _refused(tmp_path / "newer.vae", newer)
    assert f"format version 2, this vaekit reads up to {VERSION}" in refusal.message and "upgrade" in refusal.hint


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    for data in (b"", b"PK\x03\x04" + b"x" * 100, b"a,b\n1,2\n" * 40, b"\x80\x04\x95" + b"x" * 60, b"{}", b"\0" * 64):
        assert "not a vaekit model" in str(_refused(tmp_path / "foreign.vae", data)) or len(data) < 9
    save_file({"x": torch.zeros(3)}, tmp_path / "other.safetensors")
    assert "not a vaekit model" in str(_refused(tmp_path / "b.vae", (tmp_path / "other.safetensors").read_bytes()))
    about = {"format": FORMAT, "version": "1"}
    _refused(tmp_path / "c.vae", save({"x": torch.zeros(3)}, about))
    tensors = {"x": torch.zeros(3)}
    for text in ("[]", "{}", "nonsense", '{"codec": 3}'):
        _refused(tmp_path / "d.vae", save(tensors, {**about, "model": text, "checksum": checksum(text, tensors)}))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.vae", tmp_path):
        with pytest.raises(ArtifactError, match="cannot be read") as refusal:
            vaekit.load(path)
        assert refusal.value.hint


def test_a_file_whose_weights_do_not_fit_names_one(tiny: Path, tmp_path: Path) -> None:
    tensors = load(tiny.read_bytes())
    name = next(name for name in tensors if name.startswith("vae.net"))
    text = _metadata(tiny)["model"]
    del tensors[name]
    meta = {"format": FORMAT, "version": "1", "model": text, "checksum": checksum(text, tensors)}
    assert name.removeprefix("vae.") in _refused(tmp_path / "less.vae", save(tensors, meta)).message


def test_saving_where_nothing_can_be_is_the_users_mistake(tiny: Path, tmp_path: Path) -> None:
    model = vaekit.load(tiny)
    for path in (tmp_path / "none" / "m.vae", tmp_path, ""):
        with pytest.raises(UserError, match="cannot be written") as refusal:
            model.save(path)
        assert refusal.value.hint
    assert list(tmp_path.iterdir()) == [], "nothing half-written stays"


def test_a_file_is_replaced_whole_or_not_at_all(tiny: Path, tmp_path: Path, monkeypatch: Any) -> None:
    model, path = vaekit.load(tiny), tmp_path / "m.vae"
    path.write_bytes(b"the old one")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(UserError, match="No space left"):
        model.save(path)
    assert path.read_bytes() == b"the old one" and list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    assert model.save(str(path)) == path and vaekit.load(path).card == model.card


def test_saving_twice_writes_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    assert vaekit.load(tiny).save(tmp_path / "again.vae").read_bytes() == tiny.read_bytes()


def test_the_description_is_plain_json_without_rows(tiny: Path) -> None:
    about = json.loads(_metadata(tiny)["model"])
    assert set(about) == {"codec", "spec", "form", "history", "about"}
    assert _metadata(tiny)["format"] == "vaekit"


def test_nothing_is_unpickled_or_executed() -> None:
    """No import in the package of what runs code from a file, no torch.load or eval, no numpy.load that unpickles."""
    for path in Path(vaekit.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            assert not {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"} & set(names), path
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "torch.load", "torch.save"), (path, called)
                if called in ("np.load", "numpy.load"):  # arrays of the user's, never model files
                    options = {option.arg: ast.unparse(option.value) for option in node.keywords}
                    assert options.get("allow_pickle") == "False" and path.name != "artifact.py", path


class OwnNet(nn.Module):
    """What a user might write; it learns its input's size from the first batch."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.encoded = self.decoded = width
        self.up, self.down = nn.LazyLinear(width), nn.LazyLinear(width)

    def encode(self, features: Tensor) -> Tensor:
        return self.up(features).relu()

    def decode(self, z: Tensor) -> Tensor:
        return self.down(z).relu()


def test_a_net_of_ones_own_is_saved_without_its_code(numbers: Any, tmp_path: Path) -> None:
    model = vaekit.fit(numbers.fitted_on, net=OwnNet(), prior="normal", latent=2, train=BRIEF)
    path = model.save(tmp_path / "own.vae")
    assert model.card["spec"]["net"] == {"kind": "own", "name": "OwnNet"}
    loaded = vaekit.load(path, net=OwnNet())
    np.testing.assert_array_equal(loaded.encode(numbers.rows).mean, model.encode(numbers.rows).mean)
    with pytest.raises(ArtifactError, match="your own net 'OwnNet'") as refusal:
        vaekit.load(path)
    assert refusal.value.hint == "in Python: vaekit.load(path, net=MyNet())"
    for wrong in (None, OwnNet(9), nn.Linear(2, 2), "mlp", OwnNet):
        with pytest.raises(VaekitError) as unfit:
            vaekit.load(path, net=wrong)  # type: ignore[arg-type]
        assert len(str(unfit.value)) < 500


def test_a_net_that_was_not_wanted_is_refused(tiny: Path) -> None:
    with pytest.raises(ArtifactError, match="net"):
        vaekit.load(tiny, net=OwnNet())


def _metadata(path: Path) -> dict[str, str]:
    data = path.read_bytes()
    return dict(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"])


def test_what_is_prepared_is_found_once_and_anew_for_something_else(words: Any) -> None:
    fitted, made = copy.copy(words.model.fitted), []
    one, other = np.zeros(2), np.zeros(2)

    def make() -> int:
        made.append(None)
        return len(made)

    assert [fitted.once("rows", of, make) for of in (one, one, other, one)] == [1, 1, 2, 3]
    assert [fitted.once("noise", of, make) for of in ((8, 0), (8, 0), (8, 1))] == [4, 4, 5]
    assert fitted.prepared and copy.copy(fitted).prepared == {}
