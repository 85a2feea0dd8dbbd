"""Files on the shelf."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vaekit.errors import ArtifactError, UserError
from vaekit.serve.shelf import Shelf


def test_a_stem_is_a_name_and_names_differ(model_file: Path, tmp_path: Path) -> None:
    assert list(Shelf([model_file]).books) == ["shop"]
    with pytest.raises(UserError, match="two files are called 'shop'"):
        Shelf([model_file, tmp_path / "shop.vae"])
    with pytest.raises(ArtifactError, match="cannot be read"):
        Shelf([tmp_path / "none.vae"])
    with pytest.raises(UserError, match="no model"):
        Shelf([])


def test_only_whole_files_take_the_place_of_others(model_file: Path, tmp_path: Path) -> None:
    place = Path(shutil.copy(model_file, tmp_path / "shop.vae"))
    shelf, data = Shelf([place]), model_file.read_bytes()
    assert shelf.changed() == []
    place.write_bytes(data[:500])
    assert shelf.changed() == [] and "shop" in shelf.refused
    assert shelf.changed() == []  # told once, not every second
    place.unlink()
    assert shelf.changed() == []
    place.write_bytes(data)
    (book,) = shelf.changed()
    shelf.replace([book])
    assert shelf.books["shop"] is book and shelf.changed() == []
